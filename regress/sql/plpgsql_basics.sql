-- PL/pgSQL: variables, control structures, results.
DO $$ BEGIN RAISE NOTICE 'hello'; END $$;
DO LANGUAGE plpgsql 'BEGIN RAISE NOTICE ''hello %'', 1 + 1; END';
DO LANGUAGE sql 'SELECT 1';
DO LANGUAGE nosuch 'x';
CREATE FUNCTION inc(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN i + 1;
END
$$;
SELECT inc(1), inc(inc(5)), inc(NULL);
SELECT inc(g) FROM generate_series(1, 3) AS g;
CREATE FUNCTION fac(n int) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
  IF n <= 1 THEN
    RETURN 1;
  END IF;
  RETURN n * fac(n - 1);
END
$$;
SELECT fac(5), fac(20), fac(30);
CREATE FUNCTION fib(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE WHEN n < 2 THEN n ELSE fib(n - 1) + fib(n - 2) END;
END
$$;
SELECT fib(15);
DO $$
DECLARE
  a int := 1;
  b int = 2;
  c integer DEFAULT 3;
  d CONSTANT text := 'const';
  e varchar(5);
  f numeric(6, 2) := 3.14159;
  g int NOT NULL := 7;
  h a%TYPE := 10;
  i int[] := ARRAY[1, 2, 3];
  j record;
  k alias for a;
  "Quoted Name" text := 'q';
BEGIN
  RAISE NOTICE '% % % % % % % %', a, b, c, d, e, f, g, h;
  k := 99;
  RAISE NOTICE '% %', a, i[2];
  e := 'abcde';
  i[2] := 20;
  i[5] := 50;
  i := i || 6;
  RAISE NOTICE '% % %', e, i, "Quoted Name";
  SELECT 1 AS x, 'two' AS y INTO j;
  RAISE NOTICE '% % %', j.x, j.y, j;
  j.x := 11;
  RAISE NOTICE '%', j;
END $$;
-- labels and scopes
DO $$
<<outer_block>>
DECLARE x int := 1;
BEGIN
  DECLARE x int := 2;
  BEGIN
    RAISE NOTICE '% %', x, outer_block.x;
    outer_block.x := 5;
  END;
  RAISE NOTICE '%', x;
  <<inner_block>>
  BEGIN
    EXIT inner_block WHEN x = 5;
    RAISE NOTICE 'not reached';
  END inner_block;
  RAISE NOTICE 'after';
END outer_block $$;
CREATE FUNCTION qualified(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n2 int := qualified.n * 2;
BEGIN
  RETURN n2 + $1;
END $$;
SELECT qualified(5);
-- IF, CASE
CREATE FUNCTION sign_of(n numeric) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF n > 0 THEN
    RETURN 'plus';
  ELSIF n < 0 THEN
    RETURN 'minus';
  ELSEIF n = 0 THEN
    RETURN 'zero';
  ELSE
    RETURN 'null';
  END IF;
END $$;
SELECT sign_of(1), sign_of(-1), sign_of(0), sign_of(NULL);
CREATE FUNCTION kind(n int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  CASE n
    WHEN 1, 2 THEN RETURN 'low';
    WHEN 3 THEN RETURN 'three';
    ELSE RETURN 'high';
  END CASE;
END $$;
SELECT kind(1), kind(2), kind(3), kind(4), kind(NULL);
CREATE FUNCTION kind2(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
  CASE WHEN n < 10 THEN r := 'small'; WHEN n < 100 THEN r := 'medium'; END CASE;
  RETURN r;
END $$;
SELECT kind2(5), kind2(50);
SELECT kind2(500);
-- loops
DO $$
DECLARE n int := 0; t text := '';
BEGIN
  LOOP
    n := n + 1;
    CONTINUE WHEN n = 2;
    EXIT WHEN n > 4;
    t := t || n;
  END LOOP;
  RAISE NOTICE '%', t;
  WHILE n > 0 LOOP
    n := n - 2;
  END LOOP;
  RAISE NOTICE '%', n;
  FOR i IN 1..3 LOOP RAISE NOTICE 'i %', i; END LOOP;
  FOR i IN REVERSE 3..1 LOOP RAISE NOTICE 'r %', i; END LOOP;
  FOR i IN 1..10 BY 4 LOOP RAISE NOTICE 'by %', i; END LOOP;
  FOR i IN 5..1 LOOP RAISE NOTICE 'never'; END LOOP;
  RAISE NOTICE 'found %', FOUND;
  FOR i IN 1..n + 2 LOOP i := i + 10; RAISE NOTICE 'changed %', i; END LOOP;
  <<a>>
  FOR i IN 1..3 LOOP
    FOR j IN 1..3 LOOP
      CONTINUE a WHEN j = 2;
      EXIT a WHEN i = 3;
      RAISE NOTICE '% %', i, j;
    END LOOP;
  END LOOP a;
END $$;
DO $$
DECLARE x int; a int[] := ARRAY[3, 1, 2]; s int[]; m int[][] := ARRAY[[1, 2], [3, 4]];
BEGIN
  FOREACH x IN ARRAY a LOOP RAISE NOTICE '%', x; END LOOP;
  FOREACH x IN ARRAY m LOOP RAISE NOTICE 'm %', x; END LOOP;
  FOREACH s SLICE 1 IN ARRAY m LOOP RAISE NOTICE 's %', s; END LOOP;
  FOREACH x IN ARRAY '{}'::int[] LOOP RAISE NOTICE 'never'; END LOOP;
END $$;
CREATE TABLE t (id int PRIMARY KEY, v text);
INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 5) AS g;
DO $$
DECLARE r record; a int; b text; row t%ROWTYPE;
BEGIN
  FOR r IN SELECT * FROM t WHERE id < 3 ORDER BY id LOOP
    RAISE NOTICE '% %', r.id, r.v;
  END LOOP;
  RAISE NOTICE 'found %', FOUND;
  FOR a, b IN SELECT id, v FROM t WHERE id > 3 ORDER BY id LOOP
    RAISE NOTICE '% %', a, b;
  END LOOP;
  FOR row IN SELECT * FROM t WHERE id = 3 LOOP
    RAISE NOTICE '% % %', row.id, row.v, row;
  END LOOP;
  FOR r IN EXECUTE 'SELECT id * $1 AS m FROM t WHERE id <= $2 ORDER BY 1' USING 10, 2 LOOP
    RAISE NOTICE '%', r.m;
  END LOOP;
  FOR r IN SELECT * FROM t WHERE id > 100 LOOP
    RAISE NOTICE 'never';
  END LOOP;
  RAISE NOTICE 'found % %', FOUND, r.id;
END $$;
-- SELECT INTO, DML
DO $$
DECLARE x int; y text; r record; w t%ROWTYPE;
BEGIN
  SELECT id, v INTO x, y FROM t WHERE id = 2;
  RAISE NOTICE '% % %', x, y, FOUND;
  SELECT id INTO x FROM t WHERE id = 99;
  RAISE NOTICE '% %', x, FOUND;
  SELECT * INTO r FROM t ORDER BY id DESC LIMIT 1;
  RAISE NOTICE '%', r;
  SELECT * INTO w FROM t WHERE id = 1;
  RAISE NOTICE '%', w.v;
  INSERT INTO t VALUES (6, 'six') RETURNING id, v INTO x, y;
  RAISE NOTICE '% %', x, y;
  UPDATE t SET v = upper(v) WHERE id <= 2;
  GET DIAGNOSTICS x = ROW_COUNT;
  RAISE NOTICE '% %', x, FOUND;
  UPDATE t SET v = v || '!' WHERE id = 6 RETURNING v INTO y;
  RAISE NOTICE '%', y;
  DELETE FROM t WHERE id > 100;
  RAISE NOTICE '%', FOUND;
  PERFORM 1 FROM t WHERE id = 1;
  RAISE NOTICE '%', FOUND;
  PERFORM inc(1);
  x := (SELECT count(*) FROM t);
  RAISE NOTICE '%', x;
  IF EXISTS (SELECT 1 FROM t WHERE id = 3) THEN RAISE NOTICE 'there'; END IF;
END $$;
SELECT * FROM t ORDER BY id;
-- names of variables and columns
CREATE FUNCTION amb(id int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT v FROM t WHERE id = id); END $$;
SELECT amb(1);
CREATE FUNCTION amb2(id int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT t.v FROM t WHERE t.id = amb2.id); END $$;
SELECT amb2(1);
CREATE FUNCTION amb3(id int) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN RETURN (SELECT count(*) FROM t WHERE id = id); END $$;
SELECT amb3(1);
CREATE FUNCTION amb4(id int) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN RETURN (SELECT count(*) FROM t WHERE id = 1); END $$;
SELECT amb4(1), amb4(2);
-- EXECUTE
DO $$
DECLARE x int; r record; n text := 't';
BEGIN
  EXECUTE 'SELECT count(*) FROM ' || quote_ident(n) INTO x;
  RAISE NOTICE '%', x;
  EXECUTE 'SELECT $1 + $2' INTO x USING 3, 4;
  RAISE NOTICE '%', x;
  EXECUTE format('SELECT v, id FROM %I WHERE id = $1', n) INTO r USING 2;
  RAISE NOTICE '% %', r.v, r.id;
  EXECUTE 'UPDATE t SET v = v WHERE id < $1' USING 4;
  GET DIAGNOSTICS x = ROW_COUNT;
  RAISE NOTICE '%', x;
  EXECUTE 'CREATE TABLE dyn (a int)';
  EXECUTE 'INSERT INTO dyn VALUES (1), (2)';
  EXECUTE 'SELECT sum(a) FROM dyn' INTO x;
  RAISE NOTICE '%', x;
  EXECUTE 'SELECT a FROM dyn WHERE a > 100' INTO x;
  RAISE NOTICE '%', x;
  DROP TABLE dyn;
END $$;
DO $$ BEGIN EXECUTE NULL; END $$;
DO $$ BEGIN EXECUTE 'SELEC 1'; END $$;
DO $$ BEGIN EXECUTE 'SELECT * FROM nosuch'; END $$;
DO $$ DECLARE x int; BEGIN EXECUTE 'SELECT 1 WHERE false' INTO STRICT x; END $$;
DO $$ DECLARE x int; BEGIN EXECUTE 'SELECT generate_series(1,2)' INTO STRICT x; END $$;
-- results
CREATE FUNCTION nums(n int) RETURNS SETOF int LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..n LOOP
    RETURN NEXT i * 10;
  END LOOP;
  RETURN;
END $$;
SELECT * FROM nums(3);
SELECT nums(2);
SELECT count(*), sum(nums) FROM nums(2000);
CREATE FUNCTION rows_of(lim int) RETURNS SETOF t LANGUAGE plpgsql AS $$
DECLARE r t%ROWTYPE;
BEGIN
  FOR r IN SELECT * FROM t WHERE id <= lim ORDER BY id LOOP
    r.v := r.v || '*';
    RETURN NEXT r;
  END LOOP;
END $$;
SELECT * FROM rows_of(2);
CREATE FUNCTION tab(n int) RETURNS TABLE(a int, b text) LANGUAGE plpgsql AS $$
BEGIN
  FOR a IN 1..n LOOP
    b := 'n' || a;
    RETURN NEXT;
  END LOOP;
  RETURN QUERY SELECT id, v FROM t WHERE id > 5;
  RETURN QUERY EXECUTE 'SELECT $1, ''dyn''' USING n;
END $$;
SELECT * FROM tab(2);
CREATE FUNCTION outs(IN n int, OUT lo int, OUT hi int) LANGUAGE plpgsql AS $$
BEGIN
  lo := n - 1;
  hi := n + 1;
END $$;
SELECT * FROM outs(5);
SELECT lo + hi FROM outs(5);
CREATE FUNCTION one_out(OUT x int) LANGUAGE plpgsql AS $$ BEGIN x := 7; END $$;
SELECT one_out();
SELECT * FROM one_out();
CREATE FUNCTION inout_f(INOUT x int, IN y int) LANGUAGE plpgsql AS $$ BEGIN x := x * y; END $$;
SELECT inout_f(6, 7);
CREATE FUNCTION rec() RETURNS record LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN SELECT 1, 'a'::text INTO r; RETURN r; END $$;
SELECT * FROM rec() AS (x int, y text);
SELECT * FROM rec() AS (x int, y text, z int);
SELECT * FROM rec();
CREATE FUNCTION onerow(i int) RETURNS t LANGUAGE plpgsql AS $$ DECLARE r t; BEGIN SELECT * INTO r FROM t WHERE id = i; RETURN r; END $$;
SELECT * FROM onerow(3);
CREATE FUNCTION voidf() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'void'; END $$;
SELECT voidf();
SELECT voidf() IS NULL;
CREATE FUNCTION noreturn() RETURNS int LANGUAGE plpgsql AS $$ BEGIN END $$;
SELECT noreturn();
CREATE FUNCTION conv() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 3.7; END $$;
SELECT conv();
CREATE FUNCTION conv2() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 'abc'; END $$;
SELECT conv2();
CREATE FUNCTION conv3() RETURNS varchar(3) LANGUAGE plpgsql AS $$ BEGIN RETURN 'abcdef'; END $$;
SELECT conv3();
CREATE FUNCTION badq() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT 'a'::text; END $$;
SELECT * FROM badq();
CREATE FUNCTION badq2() RETURNS TABLE(a int, b int) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT 1; END $$;
SELECT * FROM badq2();
-- polymorphic
CREATE FUNCTION biggest(a anyelement, b anyelement) RETURNS anyelement LANGUAGE plpgsql AS $$
DECLARE r a%TYPE;
BEGIN
  IF a > b THEN r := a; ELSE r := b; END IF;
  RETURN r;
END $$;
SELECT biggest(1, 2), biggest('a'::text, 'b'), biggest(1.5, 0.5);
CREATE FUNCTION arr_sum(a anyarray) RETURNS text LANGUAGE plpgsql AS $$
DECLARE s text := '';
BEGIN
  FOR i IN 1..array_length(a, 1) LOOP s := s || a[i] || ';'; END LOOP;
  RETURN s;
END $$;
SELECT arr_sum(ARRAY[1, 2]), arr_sum(ARRAY['x', 'y']);
-- volatility
CREATE FUNCTION stab() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN INSERT INTO t VALUES (50); RETURN 1; END $$;
SELECT stab();
CREATE FUNCTION ins(i int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (i, 'new'); RETURN (SELECT count(*) FROM t); END $$;
SELECT ins(60), ins(61);
CREATE FUNCTION cnt() RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT count(*) FROM t); END $$;
SELECT cnt(), ins(62), cnt();
SELECT pg_get_functiondef('inc'::regproc);
\sf kind2
\df tab
DROP FUNCTION inc(int);
CREATE FUNCTION deep(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF n = 0 THEN RETURN 0; END IF; RETURN deep(n - 1) + 1; END $$;
SELECT deep(100);
