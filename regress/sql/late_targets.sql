-- Volatile and set-returning targets that nothing sorts by are computed behind the sort.
CREATE TABLE late_rows (a int, b int);
INSERT INTO late_rows SELECT i, (i * 7) % 10 FROM generate_series(1, 10) i;
CREATE SEQUENCE late_seq;
SELECT b, nextval('late_seq') FROM late_rows ORDER BY b LIMIT 4;
SELECT currval('late_seq');
SELECT b, nextval('late_seq') AS n FROM late_rows ORDER BY b DESC OFFSET 1 LIMIT 2;
SELECT currval('late_seq');
SELECT b, nextval('late_seq') + a AS n, a FROM late_rows ORDER BY b, a;
SELECT nextval('late_seq') AS n FROM late_rows ORDER BY n DESC LIMIT 1;
SELECT b, generate_series(1, 3) AS g FROM late_rows ORDER BY b DESC LIMIT 5;
SELECT b, generate_series(1, b) AS g FROM late_rows ORDER BY b LIMIT 4;
SELECT generate_series(1, 2) AS g, b FROM late_rows ORDER BY g, b LIMIT 3;
SELECT DISTINCT ON (x) x, y, generate_series(1, 3) AS g
  FROM (VALUES (3, 2), (3, 1), (1, 1), (1, 4), (5, 3), (5, 1)) AS t(x, y) ORDER BY x, y DESC;
SELECT DISTINCT ON (x) x, y, nextval('late_seq') IS NOT NULL AS n
  FROM (VALUES (3, 2), (3, 1), (1, 1)) AS t(x, y) ORDER BY x, y;
SELECT b % 3 AS k, count(*), nextval('late_seq') > 0 AS n FROM late_rows GROUP BY 1 ORDER BY 1;
SELECT b, row_number() OVER (ORDER BY b) AS r, nextval('late_seq') > 0 AS n FROM late_rows ORDER BY b DESC LIMIT 2;
SELECT b, (SELECT max(g) FROM generate_series(1, l.b) g) AS m, generate_series(1, 2) AS s
  FROM late_rows l ORDER BY b DESC LIMIT 3;
DROP SEQUENCE late_seq;
DROP TABLE late_rows;
-- Without ORDER BY, DISTINCT ON sorts by all of them.
SELECT DISTINCT ON (x) x, y, generate_series(1, 3) AS g
  FROM (VALUES (3, 2), (3, 1), (1, 1), (1, 4), (5, 3), (5, 1)) AS t(x, y);
