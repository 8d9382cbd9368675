-- Tables made USING columnar answer as any other, before their rows have settled, after, and in between.
-- PostgreSQL gets an access method of that name which is its heap, so that it can say what is right.
SELECT count(*) = 0 AS elsewhere FROM pg_am WHERE amname = 'columnar' \gset
\if :elsewhere
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION varve_settle(regclass) RETURNS int8 LANGUAGE sql AS 'SELECT 0::int8';
CREATE TABLE metrics (id int PRIMARY KEY, host text, at timestamptz, usage float8, note text) USING columnar;
\else
CREATE TABLE metrics (id int PRIMARY KEY, host text, at timestamptz, usage float8, note text) USING columnar WITH (orderby = 'host, at DESC');
\endif
SET timezone = 'UTC';
\d metrics
SELECT relname, amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE relname = 'metrics';
INSERT INTO metrics SELECT i, 'host-' || i % 5, timestamptz '2024-01-01 00:00+00' + i * interval '1 minute', (i * 37 % 1000) / 8.0,
  CASE WHEN i % 10 = 0 THEN NULL WHEN i % 333 = 0 THEN repeat('long', 2000) || i ELSE 'n' || i % 20 END
FROM generate_series(1, 4000) i;
SELECT count(*), count(note), sum(usage), min(at), max(at), min(host), max(host) FROM metrics;
SELECT varve_settle('metrics') >= 0 AS settled;
SELECT count(*), count(note), sum(usage), min(at), max(at), min(host), max(host) FROM metrics;

-- Conditions that segments answer, and those they do not
SELECT count(*), sum(id) FROM metrics WHERE id BETWEEN 1000 AND 1100;
SELECT count(*), sum(id) FROM metrics WHERE 3900 < id;
SELECT count(*), sum(id) FROM metrics WHERE id = 3900::int8;
SELECT count(*), sum(id) FROM metrics WHERE host = 'host-3' AND usage >= 100;
SELECT count(*), sum(id) FROM metrics WHERE host <> 'host-3' AND usage < 1.5;
SELECT count(*), sum(id) FROM metrics WHERE host > 'host-3';
SELECT count(*), sum(id) FROM metrics WHERE host > 'host-3' COLLATE "C";
SELECT count(*), sum(id) FROM metrics WHERE at >= '2024-01-02 00:00+00' AND at < timestamptz '2024-01-02 00:00+00' + interval '1 hour';
SELECT count(*), sum(id) FROM metrics WHERE note IS NULL AND id % 3 = 0;
SELECT count(*), sum(id) FROM metrics WHERE note IN ('n3', 'n4') OR id = 10;
SELECT count(*), sum(length(note)) FROM metrics WHERE length(note) > 100;
SELECT count(*) FROM metrics WHERE usage > NULL;
SELECT count(*) FROM metrics WHERE id < 5 AND usage > 1 / (id - 10);
SELECT count(*) FROM metrics WHERE id > 5000 AND usage > 1 / 0;
SELECT count(*) FROM metrics WHERE id < (SELECT 100);
SELECT * FROM metrics WHERE id IN (7, 70, 701) ORDER BY id;
SELECT host, count(*), avg(usage) FROM metrics GROUP BY host ORDER BY host;
SELECT date_trunc('day', at) AS day, max(usage) FROM metrics WHERE host IN ('host-1', 'host-2') GROUP BY 1 ORDER BY 1;
SELECT a.id, b.id FROM metrics a JOIN metrics b ON a.id = b.id + 1 WHERE a.host = 'host-0' AND b.usage < 2 ORDER BY 1;
SELECT id FROM metrics ORDER BY usage DESC, id LIMIT 5;
PREPARE at_least(float8, text) AS SELECT count(*) FROM metrics WHERE usage > $1 AND host = $2;
EXECUTE at_least(50, 'host-1');
EXECUTE at_least(120, 'host-2');
EXECUTE at_least(NULL, 'host-2');

-- Changes of settled rows
WITH u AS (UPDATE metrics SET usage = -1 WHERE id % 500 = 0 RETURNING id, host, usage) SELECT * FROM u ORDER BY id;
DELETE FROM metrics WHERE id BETWEEN 2000 AND 2010;
SELECT count(*), sum(usage), sum(id) FROM metrics;
SELECT id, usage FROM metrics WHERE usage < 0 ORDER BY id;
INSERT INTO metrics VALUES (5, 'again');
INSERT INTO metrics VALUES (2005, 'again', NULL, 5, NULL);
INSERT INTO metrics VALUES (5, 'conflict'), (9000, 'new') ON CONFLICT (id) DO UPDATE SET host = excluded.host || ' of ' || metrics.host RETURNING id, host;
INSERT INTO metrics VALUES (6, 'conflict') ON CONFLICT DO NOTHING;
MERGE INTO metrics m USING (VALUES (8, 'merged'), (9001, 'inserted')) v(id, host) ON m.id = v.id
  WHEN MATCHED THEN UPDATE SET host = v.host WHEN NOT MATCHED THEN INSERT (id, host) VALUES (v.id, v.host);
SELECT id, host FROM metrics WHERE id IN (5, 6, 8, 2005, 9000, 9001) ORDER BY id;
UPDATE metrics SET id = 100000 WHERE id = 10;
UPDATE metrics SET id = 11 WHERE id = 12;
SELECT id FROM metrics WHERE id IN (10, 11, 12, 100000) ORDER BY id;
WITH u AS (UPDATE metrics SET note = note || '!' WHERE length(note) > 5000 RETURNING id, length(note), right(note, 6)) SELECT * FROM u ORDER BY id;
SELECT varve_settle('metrics') >= 0 AS settled;
SELECT count(*), count(note), sum(usage), sum(id), sum(length(note)) FROM metrics;
SELECT id, host FROM metrics WHERE id IN (5, 6, 8, 2005, 9000, 9001) ORDER BY id;
INSERT INTO metrics VALUES (9000, 'twice');

-- Transactions
BEGIN;
DELETE FROM metrics WHERE id < 100;
SAVEPOINT s;
UPDATE metrics SET usage = 0 WHERE id = 200;
DELETE FROM metrics WHERE id BETWEEN 100 AND 199;
SELECT count(*) FROM metrics WHERE id <= 200;
ROLLBACK TO s;
SELECT count(*), sum(usage) FROM metrics WHERE id <= 200;
SELECT varve_settle('metrics') >= 0 AS settled;
SELECT count(*), sum(usage) FROM metrics WHERE id <= 200;
ROLLBACK;
SELECT count(*), sum(usage) FROM metrics WHERE id <= 200;
BEGIN;
SELECT id, host FROM metrics WHERE id IN (20, 21) ORDER BY id FOR UPDATE;
UPDATE metrics SET host = 'locked' WHERE id = 20;
UPDATE metrics SET host = host || ' twice' WHERE id = 20;
DELETE FROM metrics WHERE id = 21;
COMMIT;
SELECT id, host FROM metrics WHERE id IN (20, 21) ORDER BY id;
BEGIN;
DECLARE c CURSOR FOR SELECT id, host FROM metrics WHERE id BETWEEN 30 AND 33 ORDER BY id;
FETCH 2 FROM c;
UPDATE metrics SET host = 'behind the cursor' WHERE id = 32;
FETCH ALL FROM c;
COMMIT;

-- Definitions change
ALTER TABLE metrics ADD COLUMN region text DEFAULT 'eu', ADD COLUMN weight numeric;
SELECT count(*), count(weight) FROM metrics WHERE region = 'eu';
SELECT count(*) FROM metrics WHERE region <> 'eu';
SELECT count(*) FROM metrics WHERE weight > 1;
UPDATE metrics SET region = 'us', weight = id / 3.0 WHERE id % 100 = 1;
SELECT region, count(*), sum(weight) FROM metrics GROUP BY region ORDER BY region;
ALTER TABLE metrics DROP COLUMN note;
SELECT varve_settle('metrics') >= 0 AS settled;
SELECT * FROM metrics WHERE id IN (1, 2, 101) ORDER BY id;
CREATE INDEX metrics_host ON metrics (host, usage);
SELECT id FROM metrics WHERE host = 'host-1' AND usage < 1 ORDER BY id;
CREATE UNIQUE INDEX ON metrics ((id * 0));
ALTER TABLE metrics ALTER usage TYPE numeric(10, 1);
SELECT sum(usage) FROM metrics;
ALTER TABLE metrics ADD CHECK (usage < 10);
ALTER TABLE metrics RENAME TO renamed;
SELECT count(*) FROM renamed;
SELECT varve_settle('renamed') >= 0 AS settled;
VACUUM renamed;
ANALYZE renamed;
SELECT count(*), sum(usage) FROM renamed;

-- References
CREATE TABLE parent (id int PRIMARY KEY, name text) USING columnar;
CREATE TABLE child (id int, parent int REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE) USING columnar;
INSERT INTO parent SELECT i, 'p' || i FROM generate_series(1, 10) i;
INSERT INTO child SELECT i, 1 + i % 10 FROM generate_series(1, 30) i;
SELECT varve_settle('parent') + varve_settle('child') >= 0 AS settled;
INSERT INTO child VALUES (31, 11);
DELETE FROM parent WHERE id = 3;
UPDATE parent SET id = 40 WHERE id = 4;
UPDATE parent SET name = 'other' WHERE id = 5;
SELECT parent, count(*) FROM child GROUP BY parent ORDER BY parent;
SELECT * FROM parent ORDER BY id;

-- Every type of column
CREATE TABLE types (i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, b bool, t text, v varchar(5), c char(4), d date,
  tm time, tz timetz, ts timestamp, tstz timestamptz, iv interval, u uuid, by bytea, a int[], j jsonb, o oid, bits bit(3)) USING columnar;
INSERT INTO types VALUES (-1, 100000, 1e15, 1.5, 'NaN', 12345678901234567890.123, true, 'text', 'vchar', 'ch', '2024-02-29',
  '12:34:56.789', '12:00+02', '2024-02-29 12:00', '2024-02-29 12:00+00', '1 month 2 days', '0f0e0d0c-0b0a-0908-0706-050403020100', '\x00ff', '{1,2,NULL}', '{"a": [1]}', 4000000000, b'101'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (2, 3, 4, '-Infinity', '-0', 'NaN', false, '', '', '', '-infinity', '00:00', '00:00+00', 'infinity', '-infinity', '-1 year', '00000000-0000-0000-0000-000000000000', '', '{}', 'null', 0, b'000');
SELECT varve_settle('types') >= 0 AS settled;
SELECT * FROM types ORDER BY i2;
SELECT i2 FROM types WHERE f8 > 1e300;
SELECT i2 FROM types WHERE f8 = 0 AND n > 1e100;
SELECT i2 FROM types WHERE d < '2024-01-01' AND u < '00000000-0000-0000-0000-000000000001' AND NOT b;
SELECT i2 FROM types WHERE c = 'ch' AND v = 'vchar' AND o > 3000000000 AND by = '\x00ff';
SELECT i2 FROM types WHERE iv > '0' OR tz = '00:00+00';
SELECT i2 FROM types WHERE b AND n = 12345678901234567890.1230;
SELECT i2 FROM types WHERE i2 < 40000 AND i4 >= 3::int2 AND i8 <> 4 AND f4 = 1.5::float4 AND f4 < 2::float8;

-- Many rows at once
CREATE TABLE bulk (id int, host text, at timestamp, v float8 CHECK (v >= 0)) USING columnar;
INSERT INTO bulk SELECT i, 'h' || i % 3, '2024-01-01'::timestamp + i * interval '1 s', i % 100 FROM generate_series(1, 100000) i;
SELECT count(*), count(DISTINCT host), sum(id), sum(v), max(at) FROM bulk;
SELECT host, count(*), sum(v) FROM bulk WHERE id > 99990 GROUP BY host ORDER BY host;
BEGIN;
SAVEPOINT s;
INSERT INTO bulk SELECT i, NULL, NULL, 1 FROM generate_series(1, 50000) i;
SELECT count(*), count(host), sum(v) FROM bulk;
UPDATE bulk SET v = 2 WHERE host IS NULL AND id > 49990;
DELETE FROM bulk WHERE host IS NULL AND id < 10;
SELECT count(*), count(host), sum(v) FROM bulk;
ROLLBACK TO s;
SELECT count(*), count(host), sum(v) FROM bulk;
COMMIT;
INSERT INTO bulk SELECT i, NULL, NULL, 40000 - i FROM generate_series(1, 40001) i;
SELECT count(*), count(host), sum(v) FROM bulk;
INSERT INTO bulk SELECT id, host, at, v FROM bulk;
SELECT count(*), count(host), sum(v) FROM bulk;
DELETE FROM bulk WHERE id % 2 = 0;
VACUUM bulk;
SELECT count(*), count(host), sum(v) FROM bulk;
CREATE INDEX ON bulk (id);
SELECT id, host, v FROM bulk WHERE id IN (2, 3, 99999) ORDER BY id;
DROP TABLE bulk;

-- Made from queries, emptied, dropped
CREATE TABLE made USING columnar AS SELECT id, name FROM parent;
SELECT varve_settle('made') >= 0 AS settled;
CREATE MATERIALIZED VIEW seen USING columnar AS SELECT count(*) AS n, max(id) AS top FROM made;
SELECT varve_settle('seen') >= 0 AS settled;
DELETE FROM made WHERE id < 5;
REFRESH MATERIALIZED VIEW seen;
SELECT * FROM seen;
BEGIN;
TRUNCATE made;
INSERT INTO made VALUES (1, 'only');
SELECT * FROM made;
ROLLBACK;
SELECT count(*) FROM made;
TRUNCATE made;
SELECT count(*) FROM made;
INSERT INTO made VALUES (2, 'fresh');
SELECT varve_settle('made') >= 0 AS settled;
SELECT * FROM made;
CREATE TEMP TABLE passing (x int) USING columnar ON COMMIT DELETE ROWS;
BEGIN;
INSERT INTO passing VALUES (1);
SELECT varve_settle('passing') >= 0 AS settled;
SELECT * FROM passing;
COMMIT;
SELECT * FROM passing;
SET default_table_access_method = columnar;
CREATE TABLE defaulted (x int);
RESET default_table_access_method;
SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE relname = 'defaulted';
CREATE TABLE nowhere (x int) USING nosuch;
CREATE TABLE nowhere (x int) USING btree;
CREATE TABLE whole (x int) PARTITION BY RANGE (x);
CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (100) USING columnar;
CREATE TABLE other PARTITION OF whole FOR VALUES FROM (100) TO (200);
INSERT INTO whole SELECT i FROM generate_series(0, 199) i;
SELECT varve_settle('part') >= 0 AS settled;
UPDATE whole SET x = x + 50 WHERE x % 50 = 1;
SELECT tableoid::regclass, count(*), sum(x) FROM whole GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM whole WHERE x > 90;
DROP TABLE whole, defaulted, made, types, child, parent, renamed CASCADE;
