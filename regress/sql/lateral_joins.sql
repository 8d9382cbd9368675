-- LATERAL items inside the nullable side of outer joins and inside full joins; GROUPING across query levels.
CREATE TABLE la (a int PRIMARY KEY, b int);
CREATE TABLE lb (x int PRIMARY KEY, a int, e text);
INSERT INTO la SELECT i, i % 4 FROM generate_series(1, 40) i;
INSERT INTO lb SELECT i, (i * 7) % 50, 'e' || i % 5 FROM generate_series(1, 100) i;
ANALYZE la;
ANALYZE lb;
SELECT a.a, b.x, l.z FROM la a LEFT JOIN (lb b JOIN LATERAL (SELECT a.b + b.x AS z) l ON l.z % 2 = 0) ON b.a = a.a WHERE a.a < 6 ORDER BY 1, 2, 3;
SELECT a.a, count(b.x), sum(l.z) FROM la a LEFT JOIN (lb b LEFT JOIN LATERAL (SELECT b.x + a.a AS z WHERE b.x % 3 = a.a % 3) l ON true) ON b.a = a.a WHERE a.a < 20 GROUP BY 1 ORDER BY 1;
SELECT a.a, f.* FROM (SELECT * FROM la WHERE a < 4) a, LATERAL ((SELECT a.a AS q) x FULL JOIN (SELECT a.b AS r) y ON x.q = y.r) f ORDER BY 1, 2, 3;
SELECT a.a, q, r FROM (SELECT * FROM la WHERE a < 4) a LEFT JOIN LATERAL ((SELECT a.a AS q) x FULL JOIN (SELECT a.b AS r) y ON x.q = y.r) ON true ORDER BY 1, 2, 3;
SELECT a.a, q, r FROM (SELECT * FROM la WHERE a < 4) a CROSS JOIN (LATERAL (SELECT a.a AS q) x FULL JOIN (SELECT 2 AS r) y ON x.q = y.r) ORDER BY 1, 2, 3;
SELECT a.a, x.q, g.n FROM (SELECT * FROM la WHERE a < 4) a CROSS JOIN (LATERAL (SELECT a.a AS q) x FULL JOIN generate_series(1, 2) g(n) ON x.q = g.n) WHERE EXISTS (SELECT 1 FROM lb WHERE lb.x = q) ORDER BY 1, 2, 3;
SELECT a.a, (SELECT sum(q) FROM generate_series(1, 3) k(i) LEFT JOIN (lb e JOIN LATERAL (SELECT a.a + i + e.x AS q) l ON q < 60) ON e.a = a.a) FROM la a WHERE a.a IN (7, 14, 21) ORDER BY 1;
WITH c AS (SELECT 5 AS five) SELECT a.a, q FROM (SELECT * FROM la WHERE a < 4) a LEFT JOIN (c JOIN LATERAL (SELECT five + a.a AS q) l ON true) ON true ORDER BY 1, 2;
SELECT a.a, b.x IS NULL, l.z FROM (SELECT * FROM la WHERE a < 4) a LEFT JOIN (lb b JOIN LATERAL (SELECT a.b AS z) l ON l.z = b.x) ON true ORDER BY 1;
SELECT a.a, l.z, b FROM (SELECT * FROM la WHERE a < 4) a LEFT JOIN (lb b JOIN LATERAL (SELECT a.b AS z OFFSET 0) l ON l.z = b.x) ON b.a > 0 ORDER BY 1;
SELECT a.a FROM la a LEFT JOIN (lb b JOIN LATERAL (SELECT a.a AS z OFFSET 0) l ON l.z = b.x) ON true WHERE a.a < 4 ORDER BY 1 FOR UPDATE OF a;
SELECT c.a, d.a, q FROM la c RIGHT JOIN (la d LEFT JOIN (lb b JOIN LATERAL (SELECT d.a * b.x AS q) l ON l.q < 30) ON b.a = d.a) ON c.a = q WHERE d.a < 12 ORDER BY 2, 1, 3;
SELECT a.a, y.* FROM (SELECT * FROM la WHERE a < 4) a LEFT JOIN (generate_series(1, 2) g JOIN LATERAL generate_series(g, a.a) h ON h > g) y ON y.h > 1 ORDER BY 1, 2, 3;
SELECT v.a, s.* FROM (VALUES (1), (2)) v(a), LATERAL (SELECT grouping(b), b, count(*) FROM (VALUES (1), (2)) w(b) WHERE b >= v.a GROUP BY ROLLUP (b)) s ORDER BY 1, 2, 3, 4;
-- names that are there but cannot be referred to
SELECT a.a FROM la a LEFT JOIN (lb b JOIN LATERAL (SELECT a.b + b.x AS z) l ON true) s ON b.a = a.a;
SELECT a.a FROM la a LEFT JOIN (lb b JOIN LATERAL (SELECT b) t ON b.x = a.a) ON true;
SELECT * FROM (VALUES (1), (2)) v(a), LATERAL (SELECT grouping(a), a, count(*) FROM (VALUES (1), (2)) w(b) GROUP BY ROLLUP (b)) s;
SELECT * FROM la a FULL JOIN LATERAL (SELECT a.a AS q) x ON true;
SELECT * FROM la a RIGHT JOIN LATERAL (SELECT a.a AS q) x ON true;
-- GROUPING in subqueries
SELECT (SELECT grouping(a)) FROM (VALUES (1), (2)) v(a) GROUP BY ROLLUP (a) ORDER BY 1;
SELECT (SELECT grouping(a) + count(*) FROM (VALUES (1)) w(b)) FROM (VALUES (1), (2)) v(a) GROUP BY ROLLUP (a) ORDER BY 1;
SELECT a FROM (VALUES (1), (2)) v(a) GROUP BY ROLLUP (a) HAVING (SELECT grouping(a)) = 1;
SELECT (SELECT grouping(a) FROM (VALUES (1)) w(b) GROUP BY b) FROM (VALUES (1), (2)) v(a) GROUP BY ROLLUP (a) ORDER BY 1;
SELECT (SELECT (SELECT grouping(a, b))) FROM (VALUES (1, 2), (2, 3)) v(a, b) GROUP BY CUBE (a, b) ORDER BY 1;
SELECT (SELECT grouping(b)) FROM (VALUES (1, 2), (2, 3)) v(a, b) GROUP BY ROLLUP (a) ORDER BY 1;
SELECT * FROM (VALUES (1), (2)) v(a) WHERE EXISTS (SELECT grouping(a));
SELECT 1 FROM (VALUES (true), (false)) v(a) GROUP BY (a OR a) HAVING (a OR a);
SELECT (SELECT 1 WHERE a + 1 > 0) FROM (VALUES (1), (2)) v(a) GROUP BY a + 1;
SELECT array_position(ARRAY[1, 2], 2::bigint), array_remove(ARRAY[1], 1.5), ARRAY[1] || 1.5, array_append(ARRAY[1], 2::float8);
SELECT ARRAY[1] || 'x'::text;
-- joins as they are written
SET join_collapse_limit = 1;
SELECT count(*), sum(b.x) FROM (la a JOIN lb b ON a.a = b.a) JOIN la c ON c.a = b.x;
SELECT count(*) FROM la a JOIN lb b ON a.a = b.a LEFT JOIN la c ON c.a = b.x JOIN la d ON d.a = c.b;
RESET join_collapse_limit;
DROP TABLE la, lb;
-- VALUES that name other items.
SELECT * FROM (VALUES (1), (2)) x(a), LATERAL (VALUES (a)) y(b);
SELECT * FROM (VALUES (1), (2)) x(a), LATERAL (VALUES (a), (a + 10)) y(b) ORDER BY a, b;
SELECT v.x FROM generate_series(1, 4) AS s(i), LATERAL (VALUES ((SELECT s.i + 1)), (s.i + 101)) AS v(x) WHERE s.i < 3 AND (SELECT v.x) < 110 ORDER BY 1;
SELECT x.a, y.b, v.c FROM (VALUES (1), (2)) x(a) LEFT JOIN (VALUES (2, 'two')) y(k, b) ON x.a = y.k, LATERAL (VALUES (coalesce(y.b, 'none') || x.a)) v(c) ORDER BY 1;
