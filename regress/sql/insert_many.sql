-- Statements that insert many rows enter the keys of a batch in the order of the index, not of the rows. What a
-- statement refuses, and which row it names, is that of one row after the other.
CREATE TABLE many (a int UNIQUE, b int UNIQUE, c int NOT NULL DEFAULT 1);
INSERT INTO many SELECT i, -i FROM generate_series(1, 100) i;
INSERT INTO many SELECT 1000 - i, 1000 + i FROM generate_series(1, 50) i;
INSERT INTO many SELECT CASE i WHEN 30 THEN 50 ELSE 2000 - i END, CASE i WHEN 20 THEN -70 ELSE 2000 + i END FROM generate_series(1, 50) i;
INSERT INTO many SELECT CASE i WHEN 20 THEN 50 ELSE 2000 - i END, CASE i WHEN 30 THEN -70 ELSE 2000 + i END FROM generate_series(1, 50) i;
INSERT INTO many SELECT CASE i WHEN 20 THEN 50 ELSE 2000 - i END, CASE i WHEN 20 THEN -70 ELSE 2000 + i END FROM generate_series(1, 50) i;
INSERT INTO many SELECT 3000 + i % 40, 3000 + i FROM generate_series(1, 50) i;
INSERT INTO many SELECT 3000 - i % 45, 3000 + i FROM generate_series(1, 50) i;
INSERT INTO many SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE 4000 - i END, CASE WHEN i % 2 = 0 THEN NULL ELSE 4000 + i END FROM generate_series(1, 60) i;
SELECT count(*), count(a), count(b), sum(a), sum(b) FROM many;
SET enable_seqscan = off;
SELECT a, b FROM many WHERE a IN (1, 100, 950, 999, 3940, 3999, 4000) ORDER BY a;
SELECT count(*) FROM many WHERE a BETWEEN 900 AND 3980;
SELECT count(*) FROM many WHERE a IS NULL;
RESET enable_seqscan;

-- An expression that fails comes after the conflicts of the rows before, and before those behind
CREATE INDEX many_quotient ON many ((100 / c));
INSERT INTO many SELECT CASE i WHEN 20 THEN 50 ELSE 5000 - i END, 5000 + i, CASE i WHEN 30 THEN 0 ELSE i END FROM generate_series(1, 50) i;
INSERT INTO many SELECT CASE i WHEN 40 THEN 50 ELSE 5000 - i END, 5000 + i, CASE i WHEN 30 THEN 0 ELSE i END FROM generate_series(1, 50) i;
INSERT INTO many SELECT CASE i WHEN 30 THEN 50 ELSE 5000 - i END, 5000 + i, CASE i WHEN 30 THEN 0 ELSE i END FROM generate_series(1, 50) i;
INSERT INTO many VALUES (6001, 1), (6002, 2), (6003, 3), (6004, 4), (6005, 5), (6006, 6), (6007, 7), (6008, 8), (6009, 9),
  (6010, 10), (6011, 11), (6012, 12), (6013, 13), (6014, 14), (6015, 15), (6016, 16), (6017, 17), (50, 18), (6019, -70), (6020, 20);
SELECT count(*) FROM many WHERE a > 4000;

-- Taken back, to a savepoint and as a whole, and then the same keys again
BEGIN;
SAVEPOINT before;
INSERT INTO many SELECT 10000 + i, 10000 - i - 20000 FROM generate_series(1, 20000) i;
SELECT count(*), max(a), min(b) FROM many;
ROLLBACK TO before;
SELECT count(*), max(a), min(b) FROM many;
INSERT INTO many SELECT 10000 + i * 2, -10000 - i * 2 FROM generate_series(1, 10000) i;
SAVEPOINT again;
INSERT INTO many SELECT 10001 + i * 2, -10001 - i * 2 FROM generate_series(1, 10000) i;
ROLLBACK TO again;
SELECT count(*), max(a), min(b) FROM many;
ROLLBACK;
SELECT count(*), max(a), min(b) FROM many;
INSERT INTO many SELECT 10000 + i, -10000 - i FROM generate_series(20000, 1, -1) i;
INSERT INTO many SELECT 30000 + i, -20000 - i FROM generate_series(5000, -5, -1) i;
SET enable_seqscan = off;
SELECT count(*), sum(a::int8) FROM many WHERE a > 10000;
SELECT count(*), sum(b::int8) FROM many WHERE b < -10000;
SELECT a, b FROM many WHERE a IN (10001, 20000, 30000) ORDER BY a;
RESET enable_seqscan;

-- Keys with much in common, long ones, many equal ones; deletions among them
CREATE TABLE texts (id int, t text, u text);
CREATE INDEX texts_t ON texts (t);
CREATE UNIQUE INDEX texts_u ON texts (u) WHERE id % 2 = 0;
INSERT INTO texts SELECT i, repeat('long ', 100) || i % 50, 'u' || i / 4 * 2 + i % 2 FROM generate_series(1, 3000) i WHERE i % 4 IN (0, 1);
INSERT INTO texts SELECT i, repeat('x', i % 900), 'u' || i FROM generate_series(4001, 6001, 2) i;
INSERT INTO texts SELECT i, 'same', 'v' || i FROM generate_series(1, 5000) i;
DELETE FROM texts WHERE t = 'same' AND id % 3 = 0;
INSERT INTO texts SELECT i, 'same', 'v' || i FROM generate_series(3, 5000, 3) i;
INSERT INTO texts SELECT i, 'same', 'v' || i FROM generate_series(4000, 5000) i;
SET enable_seqscan = off;
SELECT count(*), sum(id) FROM texts WHERE t = 'same';
SELECT count(*), sum(id) FROM texts WHERE t = repeat('long ', 100) || '9';
SELECT count(*), sum(id) FROM texts WHERE t >= 'x';
RESET enable_seqscan;

-- Checked at the end
CREATE TABLE late (a int, UNIQUE (a) DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO late SELECT i % 90 FROM generate_series(1, 100) i;
DELETE FROM late WHERE a BETWEEN 1 AND 10;
COMMIT;
SELECT count(*), sum(a) FROM late;
BEGIN;
INSERT INTO late SELECT 200 - i % 60 FROM generate_series(1, 100) i;
COMMIT;
SELECT count(*), sum(a) FROM late;
DROP TABLE many, texts, late;
