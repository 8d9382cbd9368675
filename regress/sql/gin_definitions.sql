-- CREATE INDEX USING gin: what it takes and refuses, and how it is shown.
CREATE TABLE d (id int, data jsonb, tags text[], body text, v tsvector, n int[]);
CREATE INDEX ON d USING gin (data);
CREATE INDEX ON d USING gin (data jsonb_path_ops);
CREATE INDEX ON d USING gin (data, tags array_ops, v);
CREATE INDEX ON d USING gin ((data -> 'tags'));
CREATE INDEX ON d USING gin (to_tsvector('english', body));
CREATE INDEX d_partial ON d USING gin (tags) WHERE id > 10;
CREATE INDEX d_options ON d USING gin (v) WITH (fastupdate = off, gin_pending_list_limit = 128);
CREATE INDEX CONCURRENTLY d_concurrently ON d USING gin (n);
CREATE INDEX IF NOT EXISTS d_partial ON d USING gin (tags);
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'd' ORDER BY indexname;
\d d
\di d_partial
SELECT c.relname, a.amname, c.reloptions FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.relname LIKE 'd\_%' ORDER BY 1;
SELECT pg_get_indexdef('d_data_tags_v_idx'::regclass, 1, true), pg_get_indexdef('d_data_tags_v_idx'::regclass, 2, true);
SELECT c.relname, array_agg(o.opcname::text ORDER BY u.n) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid,
 unnest(i.indclass::oid[]) WITH ORDINALITY u(class, n) JOIN pg_opclass o ON o.oid = u.class
WHERE i.indrelid = 'd'::regclass GROUP BY c.relname ORDER BY 1;
SELECT oid, amname, amtype FROM pg_am WHERE amname = 'gin';
SELECT f.opfname, o.opcname, o.opcintype::regtype, o.opcdefault, o.opckeytype::regtype FROM pg_opclass o JOIN pg_opfamily f ON f.oid = o.opcfamily
WHERE o.opcmethod = 2742 ORDER BY o.oid;
SELECT f.opfname, p.amopstrategy, p.amopopr::regoperator FROM pg_amop p JOIN pg_opfamily f ON f.oid = p.amopfamily WHERE p.amopmethod = 2742 ORDER BY p.oid;
\dA gin
\dAc gin
\dAf gin
\dAo gin jsonb_path_ops
COMMENT ON INDEX d_partial IS 'some tags';
ALTER INDEX d_partial RENAME TO d_some;
ALTER TABLE d RENAME COLUMN tags TO labels;
SELECT indexdef FROM pg_indexes WHERE indexname IN ('d_some', 'd_data_tags_v_idx') ORDER BY 1;
REINDEX INDEX d_some;
REINDEX TABLE d;
REINDEX INDEX CONCURRENTLY d_concurrently;
DROP INDEX d_some;

-- refused
CREATE UNIQUE INDEX ON d USING gin (data);
CREATE INDEX ON d USING gin (data) INCLUDE (id);
CREATE INDEX ON d USING gin (data DESC);
CREATE INDEX ON d USING gin (data ASC);
CREATE INDEX ON d USING gin (data NULLS FIRST);
CREATE INDEX ON d USING gin (id);
CREATE INDEX ON d USING gin (body);
CREATE INDEX ON d USING gin (body jsonb_ops);
CREATE INDEX ON d USING gin (data array_ops);
CREATE INDEX ON d USING gin (labels tsvector_ops);
CREATE INDEX ON d USING gin (data no_such_ops);
CREATE INDEX ON d USING gin (data) WITH (fillfactor = 70);
CREATE INDEX ON d USING gin (data) WITH (fastupdate = maybe);
CREATE INDEX ON d USING gin (data) WITH (gin_pending_list_limit = 1);
CREATE INDEX ON d USING gin (data) WITH (deduplicate_items = on);
CREATE INDEX ON d USING gin (to_tsvector(body));
CREATE INDEX ON d USING gin (none);
CREATE INDEX ON d (data jsonb_path_ops);
CREATE INDEX ON d USING nothing (data);
INSERT INTO d (id) VALUES (1) ON CONFLICT (data) DO NOTHING;

-- changes of the table
CREATE TABLE e (id int, data jsonb, n int[], t text);
INSERT INTO e SELECT i, jsonb_build_object('k', i % 10), ARRAY[i % 7], '{"k": ' || i % 10 || '}' FROM generate_series(1, 100) i;
CREATE INDEX e_data ON e USING gin (data jsonb_path_ops);
CREATE INDEX e_n ON e USING gin (n);
SET enable_seqscan = off;
ALTER TABLE e ALTER COLUMN n TYPE bigint[];
SELECT count(*) FROM e WHERE n @> '{3}'::bigint[];
ALTER TABLE e ALTER COLUMN n TYPE text[];
SELECT count(*) FROM e WHERE n @> '{3}'::text[];
ALTER TABLE e ALTER COLUMN n TYPE int USING 1;
ALTER TABLE e ALTER COLUMN data TYPE text;
ALTER TABLE e ADD COLUMN extra jsonb DEFAULT '{"x": 1}';
CREATE INDEX ON e USING gin (extra);
SELECT count(*) FROM e WHERE extra @> '{"x": 1}';
UPDATE e SET extra = '{"x": 2}' WHERE id <= 3;
SELECT count(*) FROM e WHERE extra @> '{"x": 2}';
SELECT count(*) FROM e WHERE extra @> '{"x": 1}';
ALTER TABLE e DROP COLUMN n;
SELECT indexdef FROM pg_indexes WHERE tablename = 'e' ORDER BY 1;
SELECT count(*) FROM e WHERE data @> '{"k": 4}';
TRUNCATE e;
SELECT count(*) FROM e WHERE data @> '{"k": 4}';
INSERT INTO e VALUES (1, '{"k": 4}');
SELECT count(*) FROM e WHERE data @> '{"k": 4}';
CREATE TABLE f (LIKE e INCLUDING INDEXES);
SELECT indexdef FROM pg_indexes WHERE tablename = 'f' ORDER BY 1;

-- partitions
CREATE TABLE p (id int, data jsonb) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p2 (data jsonb, id int);
INSERT INTO p2 SELECT jsonb_build_object('k', i % 10), i FROM generate_series(100, 199) i;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (100) TO (200);
INSERT INTO p SELECT i, jsonb_build_object('k', i % 10) FROM generate_series(0, 99) i;
CREATE INDEX p_gin ON p USING gin (data);
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300);
INSERT INTO p SELECT i, jsonb_build_object('k', i % 10) FROM generate_series(200, 299) i;
SELECT tablename, indexdef FROM pg_indexes WHERE tablename IN ('p', 'p1', 'p2', 'p3') ORDER BY 1;
SELECT count(*) FROM p WHERE data @> '{"k": 4}';
SELECT id FROM p WHERE data @> '{"k": 4}' AND id BETWEEN 95 AND 125 ORDER BY id;
UPDATE p SET id = id + 100 WHERE data @> '{"k": 4}' AND id < 20;
SELECT count(*), sum(id) FROM p WHERE data @> '{"k": 4}';
ALTER TABLE p DETACH PARTITION p2;
SELECT count(*) FROM p WHERE data @> '{"k": 4}';
SELECT count(*) FROM p2 WHERE data @> '{"k": 4}';

-- materialized views, temporary tables, views with checks
CREATE MATERIALIZED VIEW m AS SELECT id, data FROM p;
CREATE INDEX ON m USING gin (data);
SELECT count(*) FROM m WHERE data @> '{"k": 5}';
DELETE FROM p WHERE id < 50;
REFRESH MATERIALIZED VIEW m;
SELECT count(*) FROM m WHERE data @> '{"k": 5}';
CREATE TEMP TABLE tmp AS SELECT id, data FROM p;
CREATE INDEX ON tmp USING gin (data);
SELECT count(*) FROM tmp WHERE data ? 'k' AND data @> '{"k": 5}';

-- row security: conditions that may tell of rows do not reach the index before the policies
CREATE TABLE s (id int, who text, data jsonb);
INSERT INTO s SELECT i, CASE WHEN i % 2 = 0 THEN 'gin_reader' ELSE 'nobody' END, jsonb_build_object('k', i % 10) FROM generate_series(1, 100) i;
CREATE INDEX ON s USING gin (data);
CREATE ROLE gin_reader;
GRANT SELECT ON s TO gin_reader;
ALTER TABLE s ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON s USING (who = current_user);
SET ROLE gin_reader;
SELECT count(*) FROM s WHERE data @> '{"k": 4}';
SELECT count(*) FROM s WHERE data @> '{"k": 5}';
RESET ROLE;
DROP TABLE s;
DROP ROLE gin_reader;
