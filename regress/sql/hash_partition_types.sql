-- Hash partitioning by every type that has a hash operator class, and the hash functions themselves.
CREATE TYPE hp_mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE hp_pair AS (a int, b text);
CREATE DOMAIN hp_dom AS int[];

SELECT hashchar('x'), hashmacaddr('08:00:2b:01:02:03'), hashmacaddr8('08:00:2b:01:02:03:04:05'),
       hashinet('192.168.1.0/24'), hashinet('::1'), hash_numeric(12.50), hash_numeric('NaN'), hash_numeric(0);
SELECT time_hash('12:34'), timetz_hash('12:34+02'), timestamp_hash('2020-01-01'), interval_hash('1 mon 2 days 03:04:05'),
       interval_hash('30 days') = interval_hash('1 month'), uuid_hash('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
       pg_lsn_hash('16/B374D848'), hashtid('(3,7)'), hashoidvector('1 2 3');
SELECT hash_array(array[1, 2, null, 3]), hash_array('{}'::int[]), hash_array(array[['a', 'b'], ['c', 'd']]),
       hash_record(row(1, 'x'::text, null::int)), hash_range('[1,5)'::int4range), hash_range('empty'::numrange),
       hash_range('(,3.5]'::numrange), hash_multirange('{[1,3),[5,9)}'::int4multirange);
SELECT j, jsonb_hash(j), jsonb_hash_extended(j, 42)
  FROM (VALUES (0, '1'::jsonb), (1, '"a"'), (2, 'null'), (3, 'true'), (4, '[]'), (5, '{}'), (6, '[1, [2, {"k": false}], []]'),
               (7, '{"b": 1, "aa": {"c": [1.0, null]}}')) v(n, j) ORDER BY n;
SELECT hashcharextended('x', 5), hashmacaddrextended('08:00:2b:01:02:03', 5), hashmacaddr8extended('08:00:2b:01:02:03:04:05', 5),
       hashinetextended('192.168.1.0/24', 5), hash_numeric_extended(-12.50, 5), hash_numeric_extended('NaN', 5), hash_numeric_extended(0, 5);
SELECT time_hash_extended('12:34', 5), timetz_hash_extended('12:34+02', 5), timestamp_hash_extended('2020-01-01', 5),
       interval_hash_extended('1 mon 2 days 03:04:05', 5), uuid_hash_extended('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 5),
       pg_lsn_hash_extended('16/B374D848', 5), hashtidextended('(3,7)', 5), hashoidvectorextended('1 2 3', 5), hashfloat4extended(1.5, 5);
SELECT hash_array_extended(array[1, 2, null, 3], 5), hash_record_extended(row(1, 'x'::text, null::int), 5),
       hash_range_extended('[1,5)'::int4range, 5), hash_range_extended('(,3.5]'::numrange, 5),
       hash_multirange_extended('{[1,3),[5,9)}'::int4multirange, 5);
SELECT hash_array(array['1'::money]);
SELECT hash_array_extended(array['1'::money], 7);
SELECT hash_record(row('1'::money));
SELECT hashenum('ok'::hp_mood) = hashenum('ok'::hp_mood), hashenum('ok'::hp_mood) = hashenum('sad'::hp_mood),
       hashenumextended('ok'::hp_mood, 9) = hashenumextended('happy'::hp_mood, 9);

-- Each type in four partitions: what lies where is what PostgreSQL has.
CREATE TABLE hp_values (kind text, n int, v text);
INSERT INTO hp_values
  SELECT 'interval', i, format('%s mons %s days %s:00', i % 5, i, i % 24) FROM generate_series(1, 12) i UNION ALL
  SELECT 'timetz', i, format('%s:15+0%s', i, i % 7) FROM generate_series(1, 12) i UNION ALL
  SELECT 'inet', i, format('10.0.%s.%s/%s', i, i * 7, 20 + i % 12) FROM generate_series(1, 12) i UNION ALL
  SELECT 'cidr', i, format('10.%s.0.0/16', i) FROM generate_series(1, 12) i UNION ALL
  SELECT 'macaddr', i, format('08:00:2b:01:02:%s', lpad(i::text, 2, '0')) FROM generate_series(1, 12) i UNION ALL
  SELECT 'macaddr8', i, format('08:00:2b:01:02:03:04:%s', lpad(i::text, 2, '0')) FROM generate_series(1, 12) i UNION ALL
  SELECT 'jsonb', i, format('{"a": %s, "b": [%s, "x", null]}', i, i * 1.5) FROM generate_series(1, 12) i UNION ALL
  SELECT 'int4range', i, format('[%s,%s]', i, i * 3) FROM generate_series(1, 12) i UNION ALL
  SELECT 'numrange', i, format('(%s.5,)', i) FROM generate_series(1, 12) i UNION ALL
  SELECT 'datemultirange', i, format('{[2020-01-%s,2020-02-01)}', i) FROM generate_series(1, 12) i UNION ALL
  SELECT 'int[]', i, format('{%s,%s,NULL}', i, i * 5) FROM generate_series(1, 12) i UNION ALL
  SELECT 'text[]', i, format('{%s,b}', chr(96 + i)) FROM generate_series(1, 12) i UNION ALL
  SELECT 'hp_pair', i, format('(%s,%s)', i, chr(96 + i)) FROM generate_series(1, 12) i UNION ALL
  SELECT 'hp_dom', i, format('{%s}', i) FROM generate_series(1, 12) i UNION ALL
  SELECT '"char"', i, chr(96 + i) FROM generate_series(1, 12) i UNION ALL
  SELECT 'pg_lsn', i, format('0/%s0', i) FROM generate_series(1, 9) i UNION ALL
  SELECT 'xid8', i, i::text FROM generate_series(1, 12) i UNION ALL
  SELECT 'oidvector', i, format('%s %s', i, i + 1) FROM generate_series(1, 12) i;
CREATE FUNCTION hp_try(kind text) RETURNS TABLE (part text, keys text, agree bool) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE hp_t (n int, k %s) PARTITION BY HASH (k)', kind);
  FOR r IN 0..3 LOOP
    EXECUTE format('CREATE TABLE hp_t%s PARTITION OF hp_t FOR VALUES WITH (MODULUS 4, REMAINDER %s)', r, r);
  END LOOP;
  EXECUTE format('INSERT INTO hp_t SELECT n, v::%s FROM hp_values WHERE kind = %L UNION ALL SELECT 0, NULL', kind, kind);
  RETURN QUERY SELECT t.tableoid::regclass::text, string_agg(t.n::text, ' ' ORDER BY t.n),
                      bool_and(satisfies_hash_partition('hp_t'::regclass, 4, right(t.tableoid::regclass::text, 1)::int, t.k))
    FROM hp_t t GROUP BY 1 ORDER BY 1;
  DROP TABLE hp_t;
END $$;
SELECT kind, part, keys, agree
  FROM (SELECT DISTINCT kind FROM hp_values) k, LATERAL hp_try(kind) ORDER BY kind, part;
-- A row is found again by its key.
CREATE TABLE hp_a (k int[], v text) PARTITION BY HASH (k);
CREATE TABLE hp_a0 PARTITION OF hp_a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hp_a1 PARTITION OF hp_a FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hp_a SELECT array[i, i + 1], i::text FROM generate_series(1, 20) i;
SELECT * FROM hp_a WHERE k = '{7,8}';
UPDATE hp_a SET k = k || 1 WHERE v = '3';
SELECT k FROM hp_a WHERE k = '{3,4,1}';
-- An enum's rows: where each lies is the server's own affair, that it is found is not.
CREATE TABLE hp_e (k hp_mood) PARTITION BY HASH (k);
CREATE TABLE hp_e0 PARTITION OF hp_e FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hp_e1 PARTITION OF hp_e FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hp_e VALUES ('sad'), ('ok'), ('happy'), (NULL);
SELECT k, satisfies_hash_partition('hp_e'::regclass, 2, right(tableoid::regclass::text, 1)::int, k) FROM hp_e ORDER BY k;
SELECT count(*) FROM hp_e WHERE k = 'ok';
-- Refused as PostgreSQL refuses.
CREATE TABLE hp_bad (k money) PARTITION BY HASH (k);
CREATE TABLE hp_bad (k varbit(3)) PARTITION BY HASH (k);
CREATE TABLE hp_bad (k point) PARTITION BY HASH (k);
CREATE TABLE hp_bad (k tsvector) PARTITION BY HASH (k);
SELECT satisfies_hash_partition('hp_values'::regclass, 4, 0, 1);
SELECT satisfies_hash_partition('hp_a'::regclass, 0, 0, NULL);
SELECT satisfies_hash_partition('hp_a'::regclass, 2, -1, NULL);
SELECT satisfies_hash_partition('hp_a'::regclass, 2, 2, NULL);
SELECT satisfies_hash_partition('hp_a'::regclass, NULL, 0, NULL), satisfies_hash_partition(NULL, 2, 0, NULL),
       satisfies_hash_partition('hp_a'::regclass, 2, NULL, NULL);
SELECT satisfies_hash_partition('hp_a'::regclass, 2, 0, 1, 2);
SELECT satisfies_hash_partition('hp_a'::regclass, 2, 0, 1);
SELECT satisfies_hash_partition('hp_a0'::regclass, 2, 0, 1);
CREATE TABLE hp_two (a int, b int) PARTITION BY HASH (a, b);
SELECT satisfies_hash_partition('hp_two'::regclass, 4, 0, VARIADIC array[0, 0]),
       satisfies_hash_partition('hp_two'::regclass, 4, 0, VARIADIC array[0, 1]),
       satisfies_hash_partition('hp_two'::regclass, 4, 0, 0, 1);
SELECT satisfies_hash_partition('hp_two'::regclass, 4, 0, VARIADIC array[now(), now()]);
SELECT satisfies_hash_partition('hp_two'::regclass, 4, 0, VARIADIC array[1]);
