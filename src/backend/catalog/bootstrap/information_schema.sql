-- The views of information_schema (ISO 9075-11), in an order in which each finds those that it reads; new ones go to
-- the end. Columns of type name get the domain sql_identifier, varchar character_data, varchar(3) yes_or_no, integer
-- cardinal_number and timestamptz(2) time_stamp (commands/system_views.cpp).

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
       (CASE WHEN a.attgenerated = ''
                   AND a.attidentity = '' THEN pg_get_expr(d.adbin, d.adrelid) END)::varchar AS column_default,
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
       JOIN LATERAL (SELECT b.*, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod
                   END AS modifier FROM pg_type b
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
       (CASE WHEN pg_relation_is_updatable(c.oid, false) & 8 = 8 THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_insertable_into,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 81 = 81) THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_trigger_updatable,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 73 = 73) THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_trigger_deletable,
       (CASE WHEN EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgtype & 69 = 69) THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_trigger_insertable_into
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
       (CASE x.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL'
                   WHEN 's' THEN 'NONE' END)::varchar AS match_option,
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
  FROM pg_constraint x JOIN pg_namespace n ON n.oid = x.connamespace LEFT JOIN pg_class c ON c.oid = x.conrelid
       LEFT JOIN pg_type t ON t.oid = x.contypid
 WHERE x.contype = 'c' AND pg_has_role(COALESCE(c.relowner, t.typowner), 'USAGE')
UNION
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

CREATE VIEW information_schema.administrable_role_authorizations AS
SELECT grantee, role_name, is_grantable::varchar(3) AS is_grantable
 FROM information_schema.applicable_roles
 WHERE is_grantable = 'YES';

CREATE VIEW information_schema.attributes AS
SELECT current_database() AS udt_catalog, n.nspname AS udt_schema, c.relname AS udt_name,
       a.attname AS attribute_name, a.attnum::integer AS ordinal_position,
       (pg_get_expr(d.adbin, d.adrelid))::varchar AS attribute_default,
       (CASE WHEN NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull) THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_nullable,
       (CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
                   WHEN tn.nspname = 'pg_catalog' THEN format_type(t.oid, NULL)
                   ELSE 'USER-DEFINED' END)::varchar AS data_type,
       CASE WHEN b.oid IN (1042, 1043) AND b.modifier > 0 THEN b.modifier - 4 WHEN b.oid IN (1560, 1562)
                   AND b.modifier > 0 THEN b.modifier END AS character_maximum_length,
       CASE WHEN b.oid = 25 OR b.oid IN (1042, 1043) AND b.modifier <= 0 THEN 1073741824
                   WHEN b.oid IN (1042, 1043) THEN (b.modifier - 4) * 4 END AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name,
       CASE WHEN k.collname IS NOT NULL THEN current_database() END AS collation_catalog,
       kn.nspname AS collation_schema, k.collname AS collation_name,
       CASE b.oid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53 WHEN 1700
                   THEN CASE WHEN b.modifier > 0 THEN ((b.modifier - 4) >> 16) & 65535 END END AS numeric_precision,
       CASE WHEN b.oid IN (21, 23, 20, 700, 701) THEN 2 WHEN b.oid = 1700 THEN 10 END AS numeric_precision_radix,
       CASE WHEN b.oid IN (21, 23, 20) THEN 0 WHEN b.oid = 1700 AND b.modifier > 0 THEN (b.modifier - 4) & 65535
                   END AS numeric_scale,
       CASE WHEN b.oid = 1082 THEN 0 WHEN b.oid IN (1083, 1114, 1184, 1266) THEN CASE WHEN b.modifier < 0 THEN 6
                   ELSE b.modifier END WHEN b.oid = 1186 THEN CASE
                               WHEN b.modifier < 0 OR b.modifier & 65535 = 65535 THEN 6 ELSE b.modifier & 65535 END
                               END AS datetime_precision,
       (CASE WHEN b.oid = 1186
                   AND b.modifier >= 0 THEN upper(substring(format_type(b.oid, b.modifier) from 'interval ([a-z ]+)')) END)::varchar AS interval_type,
       NULL::integer AS interval_precision, current_database() AS attribute_udt_catalog,
       tn.nspname AS attribute_udt_schema, t.typname AS attribute_udt_name, NULL::name AS scope_catalog,
       NULL::name AS scope_schema, NULL::name AS scope_name, NULL::integer AS maximum_cardinality,
       a.attnum::text::name AS dtd_identifier, 'NO'::varchar(3) AS is_derived_reference_attribute
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
       JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END AS oid,
                            CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS modifier) b ON true
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       LEFT JOIN (pg_collation k JOIN pg_namespace kn ON kn.oid = k.collnamespace)
              ON k.oid = a.attcollation AND (kn.nspname <> 'pg_catalog' OR k.collname <> 'default')
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'c'
   AND (pg_has_role(c.relowner, 'USAGE') OR has_type_privilege(c.reltype, 'USAGE'));

CREATE VIEW information_schema.check_constraint_routine_usage AS
SELECT DISTINCT current_database() AS constraint_catalog, n.nspname AS constraint_schema,
       c.conname AS constraint_name, current_database() AS specific_catalog, pn.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name
  FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
       JOIN pg_depend d ON d.classid = 2606 AND d.objid = c.oid
                   AND d.refclassid = 1255
       JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace pn ON pn.oid = p.pronamespace
 WHERE c.contype = 'c' AND pg_has_role(p.proowner, 'USAGE');

CREATE VIEW information_schema.collations AS
SELECT current_database() AS collation_catalog, n.nspname AS collation_schema,
       c.collname AS collation_name, 'NO PAD'::varchar AS pad_attribute
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
 WHERE c.collencoding IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()));

CREATE VIEW information_schema.collation_character_set_applicability AS
SELECT current_database() AS collation_catalog, n.nspname AS collation_schema,
       c.collname AS collation_name, NULL::name AS character_set_catalog,
       NULL::name AS character_set_schema, getdatabaseencoding()::name AS character_set_name
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
 WHERE c.collencoding IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()));

CREATE VIEW information_schema.column_column_usage AS
SELECT DISTINCT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       a.attname AS column_name, g.attname AS dependent_column
  FROM pg_attribute g JOIN pg_attrdef x ON x.adrelid = g.attrelid AND x.adnum = g.attnum
       JOIN pg_depend d ON d.classid = 2604 AND d.objid = x.oid
            AND d.refclassid = 1259 AND d.refobjid = g.attrelid
       JOIN pg_attribute a ON a.attrelid = g.attrelid AND a.attnum = d.refobjsubid
       JOIN pg_class c ON c.oid = g.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE g.attgenerated <> '' AND a.attnum <> g.attnum AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.column_domain_usage AS
SELECT current_database() AS domain_catalog, tn.nspname AS domain_schema, t.typname AS domain_name,
       current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       a.attname AS column_name
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
 WHERE t.typtype = 'd' AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p')
   AND pg_has_role(t.typowner, 'USAGE');

CREATE VIEW information_schema.column_privileges AS
SELECT g.rolname AS grantor, COALESCE(e.rolname, 'PUBLIC'::name) AS grantee,
       current_database() AS table_catalog, n.nspname AS table_schema, x.relname AS table_name,
       x.attname AS column_name, x.privilege_type::varchar AS privilege_type,
       (CASE WHEN x.is_grantable OR e.oid IS NOT NULL AND pg_has_role(e.oid, x.relowner, 'USAGE') THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_grantable
  FROM (SELECT c.relname, c.relnamespace, c.relowner, a.attname, l.*
          FROM pg_class c CROSS JOIN LATERAL aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) l
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'v', 'f', 'p')
        UNION
        SELECT c.relname, c.relnamespace, c.relowner, a.attname, l.*
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               CROSS JOIN LATERAL aclexplode(COALESCE(a.attacl, acldefault('c', c.relowner))) l
         WHERE c.relkind IN ('r', 'v', 'f', 'p')) x
       JOIN pg_namespace n ON n.oid = x.relnamespace JOIN pg_authid g ON g.oid = x.grantor
       LEFT JOIN pg_authid e ON e.oid = x.grantee
 WHERE x.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'REFERENCES')
   AND (pg_has_role(g.oid, 'USAGE') OR x.grantee = 0 OR pg_has_role(e.oid, 'USAGE'));

CREATE VIEW information_schema.column_udt_usage AS
SELECT current_database() AS udt_catalog, tn.nspname AS udt_schema, t.typname AS udt_name,
       current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       a.attname AS column_name
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_type y ON y.oid = a.atttypid
       JOIN pg_type t ON t.oid = CASE WHEN y.typtype = 'd' THEN y.typbasetype ELSE y.oid END
       JOIN pg_namespace tn ON tn.oid = t.typnamespace
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.typowner, 'USAGE');

CREATE VIEW information_schema.domain_constraints AS
SELECT current_database() AS constraint_catalog, n.nspname AS constraint_schema,
       c.conname AS constraint_name, current_database() AS domain_catalog, tn.nspname AS domain_schema,
       t.typname AS domain_name,
       (CASE WHEN c.condeferrable THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_deferrable,
       (CASE WHEN c.condeferred THEN 'YES' ELSE 'NO' END)::varchar(3) AS initially_deferred
  FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace JOIN pg_type t ON t.oid = c.contypid
       JOIN pg_namespace tn ON tn.oid = t.typnamespace
 WHERE pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE');

CREATE VIEW information_schema.domain_udt_usage AS
SELECT current_database() AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name,
       current_database() AS domain_catalog, n.nspname AS domain_schema, t.typname AS domain_name
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
       JOIN pg_namespace bn ON bn.oid = b.typnamespace
 WHERE t.typtype = 'd' AND pg_has_role(b.typowner, 'USAGE');

CREATE VIEW information_schema.domains AS
SELECT current_database() AS domain_catalog, n.nspname AS domain_schema, t.typname AS domain_name,
       (CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
                   WHEN bn.nspname = 'pg_catalog' THEN format_type(b.oid, NULL)
                   ELSE 'USER-DEFINED' END)::varchar AS data_type,
       CASE WHEN t.typbasetype IN (1042, 1043) AND t.typtypmod > 0 THEN t.typtypmod - 4
                   WHEN t.typbasetype IN (1560, 1562) AND t.typtypmod > 0 THEN t.typtypmod
                   END AS character_maximum_length,
       CASE WHEN t.typbasetype = 25 OR t.typbasetype IN (1042, 1043) AND t.typtypmod <= 0 THEN 1073741824
                   WHEN t.typbasetype IN (1042, 1043) THEN (t.typtypmod - 4) * 4 END AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name,
       CASE WHEN k.collname IS NOT NULL THEN current_database() END AS collation_catalog,
       kn.nspname AS collation_schema, k.collname AS collation_name,
       CASE t.typbasetype WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53 WHEN 1700
                   THEN CASE WHEN t.typtypmod > 0 THEN ((t.typtypmod - 4) >> 16) & 65535 END END AS numeric_precision,
       CASE WHEN t.typbasetype IN (21, 23, 20, 700, 701) THEN 2 WHEN t.typbasetype = 1700 THEN 10
                   END AS numeric_precision_radix,
       CASE WHEN t.typbasetype IN (21, 23, 20) THEN 0 WHEN t.typbasetype = 1700
                   AND t.typtypmod > 0 THEN (t.typtypmod - 4) & 65535 END AS numeric_scale,
       CASE WHEN t.typbasetype = 1082 THEN 0 WHEN t.typbasetype IN (1083, 1114, 1184, 1266) THEN CASE
                   WHEN t.typtypmod < 0 THEN 6 ELSE t.typtypmod END WHEN t.typbasetype = 1186 THEN CASE
                   WHEN t.typtypmod < 0 OR t.typtypmod & 65535 = 65535 THEN 6 ELSE t.typtypmod & 65535 END
                   END AS datetime_precision,
       (CASE WHEN t.typbasetype = 1186
                   AND t.typtypmod >= 0 THEN upper(substring(format_type(t.typbasetype, t.typtypmod) from 'interval ([a-z ]+)')) END)::varchar AS interval_type,
       NULL::integer AS interval_precision, t.typdefault::varchar AS domain_default,
       current_database() AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name,
       NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name,
       NULL::integer AS maximum_cardinality, '1'::name AS dtd_identifier
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
       JOIN pg_namespace bn ON bn.oid = b.typnamespace
       LEFT JOIN (pg_collation k JOIN pg_namespace kn ON kn.oid = k.collnamespace)
              ON k.oid = t.typcollation AND (kn.nspname <> 'pg_catalog' OR k.collname <> 'default')
 WHERE t.typtype = 'd' AND (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));

CREATE VIEW information_schema.parameters AS
SELECT current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name, g.number::integer AS ordinal_position,
       (CASE p.proargmodes[g.number] WHEN 'o' THEN 'OUT' WHEN 't' THEN 'OUT' WHEN 'b' THEN 'INOUT'
                   ELSE 'IN' END)::varchar AS parameter_mode,
       'NO'::varchar(3) AS is_result, 'NO'::varchar(3) AS as_locator,
       NULLIF(p.proargnames[g.number], '')::name AS parameter_name,
       (CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
                   WHEN tn.nspname = 'pg_catalog' THEN format_type(t.oid, NULL)
                   ELSE 'USER-DEFINED' END)::varchar AS data_type,
       NULL::integer AS character_maximum_length, NULL::integer AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name, NULL::name AS collation_catalog, NULL::name AS collation_schema,
       NULL::name AS collation_name, NULL::integer AS numeric_precision,
       NULL::integer AS numeric_precision_radix, NULL::integer AS numeric_scale,
       NULL::integer AS datetime_precision, NULL::varchar AS interval_type,
       NULL::integer AS interval_precision, current_database() AS udt_catalog, tn.nspname AS udt_schema,
       t.typname AS udt_name, NULL::name AS scope_catalog, NULL::name AS scope_schema,
       NULL::name AS scope_name, NULL::integer AS maximum_cardinality,
       g.number::text::name AS dtd_identifier,
       (CASE WHEN pg_has_role(p.proowner, 'USAGE') THEN pg_get_function_arg_default(p.oid, g.number::integer) END)::varchar AS parameter_default
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       CROSS JOIN LATERAL unnest(COALESCE(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS g(type, number)
       JOIN pg_type t ON t.oid = g.type JOIN pg_namespace tn ON tn.oid = t.typnamespace
 WHERE pg_has_role(p.proowner, 'USAGE') OR has_function_privilege(p.oid, 'EXECUTE');

CREATE VIEW information_schema.role_column_grants AS
SELECT grantor, grantee, table_catalog, table_schema, table_name, column_name,
       privilege_type::varchar AS privilege_type, is_grantable::varchar(3) AS is_grantable
  FROM information_schema.column_privileges
 WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
    OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW information_schema.routine_privileges AS
SELECT g.rolname AS grantor, COALESCE(e.rolname, 'PUBLIC'::name) AS grantee,
       current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name, current_database() AS routine_catalog,
       n.nspname AS routine_schema, p.proname AS routine_name, x.privilege_type::varchar AS privilege_type,
       (CASE WHEN x.is_grantable OR e.oid IS NOT NULL AND pg_has_role(e.oid, p.proowner, 'USAGE') THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_grantable
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       CROSS JOIN LATERAL aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) x
       JOIN pg_authid g ON g.oid = x.grantor LEFT JOIN pg_authid e ON e.oid = x.grantee
 WHERE pg_has_role(g.oid, 'USAGE') OR x.grantee = 0 OR pg_has_role(e.oid, 'USAGE');

CREATE VIEW information_schema.role_routine_grants AS
SELECT grantor, grantee, specific_catalog, specific_schema, specific_name, routine_catalog, routine_schema,
       routine_name, privilege_type::varchar AS privilege_type, is_grantable::varchar(3) AS is_grantable
  FROM information_schema.routine_privileges
 WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
    OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW information_schema.routine_column_usage AS
SELECT DISTINCT current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name, current_database() AS routine_catalog,
       n.nspname AS routine_schema, p.proname AS routine_name, current_database() AS table_catalog,
       tn.nspname AS table_schema, t.relname AS table_name, a.attname AS column_name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_depend d ON d.classid = 1255 AND d.objid = p.oid
            AND d.refclassid = 1259
       JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE t.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.relowner, 'USAGE');

CREATE VIEW information_schema.routine_routine_usage AS
SELECT DISTINCT current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name, current_database() AS routine_catalog,
       un.nspname AS routine_schema, nameconcatoid(u.proname, u.oid) AS routine_name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_depend d ON d.classid = 1255 AND d.objid = p.oid AND d.refclassid = 1255
       JOIN pg_proc u ON u.oid = d.refobjid JOIN pg_namespace un ON un.oid = u.pronamespace
 WHERE u.prokind IN ('f', 'p') AND p.prokind IN ('f', 'p') AND pg_has_role(u.proowner, 'USAGE');

CREATE VIEW information_schema.routine_sequence_usage AS
SELECT DISTINCT current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name, current_database() AS routine_catalog,
       n.nspname AS routine_schema, p.proname AS routine_name, current_database() AS sequence_catalog,
       tn.nspname AS sequence_schema, t.relname AS sequence_name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_depend d ON d.classid = 1255 AND d.objid = p.oid
            AND d.refclassid = 1259
       JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
 WHERE t.relkind = 'S' AND pg_has_role(t.relowner, 'USAGE');

CREATE VIEW information_schema.routine_table_usage AS
SELECT DISTINCT current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name, current_database() AS routine_catalog,
       n.nspname AS routine_schema, p.proname AS routine_name, current_database() AS table_catalog,
       tn.nspname AS table_schema, t.relname AS table_name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_depend d ON d.classid = 1255 AND d.objid = p.oid
            AND d.refclassid = 1259
       JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
 WHERE t.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.relowner, 'USAGE');

CREATE VIEW information_schema.routines AS
SELECT current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name, current_database() AS routine_catalog,
       n.nspname AS routine_schema, p.proname AS routine_name,
       (CASE p.prokind WHEN 'f' THEN 'FUNCTION' WHEN 'p' THEN 'PROCEDURE' END)::varchar AS routine_type,
       NULL::name AS module_catalog, NULL::name AS module_schema, NULL::name AS module_name,
       NULL::name AS udt_catalog, NULL::name AS udt_schema, NULL::name AS udt_name,
       (CASE WHEN p.prokind <> 'p' THEN CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY'
                   WHEN tn.nspname = 'pg_catalog' THEN format_type(t.oid, NULL)
                   ELSE 'USER-DEFINED' END END)::varchar AS data_type,
       NULL::integer AS character_maximum_length, NULL::integer AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name, NULL::name AS collation_catalog, NULL::name AS collation_schema,
       NULL::name AS collation_name, NULL::integer AS numeric_precision,
       NULL::integer AS numeric_precision_radix, NULL::integer AS numeric_scale,
       NULL::integer AS datetime_precision, NULL::varchar AS interval_type,
       NULL::integer AS interval_precision,
       CASE WHEN tn.nspname IS NOT NULL THEN current_database() END AS type_udt_catalog,
       tn.nspname AS type_udt_schema, t.typname AS type_udt_name, NULL::name AS scope_catalog,
       NULL::name AS scope_schema, NULL::name AS scope_name, NULL::integer AS maximum_cardinality,
       CASE WHEN p.prokind <> 'p' THEN '0'::name END AS dtd_identifier,
       (CASE WHEN l.lanname = 'sql' THEN 'SQL' ELSE 'EXTERNAL' END)::varchar AS routine_body,
       (CASE WHEN pg_has_role(p.proowner, 'USAGE') THEN p.prosrc END)::varchar AS routine_definition,
       (CASE WHEN l.lanname = 'c' THEN p.prosrc END)::varchar AS external_name,
       upper(l.lanname)::varchar AS external_language, 'GENERAL'::varchar AS parameter_style,
       (CASE WHEN p.provolatile = 'i' THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_deterministic,
       'MODIFIES'::varchar AS sql_data_access,
       (CASE WHEN p.prokind <> 'p' THEN CASE WHEN p.proisstrict THEN 'YES' ELSE 'NO' END END)::varchar(3) AS is_null_call,
       NULL::varchar AS sql_path, 'YES'::varchar(3) AS schema_level_routine, 0 AS max_dynamic_result_sets,
       NULL::varchar(3) AS is_user_defined_cast, NULL::varchar(3) AS is_implicitly_invocable,
       (CASE WHEN p.prosecdef THEN 'DEFINER' ELSE 'INVOKER' END)::varchar AS security_type,
       NULL::name AS to_sql_specific_catalog, NULL::name AS to_sql_specific_schema,
       NULL::name AS to_sql_specific_name, 'NO'::varchar(3) AS as_locator, NULL::timestamptz(2) AS created,
       NULL::timestamptz(2) AS last_altered, NULL::varchar(3) AS new_savepoint_level,
       'NO'::varchar(3) AS is_udt_dependent, NULL::varchar AS result_cast_from_data_type,
       NULL::varchar(3) AS result_cast_as_locator, NULL::integer AS result_cast_char_max_length,
       NULL::integer AS result_cast_char_octet_length, NULL::name AS result_cast_char_set_catalog,
       NULL::name AS result_cast_char_set_schema, NULL::name AS result_cast_char_set_name,
       NULL::name AS result_cast_collation_catalog, NULL::name AS result_cast_collation_schema,
       NULL::name AS result_cast_collation_name, NULL::integer AS result_cast_numeric_precision,
       NULL::integer AS result_cast_numeric_precision_radix, NULL::integer AS result_cast_numeric_scale,
       NULL::integer AS result_cast_datetime_precision, NULL::varchar AS result_cast_interval_type,
       NULL::integer AS result_cast_interval_precision, NULL::name AS result_cast_type_udt_catalog,
       NULL::name AS result_cast_type_udt_schema, NULL::name AS result_cast_type_udt_name,
       NULL::name AS result_cast_scope_catalog, NULL::name AS result_cast_scope_schema,
       NULL::name AS result_cast_scope_name, NULL::integer AS result_cast_maximum_cardinality,
       NULL::name AS result_cast_dtd_identifier
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
       LEFT JOIN (pg_type t JOIN pg_namespace tn ON tn.oid = t.typnamespace) ON t.oid = p.prorettype AND p.prokind <> 'p'
 WHERE pg_has_role(p.proowner, 'USAGE') OR has_function_privilege(p.oid, 'EXECUTE');

CREATE VIEW information_schema.transforms AS
SELECT NULL::name AS udt_catalog, NULL::name AS udt_schema, NULL::name AS udt_name,
       NULL::name AS specific_catalog, NULL::name AS specific_schema, NULL::name AS specific_name,
       NULL::name AS group_name, NULL::varchar AS transform_type
  FROM pg_transform WHERE false;

CREATE VIEW information_schema.triggered_update_columns AS
SELECT current_database() AS trigger_catalog, n.nspname AS trigger_schema, t.tgname AS trigger_name,
       current_database() AS event_object_catalog, n.nspname AS event_object_schema,
       c.relname AS event_object_table, a.attname AS event_object_column
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL unnest(t.tgattr::smallint[]) AS u(number)
       JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = u.number
 WHERE NOT t.tgisinternal AND NOT pg_is_other_temp_schema(n.oid)
   AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'INSERT, UPDATE, REFERENCES'));

CREATE VIEW information_schema.udt_privileges AS
SELECT g.rolname AS grantor, COALESCE(e.rolname, 'PUBLIC'::name) AS grantee,
       current_database() AS udt_catalog, n.nspname AS udt_schema, t.typname AS udt_name,
       'TYPE USAGE'::varchar AS privilege_type,
       (CASE WHEN x.is_grantable OR e.oid IS NOT NULL AND pg_has_role(e.oid, t.typowner, 'USAGE') THEN 'YES'
                   ELSE 'NO' END)::varchar(3) AS is_grantable
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
       CROSS JOIN LATERAL aclexplode(COALESCE(t.typacl, acldefault('T', t.typowner))) x
       JOIN pg_authid g ON g.oid = x.grantor LEFT JOIN pg_authid e ON e.oid = x.grantee
 WHERE t.typtype = 'c' AND x.privilege_type = 'USAGE'
   AND (pg_has_role(g.oid, 'USAGE') OR x.grantee = 0 OR pg_has_role(e.oid, 'USAGE'));

CREATE VIEW information_schema.role_udt_grants AS
SELECT grantor, grantee, udt_catalog, udt_schema, udt_name, privilege_type::varchar AS privilege_type,
       is_grantable::varchar(3) AS is_grantable
  FROM information_schema.udt_privileges
 WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
    OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW information_schema.usage_privileges AS
SELECT g.rolname AS grantor, COALESCE(e.rolname, 'PUBLIC'::name) AS grantee,
       current_database() AS object_catalog, x.nspname AS object_schema, x.name AS object_name,
       x.kind::varchar AS object_type, 'USAGE'::varchar AS privilege_type,
       (CASE WHEN x.is_grantable OR e.oid IS NOT NULL AND x.grantee <> 0 AND x.kind <> 'COLLATION'
                   AND pg_has_role(e.oid, x.owner, 'USAGE') THEN 'YES' ELSE 'NO' END)::varchar(3) AS is_grantable
  FROM (SELECT n.nspname, k.collname AS name, 'COLLATION' AS kind, k.collowner AS owner, k.collowner AS grantor,
               0::oid AS grantee, false AS is_grantable
          FROM pg_collation k JOIN pg_namespace n ON n.oid = k.collnamespace
         WHERE k.collencoding IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()))
        UNION ALL
        SELECT n.nspname, t.typname, 'DOMAIN', t.typowner, l.grantor, l.grantee, l.is_grantable
          FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
               CROSS JOIN LATERAL aclexplode(COALESCE(t.typacl, acldefault('T', t.typowner))) l
         WHERE t.typtype = 'd' AND l.privilege_type = 'USAGE'
        UNION ALL
        SELECT n.nspname, c.relname, 'SEQUENCE', c.relowner, l.grantor, l.grantee, l.is_grantable
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               CROSS JOIN LATERAL aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) l
         WHERE c.relkind = 'S' AND l.privilege_type = 'USAGE') x
       JOIN pg_authid g ON g.oid = x.grantor LEFT JOIN pg_authid e ON e.oid = x.grantee
 WHERE pg_has_role(g.oid, 'USAGE') OR x.grantee = 0 OR pg_has_role(e.oid, 'USAGE');

CREATE VIEW information_schema.role_usage_grants AS
SELECT grantor, grantee, object_catalog, object_schema, object_name, object_type::varchar AS object_type,
       privilege_type::varchar AS privilege_type, is_grantable::varchar(3) AS is_grantable
  FROM information_schema.usage_privileges
 WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
    OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

CREATE VIEW information_schema.user_defined_types AS
SELECT current_database() AS user_defined_type_catalog, n.nspname AS user_defined_type_schema,
       c.relname AS user_defined_type_name, 'STRUCTURED'::varchar AS user_defined_type_category,
       'YES'::varchar(3) AS is_instantiable, NULL::varchar(3) AS is_final, NULL::varchar AS ordering_form,
       NULL::varchar AS ordering_category, NULL::name AS ordering_routine_catalog,
       NULL::name AS ordering_routine_schema, NULL::name AS ordering_routine_name,
       NULL::varchar AS reference_type, NULL::varchar AS data_type,
       NULL::integer AS character_maximum_length, NULL::integer AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name, NULL::name AS collation_catalog, NULL::name AS collation_schema,
       NULL::name AS collation_name, NULL::integer AS numeric_precision,
       NULL::integer AS numeric_precision_radix, NULL::integer AS numeric_scale,
       NULL::integer AS datetime_precision, NULL::varchar AS interval_type,
       NULL::integer AS interval_precision, NULL::name AS source_dtd_identifier,
       NULL::name AS ref_dtd_identifier
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.typrelid = c.oid
 WHERE c.relkind = 'c' AND (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));

CREATE VIEW information_schema.view_column_usage AS
SELECT DISTINCT current_database() AS view_catalog, vn.nspname AS view_schema, v.relname AS view_name,
       current_database() AS table_catalog, n.nspname AS table_schema, t.relname AS table_name,
       a.attname AS column_name
  FROM pg_class v JOIN pg_namespace vn ON vn.oid = v.relnamespace
       JOIN pg_rewrite r ON r.ev_class = v.oid
       JOIN pg_depend d ON d.classid = 2618 AND d.objid = r.oid AND d.refclassid = 1259
       JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE v.relkind = 'v' AND t.oid <> v.oid AND t.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.relowner, 'USAGE');

CREATE VIEW information_schema.view_routine_usage AS
SELECT DISTINCT current_database() AS table_catalog, vn.nspname AS table_schema, v.relname AS table_name,
       current_database() AS specific_catalog, n.nspname AS specific_schema,
       nameconcatoid(p.proname, p.oid) AS specific_name
  FROM pg_class v JOIN pg_namespace vn ON vn.oid = v.relnamespace
       JOIN pg_rewrite r ON r.ev_class = v.oid
       JOIN pg_depend d ON d.classid = 2618 AND d.objid = r.oid AND d.refclassid = 1255
       JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE v.relkind = 'v' AND pg_has_role(p.proowner, 'USAGE');

CREATE VIEW information_schema.view_table_usage AS
SELECT DISTINCT current_database() AS view_catalog, vn.nspname AS view_schema, v.relname AS view_name,
       current_database() AS table_catalog, n.nspname AS table_schema, t.relname AS table_name
  FROM pg_class v JOIN pg_namespace vn ON vn.oid = v.relnamespace
       JOIN pg_rewrite r ON r.ev_class = v.oid
       JOIN pg_depend d ON d.classid = 2618 AND d.objid = r.oid AND d.refclassid = 1259
       JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE v.relkind = 'v' AND t.oid <> v.oid AND t.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.relowner, 'USAGE');

CREATE VIEW information_schema.data_type_privileges AS
SELECT udt_catalog AS object_catalog, udt_schema AS object_schema, udt_name AS object_name, 'USER-DEFINED TYPE'::varchar AS object_type, dtd_identifier
  FROM information_schema.attributes
UNION ALL
SELECT table_catalog AS object_catalog, table_schema AS object_schema, table_name AS object_name, 'TABLE'::varchar AS object_type, dtd_identifier
  FROM information_schema.columns
UNION ALL
SELECT domain_catalog AS object_catalog, domain_schema AS object_schema, domain_name AS object_name, 'DOMAIN'::varchar AS object_type, dtd_identifier
  FROM information_schema.domains
UNION ALL
SELECT specific_catalog AS object_catalog, specific_schema AS object_schema, specific_name AS object_name, 'ROUTINE'::varchar AS object_type, dtd_identifier
  FROM information_schema.parameters
UNION ALL
SELECT specific_catalog AS object_catalog, specific_schema AS object_schema, specific_name AS object_name, 'ROUTINE'::varchar AS object_type, dtd_identifier
  FROM information_schema.routines;

CREATE VIEW information_schema.element_types AS
SELECT current_database() AS object_catalog, n.nspname AS object_schema, x.name AS object_name,
       x.kind::varchar AS object_type, x.dtd AS collection_type_identifier,
       (CASE WHEN bn.nspname = 'pg_catalog' THEN format_type(b.oid, NULL) ELSE 'USER-DEFINED' END)::varchar AS data_type,
       NULL::integer AS character_maximum_length, NULL::integer AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name,
       CASE WHEN k.collname IS NOT NULL THEN current_database() END AS collation_catalog,
       kn.nspname AS collation_schema, k.collname AS collation_name, NULL::integer AS numeric_precision,
       NULL::integer AS numeric_precision_radix, NULL::integer AS numeric_scale,
       NULL::integer AS datetime_precision, NULL::varchar AS interval_type,
       NULL::integer AS interval_precision, NULL::varchar AS domain_default,
       current_database() AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name,
       NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name,
       NULL::integer AS maximum_cardinality, ('a' || x.dtd::text)::name AS dtd_identifier
  FROM (SELECT c.relnamespace AS namespace, c.relname AS name, a.attnum::text::name AS dtd, a.atttypid AS type,
               CASE WHEN c.relkind = 'c' THEN 'USER-DEFINED TYPE' ELSE 'TABLE' END AS kind, a.attcollation AS collation
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind IN ('r', 'v', 'f', 'c', 'p') AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT typnamespace, typname, '1'::name, typbasetype, 'DOMAIN', typcollation FROM pg_type WHERE typtype = 'd'
        UNION ALL
        SELECT p.pronamespace, nameconcatoid(p.proname, p.oid), g.number::text::name, g.type, 'ROUTINE', 0::oid
          FROM pg_proc p CROSS JOIN LATERAL
               unnest(COALESCE(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS g(type, number)
        UNION ALL
        SELECT pronamespace, nameconcatoid(proname, oid), '0'::name, prorettype, 'ROUTINE', 0::oid FROM pg_proc) x
       JOIN pg_namespace n ON n.oid = x.namespace
       JOIN pg_type t ON t.oid = x.type AND t.typelem <> 0 AND t.typlen = -1
       JOIN pg_type b ON b.oid = t.typelem JOIN pg_namespace bn ON bn.oid = b.typnamespace
       LEFT JOIN (pg_collation k JOIN pg_namespace kn ON kn.oid = k.collnamespace)
              ON k.oid = x.collation AND (kn.nspname <> 'pg_catalog' OR k.collname <> 'default')
 WHERE (n.nspname, x.name, x.kind, x.dtd) IN
       (SELECT object_schema, object_name, object_type, dtd_identifier FROM information_schema.data_type_privileges);

CREATE VIEW information_schema.foreign_data_wrappers AS
SELECT current_database() AS foreign_data_wrapper_catalog, w.fdwname AS foreign_data_wrapper_name,
       u.rolname AS authorization_identifier, NULL::varchar AS library_name,
       'c'::varchar AS foreign_data_wrapper_language
  FROM pg_foreign_data_wrapper w JOIN pg_authid u ON u.oid = w.fdwowner
 WHERE pg_has_role(w.fdwowner, 'USAGE');

CREATE VIEW information_schema.foreign_data_wrapper_options AS
SELECT current_database() AS foreign_data_wrapper_catalog, w.fdwname AS foreign_data_wrapper_name,
       o.option_name::name AS option_name, o.option_value::varchar AS option_value
  FROM pg_foreign_data_wrapper w CROSS JOIN LATERAL pg_options_to_table(w.fdwoptions) o
 WHERE pg_has_role(w.fdwowner, 'USAGE');

CREATE VIEW information_schema.foreign_servers AS
SELECT current_database() AS foreign_server_catalog, s.srvname AS foreign_server_name,
       current_database() AS foreign_data_wrapper_catalog, w.fdwname AS foreign_data_wrapper_name,
       s.srvtype::varchar AS foreign_server_type, s.srvversion::varchar AS foreign_server_version,
       u.rolname AS authorization_identifier
  FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw JOIN pg_authid u ON u.oid = s.srvowner
 WHERE pg_has_role(s.srvowner, 'USAGE');

CREATE VIEW information_schema.foreign_server_options AS
SELECT current_database() AS foreign_server_catalog, s.srvname AS foreign_server_name,
       o.option_name::name AS option_name, o.option_value::varchar AS option_value
  FROM pg_foreign_server s CROSS JOIN LATERAL pg_options_to_table(s.srvoptions) o
 WHERE pg_has_role(s.srvowner, 'USAGE');

CREATE VIEW information_schema.foreign_tables AS
SELECT current_database() AS foreign_table_catalog, n.nspname AS foreign_table_schema,
       c.relname AS foreign_table_name, current_database() AS foreign_server_catalog,
       s.srvname AS foreign_server_name
  FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_foreign_server s ON s.oid = t.ftserver
 WHERE pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.foreign_table_options AS
SELECT current_database() AS foreign_table_catalog, n.nspname AS foreign_table_schema,
       c.relname AS foreign_table_name, o.option_name::name AS option_name,
       o.option_value::varchar AS option_value
  FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL pg_options_to_table(t.ftoptions) o
 WHERE pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.column_options AS
SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       a.attname AS column_name, o.option_name::name AS option_name,
       o.option_value::varchar AS option_value
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL pg_options_to_table(a.attfdwoptions) o
 WHERE c.relkind = 'f' AND pg_has_role(c.relowner, 'USAGE');

CREATE VIEW information_schema.user_mappings AS
SELECT COALESCE(u.rolname, 'PUBLIC'::name) AS authorization_identifier,
       current_database() AS foreign_server_catalog, s.srvname AS foreign_server_name
  FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver LEFT JOIN pg_authid u ON u.oid = m.umuser;

CREATE VIEW information_schema.user_mapping_options AS
SELECT COALESCE(u.rolname, 'PUBLIC'::name) AS authorization_identifier,
       current_database() AS foreign_server_catalog, s.srvname AS foreign_server_name,
       o.option_name::name AS option_name, o.option_value::varchar AS option_value
  FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver LEFT JOIN pg_authid u ON u.oid = m.umuser
       CROSS JOIN LATERAL pg_options_to_table(m.umoptions) o;
