-- Updates of rows that lie in columns move them: every index leads to the new place, within the statement where somebody looks, and
-- nowhere after a rollback.
SELECT count(*) = 0 AS elsewhere FROM pg_am WHERE amname = 'columnar' \gset
\if :elsewhere
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION varve_settle(regclass) RETURNS int8 LANGUAGE sql AS 'SELECT 0::int8';
\endif
CREATE TABLE moved (id int PRIMARY KEY, code text, grp int, n int, tags int[]) USING columnar;
CREATE UNIQUE INDEX moved_code ON moved (code);
CREATE INDEX moved_grp ON moved (grp, n);
CREATE INDEX moved_tags ON moved USING gin (tags);
CREATE INDEX moved_some ON moved (n) WHERE grp = 3;
INSERT INTO moved SELECT i, CASE WHEN i % 11 <> 0 THEN 'c' || i END, i % 7, i, ARRAY[i % 5, i % 3] FROM generate_series(1, 5000) i;
SELECT varve_settle('moved') >= 0 AS settled;
ANALYZE moved;
SET enable_seqscan = off;
CREATE FUNCTION by_index() RETURNS TABLE (what text, rows bigint, total bigint) LANGUAGE sql AS $$
  SELECT 'id', count(*), sum(n) FROM moved WHERE id BETWEEN 1 AND 5000 UNION ALL
  SELECT 'code', count(*), sum(n) FROM moved WHERE code >= 'c' UNION ALL
  SELECT 'grp', count(*), sum(n) FROM moved WHERE grp BETWEEN 0 AND 6 UNION ALL
  SELECT 'some', count(*), sum(n) FROM moved WHERE n > -1000000 AND grp = 3 UNION ALL
  SELECT 'tags', count(*), sum(n) FROM moved WHERE tags @> ARRAY[4] UNION ALL
  SELECT 'all', count(*), sum(n) FROM moved ORDER BY 1 $$;
SELECT * FROM by_index();
-- No key changes: the primary key, the codes and the tags stay.
UPDATE moved SET grp = grp WHERE id % 2 = 0;
SELECT * FROM by_index();
-- The key of some indexes changes, and of some rows only.
UPDATE moved SET n = CASE WHEN id % 4 = 0 THEN n + 100000 ELSE n END WHERE id % 3 = 0;
SELECT * FROM by_index();
SELECT id, n FROM moved WHERE n > 104980 AND grp = 3 ORDER BY n;
-- Moved once more, and into and out of a predicate.
UPDATE moved SET grp = 3 WHERE grp = 4;
UPDATE moved SET grp = 5 WHERE grp = 3 AND id % 2 = 1;
SELECT * FROM by_index();
-- A conflict in the middle leaves nothing behind.
UPDATE moved SET code = CASE WHEN id = 2000 THEN 'c1' ELSE code END WHERE id BETWEEN 1000 AND 3000;
UPDATE moved SET n = n + 1, id = CASE WHEN id = 2500 THEN 17 ELSE id END WHERE id > 1000;
SELECT * FROM by_index();
-- Rows that are updated in between take a key from each other.
UPDATE moved SET code = 'x' || id WHERE id BETWEEN 10 AND 40 AND id % 2 = 0;
UPDATE moved SET code = CASE id WHEN 13 THEN 'c10' ELSE code END WHERE id BETWEEN 1 AND 100;
SELECT id, code FROM moved WHERE code IN ('c10', 'x10', 'c13') ORDER BY id;
-- Savepoints and rollback
BEGIN;
UPDATE moved SET n = -n WHERE id < 3000;
SAVEPOINT s;
UPDATE moved SET n = n WHERE id > 2000;
DELETE FROM moved WHERE id % 5 = 0;
SELECT * FROM by_index();
ROLLBACK TO s;
SELECT * FROM by_index();
ROLLBACK;
SELECT * FROM by_index();
-- A function that looks rows up by their key while the statement runs
CREATE FUNCTION seen(k int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ DECLARE r int; BEGIN SELECT n INTO r FROM moved WHERE id = k; RETURN r; END $$;
UPDATE moved SET tags = tags WHERE id BETWEEN 100 AND 105 RETURNING id, seen(id) = n AS same, seen(id + 1) IS NULL AS next_missing;
WITH u AS (UPDATE moved SET n = n + 1 WHERE id BETWEEN 200 AND 203 RETURNING id, n) SELECT u.id, u.n - m.n AS added FROM u JOIN moved m USING (id) ORDER BY 1;
-- Triggers see every row where it is by then.
CREATE TABLE looked (id int, found int);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO looked SELECT NEW.id, count(*) FROM moved WHERE id IN (NEW.id, NEW.id - 1, NEW.id + 1); RETURN NULL; END $$;
CREATE TRIGGER look AFTER UPDATE ON moved FOR EACH ROW EXECUTE FUNCTION look();
UPDATE moved SET n = n WHERE id BETWEEN 1200 AND 1300;
SELECT count(*), min(found), max(found) FROM looked;
DROP TRIGGER look ON moved;
-- A foreign key on it
CREATE TABLE refers (id int REFERENCES moved ON UPDATE CASCADE);
INSERT INTO refers SELECT i FROM generate_series(1, 5000, 10) i;
UPDATE moved SET n = n + 2 WHERE id > 4000;
UPDATE moved SET id = id + 10000 WHERE id > 4900;
SELECT count(*), max(id) FROM refers;
SELECT count(*), max(id) FROM moved WHERE id > 4800;
DELETE FROM moved WHERE id = 14901;
-- Deferred uniqueness
CREATE TABLE later (id int, n int, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED) USING columnar;
INSERT INTO later SELECT i, i FROM generate_series(1, 2000) i;
SELECT varve_settle('later') >= 0 AS settled;
BEGIN;
UPDATE later SET id = id + 1;
UPDATE later SET n = n + 1;
COMMIT;
BEGIN;
UPDATE later SET id = 5 WHERE id = 6;
UPDATE later SET n = n + 1;
COMMIT;
SELECT count(*), sum(n), min(id) FROM later WHERE id > 0;
-- Settled again, everything is still found.
SELECT varve_settle('moved') >= 0 AS settled;
SELECT * FROM by_index();
SELECT count(*) FROM moved m WHERE EXISTS (SELECT FROM moved o WHERE o.id = m.id AND o.code = m.code);
DROP TABLE refers, looked, moved, later;
DROP FUNCTION by_index, look, seen;
