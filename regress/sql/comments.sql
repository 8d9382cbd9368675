-- COMMENT ON every kind of object, and reading it back.
CREATE SCHEMA cs;
CREATE TABLE cs.t (a int PRIMARY KEY, b text, CONSTRAINT positive CHECK (a > 0));
CREATE VIEW cs.v AS SELECT a FROM cs.t;
CREATE SEQUENCE cs.s;
CREATE INDEX t_b ON cs.t (b);
CREATE ROLE regress_commented;
COMMENT ON SCHEMA cs IS 'a schema';
COMMENT ON TABLE cs.t IS 'a table';
COMMENT ON COLUMN cs.t.b IS 'a column';
COMMENT ON VIEW cs.v IS 'a view';
COMMENT ON COLUMN cs.v.a IS 'of a view';
COMMENT ON SEQUENCE cs.s IS 'a sequence';
COMMENT ON INDEX cs.t_b IS 'an index';
COMMENT ON CONSTRAINT positive ON cs.t IS 'a constraint';
COMMENT ON CONSTRAINT t_pkey ON cs.t IS 'a key';
COMMENT ON ROLE regress_commented IS 'a role';
SELECT obj_description('cs'::regnamespace, 'pg_namespace'), obj_description('cs.t'::regclass), obj_description('cs.t'::regclass, 'pg_class'), col_description('cs.t'::regclass, 2), col_description('cs.v'::regclass, 1), obj_description('cs.v'::regclass, 'pg_class'), obj_description('cs.s'::regclass, 'pg_class'), obj_description('cs.t_b'::regclass, 'pg_class');
SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = 'cs.t'::regclass ORDER BY 1;
SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'regress_commented';
COMMENT ON TABLE cs.t IS 'another';
COMMENT ON COLUMN cs.t.b IS NULL;
COMMENT ON INDEX cs.t_b IS '';
SELECT obj_description('cs.t'::regclass, 'pg_class'), col_description('cs.t'::regclass, 2), obj_description('cs.t_b'::regclass, 'pg_class');
\dt+ cs.*
\d+ cs.t
\dd cs.*
\dn+ cs
COMMENT ON TABLE cs.nosuch IS 'x';
COMMENT ON COLUMN cs.t.nosuch IS 'x';
COMMENT ON CONSTRAINT nosuch ON cs.t IS 'x';
COMMENT ON TABLE cs.v IS 'x';
COMMENT ON VIEW cs.t IS 'x';
COMMENT ON ROLE nosuch IS 'x';
COMMENT ON DATABASE nosuch IS 'x';
SET ROLE regress_commented;
COMMENT ON TABLE cs.t IS 'mine';
RESET ROLE;
DROP TABLE cs.t CASCADE;
SELECT count(*) FROM pg_description WHERE objoid >= 16384 AND classoid = 'pg_class'::regclass;
DROP SCHEMA cs CASCADE;
DROP ROLE regress_commented;
