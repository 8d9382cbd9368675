-- CREATE DATABASE from templates, DROP DATABASE.
SELECT current_database() AS home \gset
CREATE DATABASE varve_template;
CREATE DATABASE varve_template;
\c varve_template
CREATE TABLE t (id serial PRIMARY KEY, v text NOT NULL, n int DEFAULT 7);
INSERT INTO t (v) SELECT 'row ' || g FROM generate_series(1, 500) g;
INSERT INTO t (v) VALUES (repeat('long ', 20000));
DELETE FROM t WHERE id % 10 = 0;
UPDATE t SET id = id + 1000 WHERE id % 10 = 1;
CREATE INDEX t_v ON t (v) WHERE id <= 400;
CREATE UNIQUE INDEX t_lower ON t (lower(v)) WHERE length(v) < 100;
CREATE VIEW big AS SELECT id, length(v) AS l FROM t WHERE length(v) > 100;
CREATE SCHEMA s;
CREATE TABLE s.empty (a int, b text UNIQUE);
COMMENT ON TABLE t IS 'of the template';
ALTER TABLE t ADD COLUMN extra int DEFAULT 3;
SELECT nextval('t_id_seq');
\c :home
CREATE DATABASE varve_copy TEMPLATE varve_template;
\c varve_copy
SELECT count(*), sum(id), sum(length(v)), sum(n), sum(extra) FROM t;
SELECT * FROM big ORDER BY id;
SELECT id, v FROM t WHERE id = 1011;
SELECT id, v FROM t WHERE id = 11;
SELECT id, v FROM t WHERE lower(v) = 'row 42';
INSERT INTO t (v) VALUES ('new') RETURNING id, n, extra;
INSERT INTO t (id, v) VALUES (1011, 'taken');
INSERT INTO t (v) VALUES ('ROW 42');
INSERT INTO s.empty VALUES (1, 'x');
SELECT * FROM s.empty;
SELECT obj_description('t'::regclass);
DELETE FROM t;
\c varve_template
SELECT count(*), sum(id), sum(length(v)), sum(n), sum(extra) FROM t;
SELECT count(*) FROM s.empty;
DROP DATABASE varve_template;
DROP DATABASE postgres_that_is_not;
DROP DATABASE IF EXISTS postgres_that_is_not;
BEGIN;
DROP DATABASE varve_copy;
ROLLBACK;
\c :home
DROP DATABASE template1;
CREATE DATABASE varve_copy_2 TEMPLATE varve_nowhere;
DROP DATABASE varve_copy;
DROP DATABASE varve_copy;
SELECT count(*) FROM pg_database WHERE datname = 'varve_copy';
CREATE DATABASE varve_copy;
\c varve_copy
SELECT count(*) FROM pg_class WHERE relname = 't';
\c :home
DROP DATABASE varve_copy WITH (FORCE);
DROP DATABASE varve_template;
SELECT datname FROM pg_database WHERE datname LIKE 'varve_%';
