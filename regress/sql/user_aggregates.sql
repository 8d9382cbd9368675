-- CREATE AGGREGATE of functions in SQL, PL/pgSQL and built-in ones.
CREATE TABLE v (g int, x int, t text, n numeric);
INSERT INTO v VALUES (1, 1, 'a', 1.5), (1, 2, 'b', 2.5), (1, NULL, NULL, NULL), (2, 10, 'c', 0), (3, NULL, NULL, NULL);
CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');
SELECT total(x) FROM v;
SELECT g, total(x), total(x) FILTER (WHERE x > 1), total(DISTINCT x % 2) FROM v GROUP BY g ORDER BY g;
SELECT total(x) FROM v WHERE false;
-- strict without INITCOND: the first value is the state
CREATE AGGREGATE biggest(int) (sfunc = int4larger, stype = int);
SELECT g, biggest(x) FROM v GROUP BY g ORDER BY g;
SELECT biggest(x) FROM v WHERE false;
-- in SQL and PL/pgSQL, with a final function
CREATE FUNCTION avg_step(s numeric[], x numeric) RETURNS numeric[] LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT ARRAY[s[1] + x, s[2] + 1] $$;
CREATE FUNCTION avg_end(s numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN s[2] = 0 THEN NULL ELSE round(s[1] / s[2], 3) END $$;
CREATE AGGREGATE mean(numeric) (sfunc = avg_step, stype = numeric[], finalfunc = avg_end, initcond = '{0,0}', parallel = safe);
SELECT mean(n), mean(x) FROM v;
SELECT g, mean(n) FROM v GROUP BY ROLLUP (g) ORDER BY g;
CREATE FUNCTION join_step(s text, x text, sep text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF x IS NULL THEN RETURN s; END IF;
  RETURN coalesce(s || sep, '') || x;
END $$;
CREATE AGGREGATE glue(text, text) (sfunc = join_step, stype = text);
SELECT glue(t, ', ' ORDER BY t DESC) FROM v;
SELECT g, glue(t, '-') FROM v GROUP BY g ORDER BY g;
SELECT glue(g::text, '') FROM generate_series(1, 1000) g(g) WHERE g % 100 = 0;
SELECT length(glue('xyz', '/')) FROM generate_series(1, 3000);
-- polymorphic, as in the documentation
CREATE AGGREGATE array_accum (anycompatible) (sfunc = array_append, stype = anycompatiblearray, initcond = '{}');
SELECT array_accum(x ORDER BY x), array_accum(t ORDER BY t) FROM v;
SELECT pg_typeof(array_accum(n)), pg_typeof(array_accum(x)) FROM v;
CREATE AGGREGATE concat_all(anyarray) (sfunc = array_cat, stype = anyarray);
SELECT concat_all(ARRAY[x, g]) FROM v WHERE x IS NOT NULL;
-- several arguments, none
CREATE FUNCTION weigh(s float8, x float8, w float8) RETURNS float8 LANGUAGE sql AS 'SELECT coalesce(s, 0) + coalesce(x * w, 0)';
CREATE AGGREGATE weighted(float8, float8) (sfunc = weigh, stype = float8);
SELECT weighted(x, 2), weighted(x, g) FROM v;
CREATE FUNCTION tick(s bigint) RETURNS bigint LANGUAGE sql AS 'SELECT s + 1';
CREATE AGGREGATE how_many(*) (sfunc = tick, stype = bigint, initcond = '0');
SELECT how_many(*) FROM v;
SELECT g, how_many(*) FROM v GROUP BY g ORDER BY g;
-- FINALFUNC_EXTRA
CREATE FUNCTION typed_end(s int, x anyelement) RETURNS text LANGUAGE sql AS $$ SELECT s || ' of ' || pg_typeof(x) $$;
CREATE FUNCTION typed_step(s int, x anyelement) RETURNS int LANGUAGE sql AS 'SELECT s + 1';
CREATE AGGREGATE typed_count(anyelement) (sfunc = typed_step, stype = int, finalfunc = typed_end, finalfunc_extra, initcond = '0');
SELECT typed_count(x), typed_count(t) FROM v;
-- over windows
SELECT g, x, total(x) OVER (ORDER BY g, x), mean(n) OVER (PARTITION BY g) FROM v ORDER BY g, x;
SELECT x, glue(t, '+') OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM v WHERE x IS NOT NULL ORDER BY x;
-- in HAVING, subqueries, views
SELECT g FROM v GROUP BY g HAVING total(x) > 5 ORDER BY g;
SELECT (SELECT total(x) FROM v w WHERE w.g = v.g) FROM v ORDER BY 1;
CREATE VIEW sums AS SELECT g, total(x) AS t, mean(n) AS m FROM v GROUP BY g;
SELECT * FROM sums ORDER BY g;
SELECT pg_get_viewdef('sums'::regclass);
DROP AGGREGATE total(int);
DROP VIEW sums;
-- a composite state
CREATE TYPE minmax AS (lo int, hi int);
CREATE FUNCTION mm_step(s minmax, x int) RETURNS minmax LANGUAGE plpgsql AS $$
BEGIN
  IF x IS NULL THEN RETURN s; END IF;
  IF s.lo IS NULL OR x < s.lo THEN s.lo := x; END IF;
  IF s.hi IS NULL OR x > s.hi THEN s.hi := x; END IF;
  RETURN s;
END $$;
CREATE AGGREGATE extent(int) (sfunc = mm_step, stype = minmax);
SELECT extent(x) FROM v;
SELECT (extent(x)).hi FROM v;
-- catalogs
SELECT aggfnoid, aggkind, aggtransfn, aggfinalfn, aggcombinefn, aggfinalextra, aggtranstype::regtype, agginitval FROM pg_aggregate WHERE aggfnoid >= 16384 ORDER BY aggfnoid::text;
SELECT proname, prokind, prosrc, provolatile, proparallel, prorettype::regtype, pg_get_function_arguments(oid) FROM pg_proc WHERE prokind = 'a' AND oid >= 16384 ORDER BY 1;
\da total
\da mean
COMMENT ON AGGREGATE mean(numeric) IS 'the mean';
SELECT obj_description('mean(numeric)'::regprocedure, 'pg_proc');
-- what may not be
CREATE AGGREGATE bad(int) (sfunc = int4pl);
CREATE AGGREGATE bad(int) (stype = int);
CREATE AGGREGATE bad(int) (sfunc = nosuch, stype = int);
CREATE AGGREGATE bad(int) (sfunc = int4pl, stype = text);
CREATE AGGREGATE bad(text) (sfunc = int4pl, stype = int);
CREATE AGGREGATE bad(int) (sfunc = int4pl, stype = int, initcond = 'x');
CREATE AGGREGATE bad(text) (sfunc = textcat, stype = text, finalfunc = nosuch);
CREATE AGGREGATE bad(int) (sfunc = array_append, stype = anyarray);
CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');
SELECT total(total(x)) FROM v;
SELECT total(x), x FROM v;
SELECT * FROM v WHERE total(x) > 1;
SELECT total('x'::text) FROM v;
DROP FUNCTION avg_end(numeric[]);
DROP FUNCTION total(int);
ALTER AGGREGATE total(int) RENAME TO summed;
SELECT summed(x) FROM v;
DROP AGGREGATE IF EXISTS total(int);
DROP AGGREGATE summed(int), mean(numeric), glue(text, text);
DROP FUNCTION avg_end(numeric[]), avg_step(numeric[], numeric);
-- an error in the transition function
CREATE FUNCTION fails(s int, x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % yet', x; END $$;
CREATE AGGREGATE failing(int) (sfunc = fails, stype = int);
SELECT failing(x) FROM v WHERE x = 1;
DROP TABLE v;
