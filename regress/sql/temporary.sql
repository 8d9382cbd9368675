-- Temporary tables, sequences and views.
CREATE TABLE shadowed (id int, v text);
INSERT INTO shadowed VALUES (1, 'permanent');
CREATE TEMP TABLE shadowed (id int PRIMARY KEY, v text);
INSERT INTO shadowed VALUES (2, 'temporary'), (3, 'more');
SELECT * FROM shadowed ORDER BY id;
SELECT * FROM public.shadowed;
SELECT * FROM pg_temp.shadowed ORDER BY id;
SELECT relname, relkind, relpersistence FROM pg_class WHERE relnamespace = pg_my_temp_schema() ORDER BY relname;
SELECT pg_my_temp_schema() <> 0, pg_is_other_temp_schema(pg_my_temp_schema());
SELECT current_schema(), current_schemas(false), array_length(current_schemas(true), 1);
SELECT pg_table_is_visible('pg_temp.shadowed'::regclass), pg_table_is_visible('public.shadowed'::regclass);
UPDATE shadowed SET v = v || '!' WHERE id = 2 RETURNING *;
\set VERBOSITY terse
INSERT INTO shadowed VALUES (2, 'again');
\set VERBOSITY verbose
DROP TABLE shadowed;
SELECT * FROM shadowed;
DROP TABLE shadowed;
SELECT * FROM pg_temp.shadowed;
-- Serial, identity, constraints, indexes.
CREATE TEMPORARY TABLE t (id serial PRIMARY KEY, g int GENERATED ALWAYS AS IDENTITY, v text UNIQUE, n int CHECK (n > 0));
INSERT INTO t (v, n) VALUES ('a', 1), ('b', 2) RETURNING id, g;
\set VERBOSITY terse
INSERT INTO t (v, n) VALUES ('a', 3);
INSERT INTO t (v, n) VALUES ('c', 0);
\set VERBOSITY verbose
CREATE INDEX ON t (n);
SELECT relname, relkind, relpersistence FROM pg_class WHERE relnamespace = pg_my_temp_schema() ORDER BY relname;
ALTER TABLE t ADD COLUMN d date DEFAULT '2020-01-01';
SELECT * FROM t ORDER BY id;
TRUNCATE t RESTART IDENTITY;
INSERT INTO t (v, n) VALUES ('x', 1) RETURNING id, g;
DROP TABLE t;
SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema();
-- ON COMMIT.
CREATE TEMP TABLE kept (a int) ON COMMIT PRESERVE ROWS;
INSERT INTO kept VALUES (1);
SELECT * FROM kept;
BEGIN;
CREATE TEMP TABLE emptied (a int) ON COMMIT DELETE ROWS;
INSERT INTO emptied VALUES (1), (2);
SELECT count(*) FROM emptied;
CREATE TEMP TABLE gone (a int) ON COMMIT DROP;
INSERT INTO gone VALUES (1);
SELECT * FROM gone;
COMMIT;
SELECT count(*) FROM emptied;
SELECT * FROM gone;
BEGIN;
INSERT INTO emptied SELECT generate_series(1, 100);
SELECT count(*) FROM emptied;
SAVEPOINT s;
INSERT INTO emptied VALUES (0);
ROLLBACK TO s;
SELECT count(*) FROM emptied;
COMMIT;
SELECT count(*) FROM emptied;
INSERT INTO emptied VALUES (5);
SELECT count(*) FROM emptied;
BEGIN;
DROP TABLE emptied;
ROLLBACK;
BEGIN;
INSERT INTO emptied VALUES (6);
SELECT * FROM emptied;
COMMIT;
SELECT * FROM emptied;
CREATE TEMP TABLE of_query ON COMMIT DELETE ROWS AS SELECT 1 AS one;
SELECT * FROM of_query;
CREATE TABLE permanent (a int) ON COMMIT DROP;
CREATE TABLE permanent ON COMMIT DELETE ROWS AS SELECT 1;
-- Rolled back with the transaction.
BEGIN;
CREATE TEMP TABLE rolled_back (a int);
INSERT INTO rolled_back VALUES (1);
SELECT * FROM rolled_back;
ROLLBACK;
SELECT * FROM rolled_back;
CREATE TEMP TABLE rolled_back (a int);
SELECT * FROM rolled_back;
-- Names.
CREATE TEMP TABLE public.misplaced (a int);
CREATE TEMP TABLE pg_temp.placed (a int);
CREATE TABLE pg_temp.placed_too (a int);
SELECT relname, relpersistence FROM pg_class WHERE relname LIKE 'placed%' ORDER BY 1;
CREATE TEMP TABLE placed (a int);
CREATE TEMP TABLE IF NOT EXISTS placed (a int);
DROP TABLE pg_temp.placed, placed_too;
-- CREATE TABLE AS, LIKE.
CREATE TEMP TABLE copied AS SELECT g, g * g AS square FROM generate_series(1, 4) g;
SELECT * FROM copied ORDER BY g;
CREATE TEMP TABLE liked (LIKE copied);
INSERT INTO liked SELECT * FROM copied WHERE g > 2;
SELECT sum(square) FROM liked;
CREATE TABLE durable AS SELECT * FROM liked;
SELECT relpersistence FROM pg_class WHERE relname = 'durable';
-- Sequences and views.
CREATE TEMP SEQUENCE s START 10;
SELECT nextval('s'), nextval('pg_temp.s');
CREATE TEMP VIEW v AS SELECT 1 AS one;
SELECT * FROM v;
CREATE VIEW over_temporary AS SELECT g FROM copied;
SELECT count(*) FROM over_temporary;
SELECT relname, relkind, relpersistence FROM pg_class WHERE relname IN ('s', 'v', 'over_temporary') ORDER BY 1;
DROP TABLE copied;
DROP TABLE copied CASCADE;
SELECT * FROM over_temporary;
-- Joins with others, in read-only transactions too.
CREATE TEMP TABLE scratch (id int);
BEGIN READ ONLY;
INSERT INTO scratch VALUES (3);
SAVEPOINT s;
CREATE TEMP TABLE scratch_too (id int);
ROLLBACK TO s;
INSERT INTO durable VALUES (9, 9);
ROLLBACK;
BEGIN READ ONLY;
INSERT INTO scratch VALUES (3);
SELECT d.g, d.square FROM durable d JOIN scratch s ON s.id = d.g;
COMMIT;
-- Gone with DISCARD.
SELECT count(*) > 0 FROM pg_class WHERE relnamespace = pg_my_temp_schema();
DISCARD TEMP;
SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema();
SELECT * FROM scratch;
CREATE TEMP TABLE scratch (id int);
DISCARD ALL;
SELECT * FROM scratch;
-- And with the session.
CREATE TEMP TABLE scratch (id int);
\c -
SELECT * FROM scratch;
SELECT * FROM durable ORDER BY g;
DROP TABLE durable;
