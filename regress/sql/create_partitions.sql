-- Partitioned tables: keys, bounds, what is wrong with them, indexes and constraints, ATTACH and DETACH, catalogs.
CREATE TABLE m (id int NOT NULL, day date NOT NULL, v numeric DEFAULT 1) PARTITION BY RANGE (day);
CREATE TABLE m_2020 PARTITION OF m FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE m_2021 PARTITION OF m FOR VALUES FROM ('2021-01-01') TO (date '2021-12-31' + 1);
CREATE TABLE m_old PARTITION OF m FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE m_rest PARTITION OF m DEFAULT;
\d m
\d+ m
\d m_2020
\d+ m_2020
\d+ m_old
SELECT relname, relkind, relispartition, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname ~ '^m(_|$)' ORDER BY 1;
SELECT partrelid::regclass, partstrat, partnatts, partdefid::regclass, partattrs, pg_get_partkeydef(partrelid) FROM pg_partitioned_table WHERE partrelid = 'm'::regclass;
SELECT inhrelid::regclass, inhparent::regclass, inhseqno, inhdetachpending FROM pg_inherits WHERE inhparent = 'm'::regclass ORDER BY 1;
SET datestyle = 'SQL, DMY';
SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'm_2020';
RESET datestyle;
-- overlaps and empty bounds
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('2020-06-01') TO ('2020-07-01');
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('2019-06-01') TO ('2020-07-01');
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('2021-12-31') TO ('2022-07-01');
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('2023-01-01') TO ('2022-01-01');
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('2023-01-01') TO ('2023-01-01');
CREATE TABLE bad PARTITION OF m DEFAULT;
CREATE TABLE bad PARTITION OF m FOR VALUES IN ('2023-01-01');
CREATE TABLE bad PARTITION OF m FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('2023-01-01', 1) TO ('2024-01-01');
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('2023-01-01') TO ('2024-01-01', 2);
CREATE TABLE bad PARTITION OF m FOR VALUES FROM (NULL) TO ('2024-01-01');
CREATE TABLE bad PARTITION OF m FOR VALUES FROM ('not a date') TO ('2024-01-01');
CREATE TABLE bad PARTITION OF m FOR VALUES FROM (12) TO ('2024-01-01');
CREATE TABLE bad PARTITION OF nowhere FOR VALUES FROM (12) TO (13);
CREATE TABLE plain (a int, b text);
CREATE TABLE bad PARTITION OF plain FOR VALUES FROM (12) TO (13);
CREATE TABLE bad () INHERITS (m);
-- keys
CREATE TABLE bad (a int) PARTITION BY magic (a);
CREATE TABLE bad (a int, b int) PARTITION BY LIST (a, b);
CREATE TABLE bad (a int) PARTITION BY RANGE (nowhere);
CREATE TABLE bad (a int) PARTITION BY RANGE (xmin);
CREATE TABLE bad (a int) PARTITION BY RANGE (1);
CREATE TABLE bad (a int, g int GENERATED ALWAYS AS (a + 1) STORED) PARTITION BY RANGE (g);
CREATE TABLE bad (a int, j json) PARTITION BY LIST (j);
CREATE TABLE bad (a int) PARTITION BY RANGE (random());
CREATE TABLE bad (a timestamptz) PARTITION BY RANGE ((a::text));
CREATE TABLE bad (a int) PARTITION BY RANGE (a) WITH (fillfactor = 50);
-- lists
CREATE TABLE l (a text, b int) PARTITION BY LIST (a);
CREATE TABLE l_xy PARTITION OF l FOR VALUES IN ('x', 'y');
CREATE TABLE l_null PARTITION OF l FOR VALUES IN (NULL, 'n');
CREATE TABLE bad PARTITION OF l FOR VALUES IN ('z', 'x');
CREATE TABLE bad PARTITION OF l FOR VALUES IN (NULL);
CREATE TABLE bad PARTITION OF l FOR VALUES FROM ('a') TO ('b');
CREATE TABLE bad PARTITION OF l FOR VALUES IN (b);
CREATE TABLE l_quote PARTITION OF l FOR VALUES IN ('it''s', 'A B');
CREATE TABLE l_one PARTITION OF l FOR VALUES IN ('one', 'one');
\d+ l
\d+ l_xy
\d+ l_null
\d+ l_one
-- hash
CREATE TABLE h (a int, b text) PARTITION BY HASH (a);
CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE bad PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE bad PARTITION OF h FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE bad PARTITION OF h FOR VALUES WITH (MODULUS 6, REMAINDER 1);
CREATE TABLE bad PARTITION OF h FOR VALUES WITH (MODULUS 4, REMAINDER 4);
CREATE TABLE bad PARTITION OF h FOR VALUES WITH (MODULUS 0, REMAINDER 0);
CREATE TABLE bad PARTITION OF h DEFAULT;
CREATE TABLE bad PARTITION OF h FOR VALUES IN (1);
CREATE TABLE h2 PARTITION OF h FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE bad PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
\d+ h
-- several columns, MINVALUE and MAXVALUE
CREATE TABLE mc (a int, b int, c text) PARTITION BY RANGE (a, b);
CREATE TABLE mc1 PARTITION OF mc FOR VALUES FROM (MINVALUE, MINVALUE) TO (1, 10);
CREATE TABLE mc2 PARTITION OF mc FOR VALUES FROM (1, 10) TO (1, MAXVALUE);
CREATE TABLE mc3 PARTITION OF mc FOR VALUES FROM (2, MINVALUE) TO (MAXVALUE, MAXVALUE);
CREATE TABLE bad PARTITION OF mc FOR VALUES FROM (MINVALUE, 1) TO (1, 1);
CREATE TABLE bad PARTITION OF mc FOR VALUES FROM (1, 1) TO (MAXVALUE, 1);
CREATE TABLE bad PARTITION OF mc FOR VALUES FROM (1, 11) TO (1, 12);
SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname LIKE 'mc_' ORDER BY 1;
-- expressions
CREATE TABLE e (a int, b text) PARTITION BY RANGE (lower(b), (a % 10));
CREATE TABLE e1 PARTITION OF e FOR VALUES FROM ('a', 0) TO ('m', 5);
SELECT pg_get_partkeydef('e'::regclass);
\d e
-- sub-partitions
CREATE TABLE s (a int, b int) PARTITION BY LIST (a);
CREATE TABLE s1 PARTITION OF s FOR VALUES IN (1) PARTITION BY RANGE (b);
CREATE TABLE s1_low PARTITION OF s1 FOR VALUES FROM (0) TO (10);
CREATE TABLE s1_high PARTITION OF s1 FOR VALUES FROM (10) TO (20);
CREATE TABLE s2 PARTITION OF s FOR VALUES IN (2) PARTITION BY HASH (b);
\d+ s
\d+ s1
\d+ s1_low
SELECT * FROM pg_partition_tree('s'::regclass);
SELECT * FROM pg_partition_tree('s1'::regclass);
SELECT * FROM pg_partition_ancestors('s1_low'::regclass);
SELECT pg_partition_root('s1_low'::regclass), pg_partition_root('plain'::regclass);
-- columns of a partition
CREATE TABLE p (a int, b text DEFAULT 'x', c int CHECK (c > 0)) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p (b DEFAULT 'one', c NOT NULL, CONSTRAINT small CHECK (c < 100)) FOR VALUES FROM (0) TO (10);
CREATE TABLE bad PARTITION OF p (nowhere DEFAULT 1) FOR VALUES FROM (10) TO (20);
\d p1
SELECT attname, attislocal, attinhcount, attnotnull FROM pg_attribute WHERE attrelid = 'p1'::regclass AND attnum > 0 ORDER BY attnum;
SELECT conname, contype, conislocal, coninhcount, connoinherit FROM pg_constraint WHERE conrelid = 'p1'::regclass ORDER BY 1;
ALTER TABLE p1 ADD COLUMN d int;
ALTER TABLE p1 DROP COLUMN c;
ALTER TABLE p1 RENAME COLUMN c TO cc;
ALTER TABLE p1 ALTER COLUMN c TYPE bigint;
ALTER TABLE p1 DROP CONSTRAINT p_c_check;
ALTER TABLE p1 RENAME CONSTRAINT p_c_check TO other;
ALTER TABLE p ADD COLUMN d int DEFAULT 7;
ALTER TABLE p RENAME COLUMN d TO dd;
ALTER TABLE p ALTER COLUMN dd TYPE bigint;
ALTER TABLE p ALTER COLUMN dd SET NOT NULL;
ALTER TABLE p1 ALTER COLUMN dd DROP NOT NULL;
\d p1
ALTER TABLE p ALTER COLUMN a TYPE bigint;
ALTER TABLE p DROP COLUMN a;
ALTER TABLE ONLY p ADD COLUMN e int;
ALTER TABLE ONLY p DROP COLUMN dd;
ALTER TABLE ONLY p ADD CHECK (dd > 0);
ALTER TABLE p ADD CONSTRAINT dd_positive CHECK (dd > 0);
ALTER TABLE p ADD CONSTRAINT never_inherited CHECK (dd > 0) NO INHERIT;
ALTER TABLE ONLY p DROP CONSTRAINT dd_positive;
ALTER TABLE p DROP COLUMN dd;
ALTER TABLE p1 INHERIT plain;
ALTER TABLE p1 NO INHERIT p;
ALTER TABLE p SET (fillfactor = 70);
\d p1
-- indexes and keys
ALTER TABLE p ADD PRIMARY KEY (b);
ALTER TABLE p ADD UNIQUE (c);
ALTER TABLE e ADD UNIQUE (a, b);
ALTER TABLE p ADD PRIMARY KEY (a, c);
CREATE INDEX ON p (b);
CREATE UNIQUE INDEX p_a_b ON p (a, b);
CREATE UNIQUE INDEX ON p (b);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
\d p
\d p2
SELECT c.relname, c.relkind, c.relispartition, i.inhparent::regclass FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relname ~ '^p[12]?_' ORDER BY 1;
SELECT conname, conrelid::regclass, conislocal, coninhcount, connoinherit, (SELECT conname FROM pg_constraint o WHERE o.oid = c.conparentid) AS parent FROM pg_constraint c WHERE contype = 'p' AND conrelid IN ('p'::regclass, 'p1'::regclass, 'p2'::regclass) ORDER BY 2;
SELECT pg_get_indexdef('p_a_b'::regclass);
DROP INDEX p1_b_idx;
ALTER TABLE p1 DROP CONSTRAINT p1_pkey;
DROP INDEX p_b_idx;
SELECT relname FROM pg_class WHERE relname LIKE 'p%_b_idx';
CREATE INDEX p_only ON ONLY p (c);
SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_only'::regclass;
CREATE INDEX p1_c ON p1 (c);
CREATE INDEX p2_c ON p2 (c);
ALTER INDEX p_only ATTACH PARTITION p1_c;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_only'::regclass;
ALTER INDEX p_only ATTACH PARTITION p2_a_b_idx;
ALTER INDEX p_only ATTACH PARTITION p2_c;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_only'::regclass;
CREATE INDEX CONCURRENTLY ON p (b);
-- ATTACH and DETACH
CREATE TABLE a (x int NOT NULL, y text) PARTITION BY LIST (x);
CREATE INDEX a_y ON a (y);
CREATE TABLE a1 (y text, x int NOT NULL);
INSERT INTO a1 VALUES ('one', 1), ('two', 2);
ALTER TABLE a ATTACH PARTITION a1 FOR VALUES IN (1);
ALTER TABLE a ATTACH PARTITION a1 FOR VALUES IN (1, 2);
ALTER TABLE a ATTACH PARTITION a1 FOR VALUES IN (3);
\d a1
SELECT * FROM a ORDER BY x;
CREATE TABLE a2 (x int);
ALTER TABLE a ATTACH PARTITION a2 FOR VALUES IN (5);
CREATE TABLE a3 (x int NOT NULL, y text, z int);
ALTER TABLE a ATTACH PARTITION a3 FOR VALUES IN (5);
CREATE TABLE a4 (x int, y text);
ALTER TABLE a ATTACH PARTITION a4 FOR VALUES IN (5);
CREATE TABLE a5 (x bigint NOT NULL, y text);
ALTER TABLE a ATTACH PARTITION a5 FOR VALUES IN (5);
ALTER TABLE a ATTACH PARTITION a FOR VALUES IN (5);
ALTER TABLE plain ATTACH PARTITION a2 FOR VALUES IN (5);
CREATE TABLE a_rest PARTITION OF a DEFAULT;
INSERT INTO a VALUES (7, 'seven');
CREATE TABLE bad PARTITION OF a FOR VALUES IN (7);
CREATE TABLE a7 (x int NOT NULL, y text);
ALTER TABLE a ATTACH PARTITION a7 FOR VALUES IN (7);
ALTER TABLE a DETACH PARTITION a2;
ALTER TABLE a DETACH PARTITION a1;
\d a1
SELECT attname, attislocal, attinhcount FROM pg_attribute WHERE attrelid = 'a1'::regclass AND attnum > 0 ORDER BY attnum;
SELECT * FROM a ORDER BY x;
ALTER TABLE a DETACH PARTITION a_rest;
SELECT partdefid FROM pg_partitioned_table WHERE partrelid = 'a'::regclass;
-- DROP
DROP TABLE m_old;
DROP TABLE s1_low;
DROP TABLE s;
SELECT count(*) FROM pg_class WHERE relname LIKE 's1%' OR relname = 's2';
DROP TABLE m, l, h, mc, e, p;
SELECT count(*) FROM pg_inherits i LEFT JOIN pg_class c ON c.oid = i.inhrelid WHERE c.oid IS NULL;
