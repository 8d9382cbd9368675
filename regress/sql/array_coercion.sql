-- Casts of arrays go element by element: lengths, scales and domains reach the elements.
SELECT ARRAY[1.6, 2.4, NULL]::int[], ARRAY[]::int[]::text[], NULL::int[]::text[];
SELECT '{abcdef,gh}'::varchar(3)[], ARRAY['abcdef', 'gh']::varchar(3)[], ARRAY['abcdef', 'gh']::char(3)[];
SELECT ARRAY[1.234, 5.678]::numeric(4, 2)[], '{1.234,5.678}'::numeric(4, 2)[];
SELECT ARRAY[1234.5]::numeric(4, 2)[];
SELECT ARRAY[1, 0, 2]::bool[], ARRAY[true, false]::int[];
SELECT '{{1.5,2.5},{3.5,4.5}}'::float8[]::int[], '[2:3]={1.5,2.5}'::numeric[]::int[];
SELECT ARRAY[1, 2]::text[]::int[], ARRAY['1', 'x']::text[]::int[];
SELECT ARRAY[70000]::int2[];
SELECT ARRAY['2020-01-01 10:00'::timestamp]::date[], ARRAY['a', 'b']::name[], ARRAY[1]::oid[];
SELECT a::int[], a::numeric(6, 1)[] FROM (VALUES (ARRAY[1.26, 2.5]), ('{}'), (NULL), (ARRAY[NULL, 99.95])) v(a);
SELECT sum(x) FROM generate_series(1, 5000) g, unnest(ARRAY[g + 0.4, g + 0.5]::int[]) x;
SELECT cardinality((SELECT array_agg(g + 0.5) FROM generate_series(1, 5000) g)::int[]);
SELECT CASE 1.5 WHEN (ARRAY[1.6]::int[])[1] - 0.5 THEN 'inner' ELSE 'outer' END;
CREATE TABLE t (id int, a numeric(5, 1)[], v varchar(2)[]);
INSERT INTO t VALUES (1, ARRAY[1.26], ARRAY['abc']);
INSERT INTO t VALUES (1, ARRAY[1.26], ARRAY['ab  ']);
INSERT INTO t VALUES (2, '{1.26}', '{abc}');
INSERT INTO t VALUES (3, '{1.26,2.34}', '{ab}');
INSERT INTO t SELECT 4, ARRAY[x], ARRAY['x'] FROM (VALUES (3.14159)) v(x);
COPY t FROM stdin;
5	{9.99,NULL}	{a}
\.
COPY t FROM stdin;
6	{1}	{abc}
\.
UPDATE t SET a = a || 7.77 WHERE id = 4;
UPDATE t SET a[1] = 8.88 WHERE id = 5;
SELECT * FROM t ORDER BY id;
ALTER TABLE t ALTER a TYPE int[];
SELECT * FROM t ORDER BY id;
CREATE VIEW tv AS SELECT a::text[] AS texts, v::varchar(1)[] AS cut FROM t;
SELECT pg_get_viewdef('tv'), * FROM tv ORDER BY texts;
-- Arrays of domains.
CREATE DOMAIN small AS int CHECK (VALUE < 10);
CREATE DOMAIN word AS varchar(4) NOT NULL;
CREATE DOMAIN tiny AS small CHECK (VALUE > 0);
CREATE TABLE d (id int PRIMARY KEY, s small[], w word[]);
\d d
INSERT INTO d VALUES (1, '{1,2}', '{a,b}'), (2, ARRAY[3, NULL], ARRAY['x']);
INSERT INTO d (id, s) VALUES (3, '{}');
INSERT INTO d VALUES (4, ARRAY[1, 10]);
INSERT INTO d VALUES (4, ARRAY[1, 11]);
INSERT INTO d VALUES (4, '{1}', ARRAY['a', NULL]);
INSERT INTO d VALUES (4, '{1}', ARRAY['toolong']);
INSERT INTO d SELECT 5, ARRAY[g] FROM generate_series(9, 10) g;
UPDATE d SET s[2] = 12 WHERE id = 1;
UPDATE d SET s[2] = 5 WHERE id = 1;
SELECT *, s[1] + 1 AS sum, pg_typeof(s), pg_typeof(s[1]), pg_typeof(s[1:1]) FROM d ORDER BY id;
COPY d FROM stdin;
6	{4,5}	{p}
\.
COPY d FROM stdin;
7	{4,15}	{p}
\.
SELECT '{1,2}'::small[], ARRAY[0, 1]::tiny[];
SELECT ARRAY[1, 20]::small[];
SELECT pg_typeof(ARRAY[1::small]), pg_typeof(ARRAY[1::small, 2]), pg_typeof('{1}'::tiny[]), pg_typeof(1::tiny);
SELECT ARRAY[1, 2]::small[] || 3, unnest('{1,2}'::small[]), 3 = ANY ('{1,3}'::small[]);
SELECT s || 50 FROM d WHERE id = 1;
CREATE TABLE made AS SELECT s, s[1] AS one, id::small AS sm FROM d WHERE id < 3;
\d made
INSERT INTO made VALUES (ARRAY[50]);
CREATE VIEW dv AS SELECT s, 3::tiny AS t, '{1}'::small[] AS lit FROM d;
\d+ dv
SELECT typname, typelem::regtype, typarray::regtype, typcategory FROM pg_type WHERE typname IN ('_small', 'small') ORDER BY 1;
CREATE FUNCTION total(x small[]) RETURNS int LANGUAGE plpgsql AS $$ DECLARE r int := 0; e int; BEGIN FOREACH e IN ARRAY x LOOP r := r + e; END LOOP; RETURN r; END $$;
SELECT total('{1,2,3}'), total(s) FROM d WHERE id = 1;
SELECT total(ARRAY[1, 20]);
DO $$ DECLARE a small[] := '{1}'; BEGIN a := a || 2; RAISE NOTICE '%', a; a[1] := 11; RAISE NOTICE '%', a; END $$;
DROP VIEW dv;
DROP DOMAIN small;
-- Domains in functions and PL/pgSQL.
CREATE FUNCTION plus_one(small) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1';
SELECT plus_one(3), plus_one('4'), plus_one(3::small);
SELECT plus_one(33);
CREATE FUNCTION same(x small[]) RETURNS small[] LANGUAGE plpgsql AS 'BEGIN RETURN x; END';
SELECT same('{1,2}'), pg_typeof(same('{1}'));
CREATE FUNCTION checked(x int) RETURNS small LANGUAGE plpgsql AS 'BEGIN RETURN x; END';
SELECT checked(3), pg_typeof(checked(3));
SELECT checked(30);
CREATE FUNCTION boxed(x int) RETURNS small[] LANGUAGE sql AS 'SELECT ARRAY[x]';
SELECT boxed(3), pg_typeof(boxed(3));
SELECT boxed(30);
CREATE FUNCTION many(int) RETURNS SETOF small LANGUAGE plpgsql AS 'BEGIN RETURN NEXT $1; RETURN NEXT $1 + 1; END';
SELECT * FROM many(3);
SELECT * FROM many(9);
CREATE FUNCTION outs(a small, OUT b small, OUT c text) LANGUAGE plpgsql AS 'BEGIN b := a * 3; c := a; END';
SELECT * FROM outs(3);
SELECT * FROM outs(4);
SELECT * FROM outs(40);
CREATE FUNCTION defaulted(small DEFAULT 5) RETURNS TABLE (x small) LANGUAGE sql AS 'SELECT $1 UNION ALL SELECT 2';
SELECT * FROM defaulted();
CREATE FUNCTION words(word) RETURNS word LANGUAGE sql AS 'SELECT $1';
SELECT words('a'), words(NULL::text);
DO $$ DECLARE a small := 3; BEGIN a := 5; RAISE NOTICE '%', a; a := 50; END $$;
DO $$ DECLARE a small; BEGIN FOR a IN 8..11 LOOP RAISE NOTICE '%', a; END LOOP; END $$;
DO $$ DECLARE a small; BEGIN SELECT 5 INTO a; RAISE NOTICE '%', a; a := a * 11; END $$;
DO $$ DECLARE a small; BEGIN FOREACH a IN ARRAY ARRAY[1, 20] LOOP RAISE NOTICE '%', a; END LOOP; END $$;
DO $$ DECLARE a d.s%TYPE; BEGIN a := '{4}'; RAISE NOTICE '%', a; a := ARRAY[44]; END $$;
DO $$ DECLARE w word := 'a'; BEGIN w := NULL; END $$;
DO $$ DECLARE w word; BEGIN w := 'x'; END $$;
PREPARE p (small) AS SELECT $1 + 1;
EXECUTE p (3);
EXECUTE p (30);
SELECT pg_typeof(COALESCE(1::small, 2::small)), pg_typeof(CASE WHEN true THEN 1::small ELSE 2 END);
-- Domains over enums are not anyenum.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN my_mood AS mood;
SELECT 'sad'::my_mood = 'sad'::my_mood;
SELECT 'sad'::my_mood < 'ok';
SELECT enum_first('sad'::my_mood);
SELECT 'sad'::my_mood::mood = 'sad';
SELECT x FROM (VALUES ('ok'::my_mood), ('sad')) v(x) ORDER BY x;
