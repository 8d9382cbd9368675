-- uuid.
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12'::uuid, '{a0eebc999c0b4ef8bb6d6bb9bd380a13}'::uuid, 'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a14'::uuid;
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1'::uuid;
SELECT 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid;
SELECT ''::uuid;
CREATE TABLE u (id uuid PRIMARY KEY, n int);
INSERT INTO u VALUES ('00000000-0000-0000-0000-000000000002', 2), ('ffffffff-ffff-ffff-ffff-ffffffffffff', 3), ('00000000-0000-0000-0000-000000000001', 1);
SELECT * FROM u ORDER BY id;
SELECT n FROM u WHERE id = '00000000-0000-0000-0000-000000000001';
SELECT n FROM u WHERE id > '00000000-0000-0000-0000-000000000001' ORDER BY id DESC;
INSERT INTO u VALUES ('00000000-0000-0000-0000-000000000002', 9);
SELECT id::text FROM u WHERE n = 1;
SELECT count(DISTINCT id) FROM u;
SELECT gen_random_uuid() <> gen_random_uuid(), length(gen_random_uuid()::text), substr(gen_random_uuid()::text, 15, 1);
SELECT pg_typeof(gen_random_uuid());
SELECT 1::uuid;
SELECT max(id) FROM u;
DROP TABLE u;
