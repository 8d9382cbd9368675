-- What TimescaleDB refuses and chunks that are ranges of one relation allow: foreign keys between hypertables, unique keys
-- without the time column, indexes that are built beside writers, row-level security on settled chunks, retention by tag value;
-- and that the number of chunks costs nothing to plan. Every cell must come out true.
CREATE EXTENSION timescaledb;
SET timezone = 'UTC';
CREATE FUNCTION fails(command text, state text) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN EXECUTE command; RETURN false; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE = state; END';

-- Foreign keys between hypertables, over rows that have settled and rows that have not.
CREATE TABLE reading (t timestamptz NOT NULL, dev int NOT NULL, v float8, PRIMARY KEY (dev, t));
SELECT created FROM create_hypertable('reading', by_range('t', INTERVAL '1 day'));
INSERT INTO reading SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 hour', i % 4, i FROM generate_series(0, 239) i;
SELECT varve_settle('reading') = 240;
INSERT INTO reading VALUES ('2024-01-11', 0, 240);
CREATE TABLE remark (at timestamptz NOT NULL, dev int, t timestamptz, word text,
                     FOREIGN KEY (dev, t) REFERENCES reading (dev, t));
SELECT created FROM create_hypertable('remark', by_range('at', INTERVAL '1 day'));
CREATE TABLE alarm (at timestamptz NOT NULL, dev int, t timestamptz);
SELECT created FROM create_hypertable('alarm', by_range('at', INTERVAL '1 day'));
ALTER TABLE alarm ADD CONSTRAINT alarm_of FOREIGN KEY (dev, t) REFERENCES reading (dev, t) ON DELETE CASCADE ON UPDATE CASCADE;
INSERT INTO remark SELECT t + INTERVAL '1 minute', dev, t, 'fine' FROM reading WHERE v IN (30, 100, 240);
INSERT INTO alarm SELECT t, dev, t FROM reading WHERE v IN (31, 50, 101);
SELECT varve_settle('remark') = 3, varve_settle('alarm') = 3;
SELECT fails($$INSERT INTO remark VALUES ('2024-01-01', 0, '2024-01-01 01:00+00', 'no such')$$, '23503');
SELECT fails($$DELETE FROM reading WHERE v = 30$$, '23503'), fails($$UPDATE reading SET dev = 9 WHERE v = 240$$, '23503');
UPDATE reading SET dev = 8 WHERE v = 50;
SELECT count(*) = 1 FROM alarm WHERE dev = 8;
DELETE FROM reading WHERE v = 101;
SELECT count(*) = 2 FROM alarm;
-- A chunk goes with the rows that point there by ON DELETE CASCADE, and not while others do.
SELECT count(*) = 1 FROM drop_chunks('reading', older_than => '2024-01-02'::timestamptz);
SELECT fails($$SELECT drop_chunks('reading', older_than => '2024-01-03'::timestamptz)$$, '2BP01');
SELECT count(*) = 1 FROM drop_chunks('reading', older_than => '2024-01-04'::timestamptz, newer_than => '2024-01-03'::timestamptz);
SELECT count(*) = 1 FROM alarm;
DELETE FROM remark WHERE t < '2024-01-03';
SELECT count(*) = 1 FROM drop_chunks('reading', older_than => '2024-01-03'::timestamptz);
SELECT count(*) = 0 FROM alarm;
SELECT count(*) = 2 FROM remark;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT fails($$SELECT drop_chunks('reading', older_than => '2024-01-09'::timestamptz)$$, '0A000');
ROLLBACK;
ALTER TABLE remark DROP CONSTRAINT remark_dev_t_fkey;
ALTER TABLE remark ADD FOREIGN KEY (dev, t) REFERENCES reading (dev, t) ON DELETE SET NULL;
SELECT count(*) = 8 FROM drop_chunks('reading', older_than => '2024-01-12'::timestamptz);
SELECT count(*) = 2, bool_and(dev IS NULL AND t IS NULL) FROM remark;

-- A unique key without the time column holds over all chunks, settled or not.
SET varve.unique_without_partitioning = on;
CREATE TABLE event (t timestamptz NOT NULL, id bigint PRIMARY KEY, kind text, UNIQUE (kind, id));
SELECT created FROM create_hypertable('event', by_range('t', INTERVAL '1 day'));
INSERT INTO event SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 hour', i, 'k' || i % 3 FROM generate_series(0, 99) i;
SELECT varve_settle('event') = 100;
SELECT fails($$INSERT INTO event VALUES ('2025-01-01', 5, 'x')$$, '23505'), fails($$UPDATE event SET id = 7 WHERE id = 90$$, '23505');
INSERT INTO event VALUES ('2025-01-01', 5, 'x'), ('2025-01-01', 100, 'x') ON CONFLICT (id) DO UPDATE SET kind = 'twice';
SELECT count(*) = 101, count(*) FILTER (WHERE kind = 'twice') = 1 FROM event;
SELECT t = '2024-01-01 05:00+00' FROM event WHERE id = 5;
-- Of dropped chunks no key is left.
SELECT count(*) = 2 FROM drop_chunks('event', older_than => '2024-01-03'::timestamptz);
INSERT INTO event SELECT '2024-06-01', i, 'new' FROM generate_series(0, 47) i;
SELECT fails($$INSERT INTO event VALUES ('2025-01-01', 60, 'x')$$, '23505');
SELECT count(*) = 101, count(DISTINCT id) = 101 FROM event;
CREATE TABLE note (id bigint REFERENCES event);
INSERT INTO note VALUES (3), (60);
SELECT fails('INSERT INTO note VALUES (1000)', '23503');
RESET varve.unique_without_partitioning;
SELECT fails('CREATE UNIQUE INDEX ON event (kind)', 'TS103');

-- Indexes over all chunks: unique, of expressions, partial; built without keeping writers out.
CREATE TABLE m (t timestamptz NOT NULL, dev int NOT NULL, v float8);
SELECT created FROM create_hypertable('m', by_range('t', INTERVAL '1 day'));
INSERT INTO m SELECT '2024-01-01'::timestamptz + i * INTERVAL '10 minutes', i % 10, i FROM generate_series(0, 1999) i;
SELECT varve_settle('m') = 2000;
INSERT INTO m SELECT '2024-02-01'::timestamptz + i * INTERVAL '10 minutes', i % 10, i FROM generate_series(0, 99) i;
CREATE INDEX CONCURRENTLY m_dev ON m (dev, t DESC);
CREATE UNIQUE INDEX CONCURRENTLY m_key ON m (dev, t);
CREATE INDEX m_half ON m ((v / 2)) WHERE dev = 3 ;
CREATE INDEX m_quiet ON m (v) WITH (timescaledb.transaction_per_chunk);
SELECT count(*) = 4, bool_and(i.indisvalid) FROM pg_index i WHERE i.indexrelid IN ('m_dev'::regclass, 'm_key'::regclass, 'm_half'::regclass, 'm_quiet'::regclass);
SELECT fails($$INSERT INTO m VALUES ('2024-01-01 00:10+00', 1, 0)$$, '23505'), fails($$INSERT INTO m VALUES ('2024-02-01 00:10+00', 1, 0)$$, '23505');
BEGIN;
SELECT fails('CREATE INDEX ON m (v) WITH (timescaledb.transaction_per_chunk)', '25001');
ROLLBACK;
SELECT fails('CREATE INDEX ON m (v) WITH (timescaledb.nonsense)', '22023');
SET enable_seqscan = off;
SELECT count(*) = 1 FROM m WHERE v = 1777;
SELECT count(*) = 210 FROM m WHERE dev = 3;
SELECT max(t) = '2024-02-01 16:00+00' FROM m WHERE dev = 6;
RESET enable_seqscan;
SELECT count(*) > 0 FROM drop_chunks('m', older_than => '2024-01-05'::timestamptz);
INSERT INTO m VALUES ('2024-01-01 00:10+00', 1, 0);
SELECT fails($$CREATE UNIQUE INDEX CONCURRENTLY m_v ON m (t, (dev % 1))$$, '25001');

-- Row-level security, also of settled rows and of chunks.
CREATE ROLE regress_beyond_one;
ALTER TABLE m ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON m USING (dev = 3) WITH CHECK (dev = 3);
GRANT SELECT, INSERT, UPDATE, DELETE ON m TO regress_beyond_one;
SELECT varve_settle('m') >= 0;
SET ROLE regress_beyond_one;
SELECT count(*) > 100, bool_and(dev = 3) FROM m;
SELECT count(*) = 0 FROM m WHERE dev = 4;
SELECT max(v) = 1993, min(dev) = 3, count(DISTINCT dev) = 1 FROM m;
SELECT fails($$INSERT INTO m VALUES ('2024-03-01', 4, 1)$$, '42501'), fails($$UPDATE m SET dev = 4$$, '42501');
INSERT INTO m VALUES ('2024-03-01', 3, -1);
UPDATE m SET v = 0;
DELETE FROM m WHERE t < '2024-01-08';
SELECT fails('SELECT * FROM ' || (SELECT tableoid::regclass FROM m LIMIT 1), '42501');
RESET ROLE;
SELECT count(*) FILTER (WHERE v = 0 AND dev <> 3) = 2, count(*) FILTER (WHERE dev = 3 AND v <> 0) = 0 FROM m;
SELECT count(*) FILTER (WHERE dev = 3) = 0, count(*) > 0 FROM m WHERE t < '2024-01-08';
DROP OWNED BY regress_beyond_one;
DROP ROLE regress_beyond_one;

-- Retention by the value of a tag: several policies beside each other and beside one for everything.
CREATE TABLE tagged (t timestamptz NOT NULL, tag text, v int) ;
SELECT created FROM create_hypertable('tagged', by_range('t', INTERVAL '1 day'));
INSERT INTO tagged SELECT now() - i * INTERVAL '1 hour', (ARRAY['debug', 'info', 'audit'])[1 + i % 3], i FROM generate_series(0, 719) i;
SELECT varve_settle('tagged') > 0;
SELECT add_retention_policy('tagged', INTERVAL '20 days', initial_start => '2100-01-01') AS whole \gset
SELECT add_retention_policy('tagged', INTERVAL '2 days', filter => $$tag = 'debug'$$, initial_start => '2100-01-01') AS debug \gset
SELECT add_retention_policy('tagged', INTERVAL '10 days', filter => $$tag <> 'audit'$$, initial_start => '2100-01-01') AS others \gset
SELECT fails($$SELECT add_retention_policy('tagged', INTERVAL '3 days', filter => $x$tag = 'debug'$x$)$$, '42710'),
       fails($$SELECT add_retention_policy('tagged', INTERVAL '3 days', filter => 'no_column = 1')$$, '42703'),
       fails($$SELECT add_retention_policy('tagged', drop_created_before => INTERVAL '3 days', filter => 'true')$$, '22023');
SELECT count(*) = 3 FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention' AND hypertable_name = 'tagged';
CALL run_job(:debug);
SELECT count(*) FILTER (WHERE tag = 'debug') BETWEEN 16 AND 17, count(*) FILTER (WHERE tag <> 'debug') = 480 FROM tagged;
CALL run_job(:others);
SELECT count(*) FILTER (WHERE tag = 'info') = 80, count(*) FILTER (WHERE tag = 'audit') = 240 FROM tagged;
CALL run_job(:whole);
SELECT min(t) < now() - INTERVAL '19 days', min(t) > now() - INTERVAL '22 days' FROM tagged;
SELECT remove_retention_policy('tagged', filter => $$tag = 'debug'$$) IS NOT NULL;
SELECT remove_retention_policy('tagged') IS NOT NULL;
SELECT count(*) = 1 FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention' AND hypertable_name = 'tagged' AND config->>'filter' = $$tag <> 'audit'$$;

-- A chunk leaves as a table, with what holds of its rows, and comes back.
CREATE TABLE d (t timestamptz NOT NULL, k text NOT NULL, v int CHECK (v >= 0), w int GENERATED ALWAYS AS (v * 2) STORED, UNIQUE (k, t));
SELECT created FROM create_hypertable('d', by_range('t', INTERVAL '1 day'));
INSERT INTO d (t, k, v) SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 hour', 'k' || i % 3, i FROM generate_series(0, 95) i;
SELECT varve_settle('d') = 96;
INSERT INTO d (t, k, v) VALUES ('2024-01-02 00:30+00', 'k9', 1000);
SELECT c AS chunk FROM show_chunks('d', newer_than => '2024-01-02'::timestamptz, older_than => '2024-01-03'::timestamptz) c \gset
CALL detach_chunk(:'chunk');
SELECT count(*) = 72, count(*) FILTER (WHERE t >= '2024-01-02' AND t < '2024-01-03') = 0 FROM d;
SELECT count(*) = 3 FROM show_chunks('d');
SELECT count(*) = 25, sum(w) = 2 * sum(v), max(v) = 1000 FROM :chunk;
SELECT relkind = 'r' FROM pg_class WHERE oid = :'chunk'::regclass;
SELECT fails('INSERT INTO ' || :'chunk' || $$ (t, k, v) VALUES ('2024-01-02', 'x', -1)$$, '23514'),
       fails('INSERT INTO ' || :'chunk' || $$ (t, k, v) VALUES ('2024-01-02', 'k0', 1)$$, '23505'),
       fails('CALL detach_chunk(' || quote_literal(:'chunk') || ')', '42704');
DELETE FROM :chunk WHERE v = 1000;
SELECT fails('CALL attach_chunk(''d'', ' || quote_literal(:'chunk') || $$, '{"t": ["2024-01-01", "2024-01-03"]}')$$, '42710'),
       fails('CALL attach_chunk(''d'', ' || quote_literal(:'chunk') || $$, '{"t": ["2024-01-02", "2024-01-02 12:00"]}')$$, '23514'),
       fails('CALL attach_chunk(''d'', ' || quote_literal(:'chunk') || $$, '{"k": ["a", "b"]}')$$, '22023'),
       fails($$CALL attach_chunk('d', 'tagged', '{"t": ["2024-01-02", "2024-01-03"]}')$$, '42809');
CALL attach_chunk('d', :'chunk', '{"t": ["2024-01-02 00:00+00", "2024-01-03 00:00+00"]}');
SELECT count(*) = 96, sum(v) = 95 * 48, sum(w) = 95 * 96 FROM d;
SELECT count(*) = 4, count(*) FILTER (WHERE c = :'chunk'::regclass) = 1 FROM show_chunks('d') c;
SELECT count(*) = 24 FROM :chunk;
SELECT relkind = 'v' FROM pg_class WHERE oid = :'chunk'::regclass;
SELECT range_start = '2024-01-02', range_end = '2024-01-03' FROM timescaledb_information.chunks WHERE hypertable_name = 'd' AND chunk_name = split_part(:'chunk', '.', 2);
CREATE TABLE apart (LIKE d INCLUDING ALL);
INSERT INTO apart (t, k, v) VALUES ('2023-05-05', 'old', 7);
CALL attach_chunk('d', 'apart', '{"t": [1682899200000000, 1685577600000000]}');
SELECT count(*) = 97, min(t) = '2023-05-05', min(v) FILTER (WHERE t < '2024-01-01') = 7 FROM d;
INSERT INTO d (t, k, v) VALUES ('2023-05-31', 'x', 1);
SELECT count(*) = 5 FROM show_chunks('d');
SELECT count(*) = 2 FROM apart;
SELECT count(*) = 1 FROM drop_chunks('d', older_than => '2023-07-01'::timestamptz);
SELECT count(*) = 96 FROM d;

-- Sizes are of what is there: of each chunk, settled or not.
CREATE TABLE z (t timestamptz NOT NULL, k int, v float8);
SELECT created FROM create_hypertable('z', by_range('t', INTERVAL '1 day'), create_default_indexes => false);
ALTER TABLE z SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'k', timescaledb.orderby = 't');
INSERT INTO z SELECT '2024-01-01'::timestamptz + i * INTERVAL '8.64 s', i % 7, i FROM generate_series(0, 9999) i;
INSERT INTO z SELECT '2024-01-02'::timestamptz + i * INTERVAL '864 s', i % 7, i FROM generate_series(0, 99) i;
SELECT varve_settle('z') >= 0;
SELECT bool_and(table_bytes > 0), max(table_bytes) > 20 * min(table_bytes), sum(table_bytes) <= hypertable_size('z'), sum(index_bytes) = 0 FROM chunks_detailed_size('z');
SELECT sum(settled_rows) = 10100, sum(fresh_rows) = 0, sum(fresh_bytes) = 0 FROM _timescaledb_functions.range_sizes('z');
SELECT total_bytes AS before FROM chunks_detailed_size('z') ORDER BY chunk_name LIMIT 1 \gset
INSERT INTO z VALUES ('2024-01-01 12:00:00.1+00', 1, 1), ('2024-01-01 12:00:00.2+00', 1, 1), ('2024-01-05', 1, 1);
SELECT sum(fresh_rows) = 3, count(*) = 3, sum(fresh_bytes) BETWEEN 120 AND 200 FROM _timescaledb_functions.range_sizes('z');
SELECT total_bytes - :before BETWEEN 80 AND 140 FROM chunks_detailed_size('z') ORDER BY chunk_name LIMIT 1;
DELETE FROM z WHERE t = '2024-01-05';
SELECT chunk_rows = 0, settled_bytes + fresh_bytes = 0 FROM _timescaledb_functions.chunk_sizes('z') ORDER BY chunk_id DESC LIMIT 1;
SELECT count(compress_chunk(c)) = 3 FROM show_chunks('z') c;
SELECT number_compressed_chunks = 3, before_compression_total_bytes > 3 * after_compression_total_bytes, after_compression_total_bytes > 0 FROM hypertable_columnstore_stats('z');
-- Of PostgreSQL's rows of three columns: 24 + 24 bytes and 4 for the pointer.
SELECT before_compression_table_bytes = 10002 * 52 FROM chunk_columnstore_stats('z') ORDER BY chunk_name LIMIT 1;
-- A segment that reaches over several chunks is shared out by time.
CALL split_chunk((SELECT c FROM show_chunks('z') c ORDER BY c::text LIMIT 1), '2024-01-01 06:00+00'::timestamptz);
SELECT count(*) = 4, sum(chunk_rows) = 10102 FROM _timescaledb_functions.chunk_sizes('z');
SELECT bool_or(chunk_rows BETWEEN 2495 AND 2505), bool_or(chunk_rows BETWEEN 7495 AND 7507) FROM _timescaledb_functions.chunk_sizes('z');

-- Chunks split and merge by size.
CREATE TABLE sized (t timestamptz NOT NULL, k int, v float8);
SELECT created FROM create_hypertable('sized', by_range('t', INTERVAL '1 day'), create_default_indexes => false);
INSERT INTO sized SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 day', 1, i FROM generate_series(0, 19) i;
INSERT INTO sized SELECT '2024-02-01'::timestamptz + i * INTERVAL '0.864 s', i % 100, random() FROM generate_series(0, 99999) i;
SELECT varve_settle('sized') >= 0;
SELECT count(*) = 21, max(total_bytes) > 500000 FROM chunks_detailed_size('sized');
CALL resize_chunks('sized', 200000);
SELECT count(*) BETWEEN 4 AND 17, max(total_bytes) < 400000 FROM chunks_detailed_size('sized');
SELECT count(*) = 1 FROM timescaledb_information.chunks WHERE hypertable_name = 'sized' AND range_start = '2024-01-01' AND range_end = '2024-01-21';
SELECT sum(rows_of) = 100020, bool_and(rows_of > 0) FROM (SELECT count(*) AS rows_of FROM sized GROUP BY tableoid) x;
INSERT INTO sized VALUES ('2024-01-05 00:30+00', 1, 1), ('2024-01-21', 2, 2);
SELECT count(*) = 21 FROM sized WHERE tableoid = (SELECT tableoid FROM sized WHERE t = '2024-01-05');
SELECT add_chunk_size_policy('sized', '1 GB', initial_start => '2100-01-01') AS job \gset
CALL run_job(:job);
SELECT count(*) = 2, min(range_end) = '2024-01-22', max(range_end) = '2024-02-02' FROM timescaledb_information.chunks WHERE hypertable_name = 'sized';
SELECT fails($$SELECT add_chunk_size_policy('sized', '2 GB')$$, '42710'), fails($$SELECT add_chunk_size_policy('sized', '-1')$$, '22023');
SELECT remove_chunk_size_policy('sized') IS NOT NULL;
SELECT count(*) = 1 FROM drop_chunks('sized', older_than => '2024-02-01'::timestamptz);
SELECT count(*) = 100000 FROM sized;

-- However many chunks there are, a query opens and locks one relation.
CREATE TABLE many (t timestamptz NOT NULL, v int);
SELECT created FROM create_hypertable('many', by_range('t', INTERVAL '1 hour'), create_default_indexes => false);
INSERT INTO many SELECT '2024-01-01'::timestamptz + i * INTERVAL '1 hour', i FROM generate_series(0, 299) i;
SELECT count(*) = 300 FROM show_chunks('many');
BEGIN;
SELECT sum(v) = 44850, count(*) FILTER (WHERE t > '2024-01-02') > 0 FROM many WHERE t >= '2024-01-01';
SELECT count(*) = 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = pg_backend_pid() AND c.relname ~ '^(many|_hyper_)';
INSERT INTO many VALUES ('2024-01-01 00:30+00', 1);
UPDATE many SET v = 0 WHERE t < '2024-01-03';
SELECT count(*) = 1 FROM (SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                          WHERE l.pid = pg_backend_pid() AND c.relname ~ '^(many|_hyper_)') x;
ROLLBACK;
