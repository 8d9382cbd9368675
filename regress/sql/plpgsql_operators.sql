-- Operators of single values, as loops and conditions of functions compute them.
CREATE FUNCTION int4_ops(a int, b int) RETURNS text LANGUAGE plpgsql AS
$$ DECLARE s int; d int; p int; q int; r int; c text; BEGIN s := a + b; d := a - b; q := a / b; r := a % b;
c := concat_ws(',', a = b, a <> b, a < b, a <= b, a > b, a >= b); p := a * b; RETURN concat_ws(' ', s, d, p, q, r, c); END $$;
CREATE FUNCTION int8_ops(a bigint, b bigint) RETURNS text LANGUAGE plpgsql AS
$$ DECLARE s bigint; d bigint; p bigint; q bigint; r bigint; c text; BEGIN s := a + b; d := a - b; q := a / b; r := a % b;
c := concat_ws(',', a = b, a <> b, a < b, a <= b, a > b, a >= b); p := a * b; RETURN concat_ws(' ', s, d, p, q, r, c); END $$;
CREATE FUNCTION mixed_ops(a int, b bigint) RETURNS text LANGUAGE plpgsql AS
$$ DECLARE s bigint; d bigint; p bigint; q bigint; c text; BEGIN s := a + b; s := s + a; d := a - b; d := d - a; q := a / b; q := q / a;
c := concat_ws(',', a = b, a <> b, a < b, a <= b, a > b, a >= b, b = a, b <> a, b < a, b <= a, b > a, b >= a); p := a * b; p := p * a;
RETURN concat_ws(' ', s, d, p, q, c); END $$;
CREATE FUNCTION float8_ops(a float8, b float8) RETURNS text LANGUAGE plpgsql AS
$$ DECLARE s float8; d float8; p float8; q float8; c text; BEGIN s := a + b; d := a - b; p := a * b; q := a / b;
c := concat_ws(',', a = b, a <> b, a < b, a <= b, a > b, a >= b); RETURN concat_ws(' ', s, d, p, q, c); END $$;
CREATE FUNCTION other_comparisons(a int2, b int2, d date, e date, t timestamptz, u timestamptz, o oid, p oid, f real, g real, x text, y text)
RETURNS text LANGUAGE plpgsql AS
$$ BEGIN RETURN concat_ws(' ', a < b, a = b, a >= b, d < e, d = e, d >= e, t < u, t = u, t >= u, o < p, o = p, o >= p, f < g, f = g, f >= g,
x = y, x <> y); END $$;
SELECT int4_ops(17, 5), int4_ops(-17, 5), int4_ops(17, -5), int4_ops(0, 3), int4_ops(7, 7);
SELECT int4_ops(NULL, 5), int4_ops(5, NULL);
SELECT int4_ops(1, 0);
SELECT int4_ops(2147483647, 1);
SELECT int4_ops(-2147483648, 1);
SELECT int4_ops(65536, 65536);
SELECT int4_ops(-5, -1);
SELECT int8_ops(17, 5), int8_ops(-17, 5), int8_ops(9000000000, -7), int8_ops(NULL, 1);
SELECT int8_ops(1, 0);
SELECT int8_ops(9223372036854775807, 1);
SELECT int8_ops(-9223372036854775808, 1);
SELECT int8_ops(4294967296, 4294967296);
SELECT int8_ops(-5, -1);
SELECT mixed_ops(17, 5), mixed_ops(-17, 9000000000), mixed_ops(3, 3), mixed_ops(NULL, 5);
SELECT mixed_ops(1, 0);
SELECT mixed_ops(2147483647, 9223372036854775807);
SELECT float8_ops(1.5, 2.25), float8_ops(-1e300, 3), float8_ops(0, 4), float8_ops('NaN', 1), float8_ops('Infinity', 2), float8_ops('-Infinity', 'Infinity');
SELECT float8_ops('NaN', 'NaN'), float8_ops(2, 'NaN'), float8_ops(NULL, 2), float8_ops('-0', 5);
SELECT float8_ops(1, 0);
SELECT float8_ops(1e300, 1e300);
SELECT float8_ops(1e-300, 1e-300);
SELECT float8_ops(1e308, 1e308);
SELECT float8_ops(1e-300, 1e300);
SELECT other_comparisons(1::int2, 2::int2, '2024-01-01', '2024-01-02', '2024-01-01', '2024-01-01', 3000000000, 4, 'NaN', 1, 'a', 'a');
SELECT other_comparisons(2::int2, 2::int2, 'infinity', '-infinity', '2024-01-02', '2024-01-01', 7, 7, 0.1, 0.1, 'a', 'b');
SELECT other_comparisons(NULL, 2::int2, NULL, '2024-01-02', NULL, '2024-01-01', NULL, 4, NULL, 1, NULL, 'a');
DO $$ DECLARE i smallint := 32767; BEGIN i := i + 1; RAISE NOTICE '%', i; END $$;
DO $$ DECLARE n int := 0; BEGIN WHILE n * 3 % 7 <> 5 OR n < 20 LOOP n := n + 1; END LOOP; RAISE NOTICE '%', n; END $$;
DROP FUNCTION int4_ops, int8_ops, mixed_ops, float8_ops, other_comparisons;
-- A plan made in a function goes on through changes of what it was made from.
CREATE TABLE shapes (a int, b text);
INSERT INTO shapes VALUES (1, 'one'), (2, 'two');
CREATE FUNCTION helper(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x + 1';
DO $$ DECLARE r record; n int := 0; BEGIN
FOR i IN 1..4 LOOP
  n := n + helper(i);
  IF i = 2 THEN EXECUTE 'CREATE OR REPLACE FUNCTION helper(x int) RETURNS int LANGUAGE sql IMMUTABLE AS ''SELECT x * 100'''; END IF;
  FOR r IN EXECUTE CASE WHEN i % 2 = 0 THEN 'SELECT a, b FROM shapes ORDER BY a' ELSE 'SELECT b, a, a * 2 AS c FROM shapes ORDER BY a' END LOOP
    n := n + r.a; RAISE NOTICE '% % %', n, r.b, r;
  END LOOP;
END LOOP; END $$;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT a FROM shapes LOOP RAISE NOTICE '%', r.b; END LOOP; END $$;
DO $$ DECLARE n text; BEGIN FOR i IN 1..3 LOOP n := current_setting('search_path') || to_char(1234.5, '9G999D9'); RAISE NOTICE '%', n;
PERFORM set_config('search_path', 'pg_catalog, public', true); END LOOP; END $$;
DROP TABLE shapes;
DROP FUNCTION helper;
