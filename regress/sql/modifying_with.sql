-- data-modifying statements in WITH
CREATE TABLE t (id serial PRIMARY KEY, v text, n int DEFAULT 0);
CREATE TABLE log (id int, what text);
WITH i AS (INSERT INTO t (v) VALUES ('a'), ('b'), ('c') RETURNING *) SELECT * FROM i ORDER BY id;
WITH i AS (INSERT INTO t (v) VALUES ('d') RETURNING id) SELECT (SELECT count(*) FROM t), id FROM i;
WITH d AS (DELETE FROM t WHERE id = 4 RETURNING *) INSERT INTO log SELECT id, v FROM d RETURNING *;
WITH u AS (UPDATE t SET n = n + 1 RETURNING id, n) UPDATE log SET what = what || u.n FROM u RETURNING log.*;
WITH u AS (UPDATE t SET n = 10 WHERE id = 1 RETURNING *) SELECT t.id, t.n, u.n FROM t LEFT JOIN u USING (id) ORDER BY 1;
WITH u AS (UPDATE t SET n = 99 WHERE id = 2) SELECT count(*) FROM t;
SELECT id, n FROM t ORDER BY id;
WITH u AS (UPDATE t SET n = 5) SELECT * FROM u;
WITH a AS (INSERT INTO t (v) VALUES ('e') RETURNING id), b AS (INSERT INTO log SELECT id, 'from a' FROM a RETURNING id) SELECT a.id = b.id FROM a, b;
SELECT * FROM (WITH x AS (DELETE FROM t RETURNING id) SELECT * FROM x) q;
WITH x AS (INSERT INTO t (v) VALUES ('f') RETURNING *) DELETE FROM log USING x WHERE log.id < x.id;
SELECT * FROM log;
WITH m AS (DELETE FROM t WHERE n > 5 RETURNING *) SELECT sum(n) FROM m;
WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 3), ins AS (INSERT INTO log SELECT i, 'r' || i FROM r RETURNING *) SELECT * FROM ins ORDER BY id;
WITH a AS (INSERT INTO t (id, v) VALUES (100, 'g') RETURNING id) INSERT INTO t (id, v) SELECT id, 'again' FROM a ON CONFLICT (id) DO NOTHING;
WITH x(i, j) AS (INSERT INTO log VALUES (7, 'seven') RETURNING *) SELECT j, i FROM x;
WITH x AS (SELECT * FROM nosuch) DELETE FROM t;
WITH x AS (SELECT 1 AS one) UPDATE t SET n = one FROM x WHERE id = 100 RETURNING n;
WITH x AS (SELECT 1 AS one), d AS (DELETE FROM t USING x WHERE n = one RETURNING id) SELECT id FROM d ORDER BY id;
WITH t AS (SELECT 1) INSERT INTO t (v) SELECT 'h' FROM t RETURNING v;
BEGIN READ ONLY;
WITH x AS (INSERT INTO log VALUES (1, 'x') RETURNING 1) SELECT * FROM x;
ROLLBACK;
-- SEARCH and CYCLE
CREATE TABLE tree (id int, parent int);
INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 1), (4, 2), (5, 3), (6, 2);
WITH RECURSIVE r(id, parent) AS (SELECT * FROM tree WHERE parent IS NULL UNION ALL SELECT t.* FROM tree t, r WHERE t.parent = r.id) SEARCH DEPTH FIRST BY id SET o SELECT * FROM r ORDER BY o;
WITH RECURSIVE r(id, parent) AS (SELECT * FROM tree WHERE parent IS NULL UNION ALL SELECT t.* FROM tree t, r WHERE t.parent = r.id) SEARCH BREADTH FIRST BY id SET o SELECT * FROM r ORDER BY o;
CREATE TABLE g (f int, t int);
INSERT INTO g VALUES (1, 2), (2, 3), (3, 1), (3, 4);
WITH RECURSIVE r(f, t) AS (SELECT * FROM g WHERE f = 1 UNION ALL SELECT g.* FROM g, r WHERE g.f = r.t) CYCLE f, t SET is_cycle USING path SELECT * FROM r ORDER BY path;
WITH RECURSIVE r(f, t) AS (SELECT * FROM g WHERE f = 1 UNION ALL SELECT g.* FROM g, r WHERE g.f = r.t) CYCLE f, t SET is_cycle TO 'Y' DEFAULT 'N' USING path SELECT f, t, is_cycle FROM r ORDER BY path;
WITH RECURSIVE r(f, t) AS (SELECT * FROM g WHERE f = 1 UNION SELECT g.* FROM g, r WHERE g.f = r.t) SEARCH DEPTH FIRST BY nosuch SET o SELECT * FROM r;
WITH RECURSIVE r(f, t) AS (SELECT * FROM g WHERE f = 1 UNION SELECT g.* FROM g, r WHERE g.f = r.t) CYCLE f SET f USING p SELECT * FROM r;
-- WITH queries that look at the outer query
SELECT id, (WITH c AS (SELECT count(*) AS n FROM tree x WHERE x.parent = tree.id) SELECT n FROM c) FROM tree ORDER BY id;
SELECT id, (WITH c AS MATERIALIZED (SELECT x.id FROM tree x WHERE x.parent = tree.id) SELECT count(*) FROM c, c d) FROM tree ORDER BY id;
SELECT id, (WITH RECURSIVE up(i, p) AS (SELECT tree.id, tree.parent UNION ALL SELECT x.id, x.parent FROM tree x, up WHERE x.id = up.p) SELECT string_agg(i::text, '>' ORDER BY i) FROM up) FROM tree ORDER BY id;
SELECT * FROM tree, LATERAL (WITH c AS (SELECT tree.id * 10 AS k) SELECT a.k + b.k AS s FROM c a, c b) l ORDER BY 1;
-- Subqueries of a row to insert that read a WITH query.
CREATE TABLE kept (k int PRIMARY KEY, v text);
WITH w AS (SELECT 1 a, 2 b) INSERT INTO kept VALUES (1, (SELECT 'new ' || b FROM w WHERE a = 1)) RETURNING *, (SELECT a FROM w);
WITH w AS (SELECT 1 a, 2 b) INSERT INTO kept VALUES (1, (SELECT 'new ' || b FROM w)) ON CONFLICT (k) DO UPDATE SET v = (SELECT b || ' changed' FROM w WHERE a = 1 LIMIT 1) RETURNING *;
WITH w AS (SELECT 1 a, 2 b) INSERT INTO kept VALUES (2, (SELECT 'x' FROM w)), (3, (SELECT 'y' || b FROM w)) RETURNING *;
DROP TABLE kept;
