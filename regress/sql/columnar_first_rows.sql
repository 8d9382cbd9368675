-- The first rows of an order, of tables whose rows lie in columns: what the bounds of segments tell before a row is read must hold when rows
-- are deleted, changed, added, NULL or not yet settled.
SELECT count(*) = 0 AS elsewhere FROM pg_am WHERE amname = 'columnar' \gset
\if :elsewhere
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION varve_settle(regclass) RETURNS int8 LANGUAGE sql AS 'SELECT 0::int8';
CREATE TABLE readings (at timestamp NOT NULL, host text NOT NULL, n int) USING columnar;
\else
CREATE TABLE readings (at timestamp NOT NULL, host text NOT NULL, n int) USING columnar WITH (orderby = 'host, at');
\endif
CREATE FUNCTION add_hour(h int) RETURNS void LANGUAGE sql AS
$$ INSERT INTO readings SELECT timestamp '2024-01-01' + h * interval '1 hour' + s * interval '10 s', 'host_' || x, h * 10000 + s * 10 + x
FROM generate_series(0, 359) s, generate_series(0, 9) x $$;
SELECT count(*) FROM (SELECT add_hour(h) FROM generate_series(0, 2) h OFFSET 0) x;
SELECT varve_settle('readings') >= 0 AS settled;
SELECT add_hour(3);
SELECT varve_settle('readings') >= 0 AS settled;
SELECT add_hour(4);
SELECT varve_settle('readings') >= 0 AS settled;
SELECT at, host, n FROM readings ORDER BY at DESC, host LIMIT 12;
SELECT at, host, n FROM readings ORDER BY at DESC, host DESC LIMIT 3;
SELECT at, host, n FROM readings ORDER BY at, host LIMIT 12;
SELECT at, host, n FROM readings ORDER BY at, host DESC LIMIT 3 OFFSET 9;
SELECT n FROM readings ORDER BY n DESC LIMIT 5;
SELECT n FROM readings ORDER BY n LIMIT 5;
SELECT count(*), min(n), max(n) FROM (SELECT n FROM readings ORDER BY n DESC LIMIT 100) x;
SELECT count(*), min(n), max(n) FROM (SELECT n FROM readings ORDER BY n LIMIT 101) x;
SELECT n FROM readings ORDER BY n LIMIT 0;
SELECT at FROM readings ORDER BY at DESC FETCH FIRST 1 ROWS WITH TIES;
SELECT at, host FROM readings WHERE n % 7 = 0 ORDER BY at DESC, host LIMIT 4;
SELECT at, host FROM readings WHERE host <> 'host_0' ORDER BY at DESC, host LIMIT 4;
SELECT at, host FROM readings WHERE at < '2024-01-01 02:00' ORDER BY at DESC, host LIMIT 4;
SELECT l.x, r.at, r.host FROM generate_series(1, 3) l(x), LATERAL (SELECT at, host FROM readings ORDER BY at DESC, host LIMIT l.x) r ORDER BY 1, 2, 3;
-- Rows that are gone, for everybody, for this transaction, or not yet.
DELETE FROM readings WHERE at >= '2024-01-01 04:59:30';
SELECT at, host, n FROM readings ORDER BY at DESC, host LIMIT 3;
SELECT n FROM readings ORDER BY n DESC LIMIT 3;
BEGIN;
DELETE FROM readings WHERE n > 30000;
SELECT at, host, n FROM readings ORDER BY at DESC, host LIMIT 3;
SELECT n FROM readings ORDER BY n DESC LIMIT 3;
ROLLBACK;
SELECT at, host, n FROM readings ORDER BY at DESC, host LIMIT 3;
BEGIN;
INSERT INTO readings VALUES ('2024-01-02', 'host_5', 99999), ('2023-12-31', 'host_5', -1);
SELECT n FROM readings ORDER BY at DESC, n LIMIT 2;
SELECT n FROM readings ORDER BY n LIMIT 2;
ROLLBACK;
UPDATE readings SET n = NULL WHERE at >= '2024-01-01 04:59:00';
SELECT n FROM readings ORDER BY n DESC LIMIT 3;
SELECT n FROM readings ORDER BY n DESC NULLS LAST LIMIT 3;
SELECT n, at, host FROM readings ORDER BY n NULLS FIRST, at, host LIMIT 3;
SELECT varve_settle('readings') >= 0 AS settled;
SELECT n FROM readings ORDER BY n DESC NULLS LAST LIMIT 3;
SELECT n, at, host FROM readings ORDER BY n NULLS FIRST, at, host LIMIT 3;
SELECT at, host, n FROM readings ORDER BY at DESC, host LIMIT 3;
-- A column that older segments do not have.
ALTER TABLE readings ADD COLUMN mark int NOT NULL DEFAULT 7;
SELECT mark, at, host FROM readings ORDER BY mark, at, host LIMIT 2;
INSERT INTO readings SELECT timestamp '2024-01-03' + s * interval '1 s', 'host_1', s, s % 20 FROM generate_series(1, 3000) s;
SELECT varve_settle('readings') >= 0 AS settled;
SELECT mark, at, host FROM readings ORDER BY mark, at, host LIMIT 2;
SELECT mark, at, host FROM readings ORDER BY mark DESC, at DESC LIMIT 2;
SELECT mark, at, host FROM readings ORDER BY mark, at DESC LIMIT 160 OFFSET 149;
-- Several tables as one.
CREATE TABLE older () INHERITS (readings);
INSERT INTO older SELECT timestamp '2023-06-01' + s * interval '1 s', 'older', -s, 8 FROM generate_series(1, 5000) s;
SELECT at, host FROM readings ORDER BY at LIMIT 2;
SELECT at, host FROM readings ORDER BY at DESC LIMIT 2;
SELECT n FROM readings ORDER BY n LIMIT 2;
