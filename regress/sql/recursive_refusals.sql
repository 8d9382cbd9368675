-- What PostgreSQL refuses in recursive queries, and what it does not.
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x ORDER BY 1) SELECT * FROM x;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x LIMIT 10 OFFSET 1) SELECT * FROM x;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x LIMIT 10) SELECT * FROM x;
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x FOR UPDATE) SELECT * FROM x;
-- An inner query of the same name is another one.
WITH RECURSIVE w(c) AS (WITH w(c) AS (WITH v AS (SELECT 1) SELECT * FROM v) SELECT * FROM w) SELECT * FROM w;
WITH RECURSIVE w1(c1) AS
 (WITH w2(c2) AS
  (WITH RECURSIVE w3(c3) AS
   (WITH w3(c3) AS (WITH w4(c4) AS (SELECT 7) SELECT * FROM w4) SELECT * FROM w3)
   SELECT * FROM w3)
  SELECT * FROM w2)
SELECT * FROM w1;
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL (WITH s AS (SELECT 1 AS one) SELECT n + one FROM t, s WHERE n < 4)) SELECT * FROM t;
-- The first temporary table of a session may refer to itself.
CREATE TEMP TABLE department (id int PRIMARY KEY, parent int REFERENCES department, name text);
INSERT INTO department VALUES (0, NULL, 'root'), (1, 0, 'a'), (2, 1, 'b');
SELECT conname FROM pg_constraint WHERE conrelid = 'department'::regclass AND confrelid = conrelid;
WITH RECURSIVE sub AS (
  SELECT * FROM department WHERE name = 'a'
  UNION ALL
  SELECT d.* FROM department d, sub WHERE d.parent = sub.id)
SELECT * FROM sub ORDER BY name;
DROP TABLE department;
