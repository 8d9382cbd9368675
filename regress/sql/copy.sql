-- COPY from and to the client.
CREATE TABLE t (a int, b text, c numeric, d date);
COPY t FROM STDIN;
1	one	1.50	2024-01-01
2	\N	\N	\N
3	tab\there	3	2024-03-03
4	back\\slash	-4	infinity
5		5	2024-05-05
\.
SELECT * FROM t ORDER BY a;
COPY t TO STDOUT;
COPY t (b, a) TO STDOUT;
COPY (SELECT a, b FROM t WHERE a > 3 ORDER BY a DESC) TO STDOUT;
COPY t TO STDOUT (FORMAT csv);
COPY t TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';', NULL 'nil');
COPY t TO STDOUT WITH CSV HEADER FORCE QUOTE b;
COPY t (a, b) FROM STDIN (FORMAT csv);
6,"six, with comma"
7,"quote "" inside"
8,
9,""
\.
SELECT a, b, b IS NULL FROM t WHERE a > 5 ORDER BY a;
COPY t (a, b) FROM STDIN WITH (FORMAT csv, HEADER true, DELIMITER '|', NULL 'none');
a|b
10|none
11|"none"
\.
SELECT a, b, b IS NULL FROM t WHERE a > 9 ORDER BY a;
COPY (SELECT a FROM t ORDER BY a) TO STDOUT DELIMITER ',';
COPY t FROM STDIN;
20	only two
\.
COPY t FROM STDIN;
20	x	1	2024-01-01	extra
\.
COPY t (a) FROM STDIN;
30
x
\.
SELECT count(*) FROM t WHERE a = 30;
COPY t (a, d) FROM STDIN;
31	2024-02-30
\.
COPY t (a) FROM STDIN (FORMAT csv);
"unterminated
\.
COPY nosuch FROM STDIN; -- refused before any data
COPY t (nosuch) TO STDOUT;
COPY t TO STDOUT (FORMAT nosuch);
COPY t TO STDOUT (DELIMITER 'ab');
COPY t TO STDOUT (NOSUCH true);
COPY t TO STDOUT (FORMAT csv, QUOTE 'xx');
CREATE TABLE c (id int PRIMARY KEY CHECK (id < 100), v text DEFAULT 'dflt');
COPY c (id) FROM STDIN;
1
2
\.
COPY c FROM STDIN;
3	three
1	dup
\.
COPY c (id) FROM STDIN;
100
\.
SELECT * FROM c ORDER BY id;
COPY c FROM STDIN WHERE id > 50;
50	no
51	yes
\.
SELECT * FROM c ORDER BY id;
BEGIN;
COPY c FROM STDIN;
60	sixty
\.
ROLLBACK;
SELECT count(*) FROM c;
COPY (VALUES (1, E'line\nbreak'), (2, E'a\rb'), (3, '\N'), (4, '\.')) TO STDOUT;
COPY (VALUES (1, E'line\nbreak'), (2, 'x,y'), (3, ' lead'), (4, '"')) TO STDOUT CSV;
COPY (SELECT true, 1.5::float8, '{1,2}'::int[], '\x01'::bytea, INTERVAL '1 day') TO STDOUT;
COPY (INSERT INTO c VALUES (70, 'ret') RETURNING *) TO STDOUT;
DROP TABLE t, c;
