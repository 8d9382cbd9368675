-- Inverted indexes of documents of words, with sequential scans switched off.
CREATE TABLE pages (id int PRIMARY KEY, body text, v tsvector);
INSERT INTO pages (id, body)
SELECT i, 'page ' || i || CASE WHEN i % 2 = 0 THEN ' even' ELSE ' odd' END || CASE WHEN i % 3 = 0 THEN ' third quick brown fox' ELSE ' lazy dogs' END
  || CASE WHEN i % 5 = 0 THEN ' jumped over' ELSE ' jumping under' END
FROM generate_series(1, 300) i;
UPDATE pages SET v = setweight(to_tsvector('english', body), CASE WHEN id % 4 = 0 THEN 'A' ELSE 'B' END::"char");
INSERT INTO pages VALUES (401, NULL, NULL), (402, '', ''), (403, 'the of and', to_tsvector('english', 'the of and')),
 (404, 'fox quick', to_tsvector('english', 'fox quick')), (405, 'stripped', strip(to_tsvector('english', 'quick brown fox')));
CREATE INDEX pages_v ON pages USING gin (v);
CREATE INDEX pages_body ON pages USING gin (to_tsvector('english', body));
ANALYZE pages;
SET enable_seqscan = off;
SELECT count(*) FROM pages WHERE v @@ 'fox';
SELECT count(*) FROM pages WHERE v @@ 'fox & even';
SELECT count(*) FROM pages WHERE v @@ 'fox | dog';
SELECT count(*) FROM pages WHERE v @@ 'fox & !even';
SELECT count(*) FROM pages WHERE v @@ '!fox';
SELECT count(*) FROM pages WHERE v @@ '!fox | even';
SELECT id FROM pages WHERE v @@ '!page' ORDER BY id;
SELECT count(*) FROM pages WHERE v @@ 'quick <-> brown';
SELECT id FROM pages WHERE v @@ 'fox <-> quick' ORDER BY id;
SELECT count(*) FROM pages WHERE v @@ 'quick <2> fox';
SELECT count(*) FROM pages WHERE v @@ 'fox:A';
SELECT count(*) FROM pages WHERE v @@ 'fox:B & third';
SELECT count(*) FROM pages WHERE v @@ 'jump:*';
SELECT count(*) FROM pages WHERE v @@ 'qu:* & ev:*';
SELECT count(*) FROM pages WHERE v @@ '1:*';
SELECT count(*) FROM pages WHERE v @@ '29:*A | 30:*';
SELECT count(*) FROM pages WHERE v @@ 'none:*';
SELECT count(*) FROM pages WHERE v @@ NULL;
SELECT count(*) FROM pages WHERE 'fox'::tsquery @@ v;
SELECT count(*) FROM pages WHERE v @@ to_tsquery('english', 'foxes & evens');
SELECT count(*) FROM pages WHERE v @@ plainto_tsquery('english', 'the lazy dog');
SELECT count(*) FROM pages WHERE v @@ phraseto_tsquery('english', 'lazy dogs');
SELECT count(*) FROM pages WHERE v @@ websearch_to_tsquery('english', '"quick brown" -even');
SELECT count(*) FROM pages WHERE v @@ plainto_tsquery('english', 'the');
SELECT count(*) FROM pages WHERE to_tsvector('english', body) @@ 'fox';
SELECT count(*) FROM pages WHERE to_tsvector('english', body) @@ to_tsquery('english', 'jumps & !foxes');
SELECT count(*) FROM pages WHERE to_tsvector('simple', body) @@ 'dogs';
SELECT id, ts_rank(v, q) > 0 FROM pages, to_tsquery('english', 'third & 30') q WHERE v @@ q ORDER BY id;
SELECT q.word, count(p.id) FROM (VALUES ('fox'), ('even'), ('none')) q(word) LEFT JOIN pages p ON p.v @@ q.word::tsquery
GROUP BY q.word ORDER BY q.word;
PREPARE search (text) AS SELECT count(*) FROM pages WHERE v @@ to_tsquery('english', $1);
EXECUTE search ('foxes');
EXECUTE search ('!foxes');
SET plan_cache_mode = force_generic_plan;
EXECUTE search ('foxes');
EXECUTE search ('!foxes');
EXECUTE search ('jum:*');
RESET plan_cache_mode;
UPDATE pages SET body = body || ' zebra' WHERE id % 50 = 0;
SELECT id FROM pages WHERE to_tsvector('english', body) @@ 'zebra' ORDER BY id;
-- A generated column.
CREATE TABLE notes (id int, body text, v tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(body, ''))) STORED);
CREATE INDEX ON notes USING gin (v) WITH (fastupdate = off);
INSERT INTO notes SELECT i, CASE WHEN i % 2 = 0 THEN 'red apples' ELSE 'green pears' END FROM generate_series(1, 20) i;
SELECT count(*) FROM notes WHERE v @@ 'apple';
UPDATE notes SET body = 'blue plums' WHERE id < 5;
SELECT count(*) FROM notes WHERE v @@ 'apple';
SELECT id FROM notes WHERE v @@ 'plum' ORDER BY id;
