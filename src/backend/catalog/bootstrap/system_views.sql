-- System views of every database. Each statement is CREATE VIEW <schema>.<name> AS, a line break, and a query.
-- Their oids follow from their order here: new ones go to the end.

CREATE VIEW pg_catalog.pg_roles AS
SELECT a.rolname, a.rolsuper, a.rolinherit, a.rolcreaterole, a.rolcreatedb, a.rolcanlogin, a.rolreplication,
       a.rolconnlimit, '********'::text AS rolpassword, a.rolvaliduntil, a.rolbypassrls,
       s.setconfig AS rolconfig, a.oid
  FROM pg_authid a LEFT JOIN pg_db_role_setting s ON s.setrole = a.oid AND s.setdatabase = 0;

CREATE VIEW pg_catalog.pg_shadow AS
SELECT a.rolname AS usename, a.oid AS usesysid, a.rolcreatedb AS usecreatedb, a.rolsuper AS usesuper,
       a.rolreplication AS userepl, a.rolbypassrls AS usebypassrls, a.rolpassword AS passwd,
       a.rolvaliduntil AS valuntil, s.setconfig AS useconfig
  FROM pg_authid a LEFT JOIN pg_db_role_setting s ON s.setrole = a.oid AND s.setdatabase = 0
 WHERE a.rolcanlogin;

CREATE VIEW pg_catalog.pg_user AS
SELECT usename, usesysid, usecreatedb, usesuper, userepl, usebypassrls, '********'::text AS passwd, valuntil,
       useconfig
  FROM pg_shadow;

CREATE VIEW pg_catalog.pg_group AS
SELECT a.rolname AS groname, a.oid AS grosysid,
       ARRAY(SELECT m.member FROM pg_auth_members m WHERE m.roleid = a.oid) AS grolist
  FROM pg_authid a
 WHERE NOT a.rolcanlogin;

CREATE VIEW pg_catalog.pg_tables AS
SELECT n.nspname AS schemaname, c.relname AS tablename, pg_get_userbyid(c.relowner) AS tableowner,
       t.spcname AS tablespace, c.relhasindex AS hasindexes, c.relhasrules AS hasrules,
       c.relhastriggers AS hastriggers, c.relrowsecurity AS rowsecurity
  FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
 WHERE c.relkind IN ('r', 'p');

CREATE VIEW pg_catalog.pg_views AS
SELECT n.nspname AS schemaname, c.relname AS viewname, pg_get_userbyid(c.relowner) AS viewowner,
       pg_get_viewdef(c.oid) AS definition
  FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'v';

CREATE VIEW pg_catalog.pg_matviews AS
SELECT n.nspname AS schemaname, c.relname AS matviewname, pg_get_userbyid(c.relowner) AS matviewowner,
       t.spcname AS tablespace, c.relhasindex AS hasindexes, c.relispopulated AS ispopulated,
       pg_get_viewdef(c.oid) AS definition
  FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
 WHERE c.relkind = 'm';

CREATE VIEW pg_catalog.pg_indexes AS
SELECT n.nspname AS schemaname, c.relname AS tablename, i.relname AS indexname, t.spcname AS tablespace,
       pg_get_indexdef(i.oid) AS indexdef
  FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
       LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_tablespace t ON t.oid = i.reltablespace
 WHERE c.relkind IN ('r', 'm', 'p') AND i.relkind IN ('i', 'I');

CREATE VIEW pg_catalog.pg_sequences AS
SELECT n.nspname AS schemaname, c.relname AS sequencename, pg_get_userbyid(c.relowner) AS sequenceowner,
       s.seqtypid::regtype AS data_type, s.seqstart AS start_value, s.seqmin AS min_value, s.seqmax AS max_value,
       s.seqincrement AS increment_by, s.seqcycle AS cycle, s.seqcache AS cache_size,
       CASE WHEN has_sequence_privilege(c.oid, 'SELECT,USAGE'::text) THEN pg_sequence_last_value(c.oid::regclass)
            ELSE NULL::bigint END AS last_value
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S';

CREATE VIEW pg_catalog.pg_settings AS
SELECT s.name, s.setting, s.unit, s.category, s.short_desc, s.extra_desc, s.context, s.vartype, s.source, s.min_val,
       s.max_val, s.enumvals, s.boot_val, s.reset_val, s.sourcefile, s.sourceline, s.pending_restart
  FROM pg_show_all_settings() s;

CREATE VIEW pg_catalog.pg_locks AS
SELECT l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid, l.classid, l.objid,
       l.objsubid, l.virtualtransaction, l.pid, l.mode, l.granted, l.fastpath, l.waitstart
  FROM pg_lock_status() l;

CREATE VIEW pg_catalog.pg_cursors AS
SELECT c.name, c.statement, c.is_holdable, c.is_binary, c.is_scrollable, c.creation_time FROM pg_cursor() c;

CREATE VIEW pg_catalog.pg_prepared_statements AS
SELECT p.name, p.statement, p.prepare_time, p.parameter_types, p.from_sql, p.generic_plans, p.custom_plans
  FROM pg_prepared_statement() p;

CREATE VIEW pg_catalog.pg_prepared_xacts AS
SELECT p.transaction, p.gid, p.prepared, u.rolname AS owner, d.datname AS database
  FROM pg_prepared_xact() p LEFT JOIN pg_authid u ON u.oid = p.ownerid LEFT JOIN pg_database d ON d.oid = p.dbid;

CREATE VIEW pg_catalog.pg_available_extensions AS
SELECT e.name, e.default_version, x.extversion AS installed_version, e.comment
  FROM pg_available_extensions() e LEFT JOIN pg_extension x ON e.name = x.extname;

CREATE VIEW pg_catalog.pg_available_extension_versions AS
SELECT e.name, e.version, x.extname IS NOT NULL AS installed, e.superuser, e.trusted, e.relocatable, e.schema,
       e.requires, e.comment
  FROM pg_available_extension_versions() e
       LEFT JOIN pg_extension x ON e.name = x.extname AND e.version = x.extversion;

CREATE VIEW pg_catalog.pg_timezone_names AS
SELECT z.name, z.abbrev, z.utc_offset, z.is_dst FROM pg_timezone_names() z;

CREATE VIEW pg_catalog.pg_stat_activity AS
SELECT s.datid, d.datname, s.pid, s.leader_pid, s.usesysid, u.rolname AS usename, s.application_name, s.client_addr,
       s.client_hostname, s.client_port, s.backend_start, s.xact_start, s.query_start, s.state_change,
       s.wait_event_type, s.wait_event, s.state, s.backend_xid, s.backend_xmin, s.query_id, s.query, s.backend_type
  FROM pg_stat_get_activity(NULL::integer) s LEFT JOIN pg_database d ON d.oid = s.datid
       LEFT JOIN pg_authid u ON u.oid = s.usesysid;

CREATE VIEW pg_catalog.pg_stat_ssl AS
SELECT s.pid, s.ssl, s.sslversion AS version, s.sslcipher AS cipher, s.sslbits AS bits, s.ssl_client_dn AS client_dn,
       s.ssl_client_serial AS client_serial, s.ssl_issuer_dn AS issuer_dn
  FROM pg_stat_get_activity(NULL::integer) s
 WHERE s.client_port IS NOT NULL;

CREATE VIEW pg_catalog.pg_rules AS
SELECT n.nspname AS schemaname, c.relname AS tablename, r.rulename, pg_get_ruledef(r.oid) AS definition
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE r.rulename <> '_RETURN';

CREATE VIEW pg_catalog.pg_publication_tables AS
SELECT p.pubname, n.nspname AS schemaname, c.relname AS tablename,
       ARRAY(SELECT a.attname FROM pg_attribute a
              WHERE a.attrelid = t.relid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS attnames,
       pg_get_expr(t.qual, t.relid) AS rowfilter
  FROM pg_publication p, LATERAL pg_get_publication_tables(p.pubname::text) t, pg_class c, pg_namespace n
 WHERE c.oid = t.relid AND n.oid = c.relnamespace;

CREATE VIEW information_schema.information_schema_catalog_name AS
SELECT current_database() AS catalog_name;

CREATE VIEW information_schema.enabled_roles AS
SELECT a.rolname AS role_name FROM pg_authid a WHERE pg_has_role(a.oid, 'USAGE');

CREATE VIEW information_schema.applicable_roles AS
SELECT u.rolname AS grantee, g.rolname AS role_name,
       (CASE WHEN m.admin_option THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_grantable
  FROM pg_auth_members m JOIN pg_authid u ON u.oid = m.member JOIN pg_authid g ON g.oid = m.roleid
 WHERE pg_has_role(u.oid, 'USAGE');

CREATE VIEW information_schema.schemata AS
SELECT current_database() AS catalog_name, n.nspname AS schema_name, u.rolname AS schema_owner,
       NULL::name AS default_character_set_catalog, NULL::name AS default_character_set_schema,
       NULL::name AS default_character_set_name, NULL::varchar AS sql_path
  FROM pg_namespace n JOIN pg_authid u ON u.oid = n.nspowner
 WHERE pg_has_role(n.nspowner, 'USAGE') OR has_schema_privilege(n.oid, 'CREATE, USAGE');

CREATE VIEW information_schema.tables AS
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       (CASE WHEN c.relpersistence = 't' THEN 'LOCAL TEMPORARY' WHEN c.relkind IN ('r', 'p') THEN 'BASE TABLE'
             WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'f' THEN 'FOREIGN' END)::varchar AS table_type,
       NULL::name AS self_referencing_column_name, NULL::varchar AS reference_generation,
       NULL::name AS user_defined_type_catalog, NULL::name AS user_defined_type_schema,
       NULL::name AS user_defined_type_name,
       (CASE WHEN c.relkind IN ('r', 'p') OR c.relkind = 'v' AND pg_relation_is_updatable(c.oid, false) & 8 = 8
             THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_insertable_into,
       'NO'::varchar(3) AS is_typed, NULL::varchar AS commit_action
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'v', 'f', 'p') AND NOT pg_is_other_temp_schema(n.oid)
   AND (pg_has_role(c.relowner, 'USAGE')
        OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.columns AS
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       a.attname AS column_name, a.attnum::integer AS ordinal_position,
       (CASE WHEN a.attgenerated = '' AND a.attidentity = '' THEN pg_get_expr(d.adbin, d.adrelid) END)::varchar AS column_default,
       (CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 'NO' ELSE 'YES' END)::varchar(3) AS is_nullable,
       (CASE WHEN u.typelem <> 0 AND u.typlen = -1 AND u.typcategory = 'A' THEN 'ARRAY'
             WHEN un.nspname = 'pg_catalog' THEN format_type(u.oid, NULL) ELSE 'USER-DEFINED' END)::varchar AS data_type,
       CASE WHEN u.oid IN (1042, 1043) AND u.modifier > 0 THEN u.modifier - 4
            WHEN u.oid IN (1560, 1562) AND u.modifier > 0 THEN u.modifier END AS character_maximum_length,
       CASE WHEN u.oid IN (25, 1042, 1043)
            THEN CASE WHEN u.oid <> 25 AND u.modifier > 0 THEN (u.modifier - 4) * 4 ELSE 1073741824 END
            END AS character_octet_length,
       CASE u.oid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
            WHEN 1700 THEN CASE WHEN u.modifier > 0 THEN ((u.modifier - 4) >> 16) & 65535 END END AS numeric_precision,
       CASE WHEN u.oid IN (21, 23, 20, 700, 701) THEN 2 WHEN u.oid = 1700 THEN 10 END AS numeric_precision_radix,
       CASE WHEN u.oid IN (21, 23, 20) THEN 0
            WHEN u.oid = 1700 AND u.modifier > 0 THEN (u.modifier - 4) & 65535 END AS numeric_scale,
       CASE WHEN u.oid = 1082 THEN 0
            WHEN u.oid IN (1083, 1114, 1184, 1266) THEN CASE WHEN u.modifier < 0 THEN 6 ELSE u.modifier END
            WHEN u.oid = 1186
            THEN CASE WHEN u.modifier < 0 OR u.modifier & 65535 = 65535 THEN 6 ELSE u.modifier & 65535 END
            END AS datetime_precision,
       (CASE WHEN u.oid = 1186 AND u.modifier >= 0
             THEN upper(substring(format_type(u.oid, u.modifier) from 'interval ([a-z ]+)')) END)::varchar AS interval_type,
       NULL::integer AS interval_precision,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema, NULL::name AS character_set_name,
       CASE WHEN k.collname IS NOT NULL THEN current_database() END AS collation_catalog,
       kn.nspname AS collation_schema, k.collname AS collation_name,
       CASE WHEN t.typtype = 'd' THEN current_database() END AS domain_catalog,
       CASE WHEN t.typtype = 'd' THEN tn.nspname END AS domain_schema,
       CASE WHEN t.typtype = 'd' THEN t.typname END AS domain_name,
       current_database() AS udt_catalog, un.nspname AS udt_schema, u.typname AS udt_name,
       NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name,
       NULL::integer AS maximum_cardinality, a.attnum::text::name AS dtd_identifier,
       'NO'::varchar(3) AS is_self_referencing,
       (CASE WHEN a.attidentity IN ('a', 'd') THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_identity,
       (CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END)::varchar AS identity_generation,
       q.seqstart::varchar AS identity_start, q.seqincrement::varchar AS identity_increment,
       q.seqmax::varchar AS identity_maximum, q.seqmin::varchar AS identity_minimum,
       (CASE WHEN q.seqcycle THEN 'YES' ELSE 'NO' END)::varchar(3) AS identity_cycle,
       (CASE WHEN a.attgenerated = '' THEN 'NEVER' ELSE 'ALWAYS' END)::varchar AS is_generated,
       (CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END)::varchar AS generation_expression,
       (CASE WHEN c.relkind IN ('r', 'p') OR c.relkind = 'v' AND pg_column_is_updatable(c.oid, a.attnum, false)
             THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_updatable
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
       JOIN LATERAL (SELECT b.*, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS modifier FROM pg_type b
                      WHERE b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END) u ON true
       JOIN pg_namespace un ON un.oid = u.typnamespace
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       LEFT JOIN (pg_collation k JOIN pg_namespace kn ON kn.oid = k.collnamespace)
              ON k.oid = a.attcollation AND (kn.nspname <> 'pg_catalog' OR k.collname <> 'default')
       LEFT JOIN (pg_depend p JOIN pg_sequence q ON p.classid = 1259 AND p.objid = q.seqrelid AND p.deptype = 'i')
              ON p.refclassid = 1259 AND p.refobjid = c.oid AND p.refobjsubid = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p') AND NOT pg_is_other_temp_schema(n.oid)
   AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.views AS
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       (CASE WHEN pg_has_role(c.relowner, 'USAGE') THEN pg_get_viewdef(c.oid) END)::varchar AS view_definition,
       (CASE WHEN 'check_option=cascaded' = ANY (c.reloptions) THEN 'CASCADED'
             WHEN 'check_option=local' = ANY (c.reloptions) THEN 'LOCAL' ELSE 'NONE' END)::varchar AS check_option,
       (CASE WHEN pg_relation_is_updatable(c.oid, false) & 20 = 20 THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_updatable,
       (CASE WHEN pg_relation_is_updatable(c.oid, false) & 8 = 8 THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_insertable_into,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 81 = 81) THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_trigger_updatable,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 73 = 73) THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_trigger_deletable,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 69 = 69) THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_trigger_insertable_into
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'v' AND NOT pg_is_other_temp_schema(n.oid)
   AND (pg_has_role(c.relowner, 'USAGE')
        OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.triggers AS
SELECT current_database() AS trigger_catalog, x.schema AS trigger_schema, x.tgname AS trigger_name,
       x.event::varchar AS event_manipulation, current_database() AS event_object_catalog,
       x.schema AS event_object_schema, x.relname AS event_object_table,
       (rank() OVER (PARTITION BY x.tgrelid, x.bit, x.tgtype & 67 ORDER BY x.tgname))::integer AS action_order,
       (CASE WHEN pg_has_role(x.relowner, 'USAGE')
             THEN (regexp_match(x.definition, ' WHEN \((.+)\) EXECUTE FUNCTION '))[1] END)::varchar AS action_condition,
       substring(x.definition from position(' EXECUTE FUNCTION ' in x.definition) + 1)::varchar AS action_statement,
       (CASE WHEN x.tgtype & 1 = 1 THEN 'ROW' ELSE 'STATEMENT' END)::varchar AS action_orientation,
       (CASE x.tgtype & 66 WHEN 2 THEN 'BEFORE' WHEN 64 THEN 'INSTEAD OF' ELSE 'AFTER' END)::varchar AS action_timing,
       x.tgoldtable AS action_reference_old_table, x.tgnewtable AS action_reference_new_table,
       NULL::name AS action_reference_old_row, NULL::name AS action_reference_new_row, NULL::timestamptz(2) AS created
  FROM (SELECT n.nspname AS schema, c.relname, c.relowner, t.*, e.bit, e.event, pg_get_triggerdef(t.oid) AS definition
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               JOIN (VALUES (4, 'INSERT'), (8, 'DELETE'), (16, 'UPDATE')) e(bit, event) ON t.tgtype & e.bit <> 0
         WHERE NOT t.tgisinternal AND NOT pg_is_other_temp_schema(n.oid)
           AND (pg_has_role(c.relowner, 'USAGE')
                OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'))) x;

CREATE VIEW information_schema.table_constraints AS
SELECT current_database() AS constraint_catalog, k.constraint_schema, k.constraint_name,
       current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       k.constraint_type::varchar AS constraint_type, k.is_deferrable::varchar(3) AS is_deferrable,
       k.initially_deferred::varchar(3) AS initially_deferred, 'YES'::varchar(3) AS enforced,
       k.nulls_distinct::varchar(3) AS nulls_distinct
  FROM (SELECT x.conrelid, nk.nspname AS constraint_schema, x.conname AS constraint_name,
               CASE x.contype WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'p' THEN 'PRIMARY KEY'
                    WHEN 'u' THEN 'UNIQUE' END AS constraint_type,
               CASE WHEN x.condeferrable THEN 'YES' ELSE 'NO' END AS is_deferrable,
               CASE WHEN x.condeferred THEN 'YES' ELSE 'NO' END AS initially_deferred,
               CASE WHEN x.contype = 'u'
                    THEN CASE WHEN (SELECT i.indnullsnotdistinct FROM pg_index i WHERE i.indexrelid = x.conindid)
                              THEN 'NO' ELSE 'YES' END END AS nulls_distinct
          FROM pg_constraint x JOIN pg_namespace nk ON nk.oid = x.connamespace
         WHERE x.contype IN ('c', 'f', 'p', 'u')
        UNION ALL
        SELECT a.attrelid, na.nspname,
               (na.oid::text || '_' || ra.oid::text || '_' || a.attnum::text || '_not_null')::name,
               'CHECK', 'NO', 'NO', NULL::text
          FROM pg_attribute a JOIN pg_class ra ON ra.oid = a.attrelid JOIN pg_namespace na ON na.oid = ra.relnamespace
         WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped) k
       JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT pg_is_other_temp_schema(n.oid)
   AND (pg_has_role(c.relowner, 'USAGE')
        OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.key_column_usage AS
SELECT current_database() AS constraint_catalog, nk.nspname AS constraint_schema, x.conname AS constraint_name,
       current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       a.attname AS column_name, g.n::integer AS ordinal_position,
       CASE WHEN x.contype = 'f'
            THEN (SELECT u.n::integer FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS u(number, n),
                         unnest(x.confkey) WITH ORDINALITY AS f(number, n)
                   WHERE i.indexrelid = x.conindid AND f.n = g.n AND u.number = f.number)
            END AS position_in_unique_constraint
  FROM pg_constraint x JOIN pg_namespace nk ON nk.oid = x.connamespace JOIN pg_class c ON c.oid = x.conrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL unnest(x.conkey) WITH ORDINALITY AS g(number, n)
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = g.number
 WHERE x.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
   AND NOT pg_is_other_temp_schema(n.oid)
   AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.referential_constraints AS
SELECT current_database() AS constraint_catalog, nk.nspname AS constraint_schema, x.conname AS constraint_name,
       CASE WHEN u.conname IS NOT NULL THEN current_database() END AS unique_constraint_catalog,
       nu.nspname AS unique_constraint_schema, u.conname AS unique_constraint_name,
       (CASE x.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' WHEN 's' THEN 'NONE' END)::varchar AS match_option,
       (CASE x.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
             WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END)::varchar AS update_rule,
       (CASE x.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
             WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END)::varchar AS delete_rule
  FROM pg_constraint x JOIN pg_namespace nk ON nk.oid = x.connamespace JOIN pg_class c ON c.oid = x.conrelid
       LEFT JOIN pg_constraint u ON u.conindid = x.conindid AND u.contype IN ('p', 'u') AND u.conrelid = x.confrelid
       LEFT JOIN pg_namespace nu ON nu.oid = u.connamespace
 WHERE x.contype = 'f'
   AND (pg_has_role(c.relowner, 'USAGE')
        OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.constraint_column_usage AS
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       a.attname AS column_name, current_database() AS constraint_catalog, nk.nspname AS constraint_schema,
       x.conname AS constraint_name
  FROM pg_constraint x JOIN pg_namespace nk ON nk.oid = x.connamespace
       JOIN pg_class c ON c.oid = CASE WHEN x.contype = 'f' THEN x.confrelid ELSE x.conrelid END
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid
            AND a.attnum = ANY (CASE WHEN x.contype = 'f' THEN x.confkey ELSE x.conkey END)
 WHERE x.contype IN ('c', 'p', 'u', 'f') AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
   AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.constraint_table_usage AS
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       current_database() AS constraint_catalog, nk.nspname AS constraint_schema, x.conname AS constraint_name
  FROM pg_constraint x JOIN pg_namespace nk ON nk.oid = x.connamespace
       JOIN pg_class c ON c.oid = CASE WHEN x.contype = 'f' THEN x.confrelid ELSE x.conrelid END
       JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE x.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.check_constraints AS
SELECT current_database() AS constraint_catalog, n.nspname AS constraint_schema, x.conname AS constraint_name,
       substring(pg_get_constraintdef(x.oid) from 7)::varchar AS check_clause
  FROM pg_constraint x JOIN pg_namespace n ON n.oid = x.connamespace JOIN pg_class c ON c.oid = x.conrelid
 WHERE x.contype = 'c' AND pg_has_role(c.relowner, 'USAGE')
UNION ALL
SELECT current_database(), n.nspname,
       (n.oid::text || '_' || c.oid::text || '_' || a.attnum::text || '_not_null')::name,
       (a.attname::text || ' IS NOT NULL')::varchar
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND c.relkind IN ('r', 'p')
   AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.sequences AS
SELECT current_database() AS sequence_catalog, n.nspname AS sequence_schema, c.relname AS sequence_name,
       format_type(s.seqtypid, NULL)::varchar AS data_type,
       CASE s.seqtypid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 END AS numeric_precision,
       2 AS numeric_precision_radix, 0 AS numeric_scale, s.seqstart::varchar AS start_value,
       s.seqmin::varchar AS minimum_value, s.seqmax::varchar AS maximum_value, s.seqincrement::varchar AS increment,
       (CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END)::varchar(3) AS cycle_option
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S' AND NOT pg_is_other_temp_schema(n.oid)
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'i')
   AND (pg_has_role(c.relowner, 'USAGE') OR has_sequence_privilege(c.oid, 'SELECT, UPDATE, USAGE'));

CREATE VIEW information_schema.character_sets AS
SELECT NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       getdatabaseencoding()::name AS character_set_name,
       (CASE WHEN getdatabaseencoding() = 'UTF8' THEN 'UCS' ELSE getdatabaseencoding() END)::name AS character_repertoire,
       getdatabaseencoding()::name AS form_of_use, current_database() AS default_collate_catalog,
       NULL::name AS default_collate_schema, NULL::name AS default_collate_name;

CREATE VIEW information_schema.table_privileges AS
SELECT g.rolname AS grantor, COALESCE(e.rolname, 'PUBLIC'::name) AS grantee, current_database() AS table_catalog,
       n.nspname AS table_schema, c.relname AS table_name, x.privilege_type::varchar AS privilege_type,
       (CASE WHEN x.is_grantable OR e.oid = c.relowner THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_grantable,
       (CASE WHEN x.privilege_type = 'SELECT' THEN 'YES' ELSE 'NO' END)::varchar(3) AS with_hierarchy
  FROM pg_class c CROSS JOIN LATERAL aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) x
       JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_authid g ON g.oid = x.grantor
       LEFT JOIN pg_authid e ON e.oid = x.grantee
 WHERE c.relkind IN ('r', 'v', 'f', 'p')
   AND (pg_has_role(g.oid, 'USAGE') OR x.grantee = 0 OR pg_has_role(e.oid, 'USAGE'));

CREATE VIEW information_schema.role_table_grants AS
SELECT grantor, grantee, table_catalog, table_schema, table_name, privilege_type, is_grantable, with_hierarchy
  FROM information_schema.table_privileges
 WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
    OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW pg_catalog.pg_policies AS
SELECT n.nspname AS schemaname, c.relname AS tablename, p.polname AS policyname,
       CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END AS permissive,
       CASE WHEN p.polroles = '{0}'::oid[] THEN '{public}'::name[]
            ELSE ARRAY(SELECT r.rolname FROM pg_authid r WHERE r.oid = ANY (p.polroles) ORDER BY r.rolname) END AS roles,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
            WHEN '*' THEN 'ALL' END AS cmd,
       pg_get_expr(p.polqual, p.polrelid) AS qual, pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace;

CREATE VIEW pg_catalog.pg_seclabels AS
SELECT l.objoid, l.classoid, l.objsubid, NULL::text AS objtype, NULL::oid AS objnamespace, NULL::text AS objname,
       l.provider, l.label
  FROM pg_seclabel l
UNION ALL
SELECT l.objoid, l.classoid, 0 AS objsubid, NULL::text, NULL::oid, NULL::text, l.provider, l.label
  FROM pg_shseclabel l;

CREATE VIEW pg_catalog.pg_user_mappings AS
SELECT u.oid AS umid, s.oid AS srvid, s.srvname, u.umuser,
       CASE WHEN u.umuser = 0 THEN 'public'::name ELSE a.rolname END AS usename, u.umoptions
  FROM pg_user_mapping u JOIN pg_foreign_server s ON s.oid = u.umserver LEFT JOIN pg_authid a ON a.oid = u.umuser;

CREATE VIEW pg_catalog.pg_stat_all_tables AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname, pg_stat_get_numscans(c.oid) AS seq_scan,
       pg_stat_get_tuples_returned(c.oid) AS seq_tup_read, sum(pg_stat_get_numscans(i.indexrelid))::bigint AS idx_scan,
       sum(pg_stat_get_tuples_fetched(i.indexrelid))::bigint + pg_stat_get_tuples_fetched(c.oid) AS idx_tup_fetch,
       pg_stat_get_tuples_inserted(c.oid) AS n_tup_ins, pg_stat_get_tuples_updated(c.oid) AS n_tup_upd,
       pg_stat_get_tuples_deleted(c.oid) AS n_tup_del, pg_stat_get_tuples_hot_updated(c.oid) AS n_tup_hot_upd,
       pg_stat_get_live_tuples(c.oid) AS n_live_tup, pg_stat_get_dead_tuples(c.oid) AS n_dead_tup,
       pg_stat_get_mod_since_analyze(c.oid) AS n_mod_since_analyze,
       pg_stat_get_ins_since_vacuum(c.oid) AS n_ins_since_vacuum, pg_stat_get_last_vacuum_time(c.oid) AS last_vacuum,
       pg_stat_get_last_autovacuum_time(c.oid) AS last_autovacuum,
       pg_stat_get_last_analyze_time(c.oid) AS last_analyze,
       pg_stat_get_last_autoanalyze_time(c.oid) AS last_autoanalyze, pg_stat_get_vacuum_count(c.oid) AS vacuum_count,
       pg_stat_get_autovacuum_count(c.oid) AS autovacuum_count, pg_stat_get_analyze_count(c.oid) AS analyze_count,
       pg_stat_get_autoanalyze_count(c.oid) AS autoanalyze_count
  FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm', 'p')
 GROUP BY c.oid, n.nspname, c.relname;

CREATE VIEW pg_catalog.pg_stat_user_tables AS
SELECT * FROM pg_stat_all_tables
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_sys_tables AS
SELECT * FROM pg_stat_all_tables
 WHERE schemaname IN ('pg_catalog', 'information_schema') OR schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_all_indexes AS
SELECT c.oid AS relid, i.oid AS indexrelid, n.nspname AS schemaname, c.relname, i.relname AS indexrelname,
       pg_stat_get_numscans(i.oid) AS idx_scan, pg_stat_get_tuples_returned(i.oid) AS idx_tup_read,
       pg_stat_get_tuples_fetched(i.oid) AS idx_tup_fetch
  FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid
       LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm');

CREATE VIEW pg_catalog.pg_stat_user_indexes AS
SELECT * FROM pg_stat_all_indexes
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_sys_indexes AS
SELECT * FROM pg_stat_all_indexes
 WHERE schemaname IN ('pg_catalog', 'information_schema') OR schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_timezone_abbrevs AS
SELECT a.abbrev, a.utc_offset, a.is_dst FROM pg_timezone_abbrevs() a;
