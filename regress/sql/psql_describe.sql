-- What psql's backslash commands ask of the catalogs, over a small schema.
CREATE SCHEMA shop;
SET search_path = shop;
CREATE TABLE maker (id serial PRIMARY KEY, name varchar(20) NOT NULL DEFAULT 'nobody', founded date);
CREATE TABLE thing (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  price numeric(10,2) CHECK (price > 0),
  label text UNIQUE,
  tags text[],
  at timestamp(3) with time zone DEFAULT now(),
  code char(4));
CREATE INDEX thing_lower ON thing (lower(label));
CREATE UNIQUE INDEX thing_code ON thing (code, price DESC) WHERE price > 10;
CREATE SEQUENCE counter INCREMENT 2 MAXVALUE 100 CYCLE;
COMMENT ON TABLE maker IS 'who makes things';
COMMENT ON COLUMN maker.name IS 'as it is spelled';
\dn
\dt
\dt maker
\dt shop.*
\d maker
\d+ maker
\d thing
\d+ thing
\d counter
\d thing_code
\di
\ds
\dv
\dm
\dE
\dp
\dT
\df
\dD
\dO
\dc
\dP
\dX
\dy
\dRp
\dRs
\des
\dew
\dd
\dt nowhere
\d nowhere
SELECT schemaname, tablename, tableowner, hasindexes FROM pg_tables WHERE schemaname = 'shop' ORDER BY 2;
SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'shop' ORDER BY 2;
SELECT sequencename, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size, last_value
  FROM pg_sequences WHERE schemaname = 'shop' ORDER BY 1;
SELECT rolname, rolsuper, rolpassword FROM pg_roles WHERE rolname = current_user;
SELECT usename, usesuper FROM pg_user WHERE usename = current_user;
SELECT name, setting, unit, vartype, context FROM pg_settings WHERE name IN ('work_mem', 'search_path', 'DateStyle') ORDER BY 1;
SELECT table_name, table_type, is_insertable_into FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY 1;
SELECT table_name, column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length,
       numeric_precision, numeric_scale, datetime_precision, udt_name, is_identity, identity_generation
  FROM information_schema.columns WHERE table_schema = 'shop' ORDER BY 1, 3;
SELECT table_name, constraint_name, constraint_type, is_deferrable FROM information_schema.table_constraints
 WHERE table_schema = 'shop' AND constraint_name NOT LIKE '%not_null' ORDER BY 1, 2;
SELECT table_name, constraint_name, column_name, ordinal_position, position_in_unique_constraint
  FROM information_schema.key_column_usage WHERE table_schema = 'shop' ORDER BY 1, 2, 4;
SELECT table_name, column_name, constraint_name FROM information_schema.constraint_column_usage
 WHERE table_schema = 'shop' ORDER BY 1, 2, 3;
SELECT constraint_name, check_clause FROM information_schema.check_constraints
 WHERE constraint_schema = 'shop' AND constraint_name NOT LIKE '%not_null' ORDER BY 1;
SELECT sequence_name, data_type, start_value, maximum_value, increment, cycle_option
  FROM information_schema.sequences WHERE sequence_schema = 'shop' ORDER BY 1;
SELECT schema_name, schema_owner FROM information_schema.schemata WHERE schema_name IN ('shop', 'public') ORDER BY 1;
SELECT format_type(1700, 655366), format_type(1043, NULL), format_type(1009, -1), format_type(0, NULL), format_type(99999, -1);
SELECT has_table_privilege('maker', 'SELECT'), has_table_privilege('maker', 'select with grant option, INSERT'),
       has_schema_privilege('shop', 'CREATE'), has_database_privilege(current_database(), 'CONNECT');
SELECT has_table_privilege('maker', 'FLY');
SELECT has_table_privilege('nobody_at_all', 'maker', 'SELECT');
CREATE ROLE describe_reader;
SELECT has_table_privilege('describe_reader', 'maker', 'SELECT');
GRANT SELECT ON maker TO describe_reader;
SELECT has_table_privilege('describe_reader', 'maker', 'SELECT'), has_table_privilege('describe_reader', 'maker', 'UPDATE');
\dp maker
SELECT x.privilege_type, x.is_grantable, x.grantee::regrole FROM pg_class c, aclexplode(c.relacl) x
 WHERE c.relname = 'maker' AND x.grantee = 'describe_reader'::regrole;
REVOKE ALL ON maker FROM describe_reader;
DROP ROLE describe_reader;
SELECT to_regclass('maker'), to_regclass('nowhere'), to_regtype('integer'), to_regrole('nobody_at_all');
SELECT word, catcode, barelabel FROM pg_get_keywords() WHERE word IN ('select', 'between', 'abort', 'left') ORDER BY 1;
SELECT * FROM pg_options_to_table('{a=1,b=x y}'::text[]);
