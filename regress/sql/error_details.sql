-- What an error's detail shows of rows: never a column that the role may neither read nor has just given.
CREATE ROLE det_owner;
CREATE ROLE det_user;
CREATE SCHEMA det AUTHORIZATION det_owner;
GRANT USAGE ON SCHEMA det TO det_user;
SET ROLE det_owner;
SET search_path = det;

-- NOT NULL and CHECK
CREATE TABLE pay (id int PRIMARY KEY, name text NOT NULL, salary int CHECK (salary < 1000), "Grade A" int DEFAULT 7);
INSERT INTO pay VALUES (1, 'ann', 500), (2, 'bob', 600);
GRANT INSERT, UPDATE, DELETE ON pay TO det_user;
GRANT SELECT (name) ON pay TO det_user;
SET ROLE det_user;
INSERT INTO pay (id) VALUES (3);
INSERT INTO pay (id, salary) VALUES (3, 1);
INSERT INTO pay VALUES (3, 'cat', 5000);
INSERT INTO pay (id, name, salary) SELECT 3, 'cat', 5000;
INSERT INTO pay DEFAULT VALUES;
UPDATE pay SET salary = 2000;
UPDATE pay SET name = NULL WHERE name = 'bob';
UPDATE pay SET name = NULL, "Grade A" = 3;
COPY pay (id, salary) FROM STDIN;
9	12
\.
-- keys
INSERT INTO pay VALUES (1, 'x', 1);
INSERT INTO pay (id, name) VALUES (1, 'x') ON CONFLICT (id) DO NOTHING;
UPDATE pay SET id = 1;
INSERT INTO pay AS p (id, name) VALUES (2, 'x') ON CONFLICT ON CONSTRAINT pay_pkey DO UPDATE SET salary = 7000;
SET ROLE det_owner;
GRANT SELECT (id) ON pay TO det_user;
SET ROLE det_user;
INSERT INTO pay VALUES (1, 'x', 1);
INSERT INTO pay AS p (id, name) VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET salary = 7000;
INSERT INTO pay AS p (id, name) VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET name = NULL;
SET ROLE det_owner;
REVOKE SELECT (id) ON pay FROM det_user;
CREATE UNIQUE INDEX pay_lower ON pay (lower(name));
CREATE UNIQUE INDEX pay_two ON pay ("Grade A", (salary + 1)) WHERE salary > 0;
INSERT INTO pay VALUES (10, 'ANN', 1);
INSERT INTO pay VALUES (10, 'zoe', 500);
SET ROLE det_user;
INSERT INTO pay VALUES (10, 'ANN', 1);
INSERT INTO pay VALUES (10, 'zoe', 500);
SET ROLE det_owner;
DROP INDEX pay_lower, pay_two;

-- nothing at all may be told
CREATE TABLE dark (a int NOT NULL, b int DEFAULT 4, CHECK (b > 4));
GRANT INSERT, DELETE ON dark TO det_user;
SET ROLE det_user;
INSERT INTO dark DEFAULT VALUES;
INSERT INTO dark (a) VALUES (1);
INSERT INTO dark (b) VALUES (1);
SET ROLE det_owner;
REVOKE ALL ON dark FROM det_owner;
CREATE UNIQUE INDEX ON dark ((1));
GRANT INSERT ON dark TO det_owner;
INSERT INTO dark (a, b) VALUES (1, 3);
INSERT INTO dark (a, b) VALUES (1, 5), (2, 5);
INSERT INTO dark (a, b) VALUES (1, 5);
DROP INDEX dark_expr_idx;
INSERT INTO dark (a, b) VALUES (1, 5), (1, 5);
CREATE UNIQUE INDEX dark_a ON dark (a);
CREATE UNIQUE INDEX dark_a ON dark ((a + 1));
GRANT SELECT (a) ON dark TO det_owner;
CREATE UNIQUE INDEX dark_a ON dark (a);
CREATE UNIQUE INDEX dark_a ON dark (a, b);
CREATE UNIQUE INDEX dark_a ON dark ((a + 1));
GRANT ALL ON dark TO det_owner;
CREATE UNIQUE INDEX dark_a ON dark ((a + 1), b);

-- foreign keys
CREATE TABLE master (m int, n int, PRIMARY KEY (m, n));
CREATE TABLE detail (id int, m int, n int, FOREIGN KEY (m, n) REFERENCES master);
INSERT INTO master VALUES (1, 1), (2, 2);
INSERT INTO detail VALUES (1, 1, 1);
GRANT INSERT, UPDATE, DELETE ON master, detail TO det_user;
GRANT SELECT (m) ON master, detail TO det_user;
SET ROLE det_user;
INSERT INTO detail VALUES (2, 3, 3);
UPDATE detail SET m = 9;
DELETE FROM master WHERE m = 1;
UPDATE master SET m = 5 WHERE m = 1;
SET ROLE det_owner;
GRANT SELECT (n) ON detail, master TO det_user;
SET ROLE det_user;
INSERT INTO detail VALUES (2, 3, 3);
UPDATE detail SET m = 9;
DELETE FROM master WHERE m = 1;
UPDATE master SET m = 5 WHERE m = 1;
SET ROLE det_owner;
ALTER TABLE detail DROP CONSTRAINT detail_m_n_fkey;
INSERT INTO detail VALUES (7, 7, 7);
ALTER TABLE detail ADD FOREIGN KEY (m, n) REFERENCES master;
REVOKE SELECT ON detail FROM det_owner;
ALTER TABLE detail ADD FOREIGN KEY (m, n) REFERENCES master;
-- unique keys that are checked later
CREATE TABLE later (a int UNIQUE DEFERRABLE INITIALLY DEFERRED, "B b" int, UNIQUE (a, "B b") DEFERRABLE);
INSERT INTO later VALUES (1, 1);
INSERT INTO later VALUES (1, 1);
INSERT INTO later VALUES (1, 2);
GRANT INSERT ON later TO det_user;
GRANT SELECT (a) ON later TO det_user;
SET ROLE det_user;
INSERT INTO later VALUES (1, 1);
INSERT INTO later VALUES (1, 2);
SET ROLE det_owner;

-- partitions: the row is shown as the table has it that the statement names, keys by the partition's rights
CREATE TABLE whole (k int, v text, w int CHECK (w > 0)) PARTITION BY RANGE (k);
CREATE TABLE part (w int NOT NULL CONSTRAINT whole_w_check CHECK (w > 0), k int, v text UNIQUE);
ALTER TABLE whole ATTACH PARTITION part FOR VALUES FROM (0) TO (10);
CREATE TABLE exprs (a int, "B" text) PARTITION BY LIST ((a + 1));
CREATE TABLE quoted (a int, "B" text) PARTITION BY RANGE ("B", a, lower("B"));
GRANT INSERT, UPDATE ON whole, part, exprs, quoted TO det_user;
GRANT SELECT (v) ON whole TO det_user;
GRANT SELECT (w) ON part TO det_user;
INSERT INTO whole VALUES (1, 'x', 1);
INSERT INTO whole VALUES (11, 'x', 1);
INSERT INTO exprs VALUES (1, 'x');
INSERT INTO quoted VALUES (1, repeat('x', 70));
INSERT INTO part VALUES (1, 11, repeat('x', 70));
SET ROLE det_user;
INSERT INTO whole VALUES (11, 'x', 1);
INSERT INTO whole (k, w) VALUES (5, -1);
INSERT INTO whole (k) VALUES (5);
INSERT INTO whole VALUES (1, 'x', 1);
UPDATE whole SET w = -1;
UPDATE whole SET w = NULL;
UPDATE whole SET k = 50;
INSERT INTO part (w, k) VALUES (1, 11);
INSERT INTO part (k) VALUES (1);
UPDATE part SET k = 11;
INSERT INTO exprs VALUES (1, 'x');
INSERT INTO quoted VALUES (1, 'x');
SET ROLE det_owner;
GRANT SELECT (a) ON exprs TO det_user;
GRANT SELECT (k) ON whole TO det_user;
GRANT SELECT (a, "B") ON quoted TO det_user;
GRANT SELECT (v) ON part TO det_user;
SET ROLE det_user;
INSERT INTO whole VALUES (11, 'x', 1);
INSERT INTO whole VALUES (1, 'x', 1);
INSERT INTO exprs VALUES (1, 'x');
INSERT INTO quoted VALUES (1, 'x');
SET ROLE det_owner;

-- inheritance
CREATE TABLE parent (a int NOT NULL, b int);
CREATE TABLE child (c int, CHECK (b < 10)) INHERITS (parent);
INSERT INTO child VALUES (1, 2, 3);
GRANT INSERT, UPDATE ON parent, child TO det_user;
SET ROLE det_user;
UPDATE parent SET b = 20;
UPDATE parent SET a = NULL;
UPDATE child SET b = 20, c = 4;
SET ROLE det_owner;
UPDATE parent SET b = 20;

-- views with a check option, and MERGE
CREATE TABLE base (a int, b int, c int NOT NULL DEFAULT 0);
INSERT INTO base VALUES (1, 1, 1);
CREATE VIEW small AS SELECT a, b FROM base WHERE a < 10 WITH CHECK OPTION;
GRANT SELECT, INSERT, UPDATE ON small TO det_user;
GRANT INSERT (c), SELECT (a) ON base TO det_user;
SET ROLE det_user;
INSERT INTO small VALUES (20, 2);
INSERT INTO small (a) VALUES (20);
UPDATE small SET b = 4, a = 40;
SET ROLE det_owner;
INSERT INTO small VALUES (20, 2);
GRANT UPDATE, INSERT ON base TO det_user;
SET ROLE det_user;
MERGE INTO base USING (VALUES (1)) v (x) ON a = x WHEN MATCHED THEN UPDATE SET c = NULL;
MERGE INTO base USING (VALUES (2)) v (x) ON a = x WHEN NOT MATCHED THEN INSERT (b, c) VALUES (5, NULL);
MERGE INTO base USING (VALUES (2)) v (x) ON a = x
  WHEN MATCHED THEN UPDATE SET b = 3 WHEN NOT MATCHED THEN INSERT (c) VALUES (NULL);
SET ROLE det_owner;

-- generated columns are nobody's to give
CREATE TABLE made (a int, g int GENERATED ALWAYS AS (a * 2) STORED CHECK (g < 10));
GRANT INSERT, UPDATE ON made TO det_user;
SET ROLE det_user;
INSERT INTO made VALUES (10);
SET ROLE det_owner;

-- row security: nothing of any row, whatever may be read
CREATE TABLE secure (id int PRIMARY KEY, v int CHECK (v > 0), r int UNIQUE REFERENCES secure);
INSERT INTO secure VALUES (1, 1), (2, 2);
ALTER TABLE secure ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_it ON secure USING (true) WITH CHECK (true);
GRANT ALL ON secure TO det_user;
SET ROLE det_user;
INSERT INTO secure VALUES (1, 1);
INSERT INTO secure VALUES (3, -1);
INSERT INTO secure VALUES (3, 1, 77);
SET row_security = off;
INSERT INTO secure VALUES (3, -1);
RESET row_security;
SET ROLE det_owner;
INSERT INTO secure VALUES (1, 1);
INSERT INTO secure VALUES (3, -1);
INSERT INTO secure VALUES (3, 1, 77);
ALTER TABLE secure FORCE ROW LEVEL SECURITY;
INSERT INTO secure VALUES (3, -1);
INSERT INTO secure VALUES (1, 1);

-- a function of another owner shows what its owner may see
CREATE FUNCTION add_pay(i int) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = det
  AS 'INSERT INTO pay VALUES (i, ''ann'', 5000)';
SET ROLE det_user;
SELECT add_pay(4);

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA det CASCADE;
DROP ROLE det_user, det_owner;
