-- Many rows at once into columnar tables with indexes, constraints and foreign keys.
SELECT count(*) = 0 AS elsewhere FROM pg_am WHERE amname = 'columnar' \gset
\if :elsewhere
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION varve_settle(regclass) RETURNS int8 LANGUAGE sql AS 'SELECT 0::int8';
CREATE TABLE loaded (id int PRIMARY KEY, host text, at timestamptz, amount numeric, tag text) USING columnar;
\else
CREATE TABLE loaded (id int PRIMARY KEY, host text, at timestamptz, amount numeric, tag text) USING columnar WITH (orderby = 'host, at DESC');
\endif
SET timezone = 'UTC';
CREATE INDEX loaded_host ON loaded (host, at);
CREATE INDEX loaded_lower ON loaded (lower(tag)) WHERE amount > 500;
CREATE UNIQUE INDEX loaded_tag ON loaded (tag);
INSERT INTO loaded SELECT i, 'host_' || i % 40, timestamptz '2024-01-01 00:00+00' + i * interval '1 second', i % 1000 + 0.5,
  CASE WHEN i % 3 = 0 THEN NULL ELSE 'Tag ' || i END FROM generate_series(1, 70000) i;
SELECT count(*), count(tag), sum(amount), min(at), max(at) FROM loaded;
SET enable_seqscan = off;
SELECT * FROM loaded WHERE id IN (1, 32768, 32769, 33000, 69999, 70000, 70001) ORDER BY id;
SELECT id, at FROM loaded WHERE host = 'host_7' ORDER BY at DESC LIMIT 3;
SELECT id, tag FROM loaded WHERE lower(tag) = 'tag 65501' AND amount > 500;
SELECT id FROM loaded WHERE tag = 'Tag 50000';
RESET enable_seqscan;

-- The first row in conflict is the one that is named, whichever index it meets
INSERT INTO loaded SELECT i, 'x' FROM generate_series(69990, 140000) i;
INSERT INTO loaded SELECT i, 'x' FROM generate_series(140000, 60000, -1) i;
INSERT INTO loaded SELECT 100000 + i % 50000, 'x' FROM generate_series(0, 79999) i;
INSERT INTO loaded SELECT 100000 + i, 'x', NULL, NULL, CASE WHEN i > 45000 THEN 'Tag ' || i ELSE NULL END FROM generate_series(0, 60000) i;
INSERT INTO loaded SELECT 100000 + CASE WHEN i = 41000 THEN 5 ELSE i END, 'x', NULL, NULL, CASE WHEN i = 40999 THEN 'Tag 1' END FROM generate_series(0, 60000) i;
SELECT count(*), max(id) FROM loaded;
INSERT INTO loaded SELECT 100000 + i % 50000, 'x' FROM generate_series(0, 79999) i ON CONFLICT DO NOTHING;
SELECT count(*), max(id) FROM loaded;

-- In a transaction, and rolled back
BEGIN;
INSERT INTO loaded SELECT 200000 + i, 'y' FROM generate_series(1, 50000) i;
SELECT count(*) FROM loaded;
SELECT host FROM loaded WHERE id = 249999;
UPDATE loaded SET host = 'z' WHERE id = 249999;
DELETE FROM loaded WHERE id = 250000;
SELECT count(*), max(id) FROM loaded WHERE host = 'z';
ROLLBACK;
SELECT count(*), max(id) FROM loaded;
INSERT INTO loaded SELECT 200000 + i, 'y' FROM generate_series(1, 50000) i;
SELECT count(*), max(id) FROM loaded;
DELETE FROM loaded WHERE id > 100000;
INSERT INTO loaded SELECT 200000 + i, 'again' FROM generate_series(1, 40000) i;
SELECT count(*), max(id), count(*) FILTER (WHERE host = 'again') FROM loaded;
SELECT varve_settle('loaded') >= 0 AS settled;
SELECT count(*), max(id), count(*) FILTER (WHERE host = 'again') FROM loaded;

-- Constraints and generated columns
CREATE TABLE checked (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, v int NOT NULL CHECK (v < 60000)) USING columnar;
INSERT INTO checked (id, v) SELECT i, i FROM generate_series(1, 70000) i;
INSERT INTO checked (id, v) SELECT i, NULLIF(i, 45000) FROM generate_series(1, 50000) i;
INSERT INTO checked (id, v) SELECT CASE WHEN i = 40000 THEN 1 ELSE i END, NULLIF(i, 45000) FROM generate_series(1, 50000) i;
INSERT INTO checked (id, v) SELECT i, i FROM generate_series(1, 50000) i;
SELECT count(*), sum(twice), max(v) FROM checked;

-- Foreign keys, both ways, and keys that are checked late
CREATE TABLE child (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, parent int REFERENCES checked) USING columnar;
INSERT INTO child SELECT i, i FROM generate_series(1, 50001) i;
INSERT INTO child SELECT i, CASE WHEN i % 2 = 0 THEN i END FROM generate_series(1, 50000) i;
SELECT count(*), count(parent) FROM child;
DELETE FROM checked WHERE id = 49998;
BEGIN;
INSERT INTO child SELECT 100000 + i % 40000, 1 FROM generate_series(1, 50000) i;
DELETE FROM child WHERE parent = 1;
COMMIT;
BEGIN;
INSERT INTO child SELECT 100000 + i % 40000, 1 FROM generate_series(1, 50000) i;
COMMIT;
SELECT count(*) FROM child;

-- Orders of all kinds of columns
CREATE TABLE ordered (a numeric, b float8, c text, d date, e boolean) USING columnar;
INSERT INTO ordered SELECT NULLIF(i % 97, 13), NULLIF(i % 31, 5)::float8 - 15, 'text ' || i * 7919 % 50021, date '2000-01-01' + i % 1000, i % 2 = 0 FROM generate_series(1, 50000) i;
SELECT count(*), count(a), sum(a), sum(b), min(c), max(c), min(d), count(*) FILTER (WHERE e) FROM ordered;
SELECT * FROM ordered WHERE c = 'text 77';
