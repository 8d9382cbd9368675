-- Inverted indexes of jsonb: every operator of both classes, with sequential scans switched off.
CREATE TABLE docs (id int PRIMARY KEY, data jsonb);
INSERT INTO docs
SELECT i, jsonb_build_object('n', i % 50, 'tags', jsonb_build_array('t' || i % 7, 't' || i % 11),
                             'owner', jsonb_build_object('name', 'user' || i % 13, 'active', i % 3 = 0))
FROM generate_series(1, 600) i;
INSERT INTO docs VALUES
 (1001, NULL), (1002, '{}'), (1003, '[]'), (1004, 'null'), (1005, '"t1"'), (1006, '1'), (1007, 'true'),
 (1008, '["t1", "t2", ["t3"]]'), (1009, '{"a": null}'), (1010, '{"a": {}}'), (1011, '{"a": []}'),
 (1012, '{"n": 7.00, "x": 1e1}'), (1013, '{"n": "7"}'), (1014, '[{"n": 7}, {"n": 8}]'),
 (1015, '{"t1": "t2", "t2": {"t1": "t3"}}'), (1016, '{"": ""}'), (1017, '["", 0, -0.0, false]'),
 (1018, '{"deep": {"deep": {"deep": [1, [2, [3, {"deep": "end"}]]]}}}'),
 (1019, '{"a": {"b": 1}, "b": 2}'), (1020, '{"a": {"b": 2}, "b": 1}'),
 (1021, '{"price": 8.95, "currency": "EUR", "unicode": "\u00e4\u6f22"}'), (1022, '{"ä漢": [true, null]}');
INSERT INTO docs SELECT 1100 + i, jsonb_build_object('long', repeat('x', 100 * i), repeat('k', 90 * i), i)
FROM generate_series(1, 4) i;
CREATE INDEX docs_gin ON docs USING gin (data);
CREATE TABLE paths AS TABLE docs;
CREATE INDEX paths_gin ON paths USING gin (data jsonb_path_ops);
ANALYZE docs;
ANALYZE paths;
SET enable_seqscan = off;
SET enable_indexscan = on;

-- @>
SELECT count(*), min(id), max(id) FROM docs WHERE data @> '{"n": 7}';
SELECT id FROM docs WHERE data @> '{"n": 7}' AND id > 400 ORDER BY id;
SELECT id FROM docs WHERE data @> '{"n": 7.0}' AND id > 550 ORDER BY id;
SELECT count(*) FROM docs WHERE data @> '{"tags": ["t3"]}';
SELECT count(*) FROM docs WHERE data @> '{"tags": ["t3", "t4"]}';
SELECT count(*) FROM docs WHERE data @> '{"owner": {"name": "user5", "active": true}}';
SELECT count(*) FROM docs WHERE data @> '{"owner": {"active": "true"}}';
SELECT id FROM docs WHERE data @> '"t1"' ORDER BY id;
SELECT id FROM docs WHERE data @> '["t1"]' ORDER BY id;
SELECT id FROM docs WHERE data @> '[["t3"]]' ORDER BY id;
SELECT id FROM docs WHERE data @> '1' ORDER BY id;
SELECT id FROM docs WHERE data @> 'null' ORDER BY id;
SELECT id FROM docs WHERE data @> '{"a": null}' ORDER BY id;
SELECT id FROM docs WHERE data @> '{"a": {}}' ORDER BY id;
SELECT id FROM docs WHERE data @> '{"a": []}' ORDER BY id;
SELECT id FROM docs WHERE data @> '[{"n": 8}]' ORDER BY id;
SELECT id FROM docs WHERE data @> '{"": ""}' ORDER BY id;
SELECT id FROM docs WHERE data @> '[0]' ORDER BY id;
SELECT id FROM docs WHERE data @> '{"deep": {"deep": {"deep": [[[{"deep": "end"}]]]}}}' ORDER BY id;
SELECT id FROM docs WHERE data @> '{"a": {"b": 1}}' ORDER BY id;
SELECT id FROM docs WHERE data @> '{"unicode": "ä漢"}' ORDER BY id;
SELECT id FROM docs WHERE data @> ('{"long": "' || repeat('x', 300) || '"}')::jsonb ORDER BY id;
SELECT count(*) FROM docs WHERE data @> '{}';
SELECT count(*) FROM docs WHERE data @> '[]';
SELECT count(*) FROM docs WHERE data @> NULL;
SELECT count(*) FROM docs WHERE '{"n": 7}' <@ data;
SELECT count(*) FROM docs WHERE data <@ '{"n": 7, "a": null}';
SELECT count(*) FROM docs WHERE NOT data @> '{"n": 7}';

-- keys
SELECT id FROM docs WHERE data ? 't1' ORDER BY id;
SELECT id FROM docs WHERE data ? 'a' ORDER BY id;
SELECT id FROM docs WHERE data ? '' ORDER BY id;
SELECT id FROM docs WHERE data ? 'ä漢' ORDER BY id;
SELECT id FROM docs WHERE data ? repeat('k', 270) ORDER BY id;
SELECT count(*) FROM docs WHERE data ? 'tags';
SELECT id FROM docs WHERE data ?| ARRAY['a', 't1', 'none'] ORDER BY id;
SELECT id FROM docs WHERE data ?| ARRAY['a', NULL] ORDER BY id;
SELECT count(*) FROM docs WHERE data ?| '{}';
SELECT id FROM docs WHERE data ?& ARRAY['t1', 't2'] ORDER BY id;
SELECT id FROM docs WHERE data ?& ARRAY['a', 'b'] ORDER BY id;
SELECT id FROM docs WHERE data ?& ARRAY['a', NULL, 'b'] ORDER BY id;
SELECT count(*) FROM docs WHERE data ?& '{}';
SELECT count(*) FROM docs WHERE data ?| ARRAY['n', 'a'] AND data @> '{"n": 3}' AND id % 2 = 1;

-- paths
SELECT count(*) FROM docs WHERE data @? '$.n ? (@ == 7)';
SELECT count(*) FROM docs WHERE data @@ '$.n == 7';
SELECT count(*) FROM docs WHERE data @@ '7 == $.n';
SELECT count(*) FROM docs WHERE data @@ '$.n > 47';
SELECT count(*) FROM docs WHERE data @? '$.tags[*] ? (@ == "t3" || @ == "t5")';
SELECT count(*) FROM docs WHERE data @@ '$.tags[*] == "t3" && $.n == 10';
SELECT count(*) FROM docs WHERE data @@ '$.owner.name == "user5" || $.n == 10';
SELECT count(*) FROM docs WHERE data @@ '!($.n == 7)';
SELECT count(*) FROM docs WHERE data @@ '($.n == 7) is unknown';
SELECT count(*) FROM docs WHERE data @@ '$.owner.name starts with "user1"';
SELECT count(*) FROM docs WHERE data @@ '$.owner.name like_regex "5$"';
SELECT id FROM docs WHERE data @? '$.a' ORDER BY id;
SELECT id FROM docs WHERE data @? '$.a.b' ORDER BY id;
SELECT id FROM docs WHERE data @? '$.*.b ? (@ == 2)' ORDER BY id;
SELECT id FROM docs WHERE data @? '$.** ? (@ == "end")' ORDER BY id;
SELECT id FROM docs WHERE data @? '$.**.deep ? (@ == "end")' ORDER BY id;
SELECT id FROM docs WHERE data @@ '$.a == null' ORDER BY id;
SELECT id FROM docs WHERE data @@ 'exists($.a)' ORDER BY id;
SELECT id FROM docs WHERE data @@ 'exists($.a ? (@.b == 1))' ORDER BY id;
SELECT id FROM docs WHERE data @? '$ ? (@.a.b == 1 && $.b == 2)' ORDER BY id;
SELECT id FROM docs WHERE data @? 'strict $.a ? (@.b == 1)' ORDER BY id;
SELECT id FROM docs WHERE data @? '$[*] ? (@.n == 8)' ORDER BY id;
SELECT id FROM docs WHERE data @? '$[0].n' ORDER BY id;
SELECT id FROM docs WHERE data @? '$.keyvalue() ? (@.key == "price")' ORDER BY id;
SELECT id FROM docs WHERE data @@ '$.price * 2 == 17.9' ORDER BY id;
SELECT id FROM docs WHERE data @@ '$.price.floor() == 8' ORDER BY id;
SELECT id FROM docs WHERE data @@ '$.a.size() == 1' ORDER BY id;
SELECT count(*) FROM docs WHERE data @? '$.n == 7';
SELECT count(*) FROM docs WHERE data @? '$';
SELECT count(*) FROM docs WHERE data @@ '1 == 1';
SELECT count(*) FROM docs WHERE data @@ 'true';

-- the same by paths
SELECT count(*), min(id), max(id) FROM paths WHERE data @> '{"n": 7}';
SELECT count(*) FROM paths WHERE data @> '{"tags": ["t3", "t4"]}';
SELECT count(*) FROM paths WHERE data @> '{"owner": {"name": "user5", "active": true}}';
SELECT count(*) FROM paths WHERE data @> '{"n": 7, "owner": {}}';
SELECT id FROM paths WHERE data @> '"t1"' ORDER BY id;
SELECT id FROM paths WHERE data @> '["t1"]' ORDER BY id;
SELECT id FROM paths WHERE data @> '[["t3"]]' ORDER BY id;
SELECT id FROM paths WHERE data @> '{"a": {"b": 1}}' ORDER BY id;
SELECT id FROM paths WHERE data @> '{"a": {}}' ORDER BY id;
SELECT id FROM paths WHERE data @> '{"deep": {"deep": {"deep": [[[{"deep": "end"}]]]}}}' ORDER BY id;
SELECT count(*) FROM paths WHERE data @> '{}';
SELECT id FROM paths WHERE data ? 'a' ORDER BY id;
SELECT count(*) FROM paths WHERE data @? '$.n ? (@ == 7)';
SELECT count(*) FROM paths WHERE data @@ '$.n == 7';
SELECT count(*) FROM paths WHERE data @? '$.tags[*] ? (@ == "t3" || @ == "t5")';
SELECT count(*) FROM paths WHERE data @@ '$.tags == "t3" && $.n == 10';
SELECT id FROM paths WHERE data @? '$.*.b ? (@ == 2)' ORDER BY id;
SELECT id FROM paths WHERE data @? '$.** ? (@ == "end")' ORDER BY id;
SELECT id FROM paths WHERE data @? '$.a' ORDER BY id;
SELECT id FROM paths WHERE data @? '$ ? (@.a.b == 1 && $.b == 2)' ORDER BY id;
SELECT id FROM paths WHERE data @? '$[*] ? (@.n == 8)' ORDER BY id;
SELECT id FROM paths WHERE data @@ '$.a == null' ORDER BY id;

-- OR, several conditions, joins, subqueries, prepared statements
SELECT count(*) FROM docs WHERE data @> '{"n": 7}' OR data @> '{"n": 8}';
SELECT count(*) FROM docs WHERE (data @> '{"n": 7}' OR data ? 'a') AND data @> '{"tags": ["t1"]}';
SELECT count(*) FROM docs WHERE data @> '{"n": 7}' OR id = 3;
SELECT count(*) FROM docs a JOIN paths b ON b.data @> a.data WHERE a.id IN (1006, 1009, 1019);
SELECT a.id, (SELECT count(*) FROM docs b WHERE b.data @> jsonb_build_object('n', a.id)) FROM docs a
WHERE a.id < 6 ORDER BY a.id;
SELECT a.id, l.n FROM docs a, LATERAL (SELECT count(*) AS n FROM docs b WHERE b.data ? ('t' || a.id)) l
WHERE a.id < 4 ORDER BY a.id;
SELECT id FROM docs WHERE data @> '{"n": 7}' ORDER BY id LIMIT 3;
PREPARE find (jsonb) AS SELECT count(*) FROM docs WHERE data @> $1;
EXECUTE find ('{"n": 7}');
EXECUTE find ('{}');
EXECUTE find (NULL);
EXECUTE find ('{"n": 7}');
EXECUTE find ('{"n": 9}');
EXECUTE find ('[]');
EXECUTE find ('{"n": 7}');
EXECUTE find ('{}');
SET plan_cache_mode = force_generic_plan;
EXECUTE find ('{"n": 7}');
EXECUTE find ('{}');
EXECUTE find (NULL);
RESET plan_cache_mode;
PREPARE by_path (jsonpath) AS SELECT count(*) FROM docs WHERE data @@ $1;
EXECUTE by_path ('$.n == 7');
EXECUTE by_path ('$.n < 7');
SELECT id FROM docs WHERE data @> '{"n": 7' ORDER BY id;
SELECT id FROM docs WHERE data @@ '$.n ==' ORDER BY id;
