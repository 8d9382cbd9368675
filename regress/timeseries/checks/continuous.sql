-- Continuous aggregates where there is no recording: what TimescaleDB refuses and whole buckets keep exact, rights, what
-- follows changes, transactions, policies in batches. Every cell must come out true.
CREATE EXTENSION timescaledb;
SET timezone = 'UTC';
CREATE FUNCTION fails(command text, state text) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN EXECUTE command; RETURN false; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE = state; END';
-- Both ways round, with how often a row occurs.
CREATE FUNCTION same(a text, b text) RETURNS boolean LANGUAGE plpgsql AS
$$ DECLARE n bigint; BEGIN
  EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) x', '(' || a || ')', '(' || b || ')') INTO n;
  RETURN n = 0;
END $$;
CREATE TABLE s (ts timestamptz NOT NULL, k text, v int);
SELECT created FROM create_hypertable('s', by_range('ts', INTERVAL '1 day'));
INSERT INTO s SELECT '2024-01-01'::timestamptz + i * INTERVAL '7 minutes', 'k' || i % 7, i % 50 FROM generate_series(0, 4999) i;
CREATE TABLE names (k text PRIMARY KEY, name text);
INSERT INTO names SELECT 'k' || i, 'name ' || i FROM generate_series(0, 4) i;

-- DISTINCT, ordered and filtered aggregates, HAVING.
CREATE MATERIALIZED VIEW c_distinct WITH (timescaledb.continuous) AS
SELECT time_bucket('1 day', ts) AS b, count(DISTINCT v) AS d, string_agg(k, ',' ORDER BY v, k, ts) AS o, sum(v) FILTER (WHERE v > 20) AS f,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS p FROM s GROUP BY 1 HAVING count(*) > 3 WITH NO DATA;
-- A CTE, a subquery, a lateral one.
CREATE MATERIALIZED VIEW c_cte WITH (timescaledb.continuous) AS
WITH few AS (SELECT ts AS at, k, v * 2 AS v FROM s WHERE v > 10)
SELECT time_bucket('12 hours', at) AS b, k, sum(v) AS v FROM few GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW c_sub WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket('1 week', x.ts) AS b, n.name, count(*) AS n, max(y.z) AS z
FROM (SELECT * FROM s) x LEFT JOIN names n ON n.k = x.k, LATERAL (SELECT x.v + 1 AS z) y
WHERE x.k IN (SELECT k FROM names) OR x.v = 3 GROUP BY 1, 2 WITH NO DATA;
-- Grouping sets; a bucket that nobody selects.
CREATE MATERIALIZED VIEW c_sets WITH (timescaledb.continuous) AS
SELECT time_bucket('1 day', ts) AS b, k, v, count(*) AS n, grouping(k, v) AS g FROM s
GROUP BY GROUPING SETS ((time_bucket('1 day', ts), k), (time_bucket('1 day', ts), v), (time_bucket('1 day', ts))) WITH NO DATA;
CREATE MATERIALIZED VIEW c_hidden WITH (timescaledb.continuous) AS
SELECT k, sum(v) AS v FROM s GROUP BY time_bucket('1 day', ts), k WITH NO DATA;
-- Windows within a bucket.
SET timescaledb.enable_cagg_window_functions = on;
CREATE MATERIALIZED VIEW c_window WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket('1 day', ts) AS b, k, sum(v) AS s, rank() OVER (PARTITION BY time_bucket('1 day', ts) ORDER BY sum(v) DESC) AS place,
       sum(sum(v)) OVER w AS all_k FROM s GROUP BY 1, 2 WINDOW w AS (PARTITION BY time_bucket('1 day', ts)) WITH NO DATA;
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts) AS b, k, rank() OVER (PARTITION BY k ORDER BY sum(v)) FROM s GROUP BY 1, 2 WITH NO DATA$$, '0A000');
RESET timescaledb.enable_cagg_window_functions;
CREATE MATERIALIZED VIEW c_named (day, total) WITH (timescaledb.continuous) AS
SELECT time_bucket('1 day', ts, 'America/New_York'), sum(v) FROM s GROUP BY 1 WITH NO DATA;
CREATE PROCEDURE refresh_all() LANGUAGE plpgsql AS
$$ DECLARE v text; BEGIN
  FOR v IN SELECT view_name FROM timescaledb_information.continuous_aggregates ORDER BY 1 LOOP
    SET client_min_messages = warning;
    CALL refresh_continuous_aggregate(v::regclass, NULL, NULL);
  END LOOP;
END $$;
CREATE VIEW all_same AS
SELECT same('TABLE c_distinct', $$SELECT time_bucket('1 day', ts), count(DISTINCT v), string_agg(k, ',' ORDER BY v, k, ts), sum(v) FILTER (WHERE v > 20),
         percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM s GROUP BY 1 HAVING count(*) > 3$$) AS a,
  same('TABLE c_cte', $$SELECT time_bucket('12 hours', ts), k, sum(v * 2) FROM s WHERE v > 10 GROUP BY 1, 2$$) AS b,
  same('TABLE c_sub', $$SELECT time_bucket('1 week', x.ts), n.name, count(*), max(x.v + 1) FROM s x LEFT JOIN names n ON n.k = x.k
         WHERE x.k IN (SELECT k FROM names) OR x.v = 3 GROUP BY 1, 2$$) AS c,
  same('TABLE c_sets', $$SELECT * FROM (SELECT time_bucket('1 day', ts) AS b, k, v, count(*), grouping(k, v) FROM s
         GROUP BY 1, ROLLUP (v, k)) x WHERE k IS NULL OR v IS NULL
         UNION ALL SELECT time_bucket('1 day', ts), k, NULL, count(*), 1 FROM s GROUP BY 1, 2$$) AS d,
  same('TABLE c_hidden', $$SELECT k, sum(v) FROM s GROUP BY time_bucket('1 day', ts), k$$) AS e,
  same('TABLE c_named', $$SELECT time_bucket('1 day', ts, 'America/New_York'), sum(v) FROM s GROUP BY 1$$) AS f,
  same('TABLE c_window', $$SELECT time_bucket('1 day', ts), k, sum(v), rank() OVER (PARTITION BY time_bucket('1 day', ts) ORDER BY sum(v) DESC),
         sum(sum(v)) OVER (PARTITION BY time_bucket('1 day', ts)) FROM s GROUP BY 1, 2$$) AS g;
CALL refresh_all();
SELECT * FROM all_same;
SELECT count(*) > 20 FROM c_distinct;
INSERT INTO s SELECT ts + INTERVAL '3 minutes', 'k9', 77 FROM s WHERE v = 7;
DELETE FROM s WHERE k = 'k3' AND ts < '2024-01-10';
UPDATE s SET ts = ts - INTERVAL '5 days' WHERE k = 'k2' AND v = 20;
SELECT NOT a, NOT b, NOT d, NOT e, NOT f, NOT g FROM all_same;
CALL refresh_all();
SELECT * FROM all_same;
MERGE INTO s USING (SELECT '2024-01-03 00:00+00'::timestamptz AS t) m ON s.ts = m.t WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (m.t, 'k0', 1);
COPY s FROM stdin;
2024-01-05 01:02:03+00	k1	40
2023-12-05 01:02:03+00	k5	41
\.
CALL refresh_all();
SELECT * FROM all_same;
BEGIN;
UPDATE s SET v = v + 1;
ROLLBACK;
SELECT count(*) = 0 FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log;
-- Rows in order leave no notes.
INSERT INTO s VALUES ('2024-03-01 00:00+00', 'k1', 1);
SELECT count(*) = 0 FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log;
-- Removing chunks, and everything.
SELECT count(*) > 0 FROM drop_chunks('s', older_than => '2024-01-02'::timestamptz);
CALL refresh_all();
SELECT * FROM all_same;
TRUNCATE c_cte;
SELECT count(*) = 0 FROM c_cte;
CALL refresh_all();
SELECT * FROM all_same;
CREATE TABLE kept AS SELECT * FROM s;
TRUNCATE s;
SELECT count(*) > 0 FROM c_distinct;
CALL refresh_all();
SELECT count(*) = 0 FROM c_distinct;
INSERT INTO s SELECT * FROM kept;
CALL refresh_all();
SELECT * FROM all_same;
ALTER TABLE s RENAME COLUMN v TO w;
ALTER TABLE s RENAME TO t;
INSERT INTO t VALUES ('2024-01-07 00:00:01+00', 'k1', 5);
CALL refresh_all();
ALTER TABLE t RENAME TO s;
ALTER TABLE s RENAME COLUMN w TO v;
SELECT * FROM all_same;
-- Forced: also what is said to be up to date.
SELECT materialization_hypertable_name AS mat FROM timescaledb_information.continuous_aggregates WHERE view_name = 'c_distinct' \gset
DELETE FROM _timescaledb_internal.:mat;
CALL refresh_continuous_aggregate('c_distinct', '2024-01-01', '2024-03-03', force => true);
SELECT a FROM all_same;

-- Refused.
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts), count(*) FROM s a JOIN s b USING (ts) GROUP BY 1 WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts), now(), count(*) FROM s GROUP BY 1 WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', s.ts), count(*) FROM names n LEFT JOIN s ON n.k = s.k GROUP BY 1 WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS WITH x AS (SELECT ts, count(*) FROM s GROUP BY 1) SELECT time_bucket('1 day', ts), count(*) FROM x GROUP BY 1 WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts), k, count(*) FROM s GROUP BY GROUPING SETS ((1), (2)) WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT DISTINCT time_bucket('1 day', ts), count(*) FROM s GROUP BY 1 WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts), count(*) FROM s WHERE ts IN (SELECT ts FROM s) GROUP BY 1 WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts + INTERVAL '1 hour'), count(*) FROM s GROUP BY 1 WITH NO DATA$$, '0A000');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts), count(*) FROM s GROUP BY 1$$, '25001');
SELECT fails($$CREATE MATERIALIZED VIEW c_cte WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts), count(*) FROM s GROUP BY 1 WITH NO DATA$$, '42P07');
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous, timescaledb.unknown) AS SELECT time_bucket('1 day', ts), count(*) FROM s GROUP BY 1 WITH NO DATA$$, '22023');
SELECT fails($$CALL refresh_continuous_aggregate('c_cte', NULL, NULL)$$, '2D000');
SELECT count(*) = 7 FROM timescaledb_information.continuous_aggregates;
SELECT count(*) = 0 FROM timescaledb_information.hypertables WHERE hypertable_name <> 's';

-- Rights: an aggregate is its owner's, and is computed with the owner's.
CREATE ROLE regress_cagg_owner; CREATE ROLE regress_cagg_reader;
GRANT CREATE ON SCHEMA public TO regress_cagg_owner;
SET ROLE regress_cagg_owner;
CREATE TABLE mine (ts timestamptz NOT NULL, v int);
SELECT created FROM create_hypertable('mine', by_range('ts'));
INSERT INTO mine SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 hour', i FROM generate_series(0, 99) i;
CREATE FUNCTION whoami(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN current_user; END';
CREATE MATERIALIZED VIEW my_c WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts) AS b, min(whoami(v)) AS who, sum(v) AS v FROM mine GROUP BY 1;
SELECT count(*) = 5, bool_and(who = 'regress_cagg_owner'), sum(v) = 4950 FROM my_c;
SELECT fails($$CREATE MATERIALIZED VIEW bad WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts), count(*) FROM s GROUP BY 1 WITH NO DATA$$, '42501');
SELECT fails($$SELECT _timescaledb_functions.run_as(10, 'SELECT 1')$$, '42501'), fails($$SELECT _timescaledb_functions.raise_threshold('mine', 0)$$, '42501');
GRANT SELECT ON my_c TO regress_cagg_reader;
SET ROLE regress_cagg_reader;
SELECT count(*) = 5 FROM my_c;
SELECT fails('TABLE mine', '42501'), fails('DROP MATERIALIZED VIEW my_c', '42501');
SELECT fails($$ALTER MATERIALIZED VIEW my_c SET (timescaledb.materialized_only = false)$$, '42501');
SELECT fails($$SELECT _timescaledb_functions.cagg_prepare(mat_hypertable_id, 0) FROM _timescaledb_catalog.continuous_agg$$, '42501');
SELECT fails($$SELECT add_continuous_aggregate_policy('my_c', NULL, NULL, INTERVAL '1 hour')$$, '42501');
RESET ROLE;
UPDATE mine SET v = v + 1;
CALL refresh_continuous_aggregate('my_c', NULL, NULL);
SELECT bool_and(who = 'regress_cagg_owner'), sum(v) = 5050 FROM my_c;

-- Altering: owner, schema, names; what stands on top follows.
CREATE MATERIALIZED VIEW on_top WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket('2 days', b) AS b2, sum(v) AS v FROM my_c GROUP BY 1 WITH NO DATA;
CREATE SCHEMA other;
ALTER MATERIALIZED VIEW my_c SET SCHEMA other;
ALTER MATERIALIZED VIEW other.my_c RENAME COLUMN v TO total;
ALTER MATERIALIZED VIEW other.my_c RENAME TO renamed;
ALTER MATERIALIZED VIEW other.renamed OWNER TO regress_cagg_reader;
SELECT view_schema = 'other', view_name = 'renamed', view_owner = 'regress_cagg_reader' FROM timescaledb_information.continuous_aggregates WHERE hypertable_name = 'mine';
SELECT sum(total) = 5050 FROM other.renamed;
SELECT sum(v) = 5050 FROM on_top;
ALTER MATERIALIZED VIEW other.renamed OWNER TO CURRENT_USER;
INSERT INTO mine VALUES ('2024-01-01 00:30+00', 1000);
CALL refresh_continuous_aggregate('other.renamed', NULL, NULL);
CALL refresh_continuous_aggregate('on_top', NULL, NULL);
SELECT sum(total) = 6050 FROM other.renamed;
SELECT sum(v) = 6050, count(*) = 3 FROM on_top;
-- One late row, one day; what does not change is not made again.
SELECT count(*) = 0 FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log;
CREATE INDEX ON other.renamed (who);
SELECT count(*) = 1 FROM pg_indexes WHERE tablename LIKE '\_materialized%' AND indexdef LIKE '%USING btree (who)';
SELECT fails('DROP MATERIALIZED VIEW other.renamed', '2BP01'), fails('DROP TABLE mine', '2BP01'), fails('DROP VIEW on_top', '42809');

-- Integer time, and a policy in batches, the newest first.
CREATE TABLE i (t int NOT NULL, v int);
SELECT created FROM create_hypertable('i', by_range('t', 100));
CREATE FUNCTION now_i() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1000';
INSERT INTO i SELECT x, x FROM generate_series(-50, 999) x;
CREATE MATERIALIZED VIEW i_c WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS SELECT time_bucket(10, t, 5) AS b, sum(v) AS v FROM i GROUP BY 1 WITH NO DATA;
SELECT fails($$SELECT add_continuous_aggregate_policy('i_c', 100, 10, INTERVAL '1 hour')$$, '22023');
SELECT set_integer_now_func('i', 'now_i') IS NULL;
SELECT fails($$SELECT add_continuous_aggregate_policy('i_c', INTERVAL '1 day', NULL, INTERVAL '1 hour')$$, '22023');
SELECT add_continuous_aggregate_policy('i_c', NULL, 10, INTERVAL '1 hour', initial_start => '2100-01-01', buckets_per_batch => 10, max_batches_per_execution => 3) AS job \gset
SELECT materialization_hypertable_name AS mat FROM timescaledb_information.continuous_aggregates WHERE view_name = 'i_c' \gset
CALL run_job(:job);
SELECT count(*) BETWEEN 25 AND 35, max(b) = 975, bool_and(v = 10 * b + 45) FROM _timescaledb_internal.:mat;
SELECT sum(v) BETWEEN 1 AND 498225 FROM i_c;
CALL run_job(:job); CALL run_job(:job); CALL run_job(:job);
SELECT same('TABLE i_c', 'SELECT time_bucket(10, t, 5), sum(v) FROM i GROUP BY 1');
UPDATE i SET v = 0 WHERE t IN (7, 500, 990);
CALL run_job(:job);
SELECT same('TABLE i_c', 'SELECT time_bucket(10, t, 5), sum(v) FROM i GROUP BY 1');
SELECT remove_continuous_aggregate_policy('i_c') IS NOT NULL;
SELECT fails($$SELECT remove_continuous_aggregate_policy('i_c')$$, '42704');
-- Several policies share an aggregate's time between them.
SELECT add_continuous_aggregate_policy('i_c', 200, 10, INTERVAL '1 hour', initial_start => '2100-01-01') AS newer \gset
SELECT add_continuous_aggregate_policy('i_c', NULL, 200, INTERVAL '1 day', initial_start => '2100-01-01') AS older \gset
SELECT fails($$SELECT add_continuous_aggregate_policy('i_c', 300, 100, INTERVAL '1 hour')$$, '22023'),
       fails($$SELECT add_continuous_aggregate_policy('i_c', 200, 10, INTERVAL '1 hour')$$, '22023');
SELECT add_continuous_aggregate_policy('i_c', 200, 10, INTERVAL '2 hours', if_not_exists => true) = -1;
UPDATE i SET v = 1 WHERE t IN (7, 500, 990, 900);
CALL run_job(:newer);
SELECT NOT same('TABLE i_c', 'SELECT time_bucket(10, t, 5), sum(v) FROM i GROUP BY 1');
SELECT same('SELECT * FROM i_c WHERE b >= 805', 'SELECT time_bucket(10, t, 5), sum(v) FROM i WHERE t >= 805 GROUP BY 1');
CALL run_job(:older);
SELECT same('TABLE i_c', 'SELECT time_bucket(10, t, 5), sum(v) FROM i GROUP BY 1');
SELECT remove_continuous_aggregate_policy('i_c') IS NOT NULL;
SELECT count(*) = 0 FROM timescaledb_information.jobs WHERE job_id IN (:newer, :older);

-- Clocks that are changed: buckets of hours in a zone.
CREATE TABLE z (ts timestamptz NOT NULL, v int);
SELECT created FROM create_hypertable('z', by_range('ts', INTERVAL '1 day'));
INSERT INTO z SELECT '2024-10-26 20:00+00'::timestamptz + i * INTERVAL '10 minutes', i FROM generate_series(0, 99) i;
CREATE MATERIALIZED VIEW z_c WITH (timescaledb.continuous) AS SELECT time_bucket('2 hours', ts, 'Europe/Berlin') AS b, sum(v) AS v FROM z GROUP BY 1 WITH NO DATA;
CREATE PROCEDURE refresh_z() LANGUAGE plpgsql AS
$$ BEGIN
  FOR i IN 0..99 LOOP
    UPDATE z SET v = v + 1 WHERE ts = '2024-10-26 20:00+00'::timestamptz + i * INTERVAL '10 minutes';
    COMMIT;
    CALL refresh_continuous_aggregate('z_c', NULL, NULL);
    COMMIT;
  END LOOP;
END $$;
CALL refresh_z();
SELECT same('TABLE z_c', $$SELECT time_bucket('2 hours', ts, 'Europe/Berlin'), sum(v) FROM z GROUP BY 1$$);

-- Everything goes with its table or its schema; and the scheduler runs policies.
SET client_min_messages = warning;
CREATE SCHEMA gone;
CREATE TABLE gone.g (ts timestamptz NOT NULL, v int);
SELECT created FROM create_hypertable('gone.g', by_range('ts', INTERVAL '1 day'));
INSERT INTO gone.g VALUES ('2024-01-01', 1);
CREATE MATERIALIZED VIEW g_c WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', ts) AS b, sum(v) AS v FROM gone.g GROUP BY 1;
CREATE MATERIALIZED VIEW g_top WITH (timescaledb.continuous) AS SELECT time_bucket('2 days', b) AS b, sum(v) AS v FROM g_c GROUP BY 1;
INSERT INTO gone.g VALUES ('2024-01-01 12:00+00', 5);
SELECT add_continuous_aggregate_policy('g_c', NULL, NULL, INTERVAL '1 hour') > 0;
DO $$ BEGIN
  FOR i IN 1..1200 LOOP
    EXIT WHEN (SELECT last_run_status = 'Success' FROM timescaledb_information.job_stats WHERE hypertable_name = 'g_c');
    COMMIT; PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT v = 6 FROM g_c;
SELECT v = 1 FROM g_top;
DROP SCHEMA gone CASCADE;
SELECT count(*) = 0 FROM pg_class WHERE relname IN ('g', 'g_c', 'g_top');
DROP TABLE mine CASCADE;
SELECT count(*) = 0 FROM pg_class WHERE relname IN ('renamed', 'on_top');
DROP MATERIALIZED VIEW z_c, i_c;
DROP TABLE s CASCADE;
SELECT count(*) = 0 FROM timescaledb_information.continuous_aggregates;
SELECT count(*) = 0 FROM pg_class WHERE relname ~ '^_(materialized|direct|partial|rest)_';
SELECT count(*) = 0 FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold;
SELECT count(*) = 2 FROM timescaledb_information.hypertables;
DROP OWNED BY regress_cagg_owner, regress_cagg_reader CASCADE;
DROP ROLE regress_cagg_owner; DROP ROLE regress_cagg_reader;
