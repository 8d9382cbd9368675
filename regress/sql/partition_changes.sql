-- MERGE, cursors, transition tables and ALTER TABLE on partitioned and inherited tables.
CREATE TABLE pt (id int, val int, note text) PARTITION BY RANGE (id);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (10);
CREATE TABLE pt2 (note text, id int, val int);
ALTER TABLE pt ATTACH PARTITION pt2 FOR VALUES FROM (10) TO (20);
CREATE TABLE pt3 PARTITION OF pt DEFAULT;
INSERT INTO pt SELECT g, g * 10, 'old' FROM generate_series(1, 24, 3) g;
CREATE TABLE src (id int, val int);
INSERT INTO src VALUES (1, 5), (2, 6), (10, 7), (12, 8), (19, 9), (30, 10);
MERGE INTO pt USING src ON pt.id = src.id
 WHEN MATCHED AND src.val = 7 THEN DELETE
 WHEN MATCHED THEN UPDATE SET val = pt.val + src.val, note = 'merged'
 WHEN NOT MATCHED THEN INSERT VALUES (src.id, src.val, 'new');
SELECT tableoid::regclass, * FROM pt ORDER BY id, val;
-- Rows that move.
MERGE INTO pt t USING src ON t.id = src.id WHEN MATCHED THEN UPDATE SET id = (t.id + 10) % 40;
SELECT tableoid::regclass, * FROM pt ORDER BY id, val;
MERGE INTO pt USING (VALUES (5, 1), (5, 2)) v (id, val) ON pt.id = v.id WHEN NOT MATCHED THEN INSERT (id, val) VALUES (v.id, v.val);
SELECT tableoid::regclass, * FROM pt WHERE id = 5 ORDER BY val;
MERGE INTO pt USING (VALUES (4), (4)) v (id) ON pt.id = v.id WHEN MATCHED THEN DELETE;
MERGE INTO pt1 USING (VALUES (50)) v (id) ON pt1.id = v.id WHEN NOT MATCHED THEN INSERT VALUES (v.id, 1);
MERGE INTO pt2 USING (VALUES (13)) v (id) ON pt2.id = v.id WHEN MATCHED THEN UPDATE SET val = -1;
SELECT * FROM pt2 ORDER BY id;
-- Triggers see what MERGE does.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
 RAISE NOTICE '% % % on %: % %', TG_WHEN, TG_OP, TG_LEVEL, TG_TABLE_NAME, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN NEW::text END;
 RETURN COALESCE(NEW, OLD); END $$;
CREATE TRIGGER rows AFTER INSERT OR UPDATE OR DELETE ON pt FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER statements BEFORE INSERT OR UPDATE OR DELETE ON pt FOR EACH STATEMENT EXECUTE FUNCTION tell();
MERGE INTO pt USING (VALUES (7, 1), (8, 2)) v (id, val) ON pt.id = v.id
 WHEN MATCHED THEN UPDATE SET val = v.val WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.val, 'told');
MERGE INTO pt USING (VALUES (8)) v (id) ON pt.id = v.id WHEN MATCHED THEN UPDATE SET id = 18;
DROP TRIGGER rows ON pt;
DROP TRIGGER statements ON pt;
-- Inheritance.
CREATE TABLE par (a int, b int);
CREATE TABLE child1 (c text) INHERITS (par);
CREATE TABLE child2 (c text, b int, a int);
ALTER TABLE child2 INHERIT par;
INSERT INTO par VALUES (1, 1), (2, 2);
INSERT INTO child1 VALUES (3, 3, 'three');
INSERT INTO child2 VALUES ('four', 4, 4);
MERGE INTO par USING generate_series(1, 6) g ON par.a = g
 WHEN MATCHED AND a = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET b = b + 100 WHEN NOT MATCHED THEN INSERT VALUES (g, -g);
SELECT tableoid::regclass, * FROM par ORDER BY a;
SELECT * FROM child1;
SELECT * FROM child2;
MERGE INTO ONLY par USING generate_series(1, 6) g ON par.a = g WHEN MATCHED THEN UPDATE SET b = 0;
SELECT tableoid::regclass, * FROM par ORDER BY a;
-- WHERE CURRENT OF.
BEGIN;
DECLARE c CURSOR FOR SELECT id, val FROM pt ORDER BY id, val FOR UPDATE;
FETCH 3 FROM c;
UPDATE pt SET note = 'here' WHERE CURRENT OF c;
MOVE 3 FROM c;
FETCH 1 FROM c;
DELETE FROM pt WHERE CURRENT OF c;
SELECT tableoid::regclass, * FROM pt ORDER BY id, val;
CLOSE c;
DECLARE d CURSOR FOR SELECT * FROM par WHERE a > 2;
FETCH 1 FROM d;
UPDATE par SET b = 1000 WHERE CURRENT OF d;
FETCH 1 FROM d;
UPDATE par SET b = 2000 WHERE CURRENT OF d;
COMMIT;
SELECT * FROM par WHERE b >= 1000 ORDER BY b;
-- SELECT FOR UPDATE.
BEGIN;
SELECT tableoid::regclass, id FROM pt WHERE id < 15 ORDER BY id, val FOR UPDATE;
SELECT tableoid::regclass, a FROM par WHERE a > 2 ORDER BY a FOR SHARE;
SELECT pt.id FROM pt JOIN src USING (id) ORDER BY id FOR UPDATE OF pt;
ROLLBACK;
-- Transition tables.
CREATE FUNCTION show() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
 IF TG_OP <> 'INSERT' THEN RAISE NOTICE '% old %', TG_OP, (SELECT string_agg(o::text, ' ' ORDER BY o::text) FROM o); END IF;
 IF TG_OP <> 'DELETE' THEN RAISE NOTICE '% new %', TG_OP, (SELECT string_agg(n::text, ' ' ORDER BY n::text) FROM n); END IF;
 RETURN NULL; END $$;
CREATE TRIGGER ti AFTER INSERT ON pt REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION show();
CREATE TRIGGER tu AFTER UPDATE ON pt REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION show();
CREATE TRIGGER td AFTER DELETE ON pt REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION show();
INSERT INTO pt VALUES (3, 3, 'a'), (13, 13, 'b'), (33, 33, 'c');
UPDATE pt SET val = val + 1 WHERE id IN (3, 13, 33);
UPDATE pt SET id = id + 10 WHERE id = 3;
DELETE FROM pt WHERE id IN (13, 33);
INSERT INTO pt1 VALUES (6, 6, 'direct');
DELETE FROM pt1 WHERE id = 6;
COPY pt FROM stdin;
9	9	copied
19	19	copied
\.
CREATE TRIGGER tr AFTER UPDATE ON pt REFERENCING OLD TABLE AS o FOR EACH ROW EXECUTE FUNCTION show();
CREATE TRIGGER pu AFTER UPDATE ON par REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION show();
UPDATE par SET b = 7 WHERE a IN (1, 3, 4);
UPDATE child1 SET b = 8;
DROP TRIGGER pu ON par;
-- Columns.
ALTER TABLE par ADD COLUMN s serial;
SELECT tableoid::regclass, a, s > 0 AS numbered FROM par ORDER BY a;
INSERT INTO child1 (a) VALUES (50);
SELECT count(DISTINCT s) = count(*) FROM par;
ALTER TABLE par ADD COLUMN i int GENERATED ALWAYS AS IDENTITY;
ALTER TABLE par ALTER COLUMN a SET NOT NULL;
ALTER TABLE par ALTER COLUMN a ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT attrelid::regclass, attidentity FROM pg_attribute WHERE attname = 'a' AND attrelid IN ('par'::regclass, 'child1'::regclass) ORDER BY 1;
ALTER TABLE par ALTER COLUMN a DROP IDENTITY;
ALTER TABLE par ADD COLUMN g int GENERATED ALWAYS AS (a * 2) STORED;
ALTER TABLE ONLY par ALTER COLUMN g DROP EXPRESSION;
ALTER TABLE child1 ALTER COLUMN g DROP EXPRESSION;
ALTER TABLE par ALTER COLUMN g DROP EXPRESSION;
SELECT attrelid::regclass, attgenerated FROM pg_attribute WHERE attname = 'g' ORDER BY attrelid::regclass::text;
-- A column that the key's expression reads gets another name.
CREATE TABLE ex (a int, b text) PARTITION BY RANGE ((a + 1), lower(b));
CREATE TABLE ex1 PARTITION OF ex FOR VALUES FROM (0, 'a') TO (10, 'z');
ALTER TABLE ex RENAME COLUMN a TO renamed;
SELECT pg_get_partkeydef('ex'::regclass);
INSERT INTO ex VALUES (5, 'M');
INSERT INTO ex VALUES (50, 'M');
SELECT tableoid::regclass, * FROM ex;
-- REINDEX, DETACH CONCURRENTLY.
CREATE INDEX ON pt (val);
REINDEX TABLE pt;
REINDEX INDEX pt_val_idx;
SET enable_seqscan = off;
SELECT count(*) FROM pt WHERE val = 9;
RESET enable_seqscan;
ALTER TABLE pt DETACH PARTITION pt1 CONCURRENTLY;
ALTER TABLE ex DETACH PARTITION ex1 FINALIZE;
BEGIN;
ALTER TABLE ex DETACH PARTITION ex1 CONCURRENTLY;
ROLLBACK;
ALTER TABLE ex DETACH PARTITION ex1 CONCURRENTLY;
SELECT count(*) FROM ex;
-- Look-ups in the partitions' indexes by another table's rows.
CREATE TABLE big (k int, v int, PRIMARY KEY (k)) PARTITION BY RANGE (k);
CREATE TABLE big1 PARTITION OF big FOR VALUES FROM (0) TO (1000);
CREATE TABLE big2 PARTITION OF big FOR VALUES FROM (1000) TO (2000);
CREATE TABLE big3 PARTITION OF big FOR VALUES FROM (2000) TO (3000);
INSERT INTO big SELECT g, g % 7 FROM generate_series(0, 2999) g;
CREATE INDEX ON big (v);
ANALYZE big;
CREATE TABLE few (k int, w int);
INSERT INTO few VALUES (5, 1), (1500, 2), (2999, 3), (5000, 4), (NULL, 5);
ANALYZE few;
SELECT few.w, big.v FROM few JOIN big USING (k) ORDER BY w;
SELECT few.w, big.v FROM few LEFT JOIN big USING (k) ORDER BY w;
SELECT w FROM few WHERE EXISTS (SELECT FROM big WHERE big.k = few.k) ORDER BY w;
SELECT w FROM few WHERE NOT EXISTS (SELECT FROM big WHERE big.k = few.k AND v < 3) ORDER BY w;
SELECT few.w, count(*) FROM few JOIN big ON big.v = few.w WHERE few.w < 4 GROUP BY 1 ORDER BY 1;
SELECT few.w, b.k FROM few JOIN big b ON b.k = few.k + 1 AND b.v <> few.w ORDER BY 1;
SELECT count(*) FROM big WHERE k = ANY (ARRAY[1, 1001, 2001, 5000, NULL]);
SELECT count(*) FROM big WHERE k = ANY ('{}'::int[]);
SELECT count(*) FROM big WHERE k = ANY (NULL::int[]);
PREPARE any_of(int[]) AS SELECT k FROM big WHERE k = ANY ($1) ORDER BY k;
EXECUTE any_of('{3, 2003, 3, 1003}');
EXECUTE any_of('{}');
EXECUTE any_of(NULL);
PREPARE in_list(int, int) AS SELECT k FROM big WHERE k IN ($1, $2) ORDER BY k;
EXECUTE in_list(7, 1007);
EXECUTE in_list(7, NULL);
PREPARE two_of(int, int) AS SELECT k FROM big WHERE k = ANY (ARRAY[$1, $2]) AND v >= 0 ORDER BY k;
EXECUTE two_of(8, 1008);
DROP TABLE pt, src, par, ex, ex1, big, few CASCADE;
DROP FUNCTION tell, show;
