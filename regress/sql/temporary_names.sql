-- What names mean when there is a temporary schema.
CREATE TABLE t (a int);
INSERT INTO t VALUES (1);
SET search_path = public, pg_temp;
CREATE TABLE pg_temp.t (a int);
INSERT INTO pg_temp.t VALUES (2);
SELECT * FROM t;
SELECT pg_table_is_visible('public.t'::regclass), pg_table_is_visible('pg_temp.t'::regclass);
SELECT regexp_replace(current_schemas(false)::text, '\d+', 'N');
SET search_path = pg_temp, public;
SELECT * FROM t;
CREATE TABLE made_there (a int);
SELECT relpersistence FROM pg_class WHERE relname = 'made_there';
CREATE VIEW view_there AS SELECT 1 AS one;
SELECT relpersistence FROM pg_class WHERE relname = 'view_there';
CREATE SEQUENCE sequence_there;
SELECT relpersistence FROM pg_class WHERE relname = 'sequence_there';
CREATE MATERIALIZED VIEW materialized_there AS SELECT 1 AS one;
SET search_path = pg_temp;
SELECT * FROM t;
SELECT * FROM public.t;
SET search_path = '';
SELECT * FROM t;
SELECT * FROM made_there;
CREATE TABLE nowhere (a int);
CREATE TEMP TABLE somewhere (a int);
RESET search_path;
SELECT * FROM t;
-- Catalogs come behind.
CREATE TEMP TABLE pg_class_of_mine (a int);
CREATE TEMP TABLE pg_type AS SELECT 'mine' AS typname;
SELECT * FROM pg_type;
SELECT count(*) > 100 FROM pg_catalog.pg_type;
SET search_path = pg_catalog, pg_temp, public;
SELECT count(*) > 100 FROM pg_type;
RESET search_path;
DROP TABLE pg_type;
SELECT count(*) > 100 FROM pg_type;
-- Types and functions are there for those who name the schema.
CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok');
SELECT 'ok'::pg_temp.mood;
CREATE TEMP TABLE moods (m pg_temp.mood);
INSERT INTO moods VALUES ('sad');
SELECT * FROM moods;
CREATE FUNCTION pg_temp.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
SELECT pg_temp.twice(4);
SELECT twice(4);
DROP FUNCTION twice(int);
CREATE DOMAIN pg_temp.positive AS int CHECK (VALUE > 0);
SELECT 1::pg_temp.positive;
\set VERBOSITY terse
SELECT 0::pg_temp.positive;
\set VERBOSITY verbose
CREATE TYPE pg_temp.pair AS (a int, b text);
SELECT (1, 'x')::pg_temp.pair;
DISCARD TEMP;
SELECT pg_temp.twice(4);
SELECT 'ok'::pg_temp.mood;
SELECT 1::pg_temp.positive;
SELECT (1, 'x')::pg_temp.pair;
SELECT count(*) FROM pg_proc WHERE proname = 'twice';
SELECT count(*) FROM pg_catalog.pg_type WHERE typname IN ('mood', 'positive', 'pair', '_mood', '_pair', '_positive');
-- Permanent things do not hang on temporary ones.
CREATE TEMP TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int REFERENCES parent);
CREATE TABLE lasting (id int PRIMARY KEY);
CREATE TEMP TABLE child (id int REFERENCES lasting);
CREATE TEMP TABLE child (id int REFERENCES parent);
INSERT INTO parent VALUES (1);
\set VERBOSITY terse
INSERT INTO child VALUES (1), (2);
INSERT INTO child VALUES (1);
DELETE FROM parent;
\set VERBOSITY verbose
CREATE MATERIALIZED VIEW lasting_view AS SELECT * FROM parent;
CREATE TEMP MATERIALIZED VIEW lasting_view AS SELECT 1 AS one;
BEGIN;
CREATE TEMP TABLE emptied_parent (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE kept_child (id int REFERENCES emptied_parent);
INSERT INTO emptied_parent VALUES (1);
COMMIT;
BEGIN;
CREATE TEMP TABLE emptied_parent (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE emptied_child (id int REFERENCES emptied_parent) ON COMMIT DELETE ROWS;
INSERT INTO emptied_parent VALUES (1);
INSERT INTO emptied_child VALUES (1);
COMMIT;
SELECT (SELECT count(*) FROM emptied_parent), (SELECT count(*) FROM emptied_child);
BEGIN;
CREATE TEMP TABLE dropped_parent (id int PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE kept_child (id int REFERENCES dropped_parent);
COMMIT;
INSERT INTO kept_child VALUES (5);
ALTER TABLE child SET SCHEMA public;
ALTER TABLE lasting SET SCHEMA pg_temp;
-- SELECT INTO.
SELECT 1 AS a, 'x' AS b INTO TEMP made;
SELECT 1 AS a INTO TEMP made;
SELECT 2 AS a INTO public.made;
SELECT * FROM made;
SELECT * FROM public.made;
SELECT g INTO pg_temp.made_too FROM generate_series(1, 3) g WHERE g > 1;
SELECT * FROM made_too ORDER BY g;
SELECT relname, relpersistence FROM pg_class WHERE relname LIKE 'made%' ORDER BY 1, 2;
-- Statements kept from before.
CREATE TABLE plain (a int);
INSERT INTO plain VALUES (1);
PREPARE p AS SELECT * FROM plain;
EXECUTE p;
CREATE TEMP TABLE plain (a int);
INSERT INTO plain VALUES (2);
SELECT * FROM plain;
DROP TABLE plain;
EXECUTE p;
CREATE FUNCTION read_plain() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT sum(a) FROM plain); END';
SELECT read_plain();
-- In a function.
CREATE FUNCTION counted(n int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE numbers ON COMMIT DROP AS SELECT g FROM generate_series(1, 10) g;
  DELETE FROM numbers WHERE g > n;
  RETURN (SELECT count(*) FROM numbers);
END $$;
SELECT counted(3);
SELECT counted(7);
SELECT to_regclass('numbers');
-- Rights.
CREATE ROLE regress_temporary;
CREATE TEMP TABLE guarded AS SELECT 1 AS a;
SET ROLE regress_temporary;
SELECT * FROM guarded;
CREATE TEMP TABLE own (a int);
INSERT INTO own VALUES (4) RETURNING a;
SELECT * FROM pg_temp.own;
SELECT has_schema_privilege(pg_my_temp_schema(), 'CREATE'), has_schema_privilege(pg_my_temp_schema(), 'USAGE');
DROP TABLE own;
RESET ROLE;
SELECT current_database() AS home \gset
REVOKE TEMP ON DATABASE :home FROM PUBLIC;
SET ROLE regress_temporary;
SELECT has_schema_privilege(pg_my_temp_schema(), 'CREATE'), has_schema_privilege(pg_my_temp_schema(), 'USAGE');
RESET ROLE;
\c -
SET ROLE regress_temporary;
SELECT has_database_privilege(current_database(), 'TEMP');
SET ROLE none;
GRANT TEMP ON DATABASE :home TO PUBLIC;
DROP ROLE regress_temporary;
-- What commands in a function do while a query's snapshot is in use.
CREATE FUNCTION made_and_read(n int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'CREATE TABLE IF NOT EXISTS many' || n || ' AS SELECT g FROM generate_series(1, 10) g';
  EXECUTE 'UPDATE many' || n || ' SET g = g + 1';
  EXECUTE 'TRUNCATE many' || n;
  EXECUTE 'INSERT INTO many' || n || ' VALUES (1)';
  DROP TABLE IF EXISTS many2;
  RETURN (SELECT count(*) FROM pg_class WHERE relname LIKE 'many_');
END $$;
SET client_min_messages = warning;
SELECT made_and_read(g) FROM generate_series(1, 4) g;
SELECT g, made_and_read(g), (SELECT count(*) FROM pg_class WHERE relname LIKE 'many_') FROM generate_series(5, 7) g;
CREATE FUNCTION in_sql() RETURNS bigint LANGUAGE sql AS $$
  CREATE TEMP TABLE IF NOT EXISTS of_sql AS SELECT 1 AS a;
  SELECT count(*) FROM pg_class WHERE relname LIKE 'many_';
$$;
SELECT in_sql() FROM generate_series(1, 3);
