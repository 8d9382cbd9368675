-- Table inheritance: merging of columns and checks, ONLY, tableoid, ALTER TABLE, INHERIT and NO INHERIT.
CREATE TABLE a (x int, t text DEFAULT 'a', CONSTRAINT pos CHECK (x > 0));
CREATE TABLE b (y int) INHERITS (a);
CREATE TABLE c (x int, z int) INHERITS (a);
CREATE TABLE d (w int) INHERITS (b, c);
\d a
\d+ a
\d b
\d+ d
SELECT inhrelid::regclass, inhparent::regclass, inhseqno FROM pg_inherits WHERE inhrelid IN ('b'::regclass, 'c'::regclass, 'd'::regclass) ORDER BY 1, 3;
SELECT attrelid::regclass, attname, attislocal, attinhcount FROM pg_attribute WHERE attrelid IN ('b'::regclass, 'c'::regclass, 'd'::regclass) AND attnum > 0 ORDER BY 1, attnum;
SELECT conrelid::regclass, conname, conislocal, coninhcount FROM pg_constraint WHERE conname = 'pos' ORDER BY 1;
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (2, 'b', 20);
INSERT INTO c VALUES (3, 'c', 30);
INSERT INTO d VALUES (4, 'd', 40, 41, 42);
INSERT INTO d VALUES (-4, 'd', 40, 41, 42);
SELECT tableoid::regclass, * FROM a ORDER BY x;
SELECT * FROM ONLY a;
SELECT tableoid::regclass, * FROM b ORDER BY x;
SELECT tableoid::regclass, * FROM ONLY b;
SELECT tableoid::regclass, x, z FROM c ORDER BY x;
SELECT count(*) FROM a;
SELECT x FROM a WHERE x >= 3 ORDER BY x;
SELECT a FROM a ORDER BY x;
UPDATE a SET t = t || '!' WHERE x > 1 RETURNING tableoid::regclass, *;
UPDATE ONLY a SET t = 'only';
UPDATE b SET y = y + 1 RETURNING *;
UPDATE a SET x = -1 WHERE x = 4;
DELETE FROM a WHERE x = 2 RETURNING tableoid::regclass, *;
DELETE FROM ONLY c;
DELETE FROM c WHERE x = 3;
SELECT tableoid::regclass, * FROM a ORDER BY x;
-- merging
CREATE TABLE bad (x text) INHERITS (a);
CREATE TABLE bad (t varchar) INHERITS (a);
CREATE TABLE m1 (k int DEFAULT 1, n int NOT NULL, s text);
CREATE TABLE m2 (k int DEFAULT 2, n int, q int);
CREATE TABLE bad () INHERITS (m1, m2);
CREATE TABLE m3 (k int DEFAULT 3) INHERITS (m1, m2);
\d m3
CREATE TABLE m4 (q int, extra int, n int) INHERITS (m2);
\d m4
CREATE TABLE m5 (k bigint);
CREATE TABLE bad () INHERITS (m1, m5);
CREATE TABLE bad () INHERITS (m1, m1);
CREATE TABLE bad () INHERITS (nowhere);
CREATE VIEW mv AS SELECT 1 AS k;
CREATE TABLE bad () INHERITS (mv);
CREATE TABLE ck1 (a int, CONSTRAINT same CHECK (a > 0), CONSTRAINT differs CHECK (a < 10));
CREATE TABLE ck2 (a int, CONSTRAINT same CHECK (a > 0));
CREATE TABLE ck3 (a int, CONSTRAINT differs CHECK (a < 11));
CREATE TABLE ck4 () INHERITS (ck1, ck2);
CREATE TABLE bad () INHERITS (ck1, ck3);
CREATE TABLE ck5 (CONSTRAINT same CHECK (a > 0), CONSTRAINT own CHECK (a <> 5)) INHERITS (ck1);
CREATE TABLE bad (CONSTRAINT same CHECK (a > 1)) INHERITS (ck1);
SELECT conrelid::regclass, conname, conislocal, coninhcount FROM pg_constraint WHERE conrelid IN ('ck4'::regclass, 'ck5'::regclass) ORDER BY 1, 2;
CREATE TABLE ni (a int, CONSTRAINT mine CHECK (a > 0) NO INHERIT);
CREATE TABLE ni2 () INHERITS (ni);
INSERT INTO ni2 VALUES (-1);
INSERT INTO ni VALUES (-1);
SELECT * FROM ni;
-- ALTER TABLE reaches children
ALTER TABLE a ADD COLUMN e int DEFAULT 5;
SELECT tableoid::regclass, x, e FROM a ORDER BY x;
ALTER TABLE b ADD COLUMN e2 int;
ALTER TABLE a ADD COLUMN e2 int;
ALTER TABLE a ADD COLUMN y text;
ALTER TABLE ONLY a ADD COLUMN never int;
ALTER TABLE b DROP COLUMN e;
ALTER TABLE a DROP COLUMN e2;
\d b
ALTER TABLE a DROP COLUMN e;
\d b
\d d
ALTER TABLE b RENAME COLUMN x TO xx;
ALTER TABLE ONLY a RENAME COLUMN x TO xx;
ALTER TABLE a RENAME COLUMN x TO xx;
SELECT tableoid::regclass, xx FROM a ORDER BY xx;
ALTER TABLE b ALTER COLUMN xx TYPE bigint;
ALTER TABLE ONLY a ALTER COLUMN xx TYPE bigint;
ALTER TABLE a ALTER COLUMN xx TYPE bigint;
\d d
ALTER TABLE a ALTER COLUMN t SET DEFAULT 'new';
ALTER TABLE a ALTER COLUMN t SET NOT NULL;
INSERT INTO d (xx) VALUES (9) RETURNING *;
INSERT INTO b (xx, t) VALUES (9, NULL);
ALTER TABLE a ALTER COLUMN t DROP NOT NULL;
ALTER TABLE a ADD CONSTRAINT big CHECK (xx < 1000);
ALTER TABLE a ADD CONSTRAINT small CHECK (xx < 5);
ALTER TABLE ONLY a ADD CONSTRAINT never CHECK (xx < 1000);
INSERT INTO d (xx) VALUES (2000);
ALTER TABLE b DROP CONSTRAINT big;
ALTER TABLE b RENAME CONSTRAINT big TO bigger;
ALTER TABLE a RENAME CONSTRAINT big TO bigger;
ALTER TABLE ONLY a DROP CONSTRAINT bigger;
SELECT conrelid::regclass, conname, conislocal, coninhcount FROM pg_constraint WHERE conname = 'bigger' ORDER BY 1;
ALTER TABLE a DROP CONSTRAINT pos;
INSERT INTO d (xx) VALUES (-7);
SELECT xx FROM a ORDER BY xx;
-- INHERIT and NO INHERIT
CREATE TABLE p (k int NOT NULL, v text, CONSTRAINT kpos CHECK (k > 0));
CREATE TABLE q (k int, v text);
ALTER TABLE q INHERIT p;
ALTER TABLE q ALTER COLUMN k SET NOT NULL;
ALTER TABLE q INHERIT p;
ALTER TABLE q ADD CONSTRAINT kpos CHECK (k > 1);
ALTER TABLE q INHERIT p;
ALTER TABLE q DROP CONSTRAINT kpos, ADD CONSTRAINT kpos CHECK (k > 0);
ALTER TABLE q INHERIT p;
ALTER TABLE q INHERIT p;
ALTER TABLE p INHERIT q;
ALTER TABLE p INHERIT p;
INSERT INTO p VALUES (1, 'p');
INSERT INTO q VALUES (2, 'q');
SELECT tableoid::regclass, * FROM p ORDER BY k;
ALTER TABLE q NO INHERIT a;
ALTER TABLE q NO INHERIT p;
SELECT tableoid::regclass, * FROM p ORDER BY k;
SELECT attname, attislocal, attinhcount FROM pg_attribute WHERE attrelid = 'q'::regclass AND attnum > 0;
CREATE TABLE q2 (k int NOT NULL, v int);
ALTER TABLE q2 INHERIT p;
CREATE TABLE q3 (k int NOT NULL);
ALTER TABLE q3 INHERIT p;
-- keys and indexes are each table's own
CREATE TABLE u (k int PRIMARY KEY, v text);
CREATE TABLE u2 () INHERITS (u);
INSERT INTO u VALUES (1, 'u');
INSERT INTO u2 VALUES (1, 'u2'), (1, 'u2 again');
SELECT tableoid::regclass, * FROM u WHERE k = 1 ORDER BY v;
SELECT o.k, u.v FROM (VALUES (1)) o (k) LEFT JOIN u ON u.k = o.k ORDER BY 2;
SELECT o.k FROM (VALUES (1)) o (k) LEFT JOIN u ON u.k = o.k;
CREATE INDEX ON u2 (k);
SELECT count(*) FROM u WHERE k = 1;
UPDATE u SET v = 'all' WHERE k = 1;
SELECT DISTINCT k, v FROM u;
INSERT INTO u VALUES (1, 'conflict') ON CONFLICT (k) DO UPDATE SET v = 'conflict' RETURNING *;
SELECT tableoid::regclass, * FROM u ORDER BY v, 1;
-- views, joins, locking, sub-selects
CREATE VIEW uv AS SELECT k, v FROM u;
CREATE VIEW uo AS SELECT k, v FROM ONLY u;
SELECT count(*) FROM uv;
SELECT count(*) FROM uo;
SELECT pg_get_viewdef('uo'::regclass);
UPDATE uv SET v = 'via view' RETURNING *;
SELECT k FROM u FOR UPDATE;
SELECT x.v FROM u x JOIN u y USING (k) WHERE y.v = 'via view' ORDER BY 1;
SELECT k, (SELECT count(*) FROM ONLY u) FROM u ORDER BY 1;
WITH g AS (DELETE FROM u WHERE k = 1 RETURNING v) SELECT count(*) FROM g;
SELECT count(*) FROM u2;
-- TRUNCATE, DROP
INSERT INTO u VALUES (1, 'u');
INSERT INTO u2 VALUES (2, 'u2');
TRUNCATE ONLY u;
SELECT * FROM u;
TRUNCATE u;
SELECT * FROM u;
DROP TABLE a;
DROP TABLE a CASCADE;
SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd');
CREATE TABLE r1 (a int);
CREATE TABLE r2 () INHERITS (r1);
DROP TABLE r2;
SELECT * FROM r1;
-- rights on the parent are enough
CREATE ROLE inh_reader;
CREATE TABLE s1 (a int);
CREATE TABLE s2 () INHERITS (s1);
INSERT INTO s2 VALUES (1);
GRANT SELECT, UPDATE ON s1 TO inh_reader;
SET ROLE inh_reader;
SELECT * FROM s1;
UPDATE s1 SET a = 2;
SELECT * FROM s2;
RESET ROLE;
DROP OWNED BY inh_reader;
DROP ROLE inh_reader;
-- generated columns and defaults
CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE g2 () INHERITS (g);
INSERT INTO g2 VALUES (3) RETURNING *;
CREATE TABLE bad (b int DEFAULT 1) INHERITS (g);
CREATE TABLE bad (b int GENERATED ALWAYS AS (a * 3) STORED) INHERITS (g);
UPDATE g SET a = 4 RETURNING *;
CREATE TEMP TABLE tt () INHERITS (g);
CREATE TABLE bad () INHERITS (tt);
INSERT INTO tt VALUES (5);
SELECT * FROM g ORDER BY a;
