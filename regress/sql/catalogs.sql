-- What clients and users read from the catalogs.
CREATE TABLE c (id int PRIMARY KEY, name varchar(20) NOT NULL, n numeric(6,2) DEFAULT 1.5, up int REFERENCES c);
CREATE INDEX c_name ON c (name);
SELECT relname, relkind, relnatts, relhasindex FROM pg_class WHERE oid = 'c'::regclass;
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = 'c'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'c'::regclass ORDER BY conname;
SELECT i.relname, x.indisunique, x.indisprimary, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = 'c'::regclass ORDER BY 1;
SELECT typname, typlen, typbyval, typtype, typcategory FROM pg_type WHERE oid IN (16, 20, 21, 23, 25, 700, 701, 1043, 1082, 1114, 1184, 1700, 2950) ORDER BY oid;
SELECT nspname FROM pg_namespace WHERE nspname IN ('pg_catalog', 'public', 'information_schema') ORDER BY 1;
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1;
SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale FROM information_schema.columns WHERE table_name = 'c' ORDER BY ordinal_position;
SELECT constraint_name, constraint_type FROM information_schema.table_constraints WHERE table_name = 'c' AND constraint_type <> 'CHECK' ORDER BY 1;
SELECT tablename, tableowner = current_user, hasindexes FROM pg_tables WHERE tablename = 'c';
SELECT 'c'::regclass, 'c_pkey'::regclass, to_regclass('nosuch'), to_regclass('c'), to_regtype('int');
SELECT oid::regtype FROM pg_type WHERE typname IN ('int4', 'timestamptz', 'bpchar', '_text') ORDER BY typname;
SELECT proname, prorettype::regtype FROM pg_proc WHERE proname IN ('now', 'length') AND pronargs <= 1 ORDER BY 1, 2::text, oid;
SELECT oprname, oprleft::regtype, oprright::regtype, oprresult::regtype FROM pg_operator WHERE oprname = '+' AND oprleft = 'int4'::regtype ORDER BY 3::text;
SELECT amname FROM pg_am WHERE amtype = 'i' AND amname = 'btree';
SELECT name, setting, unit FROM pg_settings WHERE name IN ('work_mem', 'statement_timeout', 'search_path') ORDER BY name;
SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'), current_setting('standard_conforming_strings');
SELECT version(); -- ignore: output
SELECT pg_backend_pid() > 0, current_user, pg_is_in_recovery();
SELECT pg_table_is_visible('c'::regclass), col_description('c'::regclass, 1), pg_get_userbyid(10) = current_user;
SELECT count(*) > 0 FROM pg_stat_activity WHERE pid = pg_backend_pid();
SELECT datname = current_database() FROM pg_database WHERE datname = current_database();
\d c
\dt
\di
\d nosuch
DROP TABLE c;
