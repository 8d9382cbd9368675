-- Recursive views, security barriers; comments on rarer kinds of objects.
CREATE RECURSIVE VIEW nums (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM nums WHERE n < 5;
SELECT sum(n) FROM nums;
SELECT pg_get_viewdef('nums'::regclass);
\d+ nums
CREATE OR REPLACE RECURSIVE VIEW nums (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM nums WHERE n < 3;
SELECT * FROM nums ORDER BY n;
CREATE TABLE tree (id int, parent int, name text);
INSERT INTO tree VALUES (1, NULL, 'root'), (2, 1, 'a'), (3, 1, 'b'), (4, 2, 'aa');
CREATE RECURSIVE VIEW paths (id, path) AS SELECT id, name FROM tree WHERE parent IS NULL UNION ALL SELECT t.id, p.path || '/' || t.name FROM tree t JOIN paths p ON p.id = t.parent;
SELECT * FROM paths ORDER BY id;
SELECT pg_get_viewdef('paths'::regclass);
CREATE RECURSIVE VIEW bad (n) AS SELECT 1 WITH CHECK OPTION;
DROP VIEW nums, paths;
-- a security barrier keeps the query's conditions away from rows that the view leaves out
CREATE TABLE secrets (id int, owner text, v text);
INSERT INTO secrets VALUES (1, 'me', 'open'), (2, 'you', 'hidden'), (3, 'me', 'more');
CREATE FUNCTION leak(t text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN IF t = 'hidden' THEN RAISE NOTICE 'seen %', t; END IF; RETURN true; END $$;
CREATE VIEW mine WITH (security_barrier) AS SELECT id, v FROM secrets WHERE owner = 'me';
SELECT count(*) FROM mine WHERE leak(v) AND id = 1;
SELECT id FROM mine WHERE leak(v) ORDER BY id LIMIT 1;
SELECT m.id FROM mine m JOIN secrets s ON s.id = m.id WHERE leak(m.v) AND s.id = 3;
SELECT reloptions FROM pg_class WHERE relname = 'mine';
INSERT INTO mine (id, v) VALUES (4, 'new');
\d+ mine
CREATE OR REPLACE VIEW mine WITH (security_barrier = false, security_invoker = true) AS SELECT id, v FROM secrets WHERE owner = 'me';
SELECT reloptions FROM pg_class WHERE relname = 'mine';
DROP VIEW mine;
DROP TABLE secrets, tree;
DROP FUNCTION leak(text);
-- comments
CREATE DOMAIN small AS int CONSTRAINT is_small CHECK (VALUE < 10);
COMMENT ON CONSTRAINT is_small ON DOMAIN small IS 'not big';
SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'is_small';
COMMENT ON CONSTRAINT nosuch ON DOMAIN small IS 'x';
COMMENT ON TEXT SEARCH CONFIGURATION english IS 'English';
SELECT obj_description(oid, 'pg_ts_config') FROM pg_ts_config WHERE cfgname = 'english';
COMMENT ON TEXT SEARCH CONFIGURATION nosuch IS 'x';
DROP DOMAIN small;
-- functions that shard and lock by hash
SELECT hashtext('a'), hashtext(''), hashtext('a longer text than twelve bytes'), hashint4(42), hashint8(42), hashint8(-42), hashint8(123456789012), hashint2(7::int2), hashoid(9), hashfloat8(1.5), hashfloat8(-0.0), hashbpchar('ab  '), hashname('n');
SELECT hashtextextended('a', 0), hashtextextended('a', 42), hashint4extended(1, 5), hashint8extended(-1, -1);
-- rows of JSON as values
CREATE TYPE pair AS (a int, b text);
SELECT json_populate_recordset(NULL::pair, '[{"a":1,"b":"x"},{"a":2}]');
SELECT (jsonb_populate_recordset(NULL::pair, '[{"a":1,"b":"x"},{"a":2}]')).*;
SELECT i, jsonb_populate_recordset(ROW(i, 'd')::pair, '[{"a":7},{"b":"y"}]') FROM generate_series(1, 2) i;
SELECT json_to_recordset('[{"a":1}]');
DROP TYPE pair;
SELECT typname, typinput, typoutput, typreceive, typsend FROM pg_type WHERE typname IN ('int4', '_int4', 'text', 'money', 'int4range', 'int4multirange', 'timestamptz', 'json', 'oidvector', '_text', 'refcursor', 'point') ORDER BY 1;
