-- Rows of partitioned tables: routing, moving, constraints, RETURNING, ON CONFLICT, triggers, keys, rights.
CREATE TABLE r (a int, b text DEFAULT 'dflt', c int) PARTITION BY RANGE (a);
INSERT INTO r VALUES (1, 'x', 1);
CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (10);
CREATE TABLE r2 PARTITION OF r FOR VALUES FROM (10) TO (20);
INSERT INTO r VALUES (1, 'one', 1), (15, 'fifteen', 2), (9, 'nine', 3);
INSERT INTO r VALUES (20, 'twenty', 4);
INSERT INTO r VALUES (NULL, 'null', 4);
INSERT INTO r (a) VALUES (11) RETURNING *, tableoid::regclass;
INSERT INTO r1 VALUES (15, 'wrong', 1);
INSERT INTO r1 VALUES (NULL, 'wrong', 1);
INSERT INTO r2 SELECT g, 'g' || g, g FROM generate_series(12, 14) g RETURNING a, tableoid::regclass;
SELECT tableoid::regclass, * FROM r ORDER BY a;
SELECT * FROM ONLY r;
SELECT tableoid::regclass, count(*) FROM r GROUP BY 1 ORDER BY 1;
SELECT * FROM r1 ORDER BY a;
SELECT r FROM r WHERE a = 1;
-- UPDATE
UPDATE r SET b = b || '!' WHERE a IN (1, 15) RETURNING tableoid::regclass, *;
UPDATE r SET a = a + 10 WHERE a = 9 RETURNING tableoid::regclass, *;
UPDATE r SET a = 100 WHERE a = 1;
UPDATE r SET a = NULL WHERE a = 1;
UPDATE r1 SET a = 12 WHERE a = 1;
UPDATE r SET a = 19 - a WHERE a BETWEEN 5 AND 15;
SELECT tableoid::regclass, * FROM r ORDER BY a;
UPDATE r SET c = o.c + 100 FROM (SELECT a, c FROM r) o WHERE o.a = r.a AND r.a > 10;
UPDATE ONLY r SET c = 0;
SELECT * FROM r ORDER BY a;
-- DELETE
DELETE FROM r WHERE a = 1 RETURNING *, tableoid::regclass;
DELETE FROM r USING (VALUES (4), (19)) v (x) WHERE v.x = r.a RETURNING r.a, v.x;
DELETE FROM ONLY r;
SELECT count(*) FROM r;
TRUNCATE ONLY r;
TRUNCATE r1;
SELECT a FROM r ORDER BY a;
TRUNCATE r;
SELECT count(*) FROM r;
-- default partition and sub-partitions
CREATE TABLE r_rest PARTITION OF r DEFAULT PARTITION BY LIST (b);
INSERT INTO r VALUES (50, 'p', 1);
CREATE TABLE r_rest_p PARTITION OF r_rest FOR VALUES IN ('p', NULL);
INSERT INTO r VALUES (50, 'p', 1), (NULL, NULL, 2), (5, 'p', 3);
INSERT INTO r VALUES (51, 'q', 1);
INSERT INTO r_rest VALUES (5, 'p', 1);
INSERT INTO r_rest_p VALUES (5, 'p', 1);
INSERT INTO r_rest_p VALUES (60, 'q', 1);
SELECT tableoid::regclass, * FROM r ORDER BY c;
UPDATE r SET a = coalesce(a, 0) + 1, b = 'p' RETURNING tableoid::regclass, *;
UPDATE r_rest SET a = 5;
DROP TABLE r_rest;
-- columns in another order
CREATE TABLE o (a int, b text, c int CHECK (c < 100), d int GENERATED ALWAYS AS (c * 2) STORED) PARTITION BY LIST (a);
CREATE TABLE o1 (c int CHECK (c < 100), gone int, b text, d int GENERATED ALWAYS AS (c * 2) STORED, a int, CHECK (b <> 'no'));
ALTER TABLE o1 DROP COLUMN gone;
ALTER TABLE o1 RENAME CONSTRAINT o1_c_check TO o_c_check;
ALTER TABLE o ATTACH PARTITION o1 FOR VALUES IN (1);
CREATE TABLE o2 PARTITION OF o FOR VALUES IN (2);
CREATE INDEX o_lower ON o (lower(b));
INSERT INTO o VALUES (1, 'One', 10), (2, 'Two', 20) RETURNING *;
INSERT INTO o VALUES (1, 'no', 10);
INSERT INTO o VALUES (2, 'no', 10);
INSERT INTO o VALUES (1, 'x', 100);
SELECT *, tableoid::regclass FROM o ORDER BY a, b;
SELECT * FROM o WHERE lower(b) = 'one';
UPDATE o SET a = 3 - a, c = c + 1 WHERE b <> 'no' RETURNING *, tableoid::regclass;
WITH u AS (UPDATE o SET b = upper(b) RETURNING b, d) SELECT * FROM u ORDER BY b;
UPDATE o SET c = 200 WHERE a = 1;
DELETE FROM o WHERE lower(b) = 'two' RETURNING *;
SELECT o FROM o ORDER BY o;
-- NOT NULL and CHECK
CREATE TABLE n (a int, b int NOT NULL, c int CONSTRAINT pos CHECK (c > 0)) PARTITION BY LIST (a);
CREATE TABLE n1 PARTITION OF n (CONSTRAINT more CHECK (c > 5)) FOR VALUES IN (1);
CREATE TABLE n2 PARTITION OF n FOR VALUES IN (2);
INSERT INTO n VALUES (1, NULL, 1);
INSERT INTO n VALUES (1, 1, 0);
INSERT INTO n VALUES (1, 1, 3);
INSERT INTO n VALUES (2, 1, 3);
UPDATE n SET a = 1;
UPDATE n SET a = 1, c = 6 RETURNING *;
-- unique keys, ON CONFLICT
CREATE TABLE k (a int, b int, v text, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
CREATE TABLE k1 PARTITION OF k FOR VALUES IN (1);
CREATE TABLE k2 PARTITION OF k FOR VALUES IN (2) PARTITION BY RANGE (b);
CREATE TABLE k2a PARTITION OF k2 FOR VALUES FROM (0) TO (10);
INSERT INTO k VALUES (1, 1, 'a'), (2, 1, 'b');
INSERT INTO k VALUES (1, 1, 'again');
INSERT INTO k VALUES (2, 1, 'again');
INSERT INTO k VALUES (1, NULL, 'null');
INSERT INTO k VALUES (1, 1, 'again'), (1, 2, 'new') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO k VALUES (1, 1, 'up'), (2, 1, 'up'), (2, 2, 'new') ON CONFLICT (a, b) DO UPDATE SET v = k.v || excluded.v RETURNING *, tableoid::regclass;
INSERT INTO k VALUES (1, 1, 'up') ON CONFLICT ON CONSTRAINT k_pkey DO UPDATE SET v = excluded.v WHERE k.v = 'nothing';
INSERT INTO k VALUES (1, 1, 'up') ON CONFLICT (v) DO NOTHING;
INSERT INTO k VALUES (1, 1, 'x'), (1, 1, 'y') ON CONFLICT (a, b) DO UPDATE SET v = excluded.v;
UPDATE k SET a = 1 WHERE a = 2 AND b = 2;
UPDATE k SET a = 1, b = 5 WHERE a = 2 AND b = 2;
SELECT *, tableoid::regclass FROM k ORDER BY a, b;
SELECT * FROM k WHERE a = 1 AND b = 1;
SELECT * FROM k WHERE b = 1 ORDER BY a;
-- foreign keys from partitions
CREATE TABLE ref (id int PRIMARY KEY);
INSERT INTO ref VALUES (1), (2), (3);
CREATE TABLE f (a int, r int REFERENCES ref ON DELETE CASCADE ON UPDATE CASCADE) PARTITION BY LIST (a);
CREATE TABLE f1 PARTITION OF f FOR VALUES IN (1);
CREATE TABLE f2 PARTITION OF f FOR VALUES IN (2);
INSERT INTO f VALUES (1, 1), (2, 2), (2, 3);
INSERT INTO f VALUES (1, 9);
UPDATE f SET r = 9 WHERE a = 2 AND r = 3;
DELETE FROM ref WHERE id = 3;
UPDATE ref SET id = 20 WHERE id = 2;
SELECT * FROM f ORDER BY a, r;
SELECT conname, conrelid::regclass, coninhcount, conislocal FROM pg_constraint WHERE contype = 'f' AND confrelid = 'ref'::regclass ORDER BY 2;
ALTER TABLE f1 DROP CONSTRAINT f_r_fkey;
ALTER TABLE f DROP CONSTRAINT f_r_fkey;
INSERT INTO f VALUES (1, 9);
ALTER TABLE f ADD FOREIGN KEY (r) REFERENCES ref;
DELETE FROM f WHERE r = 9;
ALTER TABLE f ADD FOREIGN KEY (r) REFERENCES ref;
ALTER TABLE f DETACH PARTITION f1;
INSERT INTO f1 VALUES (5, 9);
-- triggers
CREATE TABLE t (a int, b text) PARTITION BY LIST (a);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE '% % % on %', TG_NAME, TG_WHEN, TG_OP, TG_TABLE_NAME;
  IF TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN RETURN NEW; END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER t_row BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER t_after AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER t_stmt AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION say();
CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2);
INSERT INTO t VALUES (1, 'x'), (2, 'y');
UPDATE t SET b = 'z' WHERE a = 2;
UPDATE t SET a = 1 WHERE a = 2;
DELETE FROM t WHERE b = 'x';
INSERT INTO t2 VALUES (2, 'direct');
SELECT tgname, tgrelid::regclass, tgparentid <> 0 AS cloned FROM pg_trigger WHERE tgrelid IN ('t'::regclass, 't1'::regclass, 't2'::regclass) ORDER BY 2, 1;
DROP TRIGGER t_row ON t1;
DROP TRIGGER t_row ON t;
ALTER TABLE t DETACH PARTITION t2;
SELECT tgname FROM pg_trigger WHERE tgrelid = 't2'::regclass;
CREATE TRIGGER bad AFTER INSERT ON t REFERENCING NEW TABLE AS nt FOR EACH ROW EXECUTE FUNCTION say();
-- COPY
CREATE TABLE c (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE c1 PARTITION OF c FOR VALUES FROM (0) TO (10);
CREATE TABLE c2 (b text, a int);
ALTER TABLE c ATTACH PARTITION c2 FOR VALUES FROM (10) TO (20);
COPY c FROM stdin;
1	one
12	twelve
3	three
13	thirteen
\.
SELECT *, tableoid::regclass FROM c ORDER BY a;
COPY c FROM stdin;
4	four
40	forty
\.
COPY c1 FROM stdin;
12	wrong
\.
COPY c TO stdout;
COPY (SELECT * FROM c ORDER BY a) TO stdout;
-- rights are those on the table that is named
CREATE ROLE part_reader;
GRANT SELECT, INSERT ON c TO part_reader;
SET ROLE part_reader;
SELECT * FROM c ORDER BY a;
INSERT INTO c VALUES (5, 'five');
SELECT * FROM c1;
UPDATE c SET b = 'x';
RESET ROLE;
-- views, joins, CTEs
CREATE VIEW cv AS SELECT a, b FROM c WHERE a < 15 WITH CHECK OPTION;
INSERT INTO cv VALUES (6, 'six'), (14, 'fourteen');
INSERT INTO cv VALUES (16, 'sixteen');
UPDATE cv SET a = a + 8 WHERE a = 6 RETURNING *;
DELETE FROM cv WHERE a = 3;
SELECT * FROM cv ORDER BY a, b;
SELECT x.a, y.b FROM c x JOIN c y ON x.a = y.a + 1 ORDER BY 1;
SELECT x.a, y.a FROM c1 x LEFT JOIN c y ON y.a = x.a + 10 ORDER BY 1, 2;
WITH d AS (DELETE FROM c WHERE a > 12 RETURNING a, b) SELECT * FROM d ORDER BY a, b;
SELECT a FROM c ORDER BY a FOR UPDATE;
SELECT max(a), min(b), count(*) FROM c;
SELECT * FROM c ORDER BY a DESC LIMIT 2;
SELECT a, (SELECT count(*) FROM c i WHERE i.a <= o.a) FROM c o ORDER BY a;
PREPARE ins (int, text) AS INSERT INTO c VALUES ($1, $2) RETURNING tableoid::regclass;
EXECUTE ins (2, 'two');
EXECUTE ins (17, 'seventeen');
EXECUTE ins (99, 'none');
DROP ROLE part_reader;
DROP OWNED BY part_reader;
DROP ROLE part_reader;
-- hash partitions hold what PostgreSQL's hold
CREATE TABLE hh (i int, b bigint, t text, d date, u uuid, n numeric) PARTITION BY HASH (i);
CREATE TABLE hh0 PARTITION OF hh FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE hh1 PARTITION OF hh FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE hh2 PARTITION OF hh FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO hh (i) SELECT g FROM generate_series(-50, 50) g;
INSERT INTO hh (i) VALUES (NULL);
SELECT tableoid::regclass, count(*), sum(i), count(i) FROM hh GROUP BY 1 ORDER BY 1;
CREATE TABLE ht (t text, n numeric, b bigint, d timestamp) PARTITION BY HASH (t, n, b, d);
CREATE TABLE ht0 PARTITION OF ht FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE ht1 PARTITION OF ht FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO ht SELECT repeat('x', g), g * 1.50, g * -12345678901, timestamp '2020-01-01' + g * interval '1 hour' FROM generate_series(0, 60) g;
SELECT tableoid::regclass, count(*), sum(n), md5(string_agg(t, ',' ORDER BY n)) FROM ht GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM ht WHERE t = 'xxx' AND n = 4.5 AND b = -37037036703 AND d = '2020-01-01 03:00';
