-- Operator classes and collations of index keys.
CREATE TYPE index_mood AS ENUM ('sad', 'ok');
CREATE TABLE index_keys (i int4, t text, v varchar(10), c char(3), n numeric, e index_mood, a int[], r int4range,
                         m inet, d cidr, k regclass, x text COLLATE "C", o oidvector);
CREATE INDEX index_keys_1 ON index_keys (i, t, v, c, n, e, a, r);
CREATE INDEX index_keys_2 ON index_keys (m, d, k, x, o);
CREATE INDEX index_keys_3 ON index_keys (t text_pattern_ops, v varchar_pattern_ops, c bpchar_pattern_ops, v varchar_ops);
CREATE INDEX index_keys_4 ON index_keys ((t || 'x') text_pattern_ops, lower(v));
CREATE INDEX index_keys_5 ON index_keys ((t COLLATE "C"), (v COLLATE "POSIX") DESC, ((i::text) COLLATE "C"));
CREATE INDEX index_keys_6 ON index_keys (x COLLATE "POSIX", (x || 'y'), ((x || 'y') COLLATE "POSIX"));
CREATE UNIQUE INDEX index_keys_7 ON index_keys (i) INCLUDE (t, n);
SELECT indexrelid::regclass, o.n, c.opcname, c.opcintype::regtype, l.collname
  FROM pg_index x, unnest(indclass) WITH ORDINALITY o(class, n) JOIN pg_opclass c ON c.oid = o.class
       LEFT JOIN LATERAL (SELECT collname FROM pg_collation WHERE pg_collation.oid = x.indcollation[o.n - 1]) l ON true
 WHERE indrelid = 'index_keys'::regclass AND indexrelid::regclass::text NOT LIKE '%6' ORDER BY 1, 2;
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'index_keys'::regclass ORDER BY 1;
INSERT INTO index_keys (i, t, v) VALUES (1, 'ab', 'ab'), (2, 'Abc', 'B'), (3, 'abd', 'a');
SELECT t FROM index_keys WHERE t LIKE 'ab%' ORDER BY t COLLATE "C";
SELECT t FROM index_keys WHERE t ~>=~ 'ab' ORDER BY i;
-- What an index includes goes with the column.
ALTER TABLE index_keys DROP COLUMN n;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'index_keys'::regclass ORDER BY 1;
CREATE TABLE index_included (a int, b int, c int, d box, UNIQUE (a, b) INCLUDE (c, d));
CREATE UNIQUE INDEX index_included_u ON index_included (b) INCLUDE (c);
ALTER TABLE index_included ADD CONSTRAINT used UNIQUE USING INDEX index_included_u;
ALTER TABLE index_included DROP COLUMN c;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'index_included'::regclass;
SELECT conname FROM pg_constraint WHERE conrelid = 'index_included'::regclass;
CREATE INDEX ON index_included (a COLLATE "C");
CREATE INDEX ON index_included ((a COLLATE "C"));
DROP TABLE index_keys, index_included;
DROP TYPE index_mood;
-- Of partitions, an index of another class does not stand for the whole's.
CREATE TABLE index_whole (a text) PARTITION BY RANGE (a);
CREATE TABLE index_part PARTITION OF index_whole FOR VALUES FROM ('a') TO ('b');
CREATE INDEX index_part_plain ON index_part (a);
CREATE INDEX index_whole_pattern ON index_whole (a text_pattern_ops);
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'index_part'::regclass ORDER BY 1;
DROP TABLE index_whole;
