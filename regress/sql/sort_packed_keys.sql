-- Orders of many rows by several keys of every type, with NULLs first and last: the place of each row counts.
CREATE TABLE many AS
SELECT i AS id,
       CASE WHEN i % 11 <> 0 THEN (i * 7919 % 50)::int2 END AS small,
       (i * 104729 % 1000003)::int4 AS number,
       CASE WHEN i % 13 <> 0 THEN i::int8 * 982451653 % 77777777777 - 30000000000 END AS large,
       (i * 31 % 97) / 8.0::float4 AS real,
       CASE i % 17 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' WHEN 3 THEN -0.0
                   ELSE (i * 17 % 4001 - 2000) / 100.0 END::float8 AS double,
       (i * 13 % 601 - 300) / 7.0 AS decimals,
       'host_' || i % 40 AS host,
       CASE WHEN i % 5 <> 0 THEN left(md5(i::text), i % 4) END COLLATE "C" AS word,
       repeat('x', i % 3)::char(4) AS padded,
       decode(lpad(to_hex(i * 37 % 256), 2, '0') || CASE WHEN i % 2 = 0 THEN '00' ELSE '' END, 'hex') AS bytes,
       date '2024-01-01' + i * 37 % 400 AS day,
       timestamptz '2024-01-01 00:00+00' + i * 53 % 4000 * interval '10 s' AS at,
       i % 3 = 0 AS flag,
       (i * 3 % 1000)::oid AS object
FROM generate_series(1, 12000) i;
ALTER TABLE many ALTER host TYPE text COLLATE "C";
CREATE FUNCTION in_order(keys text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
  EXECUTE format('SELECT md5(string_agg(id::text, '','')) FROM (SELECT id FROM many ORDER BY %s, id) s', keys) INTO answer;
  RETURN answer;
END $$;
SELECT in_order('host, at');
SELECT in_order('at DESC, host DESC');
SELECT in_order('host DESC, at NULLS FIRST, number');
SELECT in_order('small, number');
SELECT in_order('small NULLS FIRST, large DESC');
SELECT in_order('small DESC, large NULLS FIRST, word');
SELECT in_order('large');
SELECT in_order('large DESC NULLS LAST');
SELECT in_order('real, double');
SELECT in_order('double');
SELECT in_order('double DESC, real DESC');
SELECT in_order('double NULLS FIRST, flag');
SELECT in_order('flag, double DESC NULLS LAST, small');
SELECT in_order('decimals');
SELECT in_order('flag, decimals DESC, host');
SELECT in_order('small, decimals, day');
SELECT in_order('word');
SELECT in_order('word DESC NULLS LAST, host');
SELECT in_order('word NULLS FIRST, padded, bytes');
SELECT in_order('padded, word');
SELECT in_order('padded DESC, bytes DESC');
SELECT in_order('bytes');
SELECT in_order('bytes DESC, number');
SELECT in_order('day, object DESC');
SELECT in_order('object, day, flag DESC, small');
SELECT in_order('flag DESC, flag, day DESC, at');
-- What all rows share takes no room; what they do not, all of it.
SELECT in_order('(0 * id), (''a long beginning of every one of them '' || host) COLLATE "C"');
SELECT in_order('(large * 100000), (number * large)');
SELECT in_order('(NULL::int), (NULL::text), number DESC');
SELECT in_order('CASE WHEN id % 2 = 0 THEN 9223372036854775807 WHEN id % 3 = 0 THEN -9223372036854775808 END, host');
SELECT in_order('flag, CASE WHEN id % 2 = 0 THEN 9223372036854775807 WHEN id % 3 = 0 THEN -9223372036854775808 END DESC, host');
-- The same through other plans.
SELECT md5(string_agg(id::text, ',' ORDER BY host, at DESC, id)) FROM many;
SELECT flag, md5(string_agg(id::text, ',' ORDER BY word DESC NULLS LAST, double, id)) FROM many GROUP BY flag ORDER BY flag;
SELECT md5(string_agg(id::text || ':' || n, ',' ORDER BY id))
FROM (SELECT id, row_number() OVER (PARTITION BY host ORDER BY at, small NULLS FIRST, id) AS n FROM many) s;
SET work_mem = '64kB';
SELECT in_order('host, at');
SELECT in_order('double DESC, word, real DESC');
SELECT in_order('word NULLS FIRST, padded, bytes');
RESET work_mem;
SELECT id, host, at FROM many ORDER BY host, at DESC, id LIMIT 5;
DROP TABLE many;
DROP FUNCTION in_order(text);
