-- EXCEPTION blocks, RAISE, diagnostics.
CREATE TABLE e (id int PRIMARY KEY, v text NOT NULL CHECK (v <> 'bad'));
DO $$
BEGIN
  INSERT INTO e VALUES (1, 'one');
  BEGIN
    INSERT INTO e VALUES (2, 'two');
    INSERT INTO e VALUES (1, 'again');
  EXCEPTION WHEN unique_violation THEN
    RAISE NOTICE 'caught % %', SQLSTATE, SQLERRM;
  END;
  INSERT INTO e VALUES (3, 'three');
END $$;
SELECT * FROM e ORDER BY id;
CREATE FUNCTION try_div(a int, b int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN (a / b)::text;
EXCEPTION
  WHEN division_by_zero THEN RETURN 'zero';
  WHEN OTHERS THEN RETURN 'other ' || SQLSTATE;
END $$;
SELECT try_div(6, 3), try_div(1, 0), try_div(NULL, 1);
CREATE FUNCTION try(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE st text; msg text; det text; hnt text; con text; tab text; col text; sch text; typ text;
BEGIN
  EXECUTE sql;
  RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS st = RETURNED_SQLSTATE, msg = MESSAGE_TEXT, det = PG_EXCEPTION_DETAIL, hnt = PG_EXCEPTION_HINT,
    con = CONSTRAINT_NAME, tab = TABLE_NAME, col = COLUMN_NAME, sch = SCHEMA_NAME, typ = PG_DATATYPE_NAME;
  RETURN concat_ws('|', st, msg, det, hnt, con, tab, col, sch, typ);
END $$;
SELECT try('SELECT 1');
SELECT try('SELECT 1/0');
SELECT try('INSERT INTO e VALUES (1, ''x'')');
SELECT try('INSERT INTO e VALUES (10, NULL)');
SELECT try('INSERT INTO e VALUES (10, ''bad'')');
SELECT try('SELECT * FROM nosuch');
SELECT try('SELEC');
SELECT try('SELECT ''a''::int');
SELECT try('SELECT nosuch(1)');
SELECT try('DO $x$ BEGIN RAISE EXCEPTION ''boo'' USING DETAIL = ''d'', HINT = ''h'', ERRCODE = ''P1234''; END $x$');
SELECT count(*) FROM e;
DO $$ BEGIN RAISE EXCEPTION 'plain'; END $$;
DO $$ BEGIN RAISE EXCEPTION 'code' USING ERRCODE = 'unique_violation'; END $$;
DO $$ BEGIN RAISE EXCEPTION 'code' USING ERRCODE = '23505', DETAIL = 'the detail', HINT = 'the hint'; END $$;
DO $$ BEGIN RAISE EXCEPTION 'code' USING ERRCODE = 'nosuch'; END $$;
DO $$ BEGIN RAISE unique_violation; END $$;
DO $$ BEGIN RAISE unique_violation USING MESSAGE = 'custom'; END $$;
DO $$ BEGIN RAISE SQLSTATE '12345'; END $$;
DO $$ BEGIN RAISE USING MESSAGE = 'm', ERRCODE = 'P0099'; END $$;
DO $$ BEGIN RAISE NOTICE 'n' USING DETAIL = 'd', HINT = 'h', ERRCODE = '01234'; END $$;
DO $$ BEGIN RAISE WARNING 'w %', ARRAY[1, 2]; RAISE INFO 'i %', 'x'::text; RAISE LOG 'l'; RAISE DEBUG 'd'; END $$;
SET client_min_messages = warning;
DO $$ BEGIN RAISE NOTICE 'hidden'; RAISE WARNING 'shown'; RAISE INFO 'always'; END $$;
SET client_min_messages = debug1;
DO $$ BEGIN RAISE DEBUG 'debug'; RAISE LOG 'log'; END $$;
RESET client_min_messages;
-- rethrow, nested
DO $$
BEGIN
  BEGIN
    RAISE EXCEPTION 'inner';
  EXCEPTION WHEN raise_exception THEN
    RAISE NOTICE 'first %', SQLERRM;
    RAISE;
  END;
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE 'second %', SQLERRM;
END $$;
DO $$
BEGIN
  BEGIN
    PERFORM 1 / 0;
  EXCEPTION WHEN unique_violation THEN
    RAISE NOTICE 'wrong';
  END;
EXCEPTION WHEN sqlstate '22012' OR unique_violation THEN
  RAISE NOTICE 'right %', SQLSTATE;
END $$;
DO $$
BEGIN
  BEGIN
    RAISE EXCEPTION 'a';
  EXCEPTION WHEN OTHERS THEN
    BEGIN
      RAISE EXCEPTION 'b';
    EXCEPTION WHEN OTHERS THEN
      RAISE NOTICE '%', SQLERRM;
    END;
    RAISE NOTICE '%', SQLERRM;
  END;
END $$;
DO $$ BEGIN PERFORM 1/0; EXCEPTION WHEN data_exception THEN RAISE NOTICE 'class %', SQLSTATE; END $$;
DO $$ BEGIN RAISE EXCEPTION 'x'; EXCEPTION WHEN plpgsql_error THEN RAISE NOTICE 'class %', SQLSTATE; END $$;
DO $$ BEGIN ASSERT false; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'never'; END $$;
DO $$ BEGIN ASSERT false, 'msg'; EXCEPTION WHEN assert_failure THEN RAISE NOTICE 'caught %', SQLERRM; END $$;
DO $$ BEGIN ASSERT NULL; END $$;
DO $$ BEGIN ASSERT 1 = 1, 'fine'; RAISE NOTICE 'passed'; END $$;
-- variables keep their values, the database does not
DO $$
DECLARE n int := 0;
BEGIN
  BEGIN
    n := 5;
    DELETE FROM e;
    RAISE EXCEPTION 'undo';
  EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'n % rows %', n, (SELECT count(*) FROM e);
  END;
END $$;
SELECT count(*) FROM e;
-- an exception in a loop
DO $$
DECLARE r text := '';
BEGIN
  FOR i IN -1..1 LOOP
    BEGIN
      r := r || (10 / i) || ' ';
    EXCEPTION WHEN division_by_zero THEN
      r := r || 'div ';
      CONTINUE;
    END;
  END LOOP;
  RAISE NOTICE '%', r;
END $$;
CREATE FUNCTION early(n int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..10 LOOP
    BEGIN
      IF i = n THEN RETURN 'at ' || i; END IF;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  RETURN 'none';
END $$;
SELECT early(3), early(50);
-- context of nested calls
CREATE FUNCTION level1() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / (SELECT 0); END $$;
CREATE FUNCTION level2() RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN x := level1(); RETURN x; END $$;
CREATE FUNCTION level3() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM level2();
END $$;
SELECT level3();
CREATE FUNCTION ctx() RETURNS text LANGUAGE plpgsql AS $$
DECLARE c text;
BEGIN
  PERFORM level3();
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS c = PG_EXCEPTION_CONTEXT;
  RETURN c;
END $$;
SELECT ctx();
CREATE FUNCTION where_am_i() RETURNS text LANGUAGE plpgsql AS $$
DECLARE c text;
BEGIN
  GET DIAGNOSTICS c = PG_CONTEXT;
  RETURN c;
END $$;
SELECT where_am_i();
-- transactions around it
BEGIN;
INSERT INTO e VALUES (20, 'x');
SELECT try('INSERT INTO e VALUES (20, ''dup'')');
SELECT try_div(1, 0);
COMMIT;
SELECT id FROM e WHERE id = 20;
BEGIN;
SELECT level3();
SELECT 1;
ROLLBACK;
-- DDL is undone too
DO $$
BEGIN
  BEGIN
    CREATE TABLE gone (a int);
    INSERT INTO gone VALUES (1);
    RAISE EXCEPTION 'x';
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  CREATE TABLE stays (a int);
END $$;
SELECT * FROM gone;
SELECT * FROM stays;
