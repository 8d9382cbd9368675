-- Procedures: CALL, OUT arguments, transaction control.
CREATE TABLE log (id serial, msg text);
CREATE PROCEDURE p(m text) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (msg) VALUES (m); END $$;
CALL p('one');
CALL p('two'::text);
CALL p(m => 'named');
SELECT msg FROM log ORDER BY id;
CALL nosuch();
CALL p();
CALL p(1, 2);
SELECT p('x');
CALL lower('A');
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CALL f();
CREATE PROCEDURE q(INOUT a int, b int DEFAULT 10) LANGUAGE plpgsql AS $$ BEGIN a := a + b; END $$;
CALL q(1);
CALL q(1, 2);
CALL q(b => 5, a => 6);
CREATE PROCEDURE o(IN a int, OUT b int, OUT c text) LANGUAGE plpgsql AS $$ BEGIN b := a * 2; c := 'c' || a; END $$;
CALL o(4, NULL, NULL);
CALL o(4);
DO $$ DECLARE x int := 3; y int; z text; BEGIN CALL o(x, y, z); RAISE NOTICE '% %', y, z; CALL q(x); RAISE NOTICE '%', x; END $$;
DO $$ BEGIN CALL q(1); END $$;
CREATE PROCEDURE s(a int) LANGUAGE sql AS $$ INSERT INTO log (msg) VALUES ('sql ' || a); $$;
CALL s(7);
SELECT msg FROM log ORDER BY id DESC LIMIT 1;
CREATE PROCEDURE r() LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;
CALL r();
CREATE PROCEDURE bad() LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE PROCEDURE bad() LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN END $$;
CREATE PROCEDURE bad() RETURNS int LANGUAGE plpgsql AS $$ BEGIN END $$;
-- COMMIT and ROLLBACK
CREATE TABLE tx (a int);
CREATE PROCEDURE batches() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..6 LOOP
    INSERT INTO tx VALUES (i);
    IF i % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
  END LOOP;
END $$;
CALL batches();
SELECT * FROM tx ORDER BY a;
BEGIN;
CALL batches();
ROLLBACK;
SELECT count(*) FROM tx;
DO $$ BEGIN INSERT INTO tx VALUES (100); COMMIT; INSERT INTO tx VALUES (101); ROLLBACK; INSERT INTO tx VALUES (102); END $$;
SELECT * FROM tx WHERE a >= 100 ORDER BY a;
DO $$ BEGIN BEGIN INSERT INTO tx VALUES (200); COMMIT; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END; END $$;
CREATE FUNCTION commits() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
SELECT commits();
DO $$ BEGIN PERFORM commits(); END $$;
CREATE PROCEDURE outer_p() LANGUAGE plpgsql AS $$ BEGIN CALL batches(); INSERT INTO tx VALUES (300); END $$;
TRUNCATE tx;
CALL outer_p();
SELECT * FROM tx ORDER BY a;
CREATE PROCEDURE fails() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tx VALUES (400); COMMIT; INSERT INTO tx VALUES (401); RAISE EXCEPTION 'stop'; END $$;
CALL fails();
SELECT a FROM tx WHERE a >= 400;
DO $$ BEGIN SAVEPOINT a; END $$;
DO $$ BEGIN START TRANSACTION; END $$;
-- definitions
SELECT pg_get_functiondef('q'::regproc);
SELECT proname, prokind, prorettype::regtype FROM pg_proc WHERE proname IN ('p', 'q', 'o') ORDER BY proname;
\df q
DROP FUNCTION p(text);
DROP PROCEDURE p(text);
DROP PROCEDURE p(text);
DROP PROCEDURE IF EXISTS p(text);
DROP ROUTINE q(int, int);
ALTER PROCEDURE o(int) RENAME TO oo;
CALL oo(1, NULL, NULL);
