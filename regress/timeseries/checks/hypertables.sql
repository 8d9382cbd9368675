-- Hypertables where there is no recording: transactions, sessions side by side, changes of the table, chunks as
-- relations. Every cell must come out true.
CREATE EXTENSION timescaledb;
SET timezone = 'UTC';
CREATE FUNCTION fails(command text, state text) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN EXECUTE command; RETURN false; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE = state; END';
CREATE PROCEDURE wait_for(condition text) LANGUAGE plpgsql AS
$$ DECLARE done boolean; BEGIN FOR i IN 1..600 LOOP EXECUTE 'SELECT ' || condition INTO done; EXIT WHEN done; PERFORM pg_sleep(0.1); END LOOP; END $$;

-- Everything is as transactional as the rows.
CREATE TABLE m (t timestamptz NOT NULL, dev int NOT NULL, v float8, PRIMARY KEY (dev, t));
BEGIN;
SELECT created FROM create_hypertable('m', by_range('t', INTERVAL '1 day'));
INSERT INTO m VALUES ('2024-01-01', 1, 1);
SELECT count(*) = 1 FROM show_chunks('m');
ROLLBACK;
SELECT count(*) = 0 FROM timescaledb_information.hypertables;
SELECT count(*) = 0 FROM pg_class WHERE relname LIKE '\_hyper%';
SELECT created FROM create_hypertable('m', by_range('t', INTERVAL '1 day'));
INSERT INTO m SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 hour', i % 5, i FROM generate_series(0, 239) i;
SELECT count(*) = 10 FROM show_chunks('m');
BEGIN;
INSERT INTO m VALUES ('2024-06-01', 1, 1);
SAVEPOINT s;
INSERT INTO m VALUES ('2024-06-02', 1, 1);
SELECT count(*) = 12 FROM show_chunks('m');
ROLLBACK TO s;
SELECT count(*) = 11 FROM show_chunks('m');
INSERT INTO m VALUES ('2024-06-02', 1, 2), ('2024-06-02 01:00', 1, 3);
SELECT count(*) = 12 FROM show_chunks('m');
ROLLBACK;
SELECT count(*) = 10 FROM show_chunks('m');
SELECT count(*) = 240 FROM m;
BEGIN;
SELECT count(*) = 3 FROM drop_chunks('m', older_than => '2024-01-04'::timestamptz);
SELECT count(*) = 7 * 24 FROM m;
INSERT INTO m VALUES ('2024-01-01', 1, -1);
SELECT count(*) = 8 FROM show_chunks('m');
ROLLBACK;
SELECT count(*) = 10 FROM show_chunks('m');
SELECT count(*) = 240, sum(v) = 239 * 120 FROM m;

-- Dropping settled chunks, with what has changed in them since.
SELECT varve_settle('m') = 240;
UPDATE m SET v = -1 WHERE t = '2024-01-01 03:00+00';
DELETE FROM m WHERE t = '2024-01-05 03:00+00';
BEGIN;
SELECT count(*) = 4 FROM drop_chunks('m', older_than => '2024-01-05'::timestamptz);
SELECT count(*) = 143, min(t) = '2024-01-05' FROM m;
SELECT count(*) = 0 FROM m WHERE dev = 3 AND t < '2024-01-05';
ROLLBACK;
SELECT count(*) = 239 FROM m;
SELECT v = -1 FROM m WHERE dev = 3 AND t = '2024-01-01 03:00+00';
SELECT count(*) = 4 FROM drop_chunks('m', older_than => '2024-01-05'::timestamptz);
SELECT count(*) = 143 FROM m;
INSERT INTO m SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 hour', i % 5, i FROM generate_series(0, 95) i;
SELECT count(*) = 239 FROM m;
SELECT fails($$INSERT INTO m VALUES ('2024-01-01', 0, 0)$$, '23505');

-- Segments that reach beyond a chunk: made before the interval was another.
SELECT set_chunk_time_interval('m', INTERVAL '6 hours') IS NOT NULL;
INSERT INTO m SELECT '2024-02-01'::timestamptz + i * INTERVAL '1 hour', i % 5, i FROM generate_series(0, 23) i;
SELECT varve_settle('m') > 0;
CALL split_chunk('_timescaledb_internal._hyper_2_' || (SELECT max(id) FROM _timescaledb_catalog.chunk) || '_chunk', '2024-02-01 20:00+00'::timestamptz);
SELECT count(*) = 5, bool_and(total_bytes >= 0) FROM chunks_detailed_size('m') WHERE chunk_name IN
  (SELECT chunk_name FROM timescaledb_information.chunks WHERE range_start >= '2024-02-01');
SELECT count(*) = 1 FROM drop_chunks('m', newer_than => '2024-02-01 20:00+00'::timestamptz);
SELECT count(*) = 20, max(t) = '2024-02-01 19:00+00' FROM m WHERE t >= '2024-02-01';

-- A chunk's relation.
CREATE TABLE c (t timestamptz NOT NULL, k text, v int);
SELECT hypertable_id > 0 FROM create_hypertable('c', 't', 'k', 3, chunk_time_interval => INTERVAL '1 day');
INSERT INTO c SELECT '2024-01-01'::timestamptz + i * INTERVAL '6 hours', CASE WHEN i % 9 > 0 THEN 'k' || i % 9 END, i FROM generate_series(0, 79) i;
CREATE FUNCTION rows_of(chunk regclass) RETURNS bigint LANGUAGE plpgsql AS
$$ DECLARE n bigint; BEGIN EXECUTE format('SELECT count(*) FROM %s', chunk) INTO n; RETURN n; END $$;
SELECT sum(rows_of(s)) = 80, count(*) BETWEEN 20 AND 60 FROM show_chunks('c') s;
SELECT bool_and(rows_of(chunk) = n) FROM (SELECT tableoid::regclass AS chunk, count(*) AS n FROM c GROUP BY 1) x;
SELECT count(DISTINCT tableoid) = (SELECT count(*) FROM show_chunks('c')) FROM c;
ALTER TABLE c ADD COLUMN w int DEFAULT 5;
ALTER TABLE c RENAME COLUMN k TO key;
ALTER TABLE c RENAME TO d;
SELECT hypertable_name = 'd' FROM timescaledb_information.hypertables WHERE num_dimensions = 2;
SELECT column_name = 'key' FROM timescaledb_information.dimensions WHERE hypertable_name = 'd' AND num_partitions = 3;
INSERT INTO d VALUES ('2024-01-01 12:00+00', 'k1', 1000, 6);
SELECT sum(rows_of(s)) = 81 FROM show_chunks('d') s;
SELECT bool_and(attname = ANY ('{t,key,v,w}')), count(*) = 4 * (SELECT count(*) FROM show_chunks('d')) FROM pg_attribute
WHERE attrelid IN (SELECT s::oid FROM show_chunks('d') s) AND attnum > 0 AND NOT attisdropped;
ALTER TABLE d DROP COLUMN w;
SELECT sum(rows_of(s)) = 81 FROM show_chunks('d') s;
SELECT set_number_partitions('d', 2) IS NOT NULL;
INSERT INTO d SELECT t + INTERVAL '1 minute', key, v FROM d;
SELECT sum(rows_of(s)) = 162 FROM show_chunks('d') s;
DROP TABLE d;
SELECT count(*) = 0 FROM pg_class WHERE relname LIKE '\_hyper\_3%';
SELECT count(*) = 1 FROM _timescaledb_catalog.hypertable;

-- Time in UUIDs of version 7.
CREATE TABLE u (id uuid PRIMARY KEY, k int, v float8);
SELECT created FROM create_hypertable('u', by_range('id', INTERVAL '1 day'));
CREATE FUNCTION id_at(t timestamptz, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT (left(to_uuidv7_boundary(t)::text, 24) || lpad(to_hex(n), 12, '0'))::uuid $$;
INSERT INTO u SELECT id_at('2024-01-01'::timestamptz + i * INTERVAL '1 hour', i), i % 3, i FROM generate_series(0, 239) i;
INSERT INTO u VALUES (to_uuidv7_boundary('2024-01-05 00:00+00'), 1, 1000), (to_uuidv7_boundary('2024-01-04 23:59:59.999999+00'), 1, 2000);
SELECT count(*) = 10 FROM show_chunks('u');
SELECT fails($$INSERT INTO u VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1, 1)$$, '22023');
SELECT primary_dimension_type = 'uuid'::regtype, range_start = '2024-01-01', range_end = '2024-01-02' FROM timescaledb_information.chunks
WHERE hypertable_name = 'u' ORDER BY range_start LIMIT 1;
SELECT time_interval = INTERVAL '1 day', column_type = 'uuid'::regtype FROM timescaledb_information.dimensions WHERE hypertable_name = 'u';
SELECT bool_and(rows_of(chunk) = n), bool_and(n >= 24), count(*) = 10 FROM (SELECT tableoid::regclass AS chunk, count(*) AS n FROM u GROUP BY 1) x;
SELECT varve_settle('u') = 242;
SELECT sum(settled_rows) = 242, bool_and(settled_rows BETWEEN 24 AND 25), count(*) = 10 FROM _timescaledb_functions.range_sizes('u');
SELECT count(*) = 49, min(uuid_timestamp(id)) = '2024-01-04' FROM u WHERE id >= to_uuidv7_boundary('2024-01-04') AND id < to_uuidv7_boundary('2024-01-06') AND v <> 2000;
SELECT count(*) = 4 FROM drop_chunks('u', older_than => '2024-01-05'::timestamptz);
SELECT count(*) = 145, max(v) = 1000 FROM u;
SELECT count(*) = 1 FROM show_chunks('u', newer_than => to_uuidv7_boundary('2024-01-10'));
INSERT INTO u VALUES (id_at('2024-01-01', 0), 7, 7);
SELECT fails($$INSERT INTO u VALUES (id_at('2024-01-01', 0), 7, 7)$$, '23505');
CREATE MATERIALIZED VIEW u_c WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 day', id) AS day, k, sum(v) AS v FROM u GROUP BY 1, 2 WITH NO DATA;
CALL refresh_continuous_aggregate('u_c', NULL, NULL);
INSERT INTO u VALUES (id_at('2024-01-06 12:00+00', 999), 1, 0.5), (id_at('2024-03-01', 1), 1, 1);
SELECT count(*) = 1 FROM u_c WHERE day = '2024-03-01';
SELECT count(*) > 0 FROM (TABLE u_c EXCEPT SELECT time_bucket(INTERVAL '1 day', id), k, sum(v) FROM u GROUP BY 1, 2) x;
CALL refresh_continuous_aggregate('u_c', NULL, NULL);
SELECT count(*) = 0 FROM (TABLE u_c EXCEPT SELECT time_bucket(INTERVAL '1 day', id), k, sum(v) FROM u GROUP BY 1, 2) x;
SELECT count(*) = (SELECT count(*) FROM (SELECT DISTINCT time_bucket(INTERVAL '1 day', id), k FROM u) x) FROM u_c;
SELECT add_retention_policy('u', INTERVAL '1 day', initial_start => '2100-01-01') AS job \gset
CALL run_job(:job);
SELECT count(*) = 0 FROM u;
DROP TABLE u CASCADE;

-- Rights.
CREATE ROLE api_hypertables_other;
GRANT SELECT, INSERT ON m TO api_hypertables_other;
SET ROLE api_hypertables_other;
INSERT INTO m VALUES ('2025-01-01', 1, 1);
SELECT count(*) = 1 FROM m WHERE t = '2025-01-01';
SELECT fails($$SELECT drop_chunks('m', older_than => now())$$, '42501');
SELECT fails($$SELECT set_chunk_time_interval('m', INTERVAL '1 day')$$, '42501');
SELECT fails($$SELECT _timescaledb_functions.drop_chunk(min(id)) FROM _timescaledb_catalog.chunk$$, '42501');
SELECT fails($$SELECT _timescaledb_functions.forget_chunks(2)$$, '42501');
SELECT fails($$DELETE FROM _timescaledb_catalog.chunk$$, '42501');
RESET ROLE;
SELECT count(*) = 1 FROM m WHERE t = '2025-01-01';

-- Several sessions bring the first row of the same chunk: the scheduler runs jobs side by side.
CREATE TABLE p (t timestamptz NOT NULL, who int);
SELECT created FROM create_hypertable('p', by_range('t', INTERVAL '1 day'));
CREATE PROCEDURE bring(job_id int, config jsonb) LANGUAGE plpgsql AS
$$ BEGIN
  FOR i IN 0..19 LOOP
    INSERT INTO p VALUES ('2024-01-01'::timestamptz + i * INTERVAL '1 day', job_id);
    COMMIT;
  END LOOP;
END $$;
SELECT count(add_job('bring', '100 days')) = 6 FROM generate_series(1, 6);
CALL wait_for('(SELECT count(*) = 120 FROM p)');
SELECT count(*) = 120, count(DISTINCT who) = 6 FROM p;
SELECT count(*) = 20, count(DISTINCT range_start) = 20 FROM timescaledb_information.chunks WHERE hypertable_name = 'p';
SELECT count(delete_job(job_id)) = 6 FROM timescaledb_information.jobs WHERE proc_name = 'bring';
