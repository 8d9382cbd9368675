-- Values that a row has no room for: compressed, then out of line.
CREATE TABLE doc (id int PRIMARY KEY, body text, raw bytea, n int NOT NULL DEFAULT 0);
INSERT INTO doc VALUES (1, repeat('abcdef', 50000), decode(repeat('00ff', 30000), 'hex'));
INSERT INTO doc SELECT 2, string_agg(md5(g::text), '' ORDER BY g), NULL FROM generate_series(1, 40000) g;
INSERT INTO doc SELECT 10 + i, string_agg(md5((g + i)::text), '' ORDER BY g), decode(md5(i::text), 'hex')
  FROM generate_series(1, 5) i, generate_series(1, 300) g GROUP BY i;
SELECT id, length(body), octet_length(body), md5(body), length(raw), n FROM doc ORDER BY id;
-- Not touched, not copied; the value stays.
UPDATE doc SET n = n + 1 WHERE id <= 2;
SELECT id, md5(body), n FROM doc WHERE id <= 2 ORDER BY id;
SELECT id, n FROM doc ORDER BY id;
-- Parts of them.
SELECT id, substr(body, 100001, 32), left(body, 6), right(body, 6), position('cdefab' IN body) FROM doc WHERE id <= 2 ORDER BY id;
SELECT get_byte(raw, 1), octet_length(raw) FROM doc WHERE id = 1;
SELECT id FROM doc WHERE body LIKE '%' || md5('305') ORDER BY id;
SELECT id FROM doc WHERE body = (SELECT string_agg(md5(g::text), '' ORDER BY g) FROM generate_series(1, 40000) g);
SELECT count(*), sum(length(body)), max(length(body)) FROM doc;
SELECT md5(string_agg(body, ',' ORDER BY id)) FROM doc;
-- Replaced, shortened, made longer, rolled back.
BEGIN;
UPDATE doc SET body = body || '!' WHERE id <= 2;
SELECT id, length(body), right(body, 3) FROM doc WHERE id <= 2 ORDER BY id;
SAVEPOINT s;
UPDATE doc SET body = 'short' WHERE id = 2;
DELETE FROM doc WHERE id > 10;
SELECT id, length(body) FROM doc ORDER BY id;
ROLLBACK TO s;
SELECT id, length(body), md5(body) FROM doc ORDER BY id;
ROLLBACK;
SELECT id, length(body), md5(body) FROM doc ORDER BY id;
UPDATE doc SET body = NULL WHERE id = 11;
UPDATE doc SET body = 'short' WHERE id = 12;
UPDATE doc SET body = body || body WHERE id = 13;
UPDATE doc SET id = id + 100 WHERE id = 14;
DELETE FROM doc WHERE id = 15;
SELECT id, length(body), md5(body) FROM doc ORDER BY id;
VACUUM doc;
SELECT id, length(body), md5(body) FROM doc ORDER BY id;
-- RETURNING, ON CONFLICT, sub-selects, joins, sorts and groups carry them.
INSERT INTO doc (id, body) VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET body = excluded.body || doc.body RETURNING id, length(body), md5(body);
INSERT INTO doc (id, body) SELECT 20, body FROM doc WHERE id = 2 RETURNING length(body), md5(body);
DELETE FROM doc WHERE id = 20 RETURNING md5(body), length(raw);
SELECT a.id, b.id FROM doc a JOIN doc b ON a.body = b.body ORDER BY 1, 2;
SELECT md5(body), count(*) FROM doc GROUP BY body ORDER BY 1;
SELECT id FROM doc ORDER BY body DESC NULLS LAST, id LIMIT 3;
SELECT DISTINCT length(body) FROM doc ORDER BY 1;
-- Tables made of others.
CREATE TABLE copy_of_doc AS SELECT * FROM doc;
SELECT id, md5(body), length(raw), n FROM copy_of_doc ORDER BY id;
ALTER TABLE copy_of_doc ALTER n TYPE bigint;
ALTER TABLE copy_of_doc ADD COLUMN extra text DEFAULT repeat('x', 3000);
SELECT id, md5(body), length(raw), n, length(extra) FROM copy_of_doc ORDER BY id;
ALTER TABLE copy_of_doc DROP COLUMN body;
UPDATE copy_of_doc SET n = 5;
SELECT id, length(raw), n, md5(extra) FROM copy_of_doc ORDER BY id;
TRUNCATE copy_of_doc;
INSERT INTO copy_of_doc SELECT g, NULL, g FROM generate_series(1, 3) g;
SELECT id, length(raw), n, length(extra) FROM copy_of_doc ORDER BY id;
DROP TABLE copy_of_doc;
-- Several long values in one row; numbers and arrays of many digits.
CREATE TABLE wide (a text, b text, c text, d numeric, e int[]);
INSERT INTO wide SELECT string_agg(md5(g::text), ''), string_agg(md5((g + 1)::text), ''), repeat('c', 5000),
  repeat('9', 20000)::numeric, array_agg(g) FROM generate_series(1, 100) g;
INSERT INTO wide SELECT a, b, c, d + 1, e FROM wide;
SELECT md5(a), md5(b), length(c), md5(d::text), array_length(e, 1), e[99] FROM wide ORDER BY d;
-- Many columns of middling length.
CREATE TABLE many AS SELECT repeat('a', 900) a, repeat('b', 900) b, repeat('c', 900) c, repeat('d', 900) d, repeat('e', 900) e,
  repeat('f', 900) f, repeat('g', 900) g, repeat('h', 900) h, repeat('i', 900) i, repeat('j', 900) j, repeat('k', 900) k;
SELECT a = repeat('a', 900), length(b || c || d || e || f), k = repeat('k', 900) FROM many;
-- Too long for an index.
CREATE INDEX doc_body ON doc (body) WHERE id = 2;
CREATE TABLE keyed (k text PRIMARY KEY);
INSERT INTO keyed SELECT string_agg(md5(g::text), '') FROM generate_series(1, 400) g;
INSERT INTO keyed SELECT string_agg(md5(g::text), '') FROM generate_series(1, 60) g;
SELECT count(*), max(length(k)) FROM keyed;
CREATE INDEX doc_md5 ON doc (md5(body));
UPDATE doc SET body = body || '?' WHERE id = 2;
SELECT id FROM doc WHERE md5(body) = (SELECT md5(string_agg(md5(g::text), '' ORDER BY g) || '?') FROM generate_series(1, 40000) g);
-- Long definitions are long values of the catalog.
SELECT 'CREATE VIEW long_view AS SELECT ' || string_agg(format('%s AS column_%s', g, g), ', ' ORDER BY g) FROM generate_series(1, 1000) g \gexec
SELECT column_1 + column_1000 FROM long_view;
SELECT count(*) FROM pg_attribute WHERE attrelid = 'long_view'::regclass AND attnum > 0;
COMMENT ON TABLE doc IS 'a table';
DROP VIEW long_view;
DROP TABLE doc, wide, many, keyed;
