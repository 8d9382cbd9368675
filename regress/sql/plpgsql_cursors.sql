-- Cursors in PL/pgSQL.
CREATE TABLE c (id int, v text);
INSERT INTO c SELECT g, 'v' || g FROM generate_series(1, 6) AS g;
DO $$
DECLARE
  cur CURSOR FOR SELECT * FROM c ORDER BY id;
  r record; a int; b text;
BEGIN
  OPEN cur;
  FETCH cur INTO r;
  RAISE NOTICE '% % %', r.id, r.v, FOUND;
  FETCH NEXT FROM cur INTO a, b;
  RAISE NOTICE '% %', a, b;
  MOVE cur;
  FETCH cur INTO r;
  RAISE NOTICE '%', r.id;
  MOVE FORWARD 100 FROM cur;
  FETCH cur INTO r;
  RAISE NOTICE '% %', r.id, FOUND;
  CLOSE cur;
END $$;
DO $$
DECLARE
  cur SCROLL CURSOR (lo int, hi int) FOR SELECT id FROM c WHERE id BETWEEN lo AND hi ORDER BY id;
  x int;
BEGIN
  OPEN cur(2, 5);
  FETCH LAST FROM cur INTO x; RAISE NOTICE 'last %', x;
  FETCH FIRST FROM cur INTO x; RAISE NOTICE 'first %', x;
  FETCH ABSOLUTE 3 FROM cur INTO x; RAISE NOTICE 'abs %', x;
  FETCH RELATIVE -1 FROM cur INTO x; RAISE NOTICE 'rel %', x;
  FETCH PRIOR FROM cur INTO x; RAISE NOTICE 'prior %', x;
  FETCH BACKWARD FROM cur INTO x; RAISE NOTICE 'none % %', x, FOUND;
  CLOSE cur;
  OPEN cur(hi := 3, lo := 1);
  FETCH cur INTO x; RAISE NOTICE 'named %', x;
  CLOSE cur;
END $$;
DO $$
DECLARE cur CURSOR (n int) FOR SELECT id, v FROM c WHERE id <= n ORDER BY id;
BEGIN
  FOR r IN cur(2) LOOP
    RAISE NOTICE '% %', r.id, r.v;
  END LOOP;
  RAISE NOTICE 'found %', FOUND;
  FOR r IN cur(0) LOOP
    RAISE NOTICE 'never';
  END LOOP;
  RAISE NOTICE 'found %', FOUND;
END $$;
DO $$
DECLARE cur refcursor; x int; n int := 4;
BEGIN
  OPEN cur FOR SELECT id FROM c WHERE id > n ORDER BY id;
  FETCH cur INTO x;
  RAISE NOTICE '%', x;
  CLOSE cur;
  OPEN cur FOR EXECUTE 'SELECT id FROM c WHERE id < $1 ORDER BY id DESC' USING 3;
  LOOP
    FETCH cur INTO x;
    EXIT WHEN NOT FOUND;
    RAISE NOTICE 'dyn %', x;
  END LOOP;
  CLOSE cur;
END $$;
CREATE FUNCTION give(name refcursor) RETURNS refcursor LANGUAGE plpgsql AS $$
BEGIN
  OPEN name FOR SELECT id, v FROM c ORDER BY id;
  RETURN name;
END $$;
BEGIN;
SELECT give('mine');
FETCH 2 FROM mine;
FETCH ALL FROM mine;
CLOSE mine;
COMMIT;
DO $$ DECLARE cur refcursor; BEGIN FETCH cur INTO cur; END $$;
DO $$ DECLARE cur refcursor := 'nosuch'; x int; BEGIN FETCH cur INTO x; END $$;
DO $$ DECLARE cur refcursor := 'nosuch'; BEGIN CLOSE cur; END $$;
DO $$ DECLARE cur CURSOR FOR SELECT 1; BEGIN OPEN cur; OPEN cur; END $$;
DO $$ DECLARE cur CURSOR (a int) FOR SELECT a; BEGIN OPEN cur; END $$;
DO $$ DECLARE cur CURSOR FOR SELECT 1; BEGIN OPEN cur(1); END $$;
DO $$ DECLARE x int; BEGIN OPEN x FOR SELECT 1; END $$;
DO $$ DECLARE cur refcursor; BEGIN OPEN cur FOR UPDATE c SET id = id; END $$;
DO $$ DECLARE cur NO SCROLL CURSOR FOR SELECT id FROM c; x int; BEGIN OPEN cur; FETCH PRIOR FROM cur INTO x; END $$;

-- SHOW is read like a query.
DO $$
DECLARE
  v text;
  r record;
BEGIN
  EXECUTE 'SHOW standard_conforming_strings' INTO v;
  RAISE NOTICE '%', v;
  FOR r IN EXECUTE 'SHOW bytea_output' LOOP RAISE NOTICE '%', r; END LOOP;
  EXECUTE 'SHOW nowhere.nothing' INTO v;
END $$;
