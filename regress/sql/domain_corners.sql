-- Arrays of domains over arrays.
CREATE DOMAIN dc_pair AS int[] CHECK (array_length(VALUE, 1) = 2);
CREATE TABLE dc_t (id int, p dc_pair, ps dc_pair[]);
INSERT INTO dc_t VALUES (1, '{1,2}', '{"{1,2}","{3,4}"}');
INSERT INTO dc_t VALUES (2, '{1,2}', '{"{1,2}","{3,4,5}"}'::text::dc_pair[]);
INSERT INTO dc_t VALUES (3, '{1}', NULL);
INSERT INTO dc_t VALUES (4, '{7,8}', ARRAY['{5,6}'::dc_pair, '{7,8}'::dc_pair]);
INSERT INTO dc_t VALUES (5, NULL, ARRAY[NULL, '{9,10}'::dc_pair]);
SELECT * FROM dc_t ORDER BY id;
SELECT id, ps[1], (ps[2])[1], array_length(ps, 1), pg_typeof(ps), pg_typeof(ps[1]) FROM dc_t ORDER BY id;
SELECT unnest(ps) FROM dc_t WHERE id = 1;
SELECT id FROM dc_t WHERE '{3,4}' = ANY (ps);
SELECT id FROM dc_t WHERE ps = '{"{5,6}","{7,8}"}';
UPDATE dc_t SET ps[2] = '{11,12}' WHERE id = 1 RETURNING ps;
UPDATE dc_t SET ps[2] = '{11,12,13}' WHERE id = 1;
SELECT array_agg(p ORDER BY id) FROM dc_t WHERE p IS NOT NULL;
SELECT column_name, data_type, udt_name FROM information_schema.columns WHERE table_name = 'dc_t' ORDER BY ordinal_position;
\d dc_t
-- A volatile expression cast to a domain is evaluated once.
CREATE SEQUENCE dc_s;
CREATE DOMAIN dc_odd AS bigint CHECK (VALUE % 2 = 1) CHECK (VALUE > 0) CHECK (VALUE IS NOT NULL);
SELECT nextval('dc_s')::dc_odd;
SELECT nextval('dc_s')::dc_odd;
SELECT nextval('dc_s')::dc_odd, currval('dc_s');
SELECT (nextval('dc_s') * 2 + 1)::dc_odd FROM generate_series(1, 3);
SELECT currval('dc_s');
CREATE DOMAIN dc_odd_small AS dc_odd CHECK (CASE VALUE WHEN 9 THEN false ELSE VALUE < 20 END);
SELECT nextval('dc_s')::dc_odd_small, (CASE WHEN nextval('dc_s') > 0 THEN 11 END)::dc_odd_small;
SELECT nextval('dc_s')::dc_odd_small;
CREATE FUNCTION dc_next() RETURNS dc_odd LANGUAGE sql VOLATILE AS 'SELECT nextval(''dc_s'')';
SELECT dc_next() + 0;
CREATE TABLE dc_u (v dc_odd DEFAULT nextval('dc_s'));
INSERT INTO dc_u DEFAULT VALUES;
SELECT setval('dc_s', 20);
INSERT INTO dc_u DEFAULT VALUES RETURNING v;
CREATE VIEW dc_v AS SELECT (random() * 0 + 3)::bigint::dc_odd AS three;
SELECT * FROM dc_v;
SELECT pg_get_viewdef('dc_v');
-- Functions overloaded by domain.
CREATE DOMAIN dc_pos AS int CHECK (VALUE > 0);
CREATE DOMAIN dc_small AS int CHECK (VALUE < 100);
CREATE FUNCTION dc_f(int) RETURNS text LANGUAGE sql AS 'SELECT ''int'' || $1';
CREATE FUNCTION dc_f(dc_pos) RETURNS text LANGUAGE sql AS 'SELECT ''dc_pos'' || $1';
CREATE FUNCTION dc_g(dc_pos, text) RETURNS text LANGUAGE sql AS 'SELECT ''pos,text''';
CREATE FUNCTION dc_g(int, text) RETURNS text LANGUAGE sql AS 'SELECT ''int,text''';
CREATE FUNCTION dc_h(dc_pos) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN ''pos '' || $1; END';
CREATE FUNCTION dc_h(dc_small) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN ''small '' || $1; END';
SELECT dc_f(1), dc_f(2::dc_pos), dc_f(3::dc_small), dc_f(4::int2);
SELECT dc_f('5');
SELECT dc_g(1, 'x'), dc_g(1::dc_pos, 'x'), dc_g(1::dc_small, 'x'::text), dc_g('1', 'x'::text);
SELECT dc_h(1::dc_pos), dc_h(1::dc_small);
SELECT dc_h(1);
SELECT dc_h(-1::dc_pos);
DROP FUNCTION dc_f(dc_pos);
SELECT dc_f(2::dc_pos);
\df dc_*
-- Casts from and to domains are made and ignored.
CREATE FUNCTION dc_to_text(dc_pos) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''never''::text';
CREATE FUNCTION dc_from_text(text) RETURNS dc_pos LANGUAGE sql IMMUTABLE AS 'SELECT 1::dc_pos';
CREATE CAST (dc_pos AS text) WITH FUNCTION dc_to_text(dc_pos) AS IMPLICIT;
CREATE CAST (text AS dc_pos) WITH FUNCTION dc_from_text(text) AS ASSIGNMENT;
SELECT 5::dc_pos::text, '7'::text::dc_pos;
SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod FROM pg_cast
  WHERE castsource = 'dc_pos'::regtype OR casttarget = 'dc_pos'::regtype ORDER BY 1, 2;
CREATE CAST (dc_pos AS text) WITH FUNCTION dc_to_text(dc_pos);
CREATE CAST (dc_pos AS dc_small) WITHOUT FUNCTION;
CREATE CAST (dc_pos AS money) WITH INOUT;
COMMENT ON CAST (dc_pos AS money) IS 'of no use';
DROP CAST (dc_pos AS money);
DROP CAST (dc_pos AS money);
DROP CAST (dc_pos AS text);
DROP DOMAIN dc_pos;
DROP DOMAIN dc_pos CASCADE;
SELECT ARRAY[a, b], ARRAY[a, b]::bigint[], ARRAY[ARRAY[a], ARRAY[b]] FROM (VALUES ('{1,2}'::int[], '{3,4}'::int[])) v(a, b);
SELECT ARRAY[a, NULL] FROM (VALUES ('{1,2}'::int[])) v(a);
