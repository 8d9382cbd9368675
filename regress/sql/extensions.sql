-- CREATE, ALTER and DROP EXTENSION as far as every server has extensions, and what belongs to one.
\dx
\dx+ plpgsql
SELECT name, default_version, installed_version, comment FROM pg_available_extensions WHERE name = 'plpgsql';
SELECT name, version, installed, superuser, trusted, relocatable, schema, requires FROM pg_available_extension_versions WHERE name = 'plpgsql';
SELECT extname, extnamespace::regnamespace, extrelocatable, extversion, extconfig, extcondition FROM pg_extension;
SELECT classid::regclass, deptype, count(*) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass GROUP BY 1, 2 ORDER BY 1;
SELECT pg_describe_object('pg_extension'::regclass, oid, 0) FROM pg_extension;
SELECT pg_describe_object('pg_language'::regclass, oid, 0) FROM pg_language ORDER BY 1;
CREATE EXTENSION plpgsql;
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE EXTENSION plpgsql SCHEMA public SCHEMA public;
DROP EXTENSION nosuch;
DROP EXTENSION IF EXISTS nosuch;
DROP EXTENSION IF EXISTS nosuch, nosuch2 CASCADE;
ALTER EXTENSION nosuch UPDATE;
ALTER EXTENSION nosuch SET SCHEMA public;
ALTER EXTENSION plpgsql SET SCHEMA public;
ALTER EXTENSION plpgsql SET SCHEMA nosuch;
ALTER EXTENSION plpgsql UPDATE;
ALTER EXTENSION plpgsql UPDATE TO '1.0';
ALTER EXTENSION plpgsql UPDATE TO '9.9';
COMMENT ON EXTENSION plpgsql IS 'another comment';
\dx
COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';
COMMENT ON EXTENSION nosuch IS 'x';
DROP FUNCTION plpgsql_validator(oid);
CREATE ROLE regress_ext_user;
SET ROLE regress_ext_user;
DROP EXTENSION plpgsql;
ALTER EXTENSION plpgsql UPDATE;
COMMENT ON EXTENSION plpgsql IS 'mine';
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'nosuchlibrary', 'f';
RESET ROLE;
DROP ROLE regress_ext_user;
CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'nosuchlibrary', 'f';
CREATE FUNCTION f() RETURNS int LANGUAGE c;
-- What reads a function keeps it: views, defaults and indexes.
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE TABLE t (a int, b int DEFAULT twice(4));
CREATE INDEX t_twice ON t (twice(a));
CREATE VIEW v AS SELECT twice(a) AS a FROM t;
CREATE VIEW w AS SELECT a FROM v;
DROP FUNCTION twice(int);
CREATE OR REPLACE VIEW v AS SELECT a FROM t;
DROP FUNCTION twice(int);
DROP FUNCTION twice(int) CASCADE;
\d t
SELECT * FROM w;
