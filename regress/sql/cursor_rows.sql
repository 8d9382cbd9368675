-- Cursors that keep more rows than work_mem: forwards, backwards, held, and where they stand.
SET work_mem = '64kB';
BEGIN;
DECLARE wide SCROLL CURSOR FOR SELECT g, repeat(md5(g::text), 3) AS t, CASE WHEN g % 3 = 0 THEN g / 3.0 END AS third FROM generate_series(1, 30000) g;
MOVE 29998 IN wide;
FETCH 5 FROM wide;
FETCH BACKWARD 3 FROM wide;
MOVE ABSOLUTE 1023 IN wide;
FETCH 3 FROM wide;
MOVE BACKWARD ALL IN wide;
FETCH NEXT FROM wide;
FETCH ABSOLUTE -10000 FROM wide;
FETCH RELATIVE -5000 FROM wide;
FETCH RELATIVE 0 FROM wide;
FETCH LAST FROM wide;
FETCH FIRST FROM wide;
FETCH PRIOR FROM wide;
MOVE FORWARD ALL IN wide;
MOVE BACKWARD 7 IN wide;
FETCH BACKWARD 2 FROM wide;
CLOSE wide;
DECLARE kept CURSOR WITH HOLD FOR SELECT g, repeat('x', 200) || g AS t FROM generate_series(1, 5000) g;
FETCH 2 FROM kept;
COMMIT;
MOVE 4990 IN kept;
FETCH 2 FROM kept;
FETCH ALL FROM kept;
FETCH 1 FROM kept;
CLOSE kept;

CREATE TABLE rows_of_cursor (id int PRIMARY KEY, t text);
INSERT INTO rows_of_cursor SELECT g, repeat('y', 100) || g FROM generate_series(1, 4000) g;
BEGIN;
DECLARE placed SCROLL CURSOR FOR SELECT * FROM rows_of_cursor ORDER BY id FOR UPDATE;
MOVE 3500 IN placed;
UPDATE rows_of_cursor SET t = 'at 3500' WHERE CURRENT OF placed;
MOVE ABSOLUTE 12 IN placed;
DELETE FROM rows_of_cursor WHERE CURRENT OF placed;
FETCH 1 FROM placed;
COMMIT;
BEGIN;
DECLARE placed CURSOR FOR SELECT * FROM rows_of_cursor;
MOVE 100 IN placed;
UPDATE rows_of_cursor SET t = 'moved' WHERE CURRENT OF placed;
COMMIT;
SELECT id, t FROM rows_of_cursor WHERE length(t) < 50 ORDER BY id;
SELECT count(*) FROM rows_of_cursor;
BEGIN;
DECLARE forwards NO SCROLL CURSOR FOR SELECT g FROM generate_series(1, 10) g;
FETCH 3 FROM forwards;
SAVEPOINT s;
FETCH BACKWARD 1 FROM forwards;
ROLLBACK TO s;
FETCH ABSOLUTE 6 FROM forwards;
FETCH ALL FROM forwards;
COMMIT;

-- In PL/pgSQL.
DO $$
DECLARE
  c SCROLL CURSOR FOR SELECT g, repeat('z', 100) FROM generate_series(1, 8000) g;
  r record;
  total bigint := 0;
BEGIN
  FOR r IN c LOOP total := total + r.g; END LOOP;
  RAISE NOTICE 'sum %', total;
  OPEN c;
  MOVE FORWARD 7000 IN c;
  FETCH PRIOR FROM c INTO r;
  RAISE NOTICE '% %', r.g, length(r.repeat);
  FETCH ABSOLUTE -2 FROM c INTO r;
  RAISE NOTICE '%', r.g;
  CLOSE c;
END $$;
DROP TABLE rows_of_cursor;
RESET work_mem;

-- What survives a savepoint, and what a failure leaves.
BEGIN;
DECLARE before_it CURSOR FOR SELECT g FROM generate_series(1, 5) g;
FETCH before_it;
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK TO s;
FETCH before_it;
DECLARE after_it CURSOR FOR SELECT 1;
ROLLBACK TO s;
FETCH after_it;
ROLLBACK;
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT 1;
ROLLBACK;
FETCH held;
BEGIN;
DECLARE forwards NO SCROLL CURSOR FOR SELECT g FROM generate_series(1, 10) g;
FETCH 3 FROM forwards;
SAVEPOINT s;
FETCH BACKWARD 1 FROM forwards;
ROLLBACK TO s;
FETCH forwards;
ROLLBACK;

-- Which options go together.
CREATE TABLE locked (a int);
BEGIN; DECLARE c SCROLL CURSOR FOR SELECT * FROM locked FOR UPDATE; ROLLBACK;
BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT * FROM locked FOR SHARE; ROLLBACK;
BEGIN; DECLARE c INSENSITIVE CURSOR FOR SELECT * FROM locked FOR KEY SHARE; ROLLBACK;
BEGIN; DECLARE c CURSOR FOR WITH x AS (INSERT INTO locked VALUES (2) RETURNING *) SELECT * FROM x; ROLLBACK;
BEGIN; DECLARE c SCROLL NO SCROLL CURSOR FOR SELECT 1; ROLLBACK;
BEGIN; DECLARE c CURSOR FOR SELECT * FROM locked FOR UPDATE; FETCH BACKWARD 1 FROM c; ROLLBACK;
DROP TABLE locked;
