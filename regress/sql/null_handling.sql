-- NULL in operators, functions, comparisons, sorting and grouping.
SELECT NULL = 1, NULL <> 1, NULL < 1, NULL AND true, NULL AND false, NULL OR true, NULL OR false, NOT (NULL::boolean);
SELECT 1 + NULL, NULL || 'x', -NULL::int, NULL::int * 0, upper(NULL), length(NULL);
SELECT NULL IS NULL, NULL IS NOT NULL, 1 IS NULL, 1 ISNULL, 1 NOTNULL;
SELECT 1 IN (1, NULL), 2 IN (1, NULL), NULL IN (1), 2 NOT IN (1, NULL), 1 NOT IN (1, NULL);
SELECT NULL BETWEEN 1 AND 2, 1 BETWEEN NULL AND 2, 3 BETWEEN NULL AND 2, 1 NOT BETWEEN 2 AND NULL;
SELECT NULL LIKE 'a', 'a' LIKE NULL, NULL ~ 'a';
SELECT 1 IS DISTINCT FROM 1, 1 IS DISTINCT FROM NULL, NULL IS DISTINCT FROM NULL;
SELECT ROW(1, NULL) IS NULL, ROW(NULL, NULL) IS NULL, ROW(1, NULL) IS NOT NULL, ROW(1, 2) IS NOT NULL;
SELECT ROW(1, NULL) = ROW(1, NULL), ROW(1, NULL) = ROW(2, NULL), ROW(1, 2) < ROW(1, NULL), ROW(1, 2) < ROW(2, NULL);
CREATE TABLE t (id int, a int, b text, c boolean);
INSERT INTO t VALUES (1, 1, 'x', true), (2, NULL, 'y', NULL), (3, 3, NULL, false), (4, NULL, NULL, NULL);
SELECT id FROM t WHERE a = NULL;
SELECT id FROM t WHERE a <> 1 ORDER BY id;
SELECT id FROM t WHERE NOT (a = 1) ORDER BY id;
SELECT id FROM t WHERE c ORDER BY id;
SELECT id FROM t WHERE NOT c ORDER BY id;
SELECT id FROM t WHERE c IS NOT TRUE ORDER BY id;
SELECT id FROM t WHERE c IS UNKNOWN ORDER BY id;
SELECT id FROM t WHERE a IS NOT DISTINCT FROM NULL ORDER BY id;
SELECT id FROM t WHERE coalesce(a, 0) = 0 ORDER BY id;
SELECT a, count(*) FROM t GROUP BY a ORDER BY a;
SELECT DISTINCT a FROM t ORDER BY a NULLS FIRST;
SELECT id FROM t ORDER BY a, b, id;
SELECT id FROM t ORDER BY a DESC, b DESC, id;
SELECT count(*), count(a), sum(a), avg(a), min(b), bool_and(c), array_agg(a ORDER BY id) FROM t;
SELECT sum(a) FROM t WHERE a IS NULL;
SELECT x.id, y.id FROM t x JOIN t y ON x.a = y.a ORDER BY 1, 2;
SELECT x.id, y.id FROM t x JOIN t y ON x.a IS NOT DISTINCT FROM y.a ORDER BY 1, 2;
SELECT id FROM t WHERE a IN (SELECT a FROM t) ORDER BY id;
SELECT id FROM t WHERE a NOT IN (SELECT a FROM t WHERE id = 3) ORDER BY id;
SELECT id, a IS NULL, b IS NOT NULL, c IS TRUE FROM t ORDER BY id;
SELECT concat(a, b), concat_ws('-', a, b), a || b FROM t ORDER BY id;
SELECT greatest(a, 2), least(a, 2), nullif(a, 1), coalesce(a, id * 10) FROM t ORDER BY id;
\pset null '(null)'
SELECT id, a, b, c FROM t ORDER BY id;
\pset null ''
DROP TABLE t;
