-- COMMIT and ROLLBACK inside of loops over rows; EXECUTE 'CALL …'.
CREATE TABLE src (id int PRIMARY KEY);
CREATE TABLE dst (id int, note text);
INSERT INTO src SELECT generate_series(1, 2500);
CREATE PROCEDURE copy_in_parts(n int) LANGUAGE plpgsql AS $$
DECLARE r record; done int := 0;
BEGIN
  FOR r IN SELECT id FROM src ORDER BY id LOOP
    INSERT INTO dst VALUES (r.id, 'loop');
    done := done + 1;
    IF done % n = 0 THEN COMMIT; END IF;
  END LOOP;
  RAISE NOTICE '% rows, found %', done, found;
END $$;
CALL copy_in_parts(400);
SELECT count(*), min(id), max(id), sum(id) FROM dst;
TRUNCATE dst;
CREATE PROCEDURE every_other() LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  FOR r IN EXECUTE 'SELECT id FROM src WHERE id <= $1 ORDER BY id' USING 10 LOOP
    INSERT INTO dst VALUES (r.id, 'kept?');
    IF r.id % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
    CONTINUE WHEN r.id < 8;
    EXIT WHEN r.id = 9;
  END LOOP;
END $$;
CALL every_other();
SELECT * FROM dst ORDER BY id;
TRUNCATE dst;
-- a cursor
CREATE PROCEDURE by_cursor() LANGUAGE plpgsql AS $$
DECLARE c CURSOR (top int) FOR SELECT id FROM src WHERE id <= top ORDER BY id;
BEGIN
  FOR r IN c(7) LOOP
    INSERT INTO dst VALUES (r.id, 'cursor');
    IF r.id = 3 THEN COMMIT; END IF;
  END LOOP;
END $$;
CALL by_cursor();
SELECT count(*), max(id) FROM dst;
TRUNCATE dst;
-- nested loops, and a procedure that commits for its caller
CREATE PROCEDURE commits(i int) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO dst VALUES (i, 'inner'); COMMIT; END $$;
CREATE PROCEDURE outer_loop() LANGUAGE plpgsql AS $$
DECLARE a record; b record;
BEGIN
  FOR a IN SELECT id FROM src WHERE id <= 3 ORDER BY id LOOP
    FOR b IN SELECT id FROM src WHERE id <= 2 ORDER BY id DESC LOOP
      CALL commits(a.id * 10 + b.id);
    END LOOP;
  END LOOP;
END $$;
CALL outer_loop();
SELECT array_agg(id ORDER BY id) FROM dst;
TRUNCATE dst;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM src WHERE id < 4 ORDER BY id LOOP INSERT INTO dst VALUES (r.id); COMMIT; END LOOP; END $$;
SELECT count(*) FROM dst;
-- rows that a write returns may not wait
DO $$ DECLARE r record; BEGIN FOR r IN DELETE FROM dst RETURNING id LOOP COMMIT; END LOOP; END $$;
SELECT count(*) FROM dst;
TRUNCATE dst;
-- EXECUTE 'CALL'
CREATE PROCEDURE add_one(a int, INOUT b int, OUT c text) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO dst VALUES (a, 'called'); b := b + a; c := 'was ' || a; END $$;
DO $$
DECLARE x int; y text;
BEGIN
  EXECUTE 'CALL add_one($1, $2, NULL)' USING 5, 10;
  EXECUTE 'CALL add_one($1, $2, NULL)' INTO x, y USING 6, 10;
  RAISE NOTICE '% %', x, y;
  EXECUTE 'CALL add_one(7, 1, NULL)' INTO x;
  RAISE NOTICE '%', x;
END $$;
SELECT id, note FROM dst ORDER BY id;
DO $$ BEGIN EXECUTE 'CALL commits(1)'; END $$;
DO $$ BEGIN EXECUTE 'CALL nosuch($1)' USING 1; END $$;
DROP TABLE src, dst;
DROP PROCEDURE copy_in_parts(int), every_other(), by_cursor(), commits(int), outer_loop(), add_one(int, int, text);
