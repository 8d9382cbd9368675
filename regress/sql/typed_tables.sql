-- Tables of a composite type.
CREATE TABLE ttable1 OF nothing;
CREATE TYPE person_type AS (id int, name text);
CREATE TABLE persons OF person_type;
CREATE TABLE IF NOT EXISTS persons OF person_type;
SELECT * FROM persons;
\d persons
CREATE FUNCTION get_all_persons() RETURNS SETOF person_type LANGUAGE SQL AS $$ SELECT * FROM persons; $$;
SELECT * FROM get_all_persons();
ALTER TABLE persons ADD COLUMN comment text;
ALTER TABLE persons DROP COLUMN name;
ALTER TABLE persons RENAME COLUMN id TO num;
ALTER TABLE persons ALTER COLUMN name TYPE varchar;
CREATE TABLE stuff (id int);
ALTER TABLE persons INHERIT stuff;
CREATE TABLE personsx OF person_type (myname WITH OPTIONS NOT NULL);
CREATE TABLE persons2 OF person_type (id WITH OPTIONS PRIMARY KEY, UNIQUE (name));
\d persons2
CREATE TABLE persons3 OF person_type (PRIMARY KEY (id), name WITH OPTIONS DEFAULT '');
\d persons3
CREATE TABLE persons4 OF person_type (name WITH OPTIONS NOT NULL, name WITH OPTIONS DEFAULT '');
CREATE TABLE persons4 OF person_type (id GENERATED ALWAYS AS IDENTITY);
CREATE TABLE persons4 OF person_type (id GENERATED ALWAYS AS (1) STORED);
CREATE TABLE persons4 OF stuff;
CREATE TABLE persons4 OF int4;
DROP TYPE person_type RESTRICT;
-- Rows of a typed table are rows of the type.
INSERT INTO persons VALUES (1, 'test'), (2, NULL), (3, 'three');
CREATE FUNCTION namelen(person_type) RETURNS int LANGUAGE SQL AS $$ SELECT length($1.name) $$;
SELECT id, namelen(persons) FROM persons ORDER BY id;
SELECT persons::person_type, (persons::person_type).name FROM persons WHERE id = 3;
SELECT get_all_persons() ORDER BY 1;
SELECT relname, reloftype::regtype FROM pg_class WHERE reloftype <> 0 ORDER BY 1;
CREATE VIEW persons_view AS SELECT id, name, length(name) AS len FROM persons;
-- ALTER TYPE reaches the tables.
ALTER TYPE person_type ADD ATTRIBUTE born date;
ALTER TYPE person_type ADD ATTRIBUTE born date CASCADE;
\d persons
SELECT * FROM persons ORDER BY id;
UPDATE persons SET born = '1990-01-02' WHERE id = 1;
ALTER TYPE person_type ALTER ATTRIBUTE born TYPE text;
ALTER TYPE person_type ALTER ATTRIBUTE born TYPE text CASCADE;
SELECT id, born, pg_typeof(born) FROM persons ORDER BY id;
ALTER TYPE person_type RENAME ATTRIBUTE born TO birthday;
ALTER TYPE person_type RENAME ATTRIBUTE born TO birthday CASCADE;
SELECT id, birthday FROM persons ORDER BY id;
ALTER TYPE person_type RENAME ATTRIBUTE name TO called CASCADE;
SELECT * FROM persons_view ORDER BY id;
ALTER TYPE person_type RENAME ATTRIBUTE called TO name CASCADE;
ALTER TYPE person_type DROP ATTRIBUTE birthday RESTRICT;
ALTER TYPE person_type DROP ATTRIBUTE birthday CASCADE;
ALTER TYPE person_type DROP ATTRIBUTE nosuch CASCADE;
ALTER TYPE person_type RENAME ATTRIBUTE nosuch TO such CASCADE;
\d persons2
\d person_type
INSERT INTO persons3 VALUES (1);
SELECT * FROM persons3;
-- OF and NOT OF.
ALTER TABLE persons2 NOT OF;
ALTER TABLE persons2 NOT OF;
ALTER TABLE persons2 ADD COLUMN extra int;
\d persons2
ALTER TABLE persons2 OF person_type;
ALTER TABLE persons2 DROP COLUMN extra;
ALTER TABLE persons2 OF person_type;
CREATE TABLE like_one (id int, nam text);
ALTER TABLE like_one OF person_type;
CREATE TABLE like_two (id int);
ALTER TABLE like_two OF person_type;
CREATE TABLE like_three (id bigint, name text);
ALTER TABLE like_three OF person_type;
CREATE TABLE like_four (name text, id int);
ALTER TABLE like_four OF person_type;
CREATE TABLE like_five (id int, name text) INHERITS (stuff);
ALTER TABLE like_five OF person_type;
ALTER TABLE persons2 OF stuff;
CREATE TYPE person_type2 AS (id int, name text);
ALTER TABLE persons2 OF person_type2;
SELECT relname, reloftype::regtype FROM pg_class WHERE reloftype <> 0 ORDER BY 1;
DROP TYPE person_type2;
-- Partitions.
CREATE TABLE parts OF person_type PARTITION BY LIST (id);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES IN (1);
INSERT INTO parts VALUES (1, 'one');
SELECT tableoid::regclass, * FROM parts;
CREATE TABLE whole (id int, name text) PARTITION BY LIST (id);
ALTER TABLE whole ATTACH PARTITION persons FOR VALUES IN (1);
ALTER TYPE person_type ADD ATTRIBUTE age int CASCADE;
SELECT * FROM parts;
\d parts1
DROP TYPE person_type CASCADE;
CREATE TYPE person_type AS (id int);
CREATE TABLE ptemp OF person_type;
BEGIN;
ALTER TYPE person_type ADD ATTRIBUTE more text CASCADE;
INSERT INTO ptemp VALUES (1, 'x');
ROLLBACK;
SELECT * FROM ptemp;
DROP TABLE ptemp;
DROP TYPE person_type;
