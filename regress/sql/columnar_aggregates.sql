-- Sums, groups and first rows of columnar tables: numerics as integers of one scale, keys as codes, bounds of segments.
SELECT count(*) = 0 AS elsewhere FROM pg_am WHERE amname = 'columnar' \gset
\if :elsewhere
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION varve_settle(regclass) RETURNS int8 LANGUAGE sql AS 'SELECT 0::int8';
\endif
SET timezone = 'UTC';
CREATE TABLE lines (id int NOT NULL, flag char(1), status char(3), kind text, quantity numeric(15,2), price numeric(15,2),
  discount numeric(15,2), tax numeric(15,4), mixed numeric, whole numeric(30,0), n int, f float8, f4 float4, at timestamptz NOT NULL) USING columnar;
INSERT INTO lines SELECT i, substr('ANR', i % 3 + 1, 1), CASE i % 5 WHEN 0 THEN 'o' WHEN 1 THEN 'f  ' WHEN 2 THEN 'ff' END, 'kind ' || i % 7,
  i % 50 + 0.25, (i * 7919 % 100003) / 100.0, i % 11 / 100.0, i % 9 / 10000.0, CASE i % 4 WHEN 0 THEN i WHEN 1 THEN i / 8.0 WHEN 2 THEN -i * 1.50 END,
  i::numeric * 1000000007, i % 1000, i % 64 / 4.0, i % 32 / 2.0, timestamptz '2024-03-01 00:00+00' + i * interval '1 minute'
FROM generate_series(1, 20000) i;
SELECT varve_settle('lines') >= 0 AS settled;

-- Arithmetic and sums with the display scale of each
SELECT flag, status, sum(quantity), avg(quantity), sum(price), sum(price * (1 - discount)), sum(price * (1 - discount) * (1 + tax)), avg(discount), count(*)
FROM lines WHERE id <= 19900 GROUP BY flag, status ORDER BY flag, status;
SELECT sum(quantity), avg(quantity), sum(price), avg(price), sum(quantity * price), sum(price - quantity), sum(tax + quantity), sum(n * price), sum(n * 2.50) FROM lines;
SELECT price * (1 - discount) * (1 + tax) AS charge, quantity - price, price + tax, n * tax FROM lines WHERE id IN (1, 77, 9999, 20000) ORDER BY id;
SELECT kind, sum(mixed), avg(mixed), count(mixed), min(mixed), max(mixed) FROM lines GROUP BY kind ORDER BY kind;
SELECT sum(whole), avg(whole), sum(whole * whole), max(whole * price), sum(whole - price) FROM lines;
SELECT sum(whole * whole * whole) FROM lines;
SELECT sum(CASE WHEN flag = 'A' THEN price * (1 - discount) ELSE 0 END), sum(CASE WHEN flag = 'N' THEN price END) FROM lines;
SELECT flag, sum(price) FILTER (WHERE n < 500), avg(price), sum(price), count(*) FILTER (WHERE status IS NULL) FROM lines GROUP BY flag ORDER BY flag;
SELECT sum(DISTINCT quantity), avg(DISTINCT discount), sum(quantity) FROM lines;
SELECT stddev(price), variance(quantity), avg(price), sum(price) FROM lines;

-- Aggregates of the same column share what they sum up
SELECT sum(n), avg(n), sum(n::int8), avg(n::int8), sum(f4), avg(f4), round(stddev(f4)::numeric, 6), round(var_pop(f4)::numeric, 6), sum(f), avg(f), round(stddev(f)::numeric, 6) FROM lines;
SELECT flag, avg(n), sum(n), avg(n) + 1, sum(n) FILTER (WHERE n > 5), avg(f), sum(f) FROM lines GROUP BY flag ORDER BY flag;
SELECT avg(length(kind)), sum(length(kind)), sum((kind < 'kind 4' COLLATE "C")::int), avg((kind < 'kind 4' COLLATE "POSIX")::int) FROM lines;
SELECT sum(n) OVER (ORDER BY id ROWS 2 PRECEDING) AS s, avg(n) OVER (ORDER BY id ROWS 2 PRECEDING) AS a FROM lines ORDER BY id LIMIT 3;
SELECT kind, sum(price), avg(price) FROM lines WHERE id < 0 GROUP BY kind;
SELECT sum(price), avg(price), count(price) FROM lines WHERE id < 0;

-- Several sums of floats at once, in the order of the rows
SELECT avg(f), avg(f * 2), avg(-f), sum(f), sum(f + 1), avg(n::float8), sum(f4), sum(f4 * 2), avg(f + n), avg(f - n), avg(f / 4) FROM lines;
SELECT kind, avg(f), avg(f * 2), sum(f), sum(n::float8), avg(f) FILTER (WHERE n < 10) FROM lines GROUP BY kind ORDER BY kind;
CREATE TABLE floats (g int, a float8, b float8, c float4, d float8) USING columnar;
INSERT INTO floats SELECT i / 1000, CASE WHEN i % 2 = 0 THEN 1e200 ELSE -1e200 END, i, i, CASE WHEN i > 2500 THEN 'NaN'::float8 ELSE i END FROM generate_series(1, 3000) i;
SELECT varve_settle('floats') >= 0 AS settled;
SELECT sum(a), avg(b), sum(b), sum(c), avg(d), sum(d) FROM floats;
SELECT g, sum(a), sum(b), sum(c), avg(d), sum(d) FROM floats GROUP BY g ORDER BY g;
INSERT INTO floats VALUES (9, 'Infinity', 0, 0, 'Infinity'), (9, 1, '-Infinity', 'NaN', '-Infinity');
SELECT g, sum(a), avg(a), sum(b), avg(b), sum(c), avg(d), sum(d) FROM floats WHERE g > 2 GROUP BY g ORDER BY g;
INSERT INTO floats SELECT 10, 1.7e308, 1e308, 3e38, 0 FROM generate_series(1, 100);
SELECT sum(b) FROM floats WHERE g < 10;
SELECT sum(a), sum(b) FROM floats WHERE g = 10;
SELECT sum(c) FROM floats WHERE g = 10;
SELECT avg(a) FROM floats WHERE g = 10;
SELECT sum(z), avg(z) FROM (SELECT '-0'::float8 AS z FROM generate_series(1, 100)) zeros;

-- Numbers that 64 bits do not hold, or that are none
CREATE TABLE wide (g char(2), v numeric, w numeric(38,4)) USING columnar;
INSERT INTO wide SELECT chr(97 + i % 3), 9000000000000000000 + i, 99999999999999999999999999999999.9999 - i FROM generate_series(1, 3000) i;
SELECT varve_settle('wide') >= 0 AS settled;
SELECT g, sum(v), avg(v), sum(w), avg(w), sum(v + v), sum(v * 10), sum(v - w), max(v * v) FROM wide GROUP BY g ORDER BY g;
SELECT sum(v), sum(w), sum(v * w), sum(-v) FROM wide;
INSERT INTO wide VALUES ('a', 'NaN', 1), ('b', 'Infinity', 1), ('c', '-Infinity', 1), ('c', 'Infinity', NULL), ('d', 1e60, 2), ('d', -1e-60, NULL);
SELECT g, sum(v), avg(v), sum(w), avg(w), sum(v + 1), sum(v * 2) FROM wide GROUP BY g ORDER BY g;
SELECT varve_settle('wide') >= 0 AS settled;
SELECT g, sum(v), avg(v), sum(w), avg(w), sum(v + 1), sum(v * 2) FROM wide GROUP BY g ORDER BY g;
SELECT sum(v + 0.0000000000000000001), sum(v * 1.0000000000000000001) FROM wide WHERE g < 'd' AND v < 'Infinity' AND v > '-Infinity';
SELECT v + v, v * v, v - v FROM (VALUES (9223372036854775807::numeric), (9223372036854775807.0), (-9223372036854775808), (4611686018427387904), (3037000500)) t(v);
SELECT sum(v), avg(v) FROM (SELECT 9223372036854775807::numeric FROM generate_series(1, 5000)) t(v);
SELECT sum(v), avg(v) FROM (SELECT 0.5 * i FROM generate_series(1, 5000) i UNION ALL SELECT 0.12345 UNION ALL SELECT 3) t(v);

-- Keys as codes: NULLs, blanks, several columns, constants, more groups than rows of a vector
SELECT status, count(*), sum(n) FROM lines GROUP BY status ORDER BY status;
SELECT status, kind, flag, count(*), sum(price) FROM lines WHERE n < 20 GROUP BY status, kind, flag ORDER BY status, kind, flag;
SELECT kind, status, count(*) FROM lines GROUP BY GROUPING SETS ((kind, status), (status), ()) ORDER BY kind, status, count(*);
SELECT status, 'x' AS c, count(*) FROM lines GROUP BY status, c ORDER BY status;
SELECT upper(kind), count(*), min(id), max(id) FROM lines GROUP BY upper(kind) ORDER BY 1;
SELECT kind, count(*), array_agg(id ORDER BY id DESC) FILTER (WHERE id < 20) FROM lines GROUP BY kind ORDER BY kind;
SELECT kind, count(DISTINCT n % 3), string_agg(flag, '' ORDER BY id) FILTER (WHERE id < 30) FROM lines GROUP BY kind ORDER BY kind;
SELECT id % 3000 AS g, sum(price) AS s, avg(price) FROM lines GROUP BY g ORDER BY s DESC, g LIMIT 5;
SELECT id / 3 AS g, sum(quantity) AS s, count(*) FROM lines GROUP BY g HAVING sum(quantity) > 149 ORDER BY g LIMIT 5;
SELECT count(*), sum(s) FROM (SELECT id, sum(quantity) AS s, avg(mixed) FROM lines GROUP BY id) per_id;

-- Rows that were changed since
DELETE FROM lines WHERE id % 10 = 3;
UPDATE lines SET price = price + 0.5, kind = 'kind 9' WHERE id % 10 = 4;
UPDATE lines SET mixed = 'NaN' WHERE id = 8;
SELECT flag, kind, count(*), sum(price), avg(price), sum(price * (1 - discount)) FROM lines GROUP BY flag, kind ORDER BY flag, kind;
SELECT sum(mixed), max(mixed), min(mixed) FROM lines;

-- The least and the greatest
SELECT min(at), max(at), min(id), max(id) FROM lines;
DELETE FROM lines WHERE id IN (1, 2, 20000, 19999);
SELECT min(at), max(at), min(id), max(id) FROM lines;
SELECT min(id), max(at) FROM lines WHERE at >= '2024-03-02 00:00+00';
SELECT min(id), max(id) FROM lines WHERE id BETWEEN 100 AND 19000;
SELECT min(f), max(f), min(f4), max(n) FROM lines;
INSERT INTO lines (id, at) VALUES (-5, '2023-01-01 00:00+00'), (50000, '2025-01-01 00:00+00');
SELECT min(at), max(at), min(id), max(id) FROM lines;
BEGIN;
DELETE FROM lines WHERE id > 19000;
SELECT min(at), max(at), min(id), max(id), count(*) FROM lines;
ROLLBACK;
SELECT min(at), max(at), min(id), max(id), count(*) FROM lines;
CREATE TABLE extremes (i int, f float8, s smallint) USING columnar;
INSERT INTO extremes SELECT NULL, NULL, NULL FROM generate_series(1, 2000);
SELECT varve_settle('extremes') >= 0 AS settled;
SELECT min(i), max(i), min(f), max(f), min(s), max(s) FROM extremes;
INSERT INTO extremes SELECT i, CASE WHEN i % 100 = 0 THEN 'NaN'::float8 ELSE i END, i % 7 FROM generate_series(-3000, 3000) i;
SELECT varve_settle('extremes') >= 0 AS settled;
SELECT min(i), max(i), min(f), max(f), min(s), max(s) FROM extremes;
SELECT min(i), max(f) FROM extremes WHERE i > 5;
ALTER TABLE extremes ADD COLUMN later int DEFAULT 7;
SELECT min(later), max(later), max(i) FROM extremes;
INSERT INTO extremes VALUES (1, 1, 1, 3);
SELECT min(later), max(later), max(i) FROM extremes;

-- The first rows, by one key and by what is equal in it
CREATE TABLE ticks (at timestamptz NOT NULL, host text, n int, x float8) USING columnar;
INSERT INTO ticks SELECT timestamptz '2024-03-01 00:00+00' + i % 2000 * interval '10 seconds', CASE WHEN i % 17 <> 16 THEN 'host_' || i / 2000 END, i, i * 7919 % 10007
FROM generate_series(0, 39999) i;
SELECT varve_settle('ticks') >= 0 AS settled;
SELECT at, host, n FROM ticks ORDER BY at DESC, host LIMIT 7;
SELECT at, host, n FROM ticks ORDER BY at DESC, host NULLS FIRST, n LIMIT 7;
SELECT at, host, n FROM ticks ORDER BY at DESC, host DESC, n LIMIT 7;
SELECT at, host, n FROM ticks ORDER BY at, host DESC NULLS LAST, n DESC LIMIT 7;
SELECT at, host, n FROM ticks ORDER BY at, n DESC LIMIT 7 OFFSET 18;
SELECT at, x, n FROM ticks WHERE x > 50 ORDER BY at, x DESC LIMIT 5;
SELECT at, x, n FROM ticks WHERE host = 'host_3' ORDER BY at DESC, x LIMIT 5;
DELETE FROM ticks WHERE at = '2024-03-01 05:33:10+00' AND n < 20000;
UPDATE ticks SET host = 'a' WHERE n % 2000 = 1999 AND n > 35000;
INSERT INTO ticks VALUES ('2024-03-01 05:33:10+00', 'host_', -1, 0), ('2024-03-01 05:33:20+00', NULL, -2, 0);
SELECT at, host, n FROM ticks ORDER BY at DESC, host, n LIMIT 5;
SELECT at, host, n FROM ticks ORDER BY at DESC, host DESC NULLS LAST, n DESC LIMIT 5;
SELECT DISTINCT ON (host) host, at, n FROM ticks ORDER BY host, at DESC, n LIMIT 5;
SELECT at, host, n FROM ticks ORDER BY host COLLATE "C" DESC NULLS LAST, at DESC LIMIT 3;
SELECT count(*), min(n), max(n) FROM (SELECT n FROM ticks ORDER BY at DESC LIMIT 500) latest;

-- Sorts of what is in order already, in runs, or the other way round
SELECT count(*) FROM (SELECT n, lag(n) OVER () AS before FROM (SELECT n FROM ticks ORDER BY n) s) t WHERE before > n;
SELECT count(*) FROM (SELECT n, lag(n) OVER () AS before FROM (SELECT n FROM ticks ORDER BY n DESC) s) t WHERE before < n;
SELECT count(*) FROM (SELECT at, n, lag(at) OVER () AS a, lag(n) OVER () AS b FROM (SELECT at, n FROM ticks ORDER BY at, n) s) t WHERE a > at OR (a = at AND b > n);
SELECT count(*) FROM (SELECT host, at, lag(host) OVER () AS h, lag(at) OVER () AS a FROM (SELECT host, at FROM ticks ORDER BY host COLLATE "C", at DESC) s) t
WHERE h COLLATE "C" > host OR (h = host AND a < at);
SELECT count(*) FROM (SELECT x, lag(x) OVER () AS before FROM (SELECT x FROM ticks ORDER BY x DESC, n) s) t WHERE before < x;

-- The text of floats
SELECT v, -v, v::float4 FROM (VALUES (0.1::float8), (0.0001), (0.00012), (0.0001234), (99.99), (100), (1e14), (123456789012.1234), (99999999999.9999), (1e15),
  (0.30000000000000004), (2.5e-5), (1234.5678), (1234.56789), (0), ('-0'), (4503599627370497.5), (1e22), (100000.0001), (0.9999), (0.99999)) t(v);
SET extra_float_digits = 0;
SELECT v FROM (VALUES (0.1::float8), (99.99), (0.30000000000000004), (123456789012.1234)) t(v);
SET extra_float_digits = -3;
SELECT v FROM (VALUES (0.1::float8), (99.99), (0.30000000000000004), (123456789012.1234)) t(v);
RESET extra_float_digits;
DROP TABLE lines, floats, wide, extremes, ticks;
-- Patterns of several literals
SELECT p, t, t LIKE p AS matches FROM (VALUES ('%special%requests%'), ('a%b'), ('a%b%'), ('%a%b'), ('%%'), ('a%%b'), ('ab%ba'), ('%ab%ab%'), ('%ü%ß'), ('a%_b'), ('a\%%b')) p(p),
  (VALUES (''), ('ab'), ('aba'), ('abba'), ('aab'), ('special requests'), ('requests special'), ('xx special, deep requests.'), ('a%b'), ('aübß'), ('abab'), ('ababb'), (NULL)) t(t) ORDER BY p COLLATE "C", t COLLATE "C";
CREATE TABLE padded (c char(4), n int);
INSERT INTO padded VALUES ('b', 1), ('a', 2), ('ab', 3), (E'a\t', 4), ('a b', 5), ('abcd', 6), ('', 7), (NULL, 8), ('abc', 9), ('ab', 10);
SELECT replace(c, E'\t', '>'), n FROM padded ORDER BY c COLLATE "C", n;
SELECT replace(c, E'\t', '>'), n FROM padded ORDER BY n % 2, c COLLATE "C" DESC, n;
DROP TABLE padded;
-- Conditions on many groups, which threads may test for themselves
CREATE TABLE items (k int, v numeric(10,2), t text) USING columnar;
INSERT INTO items SELECT i * 7919 % 30000, i % 1000 / 100.0, 'text ' || i % 3000 FROM generate_series(1, 90000) i;
SELECT varve_settle('items') >= 0 AS settled;
SELECT k, sum(v), count(*), max(t) FROM items GROUP BY k HAVING sum(v) > 29.3 ORDER BY k;
SELECT count(*), sum(s), max(c), min(m) FROM (SELECT k, sum(v) AS s, count(*) AS c, min(t) AS m FROM items GROUP BY k HAVING k % 3 = 1 AND min(t) < 'text 2') g;
SELECT count(*) FROM (SELECT k FROM items GROUP BY k HAVING count(*) > 3) g;
SELECT count(*) FROM (SELECT k FROM items GROUP BY k HAVING count(*) >= (SELECT 3)) g;
SELECT count(*), sum(k) FROM (SELECT k FROM items GROUP BY k HAVING string_agg(t, ',' ORDER BY t) LIKE 'text 1%,text 2%') g;
SELECT k FROM items GROUP BY k HAVING 1 / (k - 77) > 0 ORDER BY k LIMIT 1;
SELECT count(*), sum(a) FROM (SELECT t, avg(v) AS a FROM items GROUP BY t HAVING avg(v) BETWEEN 4 AND 5 OR max(k) = 29999) g;
PREPARE above(numeric) AS SELECT count(*) FROM (SELECT k FROM items GROUP BY k HAVING sum(v) > $1) g;
EXECUTE above(20);
EXECUTE above(29);
INSERT INTO items SELECT 50000 + i, 'NaN', NULL FROM generate_series(1, 20000) i;
SELECT count(*), min(k) FROM (SELECT k FROM items GROUP BY k HAVING sum(v) = 'NaN' AND max(t) IS NULL) g;
DROP TABLE items;
