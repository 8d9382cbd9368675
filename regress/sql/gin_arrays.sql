-- Inverted indexes of arrays, with sequential scans switched off.
CREATE TABLE lists (id int PRIMARY KEY, a int[], t text[], v varchar(8)[]);
INSERT INTO lists
SELECT i, ARRAY[i % 10, i % 17, i % 23], ARRAY['w' || i % 5, 'w' || i % 9], ARRAY['v' || i % 6]
FROM generate_series(1, 500) i;
INSERT INTO lists VALUES
 (601, NULL, NULL, NULL), (602, '{}', '{}', '{}'), (603, '{NULL}', '{NULL}', '{NULL}'), (604, '{1,NULL}', '{w1,NULL}', NULL),
 (605, '{{1,2},{3,4}}', '{{w1,w2}}', '{}'), (606, '{1,1,1}', '{w1,w1}', '{v1,v1}'), (607, '[5:7]={1,2,3}', '{""}', '{""}'),
 (608, '{2147483647,-2147483648}', ARRAY[repeat('long', 100)], '{v1}'), (609, '{1}', ARRAY[repeat('long', 100), 'w1'], '{v1}');
CREATE INDEX lists_a ON lists USING gin (a);
CREATE INDEX lists_t ON lists USING gin (t array_ops);
CREATE INDEX lists_v ON lists USING gin (v);
ANALYZE lists;
SET enable_seqscan = off;
SELECT id FROM lists WHERE a @> '{1,2,3}' ORDER BY id;
SELECT count(*) FROM lists WHERE a @> '{7}';
SELECT count(*) FROM lists WHERE a @> '{7,7}';
SELECT count(*) FROM lists WHERE a @> '{}';
SELECT count(*) FROM lists WHERE a @> '{NULL}';
SELECT count(*) FROM lists WHERE a @> '{1,NULL}';
SELECT count(*) FROM lists WHERE a @> NULL;
SELECT count(*) FROM lists WHERE a && '{3,22}';
SELECT count(*) FROM lists WHERE a && '{3,NULL}';
SELECT count(*) FROM lists WHERE a && '{NULL}';
SELECT count(*) FROM lists WHERE a && '{}';
SELECT id FROM lists WHERE a <@ '{1,2,3,4}' ORDER BY id;
SELECT id FROM lists WHERE a <@ '{}' ORDER BY id;
SELECT id FROM lists WHERE a <@ '{1,NULL}' ORDER BY id;
SELECT id FROM lists WHERE a = '{1,NULL}' ORDER BY id;
SELECT id FROM lists WHERE a = '{NULL}' ORDER BY id;
SELECT id FROM lists WHERE a = '{}' ORDER BY id;
SELECT id FROM lists WHERE a = '{1,2,3}' ORDER BY id;
SELECT id FROM lists WHERE a = '{{1,2},{3,4}}' ORDER BY id;
SELECT id FROM lists WHERE a = '{1,1,1}' ORDER BY id;
SELECT id FROM lists WHERE a = '[5:7]={1,2,3}' ORDER BY id;
SELECT id FROM lists WHERE '{3,4}' <@ a ORDER BY id LIMIT 5;
SELECT count(*) FROM lists WHERE '{3,4}' && a;
SELECT count(*) FROM lists WHERE '{1,2,3,4}' @> a;
SELECT id FROM lists WHERE a @> '{2147483647}' ORDER BY id;
SELECT count(*) FROM lists WHERE t @> ARRAY['w1'];
SELECT count(*) FROM lists WHERE t @> '{w1,w2}' AND a && '{5}';
SELECT id FROM lists WHERE t @> ARRAY[repeat('long', 100)] ORDER BY id;
SELECT id FROM lists WHERE t && ARRAY['', 'none'] ORDER BY id;
SELECT id FROM lists WHERE t <@ ARRAY['w1'] ORDER BY id;
SELECT count(*) FROM lists WHERE v @> ARRAY['v1']::varchar[];
SELECT count(*) FROM lists WHERE v && ARRAY['v1', 'v3']::text[];
SELECT count(*) FROM lists WHERE 5 = ANY (a);
SELECT count(*) FROM lists WHERE a @> '{1}' OR a @> '{2}';
SELECT count(*) FROM lists WHERE (a @> '{1}' OR a && '{2,3}') AND t && '{w4}';
SELECT count(*) FROM lists WHERE a @> ARRAY[(SELECT 7)];
SELECT count(*) FROM lists x JOIN lists y ON x.a && y.a WHERE x.id = 3;
SELECT x.id, (SELECT count(*) FROM lists y WHERE y.a @> x.a) FROM lists x WHERE x.id IN (1, 2, 602, 603, 606) ORDER BY 1;
PREPARE overlap (int[]) AS SELECT count(*) FROM lists WHERE a && $1;
EXECUTE overlap ('{3}');
EXECUTE overlap ('{}');
EXECUTE overlap (NULL);
SET plan_cache_mode = force_generic_plan;
EXECUTE overlap ('{3}');
EXECUTE overlap ('{}');
RESET plan_cache_mode;

-- Elements of other types: what is equal is found.
CREATE TABLE others (id int, n numeric[], f float8[], b bpchar(4)[], d date[], i interval[], u uuid[], j jsonb[]);
INSERT INTO others VALUES
 (1, '{1.0,2.50}', '{0,1e300}', '{ab,c}', '{2024-01-01}', '{1 day}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', ARRAY['{"a":1}'::jsonb]),
 (2, '{1,2.5}', '{-0}', '{"ab  "}', '{infinity}', '{24 hours}', '{}', ARRAY['{"a":1.0}'::jsonb]),
 (3, '{NaN}', '{NaN}', '{}', '{}', '{}', '{}', '{}');
CREATE INDEX others_gin ON others USING gin (n, f, b, d, i, u, j);
SELECT id FROM others WHERE n @> '{1.00}' ORDER BY id;
SELECT id FROM others WHERE n @> '{2.5,1}' ORDER BY id;
SELECT id FROM others WHERE n && '{NaN}' ORDER BY id;
SELECT id FROM others WHERE f @> '{0}' ORDER BY id;
SELECT id FROM others WHERE f @> '{NaN}' ORDER BY id;
SELECT id FROM others WHERE b @> '{ab}' ORDER BY id;
SELECT id FROM others WHERE d && '{infinity,2024-01-01}' ORDER BY id;
SELECT id FROM others WHERE i @> '{1 day}' ORDER BY id;
SELECT id FROM others WHERE u @> '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}' ORDER BY id;
SELECT id FROM others WHERE j @> ARRAY['{"a":1}'::jsonb] ORDER BY id;
SELECT id FROM others WHERE n @> '{1}' AND i @> '{1 day}' AND d = '{infinity}' ORDER BY id;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE moods (id int, m mood[]);
INSERT INTO moods VALUES (1, '{sad,ok}'), (2, '{happy}'), (3, '{ok,happy}');
CREATE INDEX ON moods USING gin (m);
SELECT id FROM moods WHERE m @> '{happy}' ORDER BY id;
SELECT id FROM moods WHERE m && '{sad,ok}' ORDER BY id;
