-- What columnar tables answer without looking at all of their rows: bounds of vectors, lists, null tests, first rows.
SELECT count(*) = 0 AS elsewhere FROM pg_am WHERE amname = 'columnar' \gset
\if :elsewhere
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION varve_settle(regclass) RETURNS int8 LANGUAGE sql AS 'SELECT 0::int8';
CREATE TABLE points (at timestamptz NOT NULL, host text, kind char(6), n int, big bigint, x float8, small smallint, note text) USING columnar;
\else
CREATE TABLE points (at timestamptz NOT NULL, host text, kind char(6), n int, big bigint, x float8, small smallint, note text) USING columnar WITH (orderby = 'host, at');
\endif
SET timezone = 'UTC';
INSERT INTO points SELECT timestamptz '2024-03-01 00:00+00' + i / 20 * interval '10 seconds', 'host_' || i % 20,
  CASE i % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'bb ' WHEN 2 THEN 'cccccc' ELSE 'ü' END, i, i * 1000000007::bigint, (i * 7919 % 20011) / 4.0,
  CASE WHEN i % 20 = 3 THEN NULL ELSE i % 100 END, CASE WHEN i % 20 < 10 THEN 'note ' || i % 7 END
FROM generate_series(0, 59999) i;
SELECT varve_settle('points') >= 0 AS settled;
ALTER TABLE points ADD COLUMN later int DEFAULT 5, ADD COLUMN never text;

-- Lists
SELECT count(*), sum(n) FROM points WHERE host IN ('host_3', 'host_17', 'nobody', NULL);
SELECT count(*), sum(n) FROM points WHERE n IN (5, 59999, 100000, -1);
SELECT count(*), sum(n) FROM points WHERE big IN (5000000035, 7);
SELECT count(*), sum(n) FROM points WHERE x IN (0.25, 17, 'NaN');
SELECT count(*), sum(n) FROM points WHERE host NOT IN ('host_3', 'host_17');
SELECT count(*), sum(n) FROM points WHERE small IN (NULL);
SELECT count(*), sum(n) FROM points WHERE kind IN ('a', 'bb', 'no');
SELECT count(*), sum(n) FROM points WHERE later IN (4, 5) AND n < 10;
SELECT count(*), sum(n) FROM points WHERE later IN (4, 6);
SELECT count(*), sum(n) FROM points WHERE at IN ('2024-03-01 00:00+00', '2024-03-01 01:00+00');
PREPARE of_hosts(text, text) AS SELECT count(*), min(n), max(n) FROM points WHERE host IN ($1, $2);
EXECUTE of_hosts('host_1', 'host_2');
EXECUTE of_hosts('host_1', NULL);
SELECT count(*) FROM points WHERE n IN (1, 1 / (n - n + 1), 7);

-- Blanks at the end of char(n) do not count
SELECT count(*), sum(n) FROM points WHERE kind = 'bb';
SELECT count(*), sum(n) FROM points WHERE kind = 'bb    ';
SELECT count(*), sum(n) FROM points WHERE kind <> 'ü';
SELECT count(*), sum(n) FROM points WHERE kind = 'cccccc ';
SELECT count(*), sum(n) FROM points WHERE kind = 'ccccccc';
SELECT count(*), sum(n) FROM points WHERE kind = 'a'::char(3);
SELECT count(*), sum(n) FROM points WHERE kind::text = 'bb';
SELECT count(*), sum(n) FROM points WHERE kind > 'a' AND kind < 'c';

-- Null tests
SELECT count(*), sum(n) FROM points WHERE small IS NULL;
SELECT count(*), sum(n) FROM points WHERE small IS NOT NULL AND n < 1000;
SELECT count(*), sum(n) FROM points WHERE note IS NULL AND host = 'host_11';
SELECT count(*), sum(n) FROM points WHERE note IS NOT NULL AND host = 'host_11';
SELECT count(*) FROM points WHERE later IS NULL;
SELECT count(*) FROM points WHERE later IS NOT NULL;
SELECT count(*) FROM points WHERE never IS NULL AND small IS NULL;
SELECT count(*) FROM points WHERE never IS NOT NULL;
SELECT count(*) FROM points WHERE (small IS NULL) = (note IS NULL);

-- Least and greatest values
SELECT min(at), max(at), min(n), max(n), min(big), max(big), min(x), max(x), min(small), max(small) FROM points;
SELECT min(later), max(later) FROM points;
SELECT min(at), max(x) FROM points WHERE n >= 30000;
SELECT min(at), max(x) FROM points WHERE at >= '2024-03-01 03:00+00' AND at < '2024-03-01 03:10+00' AND host = 'host_4';
SELECT min(small), max(small) FROM points WHERE host = 'host_3';
SELECT min(n), max(n), count(*) FROM points;
SELECT min(n) FILTER (WHERE small > 50), max(n) FROM points;
SELECT host, min(n), max(n) FROM points GROUP BY host ORDER BY host LIMIT 3;
SELECT min(n + 1), max(-n) FROM points;
SELECT min(kind), max(note) FROM points;
CREATE TABLE zeros (f float8, g float4, i int) USING columnar;
INSERT INTO zeros SELECT CASE WHEN i % 2 = 0 THEN '-0'::float8 ELSE 0 END, CASE WHEN i % 1000 = 7 THEN 'NaN' ELSE i END, NULL FROM generate_series(1, 3000) i;
SELECT varve_settle('zeros') >= 0 AS settled;
SELECT min(g), max(g), min(i), max(i) FROM zeros;
SELECT min(f) = 0, max(f) = 0 FROM zeros;

-- First rows, of all and of each group
SELECT at, host, n FROM points ORDER BY at DESC, host LIMIT 5;
SELECT at, host, n FROM points ORDER BY at, host OFFSET 3 LIMIT 5;
SELECT n, small FROM points ORDER BY small DESC, n LIMIT 5;
SELECT n, small FROM points ORDER BY small DESC NULLS LAST, n DESC LIMIT 5;
SELECT n, small FROM points ORDER BY small NULLS FIRST, n LIMIT 5;
SELECT n, x FROM points ORDER BY x DESC, n LIMIT 5;
SELECT n, x FROM points WHERE host IN ('host_2', 'host_3') ORDER BY x, n LIMIT 5;
SELECT n, host FROM points ORDER BY host DESC, n DESC LIMIT 3;
SELECT n FROM points ORDER BY n LIMIT 0;
SELECT n, later FROM points ORDER BY later DESC, n DESC LIMIT 3;
-- of columns that the scan's condition is not among, and of computed ones
SELECT n FROM points WHERE host = 'host_3' ORDER BY at DESC LIMIT 3;
SELECT n, x FROM points WHERE host = 'host_3' AND small IS NULL ORDER BY at, n LIMIT 3;
SELECT n + 1 AS next, upper(kind) AS kind, x FROM points WHERE note = 'note 3' ORDER BY x DESC, n LIMIT 3;
SELECT small, n FROM points WHERE host <> 'host_2' ORDER BY small DESC, n LIMIT 3;
SELECT small, n FROM points WHERE host <> 'host_2' ORDER BY small DESC NULLS LAST, n LIMIT 3;
SELECT n FROM (SELECT n, at, x * 2 AS y FROM points WHERE host = 'host_4') q ORDER BY y, n LIMIT 3;
SELECT DISTINCT ON (host) host, n FROM points WHERE kind = 'a' ORDER BY host, at DESC LIMIT 3;
SELECT DISTINCT ON (host) host, n * 2 AS twice FROM points WHERE x > 3 ORDER BY host, n * 2 DESC LIMIT 3;
SELECT DISTINCT ON (host) host, at, n, note FROM points ORDER BY host, at DESC;
SELECT DISTINCT ON (host) host, at, n FROM points WHERE at < '2024-03-01 00:30+00' AND small < 50 ORDER BY host DESC, at DESC;
SELECT DISTINCT ON (host) host, x, n FROM points ORDER BY host, x, n LIMIT 4;
SELECT DISTINCT ON (small) small, n FROM points ORDER BY small NULLS FIRST, n DESC LIMIT 4;
SELECT DISTINCT ON (small, kind) small, kind, n FROM points ORDER BY kind, small, n DESC LIMIT 5;
SELECT count(*) FROM (SELECT DISTINCT ON (n) n, at FROM points ORDER BY n, at DESC) d;
SELECT count(*) FROM (SELECT DISTINCT ON (host) host FROM points ORDER BY host) d;
SELECT * FROM (SELECT DISTINCT ON (host) host, at, n FROM points ORDER BY host, at DESC) d WHERE n < 59990 ORDER BY host;
SELECT p.host, l.n FROM (VALUES ('host_1'), ('host_9')) p (host),
  LATERAL (SELECT n FROM points WHERE points.host = p.host ORDER BY at DESC LIMIT 1) l ORDER BY 1;

-- Percentiles need no order
SELECT host, percentile_cont(0.95) WITHIN GROUP (ORDER BY x), percentile_cont(0) WITHIN GROUP (ORDER BY x), percentile_cont(1) WITHIN GROUP (ORDER BY x)
FROM points WHERE host < 'host_12' GROUP BY host ORDER BY host;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY small), percentile_cont(0.5) WITHIN GROUP (ORDER BY x DESC), percentile_cont(NULL) WITHIN GROUP (ORDER BY x) FROM points;
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY f), percentile_cont(1) WITHIN GROUP (ORDER BY g), percentile_cont(0.3) WITHIN GROUP (ORDER BY i) FROM zeros;
SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY x) FROM points;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FILTER (WHERE n < 9) FROM points;

-- Groups whose rows lie together
SELECT host, count(*), count(small), sum(small), avg(x), min(note), max(kind) FROM points GROUP BY host ORDER BY host;
SELECT host, date_trunc('hour', at) AS hour, count(*), sum(n) FILTER (WHERE small > 50), avg(x) FROM points GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 5;
SELECT small IS NULL AS none, host, sum(n) FROM points WHERE n % 3 <> 0 GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 5;
SELECT host, string_agg(n::text, ',' ORDER BY n) FROM points WHERE at < '2024-03-01 00:00:30+00' GROUP BY host ORDER BY host LIMIT 3;
SELECT avg(v) FROM (VALUES (1e200), (-1e200)) t (v);
SELECT avg(v), avg(v) FILTER (WHERE v < 1e100) FROM (VALUES (1e200), (1), (2)) t (v);
SELECT avg(v) FROM (VALUES ('Infinity'::float8), (1)) t (v);
SELECT avg(v) FROM (VALUES ('NaN'::float8), (1)) t (v);
SELECT avg(v), count(v) FROM (VALUES (NULL::float8), (1), (2)) t (v);

-- Keys of a join
CREATE TABLE wanted (n int, host text);
INSERT INTO wanted VALUES (100, 'host_0'), (40001, 'host_1'), (NULL, NULL);
SELECT count(*), sum(p.big) FROM points p JOIN wanted w ON p.n = w.n;
SELECT w.n, p.host FROM wanted w LEFT JOIN points p ON p.n = w.n ORDER BY w.n;
SELECT count(*) FROM points p JOIN wanted w ON p.host = w.host;
SELECT count(*) FROM points WHERE n IN (SELECT n FROM wanted);
SELECT count(*) FROM points p JOIN wanted w ON p.n = w.n WHERE w.n < 0;

-- All of it after rows have gone
DELETE FROM points WHERE at = '2024-03-01 00:00+00' OR n >= 59980;
UPDATE points SET x = 1e6 WHERE n = 30001;
SELECT count(*), min(at), max(at), min(n), max(n), max(x) FROM points;
SELECT min(at), max(at), min(n), max(n), max(x) FROM points;
SELECT DISTINCT ON (host) host, at, n FROM points ORDER BY host, at DESC LIMIT 3;
SELECT n, x FROM points ORDER BY x DESC, n LIMIT 2;
SELECT count(*) FROM points;
BEGIN;
DELETE FROM points WHERE host <> 'host_5';
SELECT count(*), min(n), max(n) FROM points;
SELECT min(n), max(n) FROM points;
ROLLBACK;
SELECT count(*) FROM points;
SELECT min(n), max(n) FROM points;

-- Dates against moments
CREATE TABLE days (d date, n int) USING columnar;
INSERT INTO days SELECT date '2024-01-01' + i / 10, i FROM generate_series(0, 4999) i;
INSERT INTO days VALUES ('infinity', -1), ('-infinity', -2), (NULL, -3);
SELECT varve_settle('days') >= 0 AS settled;
SELECT count(*), sum(n) FROM days WHERE d < date '2024-03-01' - interval '1 day';
SELECT count(*), sum(n) FROM days WHERE d <= timestamp '2024-03-01';
SELECT count(*), sum(n) FROM days WHERE d < timestamp '2024-03-01 12:00';
SELECT count(*), sum(n) FROM days WHERE d <= timestamp '2024-03-01 12:00';
SELECT count(*), sum(n) FROM days WHERE d > timestamp '2024-03-01';
SELECT count(*), sum(n) FROM days WHERE d >= timestamp '2024-03-01';
SELECT count(*), sum(n) FROM days WHERE d > timestamp '2024-03-01 12:00';
SELECT count(*), sum(n) FROM days WHERE d >= timestamp '2024-03-01 12:00';
SELECT count(*), sum(n) FROM days WHERE timestamp '2024-03-01 12:00' > d;
SELECT count(*), sum(n) FROM days WHERE d < timestamp '1999-12-31 23:59:59';
SELECT count(*), sum(n) FROM days WHERE d >= timestamp 'infinity';
SELECT count(*), sum(n) FROM days WHERE d < timestamp '-infinity';
SELECT count(*), sum(n) FROM days WHERE d > timestamp '-infinity' AND d < timestamp 'infinity';
SELECT count(*), sum(n) FROM days WHERE d = timestamp '2024-03-01' OR d = timestamp '2024-03-02 01:00';
SELECT count(*), sum(n) FROM days WHERE d = timestamp '2024-03-01';
SELECT count(*) FROM days WHERE false;
SELECT count(*) FROM days WHERE random() < 2;
