-- Columns and types of the statistics views, and what they say of commands under way.
SELECT c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'v' AND a.attnum > 0
   AND c.relname ~ '^pg_stat(io)?_' AND c.relname NOT IN ('pg_stat_recovery_prefetch')
 GROUP BY c.relname ORDER BY c.relname COLLATE "C";
CREATE TABLE watched (a int PRIMARY KEY, b text);
CREATE SEQUENCE watched_seq;
INSERT INTO watched VALUES (1, 'x');
CREATE FUNCTION double_it(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2';
SELECT double_it(2);
SELECT relname, relid = 'watched'::regclass AS is_it FROM pg_stat_xact_user_tables ORDER BY 1;
SELECT relname, indexrelname, indexrelid = 'watched_pkey'::regclass AS is_it FROM pg_statio_user_indexes ORDER BY 1, 2;
SELECT relname, relid = 'watched_seq'::regclass AS is_it FROM pg_statio_user_sequences ORDER BY 1;
SELECT count(*) FROM pg_statio_sys_sequences;
SELECT bool_and(schemaname IN ('pg_catalog', 'information_schema', 'pg_toast')) FROM pg_statio_sys_indexes;
SELECT bool_and(schemaname IN ('pg_catalog', 'information_schema', 'pg_toast')) FROM pg_stat_xact_sys_tables;
SELECT * FROM pg_stat_user_functions;
SELECT * FROM pg_stat_xact_user_functions;
SELECT * FROM pg_stat_subscription;
SELECT * FROM pg_stat_subscription_stats;
SELECT * FROM pg_stat_progress_cluster;
SELECT * FROM pg_stat_progress_basebackup;
SELECT * FROM pg_stat_get_progress_info('vacuum');
SELECT * FROM pg_stat_get_progress_info('nothing');
COPY (SELECT relid, command, type, datname = current_database(), pid = pg_backend_pid() FROM pg_stat_progress_copy) TO STDOUT;
SELECT * FROM pg_stat_progress_copy;
CREATE FUNCTION progress(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE r record;
BEGIN
  FOR r IN SELECT command AS what, relid FROM pg_stat_progress_create_index
           UNION ALL SELECT 'ANALYZE', relid FROM pg_stat_progress_analyze
           UNION ALL SELECT command || ' ' || type, relid FROM pg_stat_progress_copy LOOP
    RAISE NOTICE '% %', r.what, r.relid::regclass;
  END LOOP;
  RETURN i;
END $$;
CREATE INDEX watched_progress ON watched (progress(a));
REINDEX INDEX watched_progress;
COPY watched FROM STDIN;
2	y
\.
SELECT progress(5);
DROP TABLE watched;
DROP SEQUENCE watched_seq;
DROP FUNCTION progress, double_it;
