-- WITH queries that refer to an outer query, read further in.
CREATE TABLE outer_rows (a int);
INSERT INTO outer_rows VALUES (0), (12), (-12);
SELECT (WITH c(v) AS (VALUES (a)) SELECT (SELECT v FROM c)) FROM outer_rows ORDER BY 1;
SELECT (WITH c(v) AS (VALUES (a)) VALUES ((SELECT v FROM c))) FROM outer_rows ORDER BY 1;
SELECT (WITH c(v) AS MATERIALIZED (SELECT a + 1) SELECT (SELECT v FROM c)) FROM outer_rows ORDER BY 1;
SELECT a, (WITH c(v) AS (SELECT a) SELECT (SELECT v FROM c x) + (SELECT v FROM c)) FROM outer_rows ORDER BY 1;
SELECT a FROM outer_rows WHERE (WITH c(v) AS (SELECT a) SELECT EXISTS (SELECT FROM c WHERE v > 0)) ORDER BY 1;
SELECT a, (WITH c(v) AS (SELECT a) SELECT (SELECT (SELECT sum(v) FROM c))) FROM outer_rows ORDER BY 1;
-- Aggregates of an outer query around subqueries.
SELECT (SELECT max((SELECT i.a FROM outer_rows i WHERE i.a = o.a))) FROM outer_rows o;
SELECT (SELECT sum((SELECT count(*) FROM outer_rows i WHERE i.a <= o.a))) FROM outer_rows o;
SELECT (SELECT max((SELECT i.a FROM outer_rows i WHERE i.a = o.a)) FILTER (WHERE o.a < 10)) FROM outer_rows o;
SELECT (SELECT max(o.a + (SELECT min(i.a) FROM outer_rows i WHERE i.a >= o.a)) + 1) FROM outer_rows o;
SELECT (SELECT (SELECT max((SELECT i.a FROM outer_rows i WHERE i.a = o.a)))) FROM outer_rows o;
SELECT o.a > 0 AS positive, (SELECT count((SELECT i.a FROM outer_rows i WHERE i.a = -o.a))) FROM outer_rows o
  GROUP BY 1 ORDER BY 1;
-- Constants of a subquery in grouping sets.
SELECT a, x FROM (SELECT a, 'foo'::text AS x FROM outer_rows) t GROUP BY GROUPING SETS (a, x) HAVING x = 'foo';
SELECT a, x || 'x' FROM (SELECT a, 'foo'::text AS x FROM outer_rows) t GROUP BY GROUPING SETS (a, x) ORDER BY a, 2;
SELECT a, x, count(*) FROM (SELECT a, 7 AS x FROM outer_rows) t GROUP BY ROLLUP (a, x) ORDER BY a, x;
DROP TABLE outer_rows;
