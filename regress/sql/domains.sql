-- CREATE DOMAIN.
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN code AS varchar(5) NOT NULL DEFAULT 'none' CONSTRAINT code_upper CHECK (VALUE = upper(VALUE) OR VALUE = 'none');
CREATE DOMAIN evenpos AS posint CHECK (VALUE % 2 = 0);
SELECT typname, typlen, typbyval, typtype, typcategory, typispreferred, typbasetype::regtype, typtypmod, typnotnull, typdefault, typinput, typoutput, typreceive, typsend FROM pg_type WHERE typname IN ('posint', 'code', 'evenpos') ORDER BY 1;
\dD
SELECT conname, contype, conrelid, contypid::regtype, convalidated, connoinherit, pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid <> 0 AND connamespace = 'public'::regnamespace ORDER BY 1;
CREATE TABLE t (id int PRIMARY KEY, p posint, c code, e evenpos DEFAULT 2);
\d t
INSERT INTO t VALUES (1, 5, 'ABC', 4);
INSERT INTO t VALUES (2, 0, 'ABC', 4);
INSERT INTO t VALUES (2, 5, 'abc', 4);
INSERT INTO t VALUES (2, 5, NULL, 4);
INSERT INTO t VALUES (2, 5, 'TOOLONGER', 4);
INSERT INTO t VALUES (2, 5, 'A', 3);
INSERT INTO t VALUES (2, 5, 'A', -2);
INSERT INTO t (id) VALUES (3);
INSERT INTO t (id, p) VALUES (4, NULL);
INSERT INTO t SELECT g, g - 5, 'X', 2 FROM generate_series(10, 12) g;
INSERT INTO t SELECT g, g - 15, 'X', 2 FROM generate_series(14, 16) g;
SELECT * FROM t ORDER BY id;
UPDATE t SET p = -1 WHERE id = 1;
UPDATE t SET p = p + 1 WHERE id = 1;
UPDATE t SET c = NULL WHERE id = 1;
UPDATE t SET c = DEFAULT WHERE id = 1;
SELECT * FROM t WHERE id = 1;
INSERT INTO t VALUES (1, 1, 'A', 2) ON CONFLICT (id) DO UPDATE SET p = 0;
INSERT INTO t VALUES (1, 1, 'A', 2) ON CONFLICT (id) DO UPDATE SET p = 77 RETURNING p;
-- casts
SELECT 5::posint, '7'::posint, CAST(8 AS posint);
SELECT 0::posint;
SELECT '-1'::posint;
SELECT 'x'::posint;
SELECT NULL::posint, NULL::code;
SELECT NULL::posint;
SELECT 'abcdefgh'::code;
SELECT 'ABCDEFGH'::code;
SELECT 3::evenpos;
SELECT (-4)::evenpos;
SELECT 4::evenpos;
SELECT (p + 1)::posint FROM t WHERE id = 1;
SELECT (p - 100)::posint FROM t WHERE id = 1;
SELECT p + 1, p * e, length(c), c || 'x', p = 77, p::text FROM t WHERE id = 1;
SELECT id FROM t WHERE p > 5 ORDER BY id;
SELECT max(p), sum(e), min(c) FROM t;
SELECT c, count(*) FROM t GROUP BY c ORDER BY c;
SELECT 'posint'::regtype, format_type('code'::regtype, NULL), format_type('code'::regtype, 9);
-- indexes, keys
CREATE INDEX ON t (p);
CREATE TABLE k (p posint PRIMARY KEY, c code UNIQUE);
INSERT INTO k VALUES (1, 'A'), (2, 'B');
INSERT INTO k VALUES (1, 'C');
CREATE TABLE r (p posint REFERENCES k, i int REFERENCES k (p));
INSERT INTO r VALUES (1, 2);
INSERT INTO r VALUES (3, 2);
\d r
DROP TABLE r, k;
-- COPY, prepared statements
COPY t (id, p, c) FROM stdin;
30	3	Q
\.
COPY t (id, p, c) FROM stdin;
31	0	Q
\.
COPY t (id, p, c) FROM stdin;
31	1	\N
\.
PREPARE ins AS INSERT INTO t (id, p) VALUES ($1, $2);
EXECUTE ins(40, 4);
EXECUTE ins(41, -4);
PREPARE cast_it(int) AS SELECT $1::posint;
EXECUTE cast_it(1);
EXECUTE cast_it(-1);
DEALLOCATE ALL;
-- views, defaults, generated columns
CREATE VIEW v AS SELECT id, p, 5::posint AS five FROM t WHERE p > 5::posint;
SELECT * FROM v ORDER BY id LIMIT 1;
DROP VIEW v;
CREATE TABLE d (a posint DEFAULT 0, b posint GENERATED ALWAYS AS (a - 1) STORED);
INSERT INTO d DEFAULT VALUES;
INSERT INTO d VALUES (1);
INSERT INTO d VALUES (2);
SELECT * FROM d;
DROP TABLE d;
-- ALTER DOMAIN
ALTER DOMAIN posint SET DEFAULT 9;
INSERT INTO t (id) VALUES (50);
SELECT p FROM t WHERE id = 50;
ALTER DOMAIN posint DROP DEFAULT;
INSERT INTO t (id) VALUES (51);
SELECT p FROM t WHERE id = 51;
ALTER DOMAIN posint SET NOT NULL;
UPDATE t SET p = 1 WHERE p IS NULL;
ALTER DOMAIN posint SET NOT NULL;
INSERT INTO t (id) VALUES (52);
SELECT NULL::posint;
ALTER DOMAIN posint DROP NOT NULL;
INSERT INTO t (id) VALUES (52);
ALTER DOMAIN posint ADD CONSTRAINT small CHECK (VALUE < 50);
ALTER DOMAIN posint ADD CONSTRAINT small CHECK (VALUE < 50) NOT VALID;
INSERT INTO t (id, p) VALUES (53, 60);
SELECT 60::posint;
ALTER DOMAIN posint VALIDATE CONSTRAINT small;
UPDATE t SET p = 7 WHERE p = 77;
ALTER DOMAIN posint VALIDATE CONSTRAINT small;
ALTER DOMAIN posint VALIDATE CONSTRAINT nosuch;
ALTER DOMAIN posint ADD CONSTRAINT small CHECK (VALUE < 60);
ALTER DOMAIN posint RENAME CONSTRAINT small TO smallish;
INSERT INTO t (id, p) VALUES (53, 60);
\dD posint
ALTER DOMAIN posint DROP CONSTRAINT smallish;
ALTER DOMAIN posint DROP CONSTRAINT smallish;
ALTER DOMAIN posint DROP CONSTRAINT IF EXISTS smallish;
INSERT INTO t (id, p) VALUES (53, 60);
ALTER DOMAIN posint RENAME TO positive;
\d t
SELECT 0::positive;
ALTER DOMAIN positive RENAME TO posint;
BEGIN;
ALTER DOMAIN posint ADD CHECK (VALUE < 1000);
INSERT INTO t (id, p) VALUES (54, 5000);
ROLLBACK;
INSERT INTO t (id, p) VALUES (54, 5000);
-- ALTER TABLE
CREATE TABLE conv (a int);
INSERT INTO conv VALUES (1), (-1);
ALTER TABLE conv ALTER COLUMN a TYPE posint;
DELETE FROM conv WHERE a < 0;
ALTER TABLE conv ALTER COLUMN a TYPE posint;
INSERT INTO conv VALUES (-1);
ALTER TABLE conv ADD COLUMN b posint DEFAULT -3;
ALTER TABLE conv ADD COLUMN b posint DEFAULT 3;
ALTER TABLE conv ADD COLUMN c code;
SELECT * FROM conv;
DROP TABLE conv;
-- errors and dropping
CREATE DOMAIN posint AS int;
CREATE DOMAIN bad AS nosuch;
CREATE DOMAIN bad AS anyelement;
CREATE DOMAIN bad AS int CHECK (nosuch > 1);
CREATE DOMAIN bad AS int CHECK (VALUE);
CREATE DOMAIN bad AS int DEFAULT 'x';
CREATE DOMAIN bad AS int UNIQUE;
CREATE DOMAIN bad AS int PRIMARY KEY;
CREATE DOMAIN bad AS int REFERENCES t;
CREATE DOMAIN bad AS int NOT NULL NULL;
CREATE DOMAIN bad AS int DEFAULT 1 DEFAULT 2;
ALTER DOMAIN nosuch SET NOT NULL;
CREATE TYPE en AS ENUM ('a', 'b');
CREATE DOMAIN den AS en CHECK (VALUE <> 'b');
SELECT 'a'::den;
SELECT 'b'::den;
SELECT 'c'::den;
CREATE TABLE tden (d den);
INSERT INTO tden VALUES ('a');
INSERT INTO tden VALUES ('b');
SELECT * FROM tden WHERE d = 'a';
DROP TABLE tden;
DROP DOMAIN en;
DROP TYPE en;
DROP TYPE en CASCADE;
DROP DOMAIN posint;
DROP DOMAIN evenpos;
DROP DOMAIN evenpos CASCADE;
\d t
DROP DOMAIN IF EXISTS nosuch;
DROP DOMAIN nosuch;
DROP TABLE t;
DROP DOMAIN posint, code;
CREATE DOMAIN plain_text AS text;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE VIEW domain_casts AS SELECT relname::text::plain_text AS a, 5::positive AS b, ('x' || relname)::plain_text AS c FROM pg_class;
SELECT pg_get_viewdef('domain_casts'::regclass);
SELECT 'a'::plain_text, 'a'::plain_text || 'b', 5::positive + 1;
DROP VIEW domain_casts;
DROP DOMAIN plain_text, positive;
