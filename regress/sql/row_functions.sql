-- Rows as values of functions and as their arguments; t.f and f(t).
CREATE TABLE emp (id int, name text, pay numeric);
INSERT INTO emp VALUES (1, 'Ada', 100), (2, 'Grace', 200), (3, NULL, 300);
CREATE FUNCTION yearly(e emp) RETURNS numeric LANGUAGE sql AS 'SELECT e.pay * 12';
CREATE FUNCTION label(emp) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN coalesce($1.name, '?') || '/' || $1.id; END $$;
CREATE FUNCTION boss(e emp) RETURNS emp LANGUAGE sql AS 'SELECT * FROM emp WHERE id = e.id + 1';
CREATE FUNCTION one(n int) RETURNS emp LANGUAGE sql AS 'SELECT * FROM emp WHERE id = n';
CREATE FUNCTION one_pl(n int) RETURNS emp LANGUAGE plpgsql AS $$ DECLARE e emp; BEGIN SELECT * INTO e FROM emp WHERE id = n; RETURN e; END $$;
CREATE FUNCTION made(n int, OUT a int, OUT b text) LANGUAGE sql AS $$ SELECT n, 'x' || n $$;
CREATE FUNCTION several(n int) RETURNS SETOF emp LANGUAGE sql AS 'SELECT * FROM emp WHERE id <= n ORDER BY id';
CREATE FUNCTION tab(n int) RETURNS TABLE (k int, v text) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT i, 'v' || i FROM generate_series(1, n) i; END $$;
-- a row as one value
SELECT one(1), one_pl(2), made(5);
SELECT one(99), one(99) IS NULL;
SELECT (one(1)).name, (one_pl(2)).*, (made(5)).b;
SELECT (one(id)).* FROM emp ORDER BY id;
SELECT id, made(id) FROM emp ORDER BY id;
SELECT id, (made(id)).* FROM emp ORDER BY id;
SELECT several(2);
SELECT (several(2)).*;
SELECT id, (several(id)).name FROM emp WHERE id < 3 ORDER BY id, 2;
SELECT tab(2), (tab(2)).v;
SELECT row_to_json(one(2)), to_jsonb(made(3));
SELECT one(1) = one_pl(1), one(1) < one(2);
SELECT pg_typeof(one(1)), pg_typeof(made(1));
SELECT array_agg(one(id) ORDER BY id) FROM emp WHERE id < 3;
SELECT * FROM one(2), LATERAL made(one.id);
SELECT y.*, (x).a FROM (SELECT made(7)) y(x);
-- arguments
SELECT emp.id, yearly(emp), label(emp.*), label(e.*) FROM emp, LATERAL (SELECT emp.*) e ORDER BY emp.id;
SELECT yearly(e) FROM emp e WHERE yearly(e) > 2000 ORDER BY 1;
SELECT label(boss(e)) FROM emp e ORDER BY id;
SELECT label(ROW(9, 'row', 1)), label((9, 'row', 1)::emp), label('(8,text,2)');
SELECT label(one(2)), yearly(one_pl(3));
SELECT (boss(boss(e))).name FROM emp e WHERE id = 1;
SELECT label(NULL);
SELECT label(ROW(1, 2));
SELECT label(5);
-- functional notation
SELECT e.yearly, e.label, (e).label FROM emp e ORDER BY id;
SELECT emp.label FROM emp WHERE emp.yearly > 1200 ORDER BY emp.yearly DESC;
SELECT id(e), name(e), pay(emp) FROM emp e, emp WHERE e.id = emp.id ORDER BY 1;
SELECT (one(1)).yearly, (one(2)).label;
SELECT e.nosuch FROM emp e;
SELECT nosuch(e) FROM emp e;
SELECT e.id.label FROM emp e;
SELECT (e.boss).name FROM emp e ORDER BY e.id;
SELECT e.row_to_json FROM emp e WHERE id = 1;
SELECT e.count FROM emp e;
-- in PL/pgSQL
CREATE FUNCTION uses() RETURNS text LANGUAGE plpgsql AS $$
DECLARE e emp; r record; t text;
BEGIN
  e := one(1);
  t := label(e);
  r := made(4);
  SELECT one(2) INTO e;
  t := t || ' ' || coalesce(e.name, 'none');
  FOR r IN SELECT * FROM several(3) LOOP t := t || ' ' || label(r); END LOOP;
  RETURN t || ' ' || (one(3)).pay;
EXCEPTION WHEN others THEN RETURN t || ' ' || sqlerrm;
END $$;
SELECT uses();
-- in views, indexes, constraints
CREATE VIEW ev AS SELECT e.id, label(e) AS l, (boss(e)).name AS b, yearly(e.*) AS y FROM emp e;
SELECT * FROM ev ORDER BY id;
SELECT pg_get_viewdef('ev'::regclass);
DROP VIEW ev;
DROP FUNCTION uses();
DROP TABLE emp CASCADE;
