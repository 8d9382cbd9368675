-- What ANALYZE has found out, as pg_stats shows it.
CREATE TABLE measured (id int, kind text, made date, seldom int);
INSERT INTO measured
SELECT g, CASE WHEN g <= 50 THEN 'common' WHEN g <= 80 THEN 'usual' WHEN g <= 90 THEN 'rare' END, date '2024-01-01' + g / 10,
       CASE WHEN g % 20 = 0 THEN 1 END
FROM generate_series(1, 100) g;
ANALYZE measured;
SELECT attname, inherited, null_frac, avg_width, n_distinct, correlation FROM pg_stats WHERE tablename = 'measured' ORDER BY attname;
SELECT attname, most_common_vals, most_common_freqs FROM pg_stats WHERE tablename = 'measured' AND attname IN ('kind', 'seldom') ORDER BY 1;
SELECT attname, array_length(histogram_bounds::text::text[], 1) AS bounds FROM pg_stats WHERE tablename = 'measured' ORDER BY 1;
SELECT pg_typeof(most_common_vals) FROM pg_stats WHERE tablename = 'measured' AND attname = 'kind';

-- Only of columns that one may read.
CREATE ROLE statistics_reader;
GRANT SELECT (id) ON measured TO statistics_reader;
SET ROLE statistics_reader;
SELECT attname FROM pg_stats WHERE tablename = 'measured';
SELECT has_table_privilege('pg_statistic', 'SELECT');
RESET ROLE;
ALTER TABLE measured ENABLE ROW LEVEL SECURITY;
SET ROLE statistics_reader;
SELECT count(*) FROM pg_stats WHERE tablename = 'measured';
RESET ROLE;
DROP TABLE measured;
DROP ROLE statistics_reader;
SELECT count(*) FROM pg_replication_slots;
SELECT count(*) FROM pg_stat_replication;
