-- What ANALYZE finds out: values of pg_ndistinct, pg_dependencies and pg_mcv_list, and the views over them
CREATE TABLE esf (a int, b int, c int, t text);
INSERT INTO esf SELECT i % 20, i % 10, i % 4, CASE WHEN i % 20 < 5 THEN 'low' WHEN i % 20 < 15 THEN 'middle' END FROM generate_series(0, 999) i;
CREATE STATISTICS esf_abc ON a, b, c FROM esf;
CREATE STATISTICS esf_bt (mcv, dependencies) ON b, t FROM esf;
CREATE STATISTICS esf_e ON (a / 5), (b % 2), c FROM esf;
CREATE STATISTICS esf_one ON (a % 3) FROM esf;
SELECT count(*) FROM pg_statistic_ext_data;
\dX esf*
SELECT * FROM pg_stats_ext WHERE tablename = 'esf';
SELECT statistics_name, expr, null_frac, n_distinct FROM pg_stats_ext_exprs WHERE tablename = 'esf' ORDER BY 1, 2;
ANALYZE esf;
SELECT stxname, stxdinherit, stxdndistinct, stxddependencies, stxdmcv IS NOT NULL AS mcv, stxdexpr IS NOT NULL AS expr FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid ORDER BY 1;
SELECT m.values, m.nulls, m.frequency, round(m.base_frequency::numeric, 6) AS base FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid, pg_mcv_list_items(stxdmcv) m WHERE stxname = 'esf_bt' ORDER BY 1;
SELECT m.index, m.values FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid, pg_mcv_list_items(stxdmcv) m WHERE stxname = 'esf_e' ORDER BY frequency DESC, 2 LIMIT 3;
SELECT schemaname, tablename, statistics_schemaname, statistics_name, attnames, exprs, kinds, inherited, n_distinct, dependencies FROM pg_stats_ext WHERE tablename = 'esf' ORDER BY 4;
SELECT statistics_name, array_dims(most_common_vals), array_dims(most_common_val_nulls), array_length(most_common_freqs, 1), array_length(most_common_base_freqs, 1) FROM pg_stats_ext WHERE tablename = 'esf' ORDER BY 1;
SELECT statistics_name, expr, inherited, null_frac, avg_width, n_distinct, most_common_vals, most_common_freqs, histogram_bounds FROM pg_stats_ext_exprs WHERE tablename = 'esf' ORDER BY 1, 2;
SELECT pg_typeof(stxdndistinct), pg_typeof(stxddependencies), pg_typeof(stxdmcv) FROM pg_statistic_ext_data LIMIT 1;
-- too few columns analyzed
DELETE FROM pg_statistic_ext_data WHERE false;
ANALYZE esf (a, b);
ANALYZE esf (a, b, c);
ANALYZE esf (b, t);
-- a target of its own
ALTER STATISTICS esf_abc SET STATISTICS 5;
ANALYZE esf;
SELECT count(*) FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid, pg_mcv_list_items(stxdmcv) m WHERE stxname = 'esf_abc';
ALTER STATISTICS esf_abc SET STATISTICS 0;
UPDATE esf SET c = 1;
ANALYZE esf;
SELECT stxdndistinct FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid WHERE stxname = 'esf_abc';
ALTER STATISTICS esf_abc SET STATISTICS -1;
ANALYZE esf;
SELECT stxdndistinct FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid WHERE stxname = 'esf_abc';
-- another type: nothing is known any more
ALTER TABLE esf ALTER COLUMN c TYPE text;
SELECT stxname FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid WHERE stxrelid = 'esf'::regclass ORDER BY 1;
ANALYZE esf;
SELECT stxname, stxdndistinct, stxddependencies FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid WHERE stxrelid = 'esf'::regclass ORDER BY 1;
TRUNCATE esf;
ANALYZE esf;
DROP STATISTICS esf_abc;
DROP TABLE esf;
SELECT count(*) FROM pg_statistic_ext_data;
-- an expression that fails
CREATE TABLE esf_fails (a int, b int);
INSERT INTO esf_fails VALUES (1, 0), (2, 1);
CREATE STATISTICS esf_division ON (a / b) FROM esf_fails;
ANALYZE esf_fails;
DROP TABLE esf_fails;
-- partitions and children
CREATE TABLE esp (k int, a int, b int) PARTITION BY RANGE (k);
CREATE TABLE esp1 PARTITION OF esp FOR VALUES FROM (0) TO (500);
CREATE TABLE esp2 (b int, k int, a int);
ALTER TABLE esp ATTACH PARTITION esp2 FOR VALUES FROM (500) TO (1000);
INSERT INTO esp SELECT i, i % 10, i % 5 FROM generate_series(0, 999) i;
CREATE STATISTICS esp_ab ON a, b FROM esp;
CREATE STATISTICS esp1_ab ON a, b FROM esp1;
ANALYZE esp;
SELECT stxname, stxdinherit, stxdndistinct, stxddependencies FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid ORDER BY 1, 2;
SELECT statistics_name, inherited, n_distinct FROM pg_stats_ext ORDER BY 1;
\d esp
DROP TABLE esp;
CREATE TABLE esi (a int, b int);
CREATE TABLE esi_child () INHERITS (esi);
INSERT INTO esi SELECT i % 10, i % 10 FROM generate_series(1, 100) i;
INSERT INTO esi_child SELECT i % 20, i % 2 FROM generate_series(1, 100) i;
CREATE STATISTICS esi_ab ON a, b FROM esi;
ANALYZE esi;
SELECT stxname, stxdinherit, stxdndistinct, stxddependencies FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid ORDER BY 1, 2;
DROP TABLE esi CASCADE;
-- a materialized view, wide values, many combinations
CREATE MATERIALIZED VIEW esm AS SELECT i % 3 AS a, i % 6 AS b FROM generate_series(1, 60) i;
CREATE STATISTICS esm_ab ON a, b FROM esm;
ANALYZE esm;
SELECT stxdndistinct, stxddependencies FROM pg_statistic_ext_data;
DROP MATERIALIZED VIEW esm;
CREATE TABLE esw (a text, b text, c text);
INSERT INTO esw SELECT repeat(chr(65 + i % 20), 900), repeat(chr(65 + i % 20), 1100), i % 20 || repeat('x', 900) FROM generate_series(0, 199) i;
CREATE STATISTICS esw_abc ON a, b, c FROM esw;
CREATE STATISTICS esw_ac ON a, c FROM esw;
ANALYZE esw;
SELECT stxname, stxdndistinct, stxddependencies, (SELECT count(*) FROM pg_mcv_list_items(stxdmcv)) AS items, (SELECT sum(length(m.values[2])) FROM pg_mcv_list_items(stxdmcv) m) AS bytes FROM pg_statistic_ext JOIN pg_statistic_ext_data ON oid = stxoid ORDER BY 1;
DROP TABLE esw;
