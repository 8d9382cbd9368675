-- Views of what the server has done: their columns, and that the counters count.
SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND a.attnum > 0
   AND c.relname IN ('pg_stat_database', 'pg_stat_database_conflicts', 'pg_stat_bgwriter', 'pg_stat_wal',
                     'pg_stat_archiver', 'pg_stat_slru', 'pg_stat_wal_receiver', 'pg_stat_gssapi',
                     'pg_stat_replication_slots', 'pg_replication_origin_status', 'pg_stat_progress_basebackup')
 ORDER BY 1, 2;
CREATE DATABASE statistics_views;
\c statistics_views
CREATE TABLE counted (a int PRIMARY KEY, b text);
SELECT pg_stat_reset();
SELECT stats_reset IS NOT NULL AS reset FROM pg_stat_database WHERE datname = current_database();
SELECT xact_commit AS commits, xact_rollback AS rollbacks, blks_hit AS hits, tup_returned AS returned
  FROM pg_stat_database WHERE datname = current_database() \gset
INSERT INTO counted SELECT i, 'x' FROM generate_series(1, 1000) i;
UPDATE counted SET b = 'y' WHERE a <= 10;
DELETE FROM counted WHERE a > 990;
BEGIN;
SELECT count(*) FROM counted;
ROLLBACK;
BEGIN;
SELECT 1;
COMMIT;
SELECT 1 / 0;
SELECT pg_stat_force_next_flush();
SELECT xact_commit - :commits >= 5 AS commits, xact_rollback - :rollbacks >= 2 AS rollbacks, blks_hit > :hits AS hits,
       tup_returned - :returned >= 1000 AS returned, tup_inserted >= 1000 AS inserted, tup_updated >= 10 AS updated,
       tup_deleted >= 10 AS deleted, numbackends, conflicts, deadlocks, checksum_last_failure
  FROM pg_stat_database WHERE datname = current_database();
SELECT session_time >= 0 AS session, active_time >= 0 AS active, idle_in_transaction_time >= 0 AS idle,
       sessions_abandoned, sessions_fatal, blk_read_time, blk_write_time
  FROM pg_stat_database WHERE datname = current_database();
SET work_mem = '64kB';
SELECT temp_files AS files, temp_bytes AS bytes FROM pg_stat_database WHERE datname = current_database() \gset
SELECT count(*) FROM (SELECT i, repeat('x', 100) AS t FROM generate_series(1, 20000) i ORDER BY t, i DESC OFFSET 0) s;
SELECT pg_stat_force_next_flush();
SELECT temp_files > :files AS files, temp_bytes > :bytes AS bytes FROM pg_stat_database WHERE datname = current_database();
RESET work_mem;
SELECT datname IS NULL AS shared, numbackends FROM pg_stat_database WHERE datid = 0;
SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE relname = 'counted';
SELECT pg_stat_reset_single_table_counters('counted'::regclass);
SELECT n_tup_ins, n_tup_upd, n_tup_del, n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'counted';
SELECT checkpoints_req AS requested, buffers_checkpoint AS buffers FROM pg_stat_bgwriter \gset
UPDATE counted SET b = 'z';
CHECKPOINT;
SELECT checkpoints_req > :requested AS requested, buffers_checkpoint > :buffers AS buffers, buffers_alloc > 0 AS alloc,
       checkpoint_write_time >= 0 AS written, buffers_backend_fsync, stats_reset IS NOT NULL AS reset FROM pg_stat_bgwriter;
SELECT wal_records AS records, wal_bytes AS bytes FROM pg_stat_wal \gset
UPDATE counted SET b = 'w';
SELECT pg_stat_force_next_flush();
SELECT wal_records > :records AS records, wal_bytes > :bytes AS bytes, wal_fpi > 0 AS images, wal_sync > 0 AS syncs,
       wal_write_time, wal_sync_time FROM pg_stat_wal;
SELECT archived_count, last_archived_wal, failed_count, last_failed_time FROM pg_stat_archiver;
SELECT count(*) FROM pg_stat_wal_receiver;
SELECT count(*) FROM pg_stat_replication_slots;
SELECT count(*) FROM pg_stat_progress_basebackup;
SELECT confl_tablespace, confl_lock, confl_snapshot, confl_bufferpin, confl_deadlock FROM pg_stat_database_conflicts
 WHERE datname = current_database();
CREATE ROLE regress_counter;
SET ROLE regress_counter;
SELECT pg_stat_reset();
SELECT pg_stat_reset_single_table_counters(1);
RESET ROLE;
DROP ROLE regress_counter;
\c postgres
DROP DATABASE statistics_views;
-- What object mappers join by.
CREATE TABLE statio_probe (a int);
SELECT schemaname, relname, relid = 'statio_probe'::regclass AS same FROM pg_statio_all_tables WHERE relname = 'statio_probe';
SELECT count(*) FROM pg_statio_user_tables WHERE relname = 'statio_probe';
SELECT relname FROM pg_statio_sys_tables WHERE relname IN ('pg_class', 'statio_probe');
DROP TABLE statio_probe;
