-- COPY FROM of many lines: most are plain and read in bulk, and what is wrong or unusual somewhere among them must
-- come out as if each had been read by itself.
CREATE TABLE bulk (id int, name text);
COPY bulk FROM PROGRAM 'seq 1 60000 | sed "s/.*/&	name &/"';
SELECT count(*), sum(id), min(name), max(name), count(DISTINCT name) FROM bulk;
TRUNCATE bulk;

-- Errors have the line's number and text, wherever it is, and nothing stays
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 50000; echo "x	b"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 50000; echo "99999999999	b"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 40000; echo "17"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 40000; printf "17\ta\tb\n"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 40000; echo; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; printf "5\tcr\r\n"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; printf "5\tb\301b\n"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; printf "5\tb\301c\n"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; printf "5\tb\001\000\n"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; printf "5\tb\\\\.\n"; seq -f "%.0f	c" 1 50000';
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; echo "y	first"; seq -f "%.0f	a" 1 30000; echo "z	second"';
SELECT count(*) FROM bulk;

-- The end of the data in the middle; lines that go on behind a newline; escapes, and NULL in all its places
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; printf "\\\\.\n"; seq -f "%.0f	c" 1 50000';
SELECT count(*), max(id) FROM bulk;
TRUNCATE bulk;
COPY bulk FROM PROGRAM 'seq -f "%.0f,a" 1 300; printf "7,\"two\nlines\"\nx,\"three\nmore\nlines\"\n"' (FORMAT csv);
COPY bulk FROM PROGRAM 'seq -f "%.0f	a" 1 30000; printf "30001\tone\\\\\ntwo\n\\\\N\t\\\\N\n30003\t\\\\\\\\N\n30004\ta\\\\tb\\\\x41\\\\101\n"; seq -f "%.0f	\\N" 30005 60000';
SELECT count(*), sum(id), count(name), count(DISTINCT name) FROM bulk;
SELECT * FROM bulk WHERE id BETWEEN 30000 AND 30006 OR id IS NULL ORDER BY id;
TRUNCATE bulk;
COPY bulk FROM PROGRAM 'seq -f "%.0f	two\
lines" 1 20000; echo "x	here"';
COPY bulk FROM PROGRAM 'seq -f "%.0f	gr\303\274n" 1 20000' (NULL '15');
SELECT count(*), count(id), count(name), min(name) FROM bulk;
TRUNCATE bulk;
COPY bulk FROM PROGRAM 'seq 1 30000 | sed "s/.*/&|&/"' (DELIMITER '|', NULL '7');
SELECT count(*), sum(id), count(name) FROM bulk;
COPY bulk (name) FROM PROGRAM 'seq 1 30000' WHERE name LIKE '%99';
SELECT count(*), count(id) FROM bulk;
TRUNCATE bulk;

-- CSV: quotes, newlines in them, empty and quoted NULL, a header, errors behind all that
COPY bulk FROM PROGRAM 'echo "id,name"; seq 1 20000 | sed "s/.*/&,\"say \"\"&\"\"\"/"; seq -f "%.0f,\"two
lines\"" 20001 20010; seq -f "%.0f," 20011 40000; seq -f "%.0f,\"\"" 40001 60000' (FORMAT csv, HEADER);
SELECT count(*), sum(id), count(name), max(name), count(*) FILTER (WHERE name = '') FROM bulk;
SELECT count(*) FROM bulk WHERE name LIKE E'two\nlines';
TRUNCATE bulk;
COPY bulk FROM PROGRAM 'seq -f "%.0f,a" 1 20000; seq -f "%.0f,\"two
lines\"" 20001 20010; seq -f "%.0f,b" 20011 40000; echo "oops,x"; seq -f "%.0f,c" 1 20000' (FORMAT csv);
COPY bulk FROM PROGRAM 'seq -f "%.0f,a" 1 20000; echo "5,\"open"; seq -f "%.0f,c" 1 20' (FORMAT csv);
COPY bulk FROM PROGRAM 'seq -f "%.0f,a" 1 20000; printf "5,b\r\n"; seq -f "%.0f,c" 1 20' (FORMAT csv);
COPY bulk FROM PROGRAM 'seq -f "%.0f,a" 1 20000; printf "\\\\.\n"; seq -f "%.0f,c" 1 20' (FORMAT csv);
COPY bulk FROM PROGRAM 'seq -f "%.0f,a" 1 20000; printf "7,\\\\.\n\\\\.8,b\n"; seq -f "%.0f,c" 1 20' (FORMAT csv);
SELECT count(*), max(id) FROM bulk;
TRUNCATE bulk;
COPY bulk FROM PROGRAM 'seq -f "%.0f,''it\\''s''" 1 20000' (FORMAT csv, QUOTE '''', ESCAPE '\');
COPY bulk FROM PROGRAM 'seq -f "%.0f," 1 20000' (FORMAT csv, FORCE_NOT_NULL (name));
COPY bulk FROM PROGRAM 'seq -f "%.0f,\"\"" 1 20000' (FORMAT csv, FORCE_NULL (name));
SELECT count(*), count(name), count(DISTINCT name), min(name), max(name) FROM bulk;
DROP TABLE bulk;

-- Keys and constraints: the first row at fault is named
CREATE TABLE keyed (id int PRIMARY KEY, v int CHECK (v < 90000), w text NOT NULL);
COPY keyed FROM PROGRAM 'seq 1 40000 | sed "s/.*/&	&	w/"; echo "777	1	again"; seq 40001 50000 | sed "s/.*/&	&	w/"; echo "778	1	again"';
COPY keyed FROM PROGRAM 'seq 1 100000 | sed "s/.*/&	&	w/"; echo "100001	x	w"';
COPY keyed FROM PROGRAM 'seq -f "%.0f	1	w" 1 40000; echo "40001	2	\\N"; echo "x	3	4"';
COPY keyed FROM PROGRAM 'seq -f "%.0f	1	w" 1 40000; echo "2	2	w"; seq -f "%.0f	1	w" 50000 52000; echo "x	3	4"';
SELECT count(*) FROM keyed;
COPY keyed FROM PROGRAM 'seq -f "%.0f	1	w" 40000 -1 1; seq -f "%.0f	2	w" 40001 80000';
SELECT count(*), sum(id), sum(v) FROM keyed;
COPY keyed FROM PROGRAM 'seq -f "%.0f	1	w" 80001 110000; seq -f "%.0f	1	w" 79999 80005';
SELECT count(*), sum(id), sum(v) FROM keyed;
CREATE TABLE two_keys (a int UNIQUE, b int UNIQUE);
COPY two_keys FROM PROGRAM 'seq 1 30000 | sed "s/.*/&	-&/"; echo "30001	-5"; echo "6	-30002"';
COPY two_keys FROM PROGRAM 'seq 1 30000 | sed "s/.*/&	-&/"; echo "6	-30001"; echo "30002	-5"';
COPY two_keys FROM PROGRAM 'seq 1 30000 | sed "s/.*/&	-&/"; echo "6	-5"';
COPY two_keys FROM PROGRAM 'seq -f "%.0f	\\N" 1 30000; seq -f "\\N	%.0f" 1 30000';
SELECT count(*), count(a), count(b), sum(a) - sum(b) AS zero FROM two_keys;
DROP TABLE keyed, two_keys;

-- Values in plain and in other forms
SET timezone = 'America/New_York';
CREATE TABLE forms (n int, f float8, r real, d date, ts timestamp, tz timestamptz, u numeric(8,2), b bool, c char(3), vc varchar(4));
COPY forms FROM PROGRAM 'seq 1 20000 | sed "s/.*/&	&.125	&.25	2024-02-29	2024-02-29 23:59:59.5	2024-02-29 23:59:59.25+01	&.5	t	ab	abcd/"';
COPY forms FROM PROGRAM 'seq 20001 30000 | sed "s/.*/&	-&.123456789	1e3	Feb 3, 2021	2024-02-29T01:02:03	2024-02-29T01:02:03Z	&	yes	abc	a/"';
COPY forms FROM PROGRAM 'seq -f "%.0f	Infinity	NaN	infinity	-infinity	2024-07-01 12:00:00	NaN	off		" 30001 40000';
COPY forms FROM PROGRAM 'seq -f "%.0f	.5	5.	2024-1-2	2024-01-02 3:04	2024-01-02 03:04:05.123456+05:30	1e2	1	 x	 y" 40001 50000';
COPY forms FROM PROGRAM 'seq -f "%.0f	123456789.1234567890	0.1	1999-12-31	1999-12-31 00:00:00	1999-12-31 00:00:00-08:00	0	n	q	r" 50001 60000';
SELECT * FROM forms WHERE n IN (1, 20000, 20001, 30001, 40001, 50001) ORDER BY n;
SELECT count(*), count(DISTINCT f), count(DISTINCT tz), sum(u) FILTER (WHERE u <> 'NaN') FROM forms;
COPY forms (n, vc) FROM PROGRAM 'seq -f "%.0f	ok" 1 20000; echo "3	toolong"';
COPY forms (n, d) FROM PROGRAM 'seq -f "%.0f	2024-02-29" 1 20000; echo "3	2023-02-29"';
COPY forms (n, ts) FROM PROGRAM 'seq -f "%.0f	2024-02-29 10:00:00" 1 20000; echo "3	2024-02-29 25:00:00"';
COPY forms (n, f) FROM PROGRAM 'seq -f "%.0f	1.5" 1 20000; echo "3	1.5.1"';
COPY forms (n, f) FROM PROGRAM 'seq -f "%.0f	1.5" 1 20000; echo "3	1e999"';
DROP TABLE forms;

-- Domains and defaults
CREATE DOMAIN small AS int CHECK (VALUE < 100000);
CREATE TABLE of_domain (id serial, s small, t text DEFAULT 'none');
COPY of_domain (s) FROM PROGRAM 'seq 1 50000';
COPY of_domain (s, t) FROM PROGRAM 'seq -f "%.0f	x" 1 50000; echo "100000	bad"; seq -f "%.0f	x" 1 50000';
SELECT count(*), max(id), max(s), max(t) FROM of_domain;
DROP TABLE of_domain;
DROP DOMAIN small;
