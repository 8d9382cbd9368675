-- What random statements found: each group is one mistake there once was.
CREATE TABLE t (id int PRIMARY KEY, k int, n numeric, s text);
INSERT INTO t VALUES (1, 1, 1.5, 'a'), (2, 1, NULL, 'b'), (3, NULL, 2.25, 'a'), (4, 2, 1.5, NULL);
CREATE TABLE u (id int PRIMARY KEY, k int, s text);
INSERT INTO u VALUES (1, 4, 'a'), (2, 1, 'c'), (3, NULL, 'a');

-- DISTINCT counts what is selected, not what is grouped by
SELECT DISTINCT true FROM t GROUP BY id;
SELECT DISTINCT true FROM t GROUP BY ROLLUP (k, s);
SELECT DISTINCT k FROM t GROUP BY k, s ORDER BY s;
SELECT DISTINCT ON (k) k, count(*) FROM t GROUP BY k, s ORDER BY k, count(*);

-- aggregates of an outer query inside aggregates
SELECT bool_or(EXISTS (SELECT stddev_pop(t.id) FROM u)) FROM t;
SELECT max((SELECT string_agg('a', ',' ORDER BY t.s) FROM u)) FROM t;
SELECT sum(max(id)) FROM t;
SELECT (SELECT sum(u.id + max(t.id)) FROM u) FROM t;
SELECT t.k, (SELECT min(date '2020-01-01' + 1) FILTER (WHERE t.k > 0) FROM u) FROM t GROUP BY t.k ORDER BY 1;
SELECT 1 FROM t, LATERAL (SELECT min(t.id) FROM u) x;
SELECT 1 FROM t JOIN LATERAL (SELECT 1 FROM u GROUP BY u.k HAVING max(t.id) > 1) x ON true;

-- windows over aggregates of constants
SELECT count(*) OVER (PARTITION BY max(1.5) FILTER (WHERE date '2020-01-01' > date '2021-01-01')) FROM t;
SELECT count(*) OVER (ORDER BY count(*) FILTER (WHERE 1 > 2)), k FROM t GROUP BY k ORDER BY k;

-- frames that leave rows out
SELECT id, sum(id) OVER (ORDER BY k RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP) FROM t ORDER BY id;
SELECT id, array_agg(id) OVER (ORDER BY k, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING EXCLUDE TIES) FROM t ORDER BY id;
SELECT id, count(*) OVER (ORDER BY s GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE GROUP) FROM t ORDER BY id;

-- a condition on outer columns alone, above a set operation
SELECT x.id, y.id FROM (SELECT id FROM t ORDER BY id LIMIT 3) x, LATERAL (SELECT z.id, random() < 2 FROM (SELECT id FROM t UNION ALL SELECT id FROM u) z WHERE x.id = 2) y ORDER BY 1, 2;

-- conditions of which one does not follow from the others
SELECT t.id, u.id FROM t JOIN u ON t.s = u.s AND u.s = replace('c', t.s, u.s) ORDER BY 1, 2;
SELECT t.id, u.id FROM t JOIN u ON t.s = u.s AND u.s = concat(t.s, nullif(u.s, t.s)) ORDER BY 1, 2;

-- LIMIT is computed without rows
PREPARE p(bigint) AS SELECT $1, id FROM t ORDER BY id LIMIT $1;
EXECUTE p(2);
EXECUTE p(3);
SELECT 2::bigint, id FROM t ORDER BY id OFFSET 2::bigint;

-- branches of set operations that are converted outside
WITH w AS NOT MATERIALIZED (SELECT id, k FROM t) (SELECT '' FROM w GROUP BY GROUPING SETS ((k), ())) UNION (SELECT 'b') ORDER BY 1;
WITH w AS (SELECT id, k FROM t) (SELECT DISTINCT k FROM w) UNION ALL (SELECT 1.5) ORDER BY 1;
WITH w AS (SELECT id, k FROM t) (SELECT k FROM w UNION SELECT id FROM u) UNION ALL (SELECT 1.5 FROM w) ORDER BY 1;
SELECT id, (SELECT max(x) FROM (SELECT DISTINCT t.id UNION ALL SELECT 1.5) y(x)) FROM t ORDER BY id;

-- NEW and OLD as values in a trigger function that names no row type
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', tg_op, coalesce(new, old); RETURN coalesce(new, old); END $$;
CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON u FOR EACH ROW EXECUTE FUNCTION f();
INSERT INTO u VALUES (9, 9, 'z');
UPDATE u SET k = 8 WHERE id = 9;
DELETE FROM u WHERE id = 9;

-- system tables have row types
SELECT reltype::regtype, reltype FROM pg_class WHERE oid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_statistic'::regclass) ORDER BY 2;
SELECT typname, typtype, typrelid::regclass, typelem FROM pg_type WHERE typname IN ('pg_attribute', '_pg_attribute') ORDER BY 1;

-- what a domain stands for
CREATE DOMAIN money_like AS numeric(8, 2);
CREATE TABLE d (a money_like, b money_like NOT NULL);
SELECT column_name, data_type, numeric_precision, numeric_scale, domain_name, udt_name FROM information_schema.columns WHERE table_name = 'd' ORDER BY 1;

-- errors of row comparisons name the operator as written
SELECT (true, 1) < (1.5, 1);
SELECT (1, true) >= (1, 2.5);
SELECT (1, 2, 3) < (1, 2, 4), (1, NULL) <= (1, 2), (1, 'b') > (1, 'a');
