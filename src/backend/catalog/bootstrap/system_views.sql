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

-- Pages are not counted by table: what they are is known, how many is not.
CREATE VIEW pg_catalog.pg_statio_all_tables AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname, NULL::bigint AS heap_blks_read, NULL::bigint AS heap_blks_hit,
       NULL::bigint AS idx_blks_read, NULL::bigint AS idx_blks_hit, NULL::bigint AS toast_blks_read,
       NULL::bigint AS toast_blks_hit, NULL::bigint AS tidx_blks_read, NULL::bigint AS tidx_blks_hit
  FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm');

CREATE VIEW pg_catalog.pg_statio_user_tables AS
SELECT * FROM pg_statio_all_tables
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_sys_tables AS
SELECT * FROM pg_statio_all_tables
 WHERE schemaname IN ('pg_catalog', 'information_schema') OR schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_timezone_abbrevs AS
SELECT a.abbrev, a.utc_offset, a.is_dst FROM pg_timezone_abbrevs() a;

CREATE VIEW pg_catalog.pg_stats WITH (security_barrier) AS
SELECT n.nspname AS schemaname, c.relname AS tablename, a.attname, s.stainherit AS inherited, s.stanullfrac AS null_frac,
       s.stawidth AS avg_width, s.stadistinct AS n_distinct,
       CASE 1 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
            WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS most_common_vals,
       CASE 1 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2 WHEN s.stakind3 THEN s.stanumbers3
            WHEN s.stakind4 THEN s.stanumbers4 WHEN s.stakind5 THEN s.stanumbers5 END AS most_common_freqs,
       CASE 2 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
            WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS histogram_bounds,
       CASE 3 WHEN s.stakind1 THEN s.stanumbers1[1] WHEN s.stakind2 THEN s.stanumbers2[1] WHEN s.stakind3 THEN s.stanumbers3[1]
            WHEN s.stakind4 THEN s.stanumbers4[1] WHEN s.stakind5 THEN s.stanumbers5[1] END AS correlation,
       CASE 4 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2 WHEN s.stakind3 THEN s.stavalues3
            WHEN s.stakind4 THEN s.stavalues4 WHEN s.stakind5 THEN s.stavalues5 END AS most_common_elems,
       CASE 4 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2 WHEN s.stakind3 THEN s.stanumbers3
            WHEN s.stakind4 THEN s.stanumbers4 WHEN s.stakind5 THEN s.stanumbers5 END AS most_common_elem_freqs,
       CASE 5 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2 WHEN s.stakind3 THEN s.stanumbers3
            WHEN s.stakind4 THEN s.stanumbers4 WHEN s.stakind5 THEN s.stanumbers5 END AS elem_count_histogram
  FROM pg_statistic s JOIN pg_class c ON c.oid = s.starelid
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = s.staattnum LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT a.attisdropped AND has_column_privilege(c.oid, a.attnum, 'SELECT')
   AND (NOT c.relrowsecurity OR NOT row_security_active(c.oid));

CREATE VIEW pg_catalog.pg_stats_ext WITH (security_barrier) AS
SELECT cn.nspname AS schemaname, c.relname AS tablename, sn.nspname AS statistics_schemaname, s.stxname AS statistics_name,
       pg_get_userbyid(s.stxowner) AS statistics_owner,
       (SELECT array_agg(a.attname ORDER BY a.attnum) FROM unnest(s.stxkeys) k JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = k) AS attnames,
       pg_get_statisticsobjdef_expressions(s.oid) AS exprs, s.stxkind AS kinds, d.stxdinherit AS inherited,
       d.stxdndistinct AS n_distinct, d.stxddependencies AS dependencies, m.most_common_vals, m.most_common_val_nulls,
       m.most_common_freqs, m.most_common_base_freqs
  FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_statistic_ext_data d ON s.oid = d.stxoid
       LEFT JOIN pg_namespace cn ON cn.oid = c.relnamespace LEFT JOIN pg_namespace sn ON sn.oid = s.stxnamespace
       LEFT JOIN LATERAL (SELECT array_agg(i.values) AS most_common_vals, array_agg(i.nulls) AS most_common_val_nulls,
                                 array_agg(i.frequency) AS most_common_freqs, array_agg(i.base_frequency) AS most_common_base_freqs
                            FROM pg_mcv_list_items(d.stxdmcv) i) m ON d.stxdmcv IS NOT NULL
 WHERE pg_has_role(c.relowner, 'USAGE') AND (NOT c.relrowsecurity OR NOT row_security_active(c.oid));

CREATE VIEW pg_catalog.pg_stats_ext_exprs WITH (security_barrier) AS
SELECT cn.nspname AS schemaname, c.relname AS tablename, sn.nspname AS statistics_schemaname, s.stxname AS statistics_name,
       pg_get_userbyid(s.stxowner) AS statistics_owner, e.expr, d.stxdinherit AS inherited, (e.a).stanullfrac AS null_frac,
       (e.a).stawidth AS avg_width, (e.a).stadistinct AS n_distinct,
       CASE 1 WHEN (e.a).stakind1 THEN (e.a).stavalues1 WHEN (e.a).stakind2 THEN (e.a).stavalues2 WHEN (e.a).stakind3 THEN (e.a).stavalues3
            WHEN (e.a).stakind4 THEN (e.a).stavalues4 WHEN (e.a).stakind5 THEN (e.a).stavalues5 END AS most_common_vals,
       CASE 1 WHEN (e.a).stakind1 THEN (e.a).stanumbers1 WHEN (e.a).stakind2 THEN (e.a).stanumbers2 WHEN (e.a).stakind3 THEN (e.a).stanumbers3
            WHEN (e.a).stakind4 THEN (e.a).stanumbers4 WHEN (e.a).stakind5 THEN (e.a).stanumbers5 END AS most_common_freqs,
       CASE 2 WHEN (e.a).stakind1 THEN (e.a).stavalues1 WHEN (e.a).stakind2 THEN (e.a).stavalues2 WHEN (e.a).stakind3 THEN (e.a).stavalues3
            WHEN (e.a).stakind4 THEN (e.a).stavalues4 WHEN (e.a).stakind5 THEN (e.a).stavalues5 END AS histogram_bounds,
       CASE 3 WHEN (e.a).stakind1 THEN ((e.a).stanumbers1)[1] WHEN (e.a).stakind2 THEN ((e.a).stanumbers2)[1] WHEN (e.a).stakind3 THEN ((e.a).stanumbers3)[1]
            WHEN (e.a).stakind4 THEN ((e.a).stanumbers4)[1] WHEN (e.a).stakind5 THEN ((e.a).stanumbers5)[1] END AS correlation,
       CASE 4 WHEN (e.a).stakind1 THEN (e.a).stavalues1 WHEN (e.a).stakind2 THEN (e.a).stavalues2 WHEN (e.a).stakind3 THEN (e.a).stavalues3
            WHEN (e.a).stakind4 THEN (e.a).stavalues4 WHEN (e.a).stakind5 THEN (e.a).stavalues5 END AS most_common_elems,
       CASE 4 WHEN (e.a).stakind1 THEN (e.a).stanumbers1 WHEN (e.a).stakind2 THEN (e.a).stanumbers2 WHEN (e.a).stakind3 THEN (e.a).stanumbers3
            WHEN (e.a).stakind4 THEN (e.a).stanumbers4 WHEN (e.a).stakind5 THEN (e.a).stanumbers5 END AS most_common_elem_freqs,
       CASE 5 WHEN (e.a).stakind1 THEN (e.a).stanumbers1 WHEN (e.a).stakind2 THEN (e.a).stanumbers2 WHEN (e.a).stakind3 THEN (e.a).stanumbers3
            WHEN (e.a).stakind4 THEN (e.a).stanumbers4 WHEN (e.a).stakind5 THEN (e.a).stanumbers5 END AS elem_count_histogram
  FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid LEFT JOIN pg_statistic_ext_data d ON s.oid = d.stxoid
       LEFT JOIN pg_namespace cn ON cn.oid = c.relnamespace LEFT JOIN pg_namespace sn ON sn.oid = s.stxnamespace
       JOIN LATERAL (SELECT unnest(pg_get_statisticsobjdef_expressions(s.oid)) AS expr, unnest(d.stxdexpr) AS a) e ON e.expr IS NOT NULL
 WHERE pg_has_role(c.relowner, 'USAGE') AND (NOT c.relrowsecurity OR NOT row_security_active(c.oid));

CREATE VIEW pg_catalog.pg_replication_slots AS
SELECT r.slot_name, r.plugin, r.slot_type, r.datoid, d.datname AS database, r.temporary, r.active, r.active_pid, r.xmin,
       r.catalog_xmin, r.restart_lsn, r.confirmed_flush_lsn, r.wal_status, r.safe_wal_size, r.two_phase
  FROM pg_get_replication_slots() r LEFT JOIN pg_database d ON d.oid = r.datoid;

CREATE VIEW pg_catalog.pg_stat_replication AS
SELECT a.pid, a.usesysid, u.rolname AS usename, a.application_name, a.client_addr, a.client_hostname, a.client_port,
       a.backend_start, a.backend_xmin, w.state, w.sent_lsn, w.write_lsn, w.flush_lsn, w.replay_lsn, w.write_lag,
       w.flush_lag, w.replay_lag, w.sync_priority, w.sync_state, w.reply_time
  FROM pg_stat_get_activity(NULL::integer) a JOIN pg_stat_get_wal_senders() w ON w.pid = a.pid
       LEFT JOIN pg_authid u ON u.oid = a.usesysid;

CREATE VIEW pg_catalog.pg_stat_database AS
SELECT d.oid AS datid, d.datname, CASE WHEN d.oid = 0::oid THEN 0 ELSE pg_stat_get_db_numbackends(d.oid) END AS numbackends,
       pg_stat_get_db_xact_commit(d.oid) AS xact_commit, pg_stat_get_db_xact_rollback(d.oid) AS xact_rollback,
       pg_stat_get_db_blocks_fetched(d.oid) - pg_stat_get_db_blocks_hit(d.oid) AS blks_read,
       pg_stat_get_db_blocks_hit(d.oid) AS blks_hit, pg_stat_get_db_tuples_returned(d.oid) AS tup_returned,
       pg_stat_get_db_tuples_fetched(d.oid) AS tup_fetched, pg_stat_get_db_tuples_inserted(d.oid) AS tup_inserted,
       pg_stat_get_db_tuples_updated(d.oid) AS tup_updated, pg_stat_get_db_tuples_deleted(d.oid) AS tup_deleted,
       pg_stat_get_db_conflict_all(d.oid) AS conflicts, pg_stat_get_db_temp_files(d.oid) AS temp_files,
       pg_stat_get_db_temp_bytes(d.oid) AS temp_bytes, pg_stat_get_db_deadlocks(d.oid) AS deadlocks,
       pg_stat_get_db_checksum_failures(d.oid) AS checksum_failures,
       pg_stat_get_db_checksum_last_failure(d.oid) AS checksum_last_failure,
       pg_stat_get_db_blk_read_time(d.oid) AS blk_read_time, pg_stat_get_db_blk_write_time(d.oid) AS blk_write_time,
       pg_stat_get_db_session_time(d.oid) AS session_time, pg_stat_get_db_active_time(d.oid) AS active_time,
       pg_stat_get_db_idle_in_transaction_time(d.oid) AS idle_in_transaction_time,
       pg_stat_get_db_sessions(d.oid) AS sessions, pg_stat_get_db_sessions_abandoned(d.oid) AS sessions_abandoned,
       pg_stat_get_db_sessions_fatal(d.oid) AS sessions_fatal, pg_stat_get_db_sessions_killed(d.oid) AS sessions_killed,
       pg_stat_get_db_stat_reset_time(d.oid) AS stats_reset
  FROM (SELECT 0::oid AS oid, NULL::name AS datname UNION ALL SELECT p.oid, p.datname FROM pg_database p) d;

CREATE VIEW pg_catalog.pg_stat_database_conflicts AS
SELECT d.oid AS datid, d.datname, pg_stat_get_db_conflict_tablespace(d.oid) AS confl_tablespace,
       pg_stat_get_db_conflict_lock(d.oid) AS confl_lock, pg_stat_get_db_conflict_snapshot(d.oid) AS confl_snapshot,
       pg_stat_get_db_conflict_bufferpin(d.oid) AS confl_bufferpin,
       pg_stat_get_db_conflict_startup_deadlock(d.oid) AS confl_deadlock
  FROM pg_database d;

CREATE VIEW pg_catalog.pg_stat_bgwriter AS
SELECT pg_stat_get_bgwriter_timed_checkpoints() AS checkpoints_timed,
       pg_stat_get_bgwriter_requested_checkpoints() AS checkpoints_req,
       pg_stat_get_checkpoint_write_time() AS checkpoint_write_time,
       pg_stat_get_checkpoint_sync_time() AS checkpoint_sync_time,
       pg_stat_get_bgwriter_buf_written_checkpoints() AS buffers_checkpoint,
       pg_stat_get_bgwriter_buf_written_clean() AS buffers_clean,
       pg_stat_get_bgwriter_maxwritten_clean() AS maxwritten_clean,
       pg_stat_get_buf_written_backend() AS buffers_backend, pg_stat_get_buf_fsync_backend() AS buffers_backend_fsync,
       pg_stat_get_buf_alloc() AS buffers_alloc, pg_stat_get_bgwriter_stat_reset_time() AS stats_reset;

CREATE VIEW pg_catalog.pg_stat_wal AS
SELECT w.wal_records, w.wal_fpi, w.wal_bytes, w.wal_buffers_full, w.wal_write, w.wal_sync, w.wal_write_time,
       w.wal_sync_time, w.stats_reset
  FROM pg_stat_get_wal() w;

CREATE VIEW pg_catalog.pg_stat_archiver AS
SELECT a.archived_count, a.last_archived_wal, a.last_archived_time, a.failed_count, a.last_failed_wal,
       a.last_failed_time, a.stats_reset
  FROM pg_stat_get_archiver() a;

CREATE VIEW pg_catalog.pg_stat_slru AS
SELECT s.name, s.blks_zeroed, s.blks_hit, s.blks_read, s.blks_written, s.blks_exists, s.flushes, s.truncates, s.stats_reset
  FROM pg_stat_get_slru() s;

CREATE VIEW pg_catalog.pg_stat_wal_receiver AS
SELECT s.pid, s.status, s.receive_start_lsn, s.receive_start_tli, s.written_lsn, s.flushed_lsn, s.received_tli,
       s.last_msg_send_time, s.last_msg_receipt_time, s.latest_end_lsn, s.latest_end_time, s.slot_name, s.sender_host,
       s.sender_port, s.conninfo
  FROM pg_stat_get_wal_receiver() s
 WHERE s.pid IS NOT NULL;

CREATE VIEW pg_catalog.pg_stat_gssapi AS
SELECT s.pid, s.gss_auth AS gss_authenticated, s.gss_princ AS principal, s.gss_enc AS encrypted
  FROM pg_stat_get_activity(NULL::integer) s
 WHERE s.client_port IS NOT NULL;

CREATE VIEW pg_catalog.pg_stat_replication_slots AS
SELECT s.slot_name, s.spill_txns, s.spill_count, s.spill_bytes, s.stream_txns, s.stream_count, s.stream_bytes,
       s.total_txns, s.total_bytes, s.stats_reset
  FROM pg_replication_slots r, LATERAL pg_stat_get_replication_slot(r.slot_name::text) s
 WHERE r.datoid IS NOT NULL;

CREATE VIEW pg_catalog.pg_replication_origin_status AS
SELECT o.local_id, o.external_id, o.remote_lsn, o.local_lsn FROM pg_show_replication_origin_status() o;

CREATE VIEW pg_catalog.pg_stat_progress_basebackup AS
SELECT s.pid,
       CASE s.param1 WHEN 0 THEN 'initializing'::text WHEN 1 THEN 'waiting for checkpoint to finish'::text
            WHEN 2 THEN 'estimating backup size'::text WHEN 3 THEN 'streaming database files'::text
            WHEN 4 THEN 'waiting for wal archiving to finish'::text WHEN 5 THEN 'transferring wal files'::text
            ELSE NULL::text END AS phase,
       CASE s.param2 WHEN -1 THEN NULL::bigint ELSE s.param2 END AS backup_total, s.param3 AS backup_streamed,
       s.param4 AS tablespaces_total, s.param5 AS tablespaces_streamed
  FROM pg_stat_get_progress_info('BASEBACKUP'::text) s;

-- A transaction's own share of what is counted is not kept.
CREATE VIEW pg_catalog.pg_stat_xact_all_tables AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname, NULL::bigint AS seq_scan, NULL::bigint AS seq_tup_read,
       NULL::bigint AS idx_scan, NULL::bigint AS idx_tup_fetch, NULL::bigint AS n_tup_ins, NULL::bigint AS n_tup_upd,
       NULL::bigint AS n_tup_del, NULL::bigint AS n_tup_hot_upd
  FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm', 'p');

CREATE VIEW pg_catalog.pg_stat_xact_user_tables AS
SELECT * FROM pg_stat_xact_all_tables
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_stat_xact_sys_tables AS
SELECT * FROM pg_stat_xact_all_tables
 WHERE schemaname IN ('pg_catalog', 'information_schema') OR schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_all_indexes AS
SELECT c.oid AS relid, i.oid AS indexrelid, n.nspname AS schemaname, c.relname, i.relname AS indexrelname,
       NULL::bigint AS idx_blks_read, NULL::bigint AS idx_blks_hit
  FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid
       LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 't', 'm');

CREATE VIEW pg_catalog.pg_statio_user_indexes AS
SELECT * FROM pg_statio_all_indexes
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_sys_indexes AS
SELECT * FROM pg_statio_all_indexes
 WHERE schemaname IN ('pg_catalog', 'information_schema') OR schemaname ~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_all_sequences AS
SELECT c.oid AS relid, n.nspname AS schemaname, c.relname, NULL::bigint AS blks_read, NULL::bigint AS blks_hit
  FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S';

CREATE VIEW pg_catalog.pg_statio_user_sequences AS
SELECT * FROM pg_statio_all_sequences
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_toast';

CREATE VIEW pg_catalog.pg_statio_sys_sequences AS
SELECT * FROM pg_statio_all_sequences
 WHERE schemaname IN ('pg_catalog', 'information_schema') OR schemaname ~ '^pg_toast';

-- There are no subscriptions, so nothing receives for them.
CREATE VIEW pg_catalog.pg_stat_subscription AS
SELECT s.oid AS subid, s.subname, NULL::integer AS pid, NULL::oid AS relid, NULL::pg_lsn AS received_lsn,
       NULL::timestamptz AS last_msg_send_time, NULL::timestamptz AS last_msg_receipt_time,
       NULL::pg_lsn AS latest_end_lsn, NULL::timestamptz AS latest_end_time
  FROM pg_subscription s;

CREATE VIEW pg_catalog.pg_stat_subscription_stats AS
SELECT s.oid AS subid, s.subname, NULL::bigint AS apply_error_count, NULL::bigint AS sync_error_count,
       NULL::timestamptz AS stats_reset
  FROM pg_subscription s;

-- Calls and times of functions are not counted (at PostgreSQL: track_functions = none).
CREATE VIEW pg_catalog.pg_stat_user_functions AS
SELECT p.oid AS funcid, n.nspname AS schemaname, p.proname AS funcname, NULL::bigint AS calls,
       NULL::double precision AS total_time, NULL::double precision AS self_time
  FROM pg_proc p LEFT JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE false;

CREATE VIEW pg_catalog.pg_stat_xact_user_functions AS
SELECT * FROM pg_stat_user_functions;

-- Commands under way: which, and on what. How far they are is not counted.
CREATE VIEW pg_catalog.pg_stat_progress_analyze AS
SELECT s.pid, s.datid, d.datname, s.relid, NULL::text AS phase, s.param2 AS sample_blks_total,
       s.param3 AS sample_blks_scanned, s.param4 AS ext_stats_total, s.param5 AS ext_stats_computed,
       s.param6 AS child_tables_total, s.param7 AS child_tables_done, s.param8::oid AS current_child_table_relid
  FROM pg_stat_get_progress_info('ANALYZE'::text) s LEFT JOIN pg_database d ON d.oid = s.datid;

CREATE VIEW pg_catalog.pg_stat_progress_vacuum AS
SELECT s.pid, s.datid, d.datname, s.relid, NULL::text AS phase, s.param2 AS heap_blks_total, s.param3 AS heap_blks_scanned,
       s.param4 AS heap_blks_vacuumed, s.param5 AS index_vacuum_count, s.param6 AS max_dead_tuples,
       s.param7 AS num_dead_tuples
  FROM pg_stat_get_progress_info('VACUUM'::text) s LEFT JOIN pg_database d ON d.oid = s.datid;

CREATE VIEW pg_catalog.pg_stat_progress_create_index AS
SELECT s.pid, s.datid, d.datname, s.relid, s.param7::oid AS index_relid,
       CASE s.param1 WHEN 1 THEN 'CREATE INDEX'::text WHEN 2 THEN 'CREATE INDEX CONCURRENTLY'::text
            WHEN 3 THEN 'REINDEX'::text WHEN 4 THEN 'REINDEX CONCURRENTLY'::text END AS command,
       NULL::text AS phase, s.param4 AS lockers_total, s.param5 AS lockers_done, s.param6 AS current_locker_pid,
       s.param16 AS blocks_total, s.param17 AS blocks_done, s.param12 AS tuples_total, s.param13 AS tuples_done,
       s.param14 AS partitions_total, s.param15 AS partitions_done
  FROM pg_stat_get_progress_info('CREATE INDEX'::text) s LEFT JOIN pg_database d ON d.oid = s.datid;

CREATE VIEW pg_catalog.pg_stat_progress_copy AS
SELECT s.pid, s.datid, d.datname, s.relid,
       CASE s.param5 WHEN 1 THEN 'COPY FROM'::text WHEN 2 THEN 'COPY TO'::text END AS command,
       CASE s.param6 WHEN 1 THEN 'FILE'::text WHEN 2 THEN 'PROGRAM'::text WHEN 3 THEN 'PIPE'::text END AS type,
       s.param1 AS bytes_processed, s.param2 AS bytes_total, s.param3 AS tuples_processed, s.param4 AS tuples_excluded
  FROM pg_stat_get_progress_info('COPY'::text) s LEFT JOIN pg_database d ON d.oid = s.datid;

-- CLUSTER and VACUUM FULL are not there.
CREATE VIEW pg_catalog.pg_stat_progress_cluster AS
SELECT s.pid, s.datid, d.datname, s.relid, NULL::text AS command, NULL::text AS phase, s.param3::oid AS cluster_index_relid,
       s.param4 AS heap_tuples_scanned, s.param5 AS heap_tuples_written, s.param6 AS heap_blks_total,
       s.param7 AS heap_blks_scanned, s.param8 AS index_rebuild_count
  FROM pg_stat_get_progress_info('CLUSTER'::text) s LEFT JOIN pg_database d ON d.oid = s.datid;
