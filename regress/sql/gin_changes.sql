-- Inverted indexes of rows that change: every answer must be that of the rows as they are.
CREATE TABLE c (id int PRIMARY KEY, data jsonb, tags text[], note text);
CREATE INDEX c_data ON c USING gin (data);
CREATE INDEX c_paths ON c USING gin (data jsonb_path_ops) WHERE id % 2 = 0;
CREATE INDEX c_tags ON c USING gin (tags, to_tsvector('english', note));
INSERT INTO c SELECT i, jsonb_build_object('k', i % 10, 'u', i), ARRAY['t' || i % 5, 'all'], 'note number ' || i FROM generate_series(1, 200) i;
SET enable_seqscan = off;
SELECT count(*) FROM c WHERE data @> '{"k": 3}';
SELECT count(*) FROM c WHERE data @> '{"k": 4}' AND id % 2 = 0;
SELECT count(*) FROM c WHERE tags @> '{t1,all}';
SELECT id FROM c WHERE to_tsvector('english', note) @@ '77' AND tags && '{t2}';

-- updates: keys that go, come, stay
UPDATE c SET data = jsonb_set(data, '{k}', '33') WHERE id <= 50 AND data @> '{"k": 3}';
SELECT count(*) FROM c WHERE data @> '{"k": 3}';
SELECT id FROM c WHERE data @> '{"k": 33}' ORDER BY id;
UPDATE c SET data = data || '{"new": true}' WHERE data @> '{"k": 33}';
SELECT id FROM c WHERE data @> '{"k": 33, "new": true}' ORDER BY id;
UPDATE c SET data = data - 'new' WHERE id < 20;
SELECT id FROM c WHERE data ? 'new' ORDER BY id;
UPDATE c SET note = note || ' again' WHERE id = 7;
SELECT id FROM c WHERE to_tsvector('english', note) @@ '7 & again';
UPDATE c SET tags = tags || 'all' WHERE id = 8;
UPDATE c SET tags = array_remove(tags, 'all') WHERE id = 9;
SELECT count(*) FROM c WHERE tags @> '{all}';
UPDATE c SET data = NULL WHERE id = 10;
UPDATE c SET data = '{}' WHERE id = 11;
SELECT count(*) FROM c WHERE data ? 'u';
UPDATE c SET data = '{"k": 3}' WHERE id IN (10, 11);
SELECT count(*) FROM c WHERE data @> '{"k": 3}';
UPDATE c SET id = id + 1001 WHERE data @> '{"k": 4}' AND id % 2 = 0;
SELECT count(*), count(*) FILTER (WHERE id % 2 = 0) FROM c WHERE data @> '{"k": 4}';

-- a key away and back in one transaction
BEGIN;
UPDATE c SET data = '{"k": "away"}' WHERE id = 20;
SELECT id FROM c WHERE data @> '{"k": "away"}';
SELECT count(*) FROM c WHERE data @> '{"u": 20}';
UPDATE c SET data = '{"k": 0, "u": 20}' WHERE id = 20;
SELECT count(*) FROM c WHERE data @> '{"u": 20}';
COMMIT;
SELECT id FROM c WHERE data @> '{"u": 20}';
SELECT count(*) FROM c WHERE data @> '{"k": "away"}';

-- rollbacks
BEGIN;
INSERT INTO c VALUES (501, '{"k": 501}', '{r}', 'rolled back');
UPDATE c SET data = '{"k": 777}' WHERE id < 20;
DELETE FROM c WHERE data @> '{"k": 5}';
SELECT count(*) FROM c WHERE data @> '{"k": 777}';
SELECT count(*) FROM c WHERE data @> '{"k": 5}';
ROLLBACK;
SELECT count(*) FROM c WHERE data @> '{"k": 777}';
SELECT count(*) FROM c WHERE data @> '{"k": 501}';
SELECT count(*) FROM c WHERE data @> '{"k": 5}';
BEGIN;
UPDATE c SET tags = '{a,b}' WHERE id = 30;
SAVEPOINT one;
UPDATE c SET tags = '{b,c}' WHERE id = 30;
SELECT count(*) FILTER (WHERE tags @> '{a}'), count(*) FILTER (WHERE tags @> '{c}') FROM c WHERE tags && '{a,b,c}';
SAVEPOINT two;
DELETE FROM c WHERE tags @> '{c}';
SELECT count(*) FROM c WHERE tags @> '{b}';
ROLLBACK TO two;
SELECT count(*) FROM c WHERE tags @> '{c}';
ROLLBACK TO one;
SELECT count(*) FROM c WHERE tags @> '{a}';
SELECT count(*) FROM c WHERE tags @> '{c}';
RELEASE one;
COMMIT;
SELECT id FROM c WHERE tags @> '{a,b}';
SELECT count(*) FROM c WHERE tags && '{c}';

-- deletes, and new rows in their place
DELETE FROM c WHERE data @> '{"k": 6}';
SELECT count(*) FROM c WHERE data @> '{"k": 6}';
INSERT INTO c SELECT 2000 + i, '{"k": 60}', '{t6}', 'later' FROM generate_series(1, 30) i;
SELECT count(*) FROM c WHERE data @> '{"k": 6}';
SELECT count(*) FROM c WHERE data @> '{"k": 60}';
SELECT count(*) FROM c WHERE to_tsvector('english', note) @@ 'later';
VACUUM c;
SELECT count(*) FROM c WHERE data @> '{"k": 60}';
SELECT count(*) FROM c WHERE data @> '{"k": 3}';

-- INSERT ON CONFLICT, MERGE, COPY, RETURNING, FOR UPDATE, CTEs
INSERT INTO c VALUES (1, '{"k": "conflict"}') ON CONFLICT (id) DO NOTHING;
SELECT count(*) FROM c WHERE data @> '{"k": "conflict"}';
INSERT INTO c VALUES (1, '{"k": "conflict"}') ON CONFLICT (id) DO UPDATE SET data = excluded.data RETURNING id, data;
SELECT id FROM c WHERE data @> '{"k": "conflict"}';
SELECT id FROM c WHERE data @> '{"u": 1}';
MERGE INTO c USING (VALUES (1, 'm1'), (900, 'm2')) v(id, k) ON c.id = v.id
WHEN MATCHED THEN UPDATE SET data = jsonb_build_object('k', v.k) WHEN NOT MATCHED THEN INSERT (id, data) VALUES (v.id, jsonb_build_object('k', v.k));
SELECT id FROM c WHERE data @> '{"k": "m1"}' OR data @> '{"k": "m2"}' ORDER BY id;
COPY c FROM STDIN;
3001	{"k": "copied"}	{cp}	copied in
3002	{"k": "copied", "l": [1, 2]}	\N	\N
3003	\N	{}	copied
\.
SELECT id FROM c WHERE data @> '{"k": "copied"}' ORDER BY id;
SELECT id FROM c WHERE tags @> '{cp}';
SELECT id FROM c WHERE data @> '{"k": "copied"}' ORDER BY id FOR UPDATE;
WITH gone AS (DELETE FROM c WHERE data @> '{"k": "copied"}' RETURNING id) SELECT count(*) FROM gone;
SELECT count(*) FROM c WHERE data @> '{"k": "copied"}';
UPDATE c SET data = data || '{"seen": 1}' WHERE data @> '{"k": 60}';
SELECT count(*) FROM c WHERE data @> '{"k": 60, "seen": 1}';

-- an old snapshot sees old keys
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM c WHERE data @> '{"k": 7}';
UPDATE c SET data = '{"k": 70}' WHERE data @> '{"k": 7}';
SELECT count(*) FROM c WHERE data @> '{"k": 7}';
SELECT count(*) FROM c WHERE data @> '{"k": 70}';
COMMIT;

-- an error takes back what was entered
INSERT INTO c SELECT 4000 + i, jsonb_build_object('e', 10 / (5 - i)) FROM generate_series(1, 9) i;
SELECT count(*) FROM c WHERE data ? 'e';
INSERT INTO c VALUES (5000, '{"e": 1}'), (1, '{"e": 2}');
SELECT count(*) FROM c WHERE data ? 'e';

-- long documents
INSERT INTO c SELECT 6000 + i, (SELECT jsonb_object_agg('key' || i || '_' || j, repeat(md5(j::text), 5)) FROM generate_series(1, 300) j), NULL, NULL
FROM generate_series(1, 5) i;
SELECT id FROM c WHERE data ? 'key3_150';
SELECT id FROM c WHERE data @> jsonb_build_object('key4_299', repeat(md5('299'), 5));
UPDATE c SET data = data - 'key3_150' WHERE data ? 'key3_150';
SELECT id FROM c WHERE data ? 'key3_150';
SELECT id FROM c WHERE data ? 'key3_151';
DELETE FROM c WHERE id > 6000;
SELECT count(*) FROM c WHERE data ? 'key4_1';

-- made on a table with changed rows; built again
CREATE INDEX c_later ON c USING gin (tags);
DROP INDEX c_tags;
SELECT count(*) FROM c WHERE tags @> '{t1,all}';
REINDEX TABLE c;
SELECT count(*) FROM c WHERE tags @> '{t1,all}';
SELECT count(*) FROM c WHERE data @> '{"k": 3}';
