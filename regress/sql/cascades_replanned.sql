-- A cascade within a cascade is the same statement; what its triggers do may have it planned anew.
CREATE TABLE branches (id int PRIMARY KEY, parent int REFERENCES branches ON DELETE CASCADE ON UPDATE CASCADE, note text);
CREATE INDEX branches_parent ON branches (parent);
INSERT INTO branches SELECT g, nullif(g / 3, 0), 'n' || g FROM generate_series(1, 200) g;
CREATE TABLE cut (id int, at int);
CREATE FUNCTION restless() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('work_mem', CASE WHEN OLD.id % 2 = 0 THEN '1MB' ELSE '2MB' END, true);
  IF OLD.id % 50 = 0 THEN EXECUTE format('CREATE TEMPORARY TABLE made_%s ()', OLD.id); END IF;
  INSERT INTO cut VALUES (OLD.id, pg_trigger_depth());
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER restless BEFORE DELETE OR UPDATE ON branches FOR EACH ROW EXECUTE FUNCTION restless();
BEGIN;
UPDATE branches SET id = 1000 + id WHERE id = 7;
SELECT parent, count(*) FROM branches WHERE parent > 1000 GROUP BY 1 ORDER BY 1;
ROLLBACK;
DELETE FROM branches WHERE id = 2;
SELECT count(*), sum(id), count(DISTINCT at) > 1 AS deeper FROM cut;
SELECT count(*), sum(id) FROM branches;
DELETE FROM branches WHERE id = 1;
SELECT count(*) FROM branches;
DROP TABLE branches, cut;
DROP FUNCTION restless();
