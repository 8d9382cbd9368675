-- CREATE TYPE … AS ENUM.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
SELECT typname, typlen, typbyval, typtype, typcategory, typispreferred, typinput, typoutput, typreceive, typsend, typalign, typstorage, typarray <> 0 AS has_array FROM pg_type WHERE typname = 'mood';
SELECT enumlabel, enumsortorder FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY 2;
\dT
\dT+ mood
CREATE TABLE person (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'ok', past mood[]);
\d person
INSERT INTO person VALUES (1, 'happy', '{sad,ok}'), (2, 'sad', NULL), (3, DEFAULT, ARRAY['happy']::mood[]);
INSERT INTO person VALUES (4, 'angry');
INSERT INTO person VALUES (4, NULL);
INSERT INTO person VALUES (4, 'ok'::text);
INSERT INTO person VALUES (4, 1);
SELECT * FROM person ORDER BY m, id;
SELECT * FROM person ORDER BY m DESC, id;
SELECT id FROM person WHERE m = 'happy';
SELECT id FROM person WHERE m > 'sad' ORDER BY id;
SELECT id FROM person WHERE m IN ('sad', 'happy') ORDER BY id;
SELECT id FROM person WHERE m <> 'ok' ORDER BY id;
SELECT id FROM person WHERE m = 'nosuch';
SELECT id FROM person WHERE m = 'ok'::text;
SELECT m, count(*) FROM person GROUP BY m ORDER BY m;
SELECT DISTINCT m FROM person ORDER BY 1;
SELECT min(m), max(m) FROM person;
SELECT array_agg(m ORDER BY m) FROM person;
SELECT m::text || '!' FROM person ORDER BY id;
SELECT 'sad'::mood < 'happy'::mood, 'sad'::mood = 'ok', 'ok'::mood BETWEEN 'sad' AND 'happy';
SELECT 'x'::mood;
SELECT ('ok'::text)::mood, CAST('happy' AS mood);
SELECT ('nosuch'::text)::mood;
SELECT NULL::mood IS NULL;
SELECT pg_typeof('ok'::mood), pg_typeof(m), pg_typeof(past) FROM person LIMIT 1;
SELECT past[1], past FROM person ORDER BY id;
SELECT '{sad,happy}'::mood[], ARRAY['ok'::mood, 'sad'], 'ok' = ANY('{sad,ok}'::mood[]);
SELECT '{sad,wrong}'::mood[];
SELECT unnest('{happy,sad}'::mood[]);
SELECT coalesce(NULL, 'ok'::mood), CASE WHEN true THEN 'sad'::mood ELSE 'ok' END, greatest('sad'::mood, 'happy', 'ok');
SELECT 'ok'::mood UNION SELECT 'sad' ORDER BY 1;
-- functions
SELECT enum_first(NULL::mood), enum_last(NULL::mood), enum_first('ok'::mood);
SELECT enum_range(NULL::mood), enum_range('ok'::mood, NULL), enum_range(NULL, 'ok'::mood), enum_range('ok'::mood, 'ok');
SELECT enum_range('happy'::mood, 'sad'::mood);
SELECT enum_cmp('sad', 'ok'::mood), enum_larger('sad'::mood, 'ok'), enum_smaller('sad'::mood, 'ok');
SELECT format_type('mood'::regtype, NULL), format_type('mood[]'::regtype, NULL), 'mood'::regtype, 'mood[]'::regtype;
-- indexes
CREATE INDEX person_m ON person (m);
SELECT id FROM person WHERE m = 'sad';
SELECT id FROM person WHERE m >= 'ok' ORDER BY m, id;
CREATE TABLE uniq (m mood UNIQUE);
INSERT INTO uniq VALUES ('sad'), ('ok');
INSERT INTO uniq VALUES ('sad');
INSERT INTO uniq VALUES ('sad') ON CONFLICT (m) DO NOTHING;
CREATE TABLE ref (m mood REFERENCES uniq (m) ON DELETE CASCADE);
INSERT INTO ref VALUES ('sad');
INSERT INTO ref VALUES ('happy');
DELETE FROM uniq WHERE m = 'sad';
SELECT count(*) FROM ref;
DROP TABLE ref, uniq;
-- joins and hashing
CREATE TABLE words (m mood, w text);
INSERT INTO words VALUES ('sad', 'boo'), ('happy', 'yay');
SELECT p.id, w FROM person p LEFT JOIN words USING (m) ORDER BY 1;
DROP TABLE words;
-- changes
ALTER TYPE mood ADD VALUE 'great';
ALTER TYPE mood ADD VALUE 'meh' BEFORE 'ok';
ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok';
ALTER TYPE mood ADD VALUE 'awful' BEFORE 'sad';
SELECT enum_range(NULL::mood);
SELECT enumlabel, enumsortorder FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY 2;
ALTER TYPE mood ADD VALUE 'meh';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'meh';
ALTER TYPE mood ADD VALUE 'x' BEFORE 'nosuch';
INSERT INTO person VALUES (4, 'meh'), (5, 'great'), (6, 'awful'), (7, 'fine');
SELECT id, m FROM person ORDER BY m;
SELECT id FROM person WHERE m < 'ok' ORDER BY m;
ALTER TYPE mood RENAME VALUE 'great' TO 'superb';
ALTER TYPE mood RENAME VALUE 'great' TO 'superb';
ALTER TYPE mood RENAME VALUE 'sad' TO 'superb';
SELECT id, m FROM person WHERE m = 'superb';
SELECT 'great'::mood;
BEGIN;
ALTER TYPE mood RENAME VALUE 'superb' TO 'grand';
SELECT m FROM person WHERE id = 5;
ROLLBACK;
SELECT m FROM person WHERE id = 5;
ALTER TYPE mood RENAME TO feeling;
\d person
SELECT 'ok'::mood;
SELECT 'ok'::feeling;
ALTER TYPE feeling RENAME TO mood;
-- prepared statements
PREPARE q(mood) AS SELECT id FROM person WHERE m = $1;
EXECUTE q('ok');
EXECUTE q('nosuch');
PREPARE q2 AS INSERT INTO person (id, m) VALUES ($1, $2) RETURNING *;
EXECUTE q2(10, 'happy');
DEALLOCATE ALL;
-- COPY
COPY person (id, m, past) FROM stdin;
20	sad	{ok,sad}
\.
COPY (SELECT id, m, past FROM person WHERE id = 20) TO stdout;
COPY person (id, m) FROM stdin;
21	wrong
\.
-- schemas
CREATE SCHEMA s;
CREATE TYPE s.shade AS ENUM ('dark', 'light');
CREATE TABLE shades (x s.shade DEFAULT 'dark');
\d shades
INSERT INTO shades DEFAULT VALUES;
SELECT * FROM shades WHERE x = 'dark';
SELECT 'dark'::shade;
SELECT 'dark'::s.shade, 's.shade'::regtype;
INSERT INTO shades VALUES ('black');
DROP SCHEMA s;
DROP TABLE shades;
DROP SCHEMA s CASCADE;
-- ALTER TABLE
CREATE TABLE conv (t text);
INSERT INTO conv VALUES ('ok'), ('sad');
ALTER TABLE conv ALTER COLUMN t TYPE mood;
ALTER TABLE conv ALTER COLUMN t TYPE mood USING t::mood;
SELECT * FROM conv ORDER BY t;
ALTER TABLE conv ADD COLUMN extra mood DEFAULT 'happy';
SELECT * FROM conv ORDER BY t;
ALTER TABLE conv ALTER COLUMN t TYPE text;
SELECT * FROM conv ORDER BY t;
CREATE VIEW v AS SELECT id, m, m = 'ok' AS fine FROM person WHERE m <> 'sad';
SELECT * FROM v ORDER BY id LIMIT 2;
\d v
DROP VIEW v;
CREATE TABLE chk (m mood CHECK (m <> 'awful'));
INSERT INTO chk VALUES ('awful');
DROP TABLE chk;
-- errors and dropping
CREATE TYPE mood AS ENUM ('a');
CREATE TYPE empty AS ENUM ();
SELECT enum_first(NULL::empty);
SELECT enum_range(NULL::empty);
SELECT ''::empty;
ALTER TYPE empty ADD VALUE 'only';
SELECT enum_range(NULL::empty);
DROP TYPE empty;
CREATE TYPE toolong AS ENUM ('0123456789012345678901234567890123456789012345678901234567890123456789');
ALTER TYPE nosuch ADD VALUE 'a';
DROP TYPE nosuch;
DROP TYPE IF EXISTS nosuch;
DROP TYPE mood;
DROP TYPE mood CASCADE;
\d person
SELECT id FROM person ORDER BY id LIMIT 2;
INSERT INTO person VALUES (100);
DROP TABLE person, conv;
