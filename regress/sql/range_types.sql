-- CREATE TYPE … AS RANGE.
CREATE TYPE rt_float AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE rt_textrange AS RANGE (subtype = text, collation = "C");
CREATE TYPE rt_mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE rt_moodrange AS RANGE (subtype = rt_mood, multirange_type_name = rt_moods);
CREATE DOMAIN rt_small AS int CHECK (VALUE < 100);
CREATE TYPE rt_smallrange AS RANGE (subtype = rt_small);
CREATE TYPE rt_pair AS (a int, b int);
CREATE TYPE rt_pairrange AS RANGE (subtype = rt_pair);
CREATE TYPE rt_arrayrange AS RANGE (subtype = int4[]);
CREATE TYPE rt_cashrange AS RANGE (subtype = money, subtype_opclass = money_ops);
CREATE TYPE rt_vc AS RANGE (subtype = varchar);
SELECT t.typname, t.typtype, t.typcategory, t.typlen, t.typalign, t.typinput, m.typname AS multi, r.rngsubtype::regtype, o.opcname,
       rngcollation::regcollation, rngcanonical, rngsubdiff
  FROM pg_range r JOIN pg_type t ON t.oid = rngtypid JOIN pg_type m ON m.oid = rngmultitypid LEFT JOIN pg_opclass o ON o.oid = rngsubopc
  WHERE t.typname LIKE 'rt\_%' ORDER BY 1;
SELECT proname, prorettype::regtype, proargtypes::regtype[], provariadic::regtype, proisstrict, prosrc, prolang, provolatile, proparallel
  FROM pg_proc WHERE proname IN ('rt_float', 'rt_float_multirange', 'rt_textrange', 'rt_textmultirange') ORDER BY proname, pronargs, prosrc;
SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod FROM pg_cast WHERE castsource = 'rt_float'::regtype;
\dT rt_*
-- Values.
SELECT '[1.5,2.5)'::rt_float, rt_float(1, 2), rt_float(1, 2, '[]'), rt_float(NULL, 2), 'empty'::rt_float, rt_float(2, 2), rt_float(2, 2, '[]');
SELECT '[a,"x,y"]'::rt_textrange, rt_textrange('b', 'a\"c', '()'), rt_textrange('', 'z'), '["",)'::rt_textrange;
SELECT rt_float(2, 1);
SELECT rt_float(1, 2, '[x');
SELECT '[1,2'::rt_float;
SELECT '[x,2)'::rt_float;
SELECT rt_moodrange('sad', 'happy'), '[ok,]'::rt_moodrange, rt_moodrange('happy', 'sad');
SELECT rt_moodrange('sad', 'happy'), '[ok,]'::rt_moodrange @> 'happy'::rt_mood, lower(rt_moodrange('ok', NULL)), upper_inf(rt_moodrange('ok', NULL));
SELECT rt_smallrange(1, 5), rt_smallrange(1, 5, '[]'), rt_smallrange(1, 500);
SELECT rt_smallrange(1, 5), rt_smallrange(1, 5, '(]'), '[1,5]'::rt_smallrange = '[1,6)'::rt_smallrange;
SELECT rt_pairrange((1, 2), (3, 4)), '["(1,2)","(3,4)"]'::rt_pairrange @> (2, 0)::rt_pair, rt_arrayrange(array[1], array[1, 5]) @> array[1, 2];
SELECT rt_cashrange('1.50', '2.00'), rt_vc('a', 'c') @> 'b'::varchar, rt_vc('a'::varchar, 'c'::varchar, '[]');
-- Operators.
SELECT a, b, a = b AS eq, a < b AS lt, a && b AS overlaps, a @> b AS contains, a <@ b AS within, a << b AS before, a >> b AS after,
       a &< b AS overleft, a &> b AS overright, a -|- b AS adjacent
  FROM (VALUES (rt_float(1, 3), rt_float(2, 5)), (rt_float(1, 3), rt_float(3, 5)), (rt_float(1, 9), rt_float(2, 5)), ('empty', rt_float(2, 5))) v(a, b);
SELECT rt_float(1, 3) + rt_float(2, 5), rt_float(1, 3) * rt_float(2, 5), rt_float(1, 3) - rt_float(2, 5), range_merge(rt_float(1, 2), rt_float(8, 9));
SELECT rt_float(1, 3) + rt_float(4, 5);
SELECT rt_float(1, 3) @> 2.0::float8, 2.5::float8 <@ rt_float(1, 3), rt_float(1, 3) @> 2;
SELECT rt_float(1, 3) = '[1,3)'::numrange;
SELECT rt_textrange('a', 'm') && 'b', rt_textrange('a', 'm') @> 'z'::text, 'Z'::text <@ rt_textrange('A', 'a');
-- Multiranges.
SELECT rt_float_multirange(), rt_float_multirange(rt_float(1, 2)), rt_float_multirange(rt_float(1, 3), rt_float(2, 5), rt_float(7, 8)),
       rt_float_multirange(VARIADIC ARRAY[rt_float(1, 2), rt_float(4, 5)]);
SELECT '{[1,2),[4,5)}'::rt_float_multirange, rt_float(1, 2)::rt_float_multirange, multirange(rt_float(1, 2)),
       rt_textmultirange(rt_textrange('a', 'c'), rt_textrange('b', 'd'));
SELECT rt_float_multirange(rt_float(1, 2), NULL);
SELECT '{[1,4)}'::rt_float_multirange - '{[2,3)}'::rt_float_multirange, '{[1,4)}'::rt_float_multirange @> rt_float(2, 3),
       lower('{[1,4),[6,7)}'::rt_float_multirange), unnest('{[1,4),[6,7)}'::rt_float_multirange);
SELECT rt_moods(rt_moodrange('sad', 'ok')), rt_moodrange('sad', 'ok')::rt_moods;
SELECT range_agg(r), range_intersect_agg(r) FROM (VALUES (rt_float(1, 3)), (rt_float(2, 6)), (rt_float(2.5, 9))) v(r);
-- Tables, indexes, arrays.
CREATE TABLE rt_t (id int, r rt_float, t rt_textrange, rs rt_float[], m rt_float_multirange);
INSERT INTO rt_t SELECT i, rt_float(i % 7, i % 7 + i * 0.25), rt_textrange(chr(97 + i % 5), chr(102 + i % 9), '[]'),
       ARRAY[rt_float(i, i + 1), NULL], rt_float_multirange(rt_float(i, i + 1), rt_float(i + 2, i + 3)) FROM generate_series(1, 20) i;
INSERT INTO rt_t VALUES (21, 'empty', 'empty', '{}', '{}'), (22, NULL, NULL, NULL, NULL), (23, '(,)', '(,b)', '{"[1,2)"}', '{(,)}');
CREATE INDEX ON rt_t (r);
CREATE INDEX ON rt_t (t, m);
SELECT id, r, t FROM rt_t ORDER BY r, t, id;
SELECT id, r FROM rt_t WHERE r = rt_float(3, 4.5) OR r = 'empty' ORDER BY id;
SET enable_seqscan = off;
SELECT id, t FROM rt_t WHERE t = '[c,h]' ORDER BY id;
SELECT id FROM rt_t WHERE r < rt_float(1, 3) ORDER BY r, id;
SELECT max(id), min(id) FROM rt_t WHERE r > '[5,)';
RESET enable_seqscan;
SELECT rs, m, rs[1], upper(m) FROM rt_t WHERE id IN (3, 21, 23) ORDER BY id;
SELECT r, count(*) FROM rt_t GROUP BY r HAVING count(*) > 1 ORDER BY r;
SELECT count(DISTINCT t), count(DISTINCT m) FROM rt_t;
SELECT a.id, b.id FROM rt_t a JOIN rt_t b ON a.r = b.r AND a.id < b.id ORDER BY 1, 2;
UPDATE rt_t SET r = r * rt_float(0, 2) WHERE id < 4 RETURNING id, r;
\d rt_t
COPY (SELECT id, r, t, rs, m FROM rt_t ORDER BY id) TO STDOUT;
ANALYZE rt_t;
SELECT attname, null_frac FROM pg_stats WHERE tablename = 'rt_t' ORDER BY attname;
-- Functions.
CREATE FUNCTION rt_width(rt_float) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT upper($1) - lower($1)';
CREATE FUNCTION rt_any(anyrange) RETURNS anyelement LANGUAGE sql AS 'SELECT upper($1)';
CREATE FUNCTION rt_make(anyelement, anyrange) RETURNS bool LANGUAGE sql AS 'SELECT $2 @> $1';
CREATE FUNCTION rt_multi(anyrange) RETURNS anymultirange LANGUAGE sql AS 'SELECT multirange($1)';
SELECT rt_width(rt_float(1, 4)), rt_any(rt_textrange('a', 'z')), rt_any(int4range(1, 5)), rt_make(2.0::float8, rt_float(1, 3)), rt_multi(rt_textrange('a', 'z'));
SELECT rt_make(2, rt_float(1, 3));
SELECT rt_width('[1,2]');
-- Errors of the definition.
CREATE TYPE rt_bad AS RANGE (subtype_diff = float8mi);
CREATE TYPE rt_bad AS RANGE (subtype = int4, subtype = int4);
CREATE TYPE rt_bad AS RANGE (subtype = int4, colour = red);
CREATE TYPE rt_bad AS RANGE (subtype = int4, collation = "C");
CREATE TYPE rt_bad AS RANGE (subtype = anyelement);
CREATE TYPE rt_bad AS RANGE (subtype = point);
CREATE TYPE rt_bad AS RANGE (subtype = int4, subtype_opclass = text_ops);
CREATE TYPE rt_bad AS RANGE (subtype = int4, subtype_opclass = nope_ops);
CREATE TYPE rt_bad AS RANGE (subtype = int4, subtype_diff = float8mi);
CREATE TYPE rt_bad AS RANGE (subtype = float8, subtype_diff = float8lt);
CREATE TYPE rt_bad AS RANGE (subtype = float8, subtype_diff = float8pl);
CREATE TYPE rt_bad2 AS RANGE (subtype = float8, canonical = foo);
CREATE TYPE rt_float AS RANGE (subtype = float8);
CREATE TYPE rt_other AS RANGE (subtype = float8, multirange_type_name = rt_float);
CREATE TYPE rt_xmultirange AS ENUM ();
CREATE TYPE rt_xrange AS RANGE (subtype = float8);
CREATE TYPE rt_noname AS RANGE (subtype = nosuchtype);
-- Names, owners, dropping.
ALTER TYPE rt_vc RENAME TO rt_vc2;
SELECT rt_vc('a', 'b'), '[a,b]'::rt_vc2;
CREATE SCHEMA rt_s;
ALTER TYPE rt_cashrange SET SCHEMA rt_s;
SELECT '[$1.00,$2.00)'::rt_s.rt_cashrange;
DROP TYPE rt_float_multirange;
DROP TYPE rt_float;
DROP FUNCTION rt_float(float8, float8);
DROP TYPE rt_moodrange;
SELECT '{}'::rt_moods;
SELECT rt_moodrange('sad', 'ok');
DROP TYPE rt_mood;
DROP TYPE rt_textrange CASCADE;
SELECT count(*) FROM pg_range r WHERE NOT EXISTS (SELECT FROM pg_type WHERE oid = rngtypid) OR NOT EXISTS (SELECT FROM pg_type WHERE oid = rngmultitypid);
BEGIN;
CREATE TYPE rt_gone AS RANGE (subtype = date);
SELECT rt_gone('2020-01-01', '2020-02-01', '[]');
ROLLBACK;
SELECT rt_gone('2020-01-01', '2020-02-01');
