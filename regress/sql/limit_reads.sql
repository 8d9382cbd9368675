-- Who wants few rows has few looked at.
CREATE SEQUENCE looked_at;
CREATE TABLE many (id int PRIMARY KEY, part int, v text);
INSERT INTO many SELECT i, i % 4, 'v' || i FROM generate_series(1, 6000) i;
CREATE INDEX many_part ON many (part, id);
ANALYZE many;
SELECT count(*) FROM (SELECT id FROM many WHERE nextval('looked_at') > 0 LIMIT 2) s;
SELECT nextval('looked_at');
SELECT id FROM many WHERE part = 3 AND nextval('looked_at') > 0 ORDER BY id DESC LIMIT 2;
SELECT nextval('looked_at');
SELECT id FROM many WHERE part = 1 AND nextval('looked_at') > 0 ORDER BY id LIMIT 1 OFFSET 1;
SELECT nextval('looked_at');
SELECT EXISTS (SELECT FROM many WHERE nextval('looked_at') > 0);
SELECT nextval('looked_at');
-- what was few at first is all in the end
SELECT count(*), sum(id) FROM (SELECT id FROM many WHERE part = 2 ORDER BY id LIMIT 1400) s;
SELECT count(*), sum(id) FROM (SELECT id FROM many WHERE part = 2 AND id > 5000 ORDER BY id LIMIT 1400) s;
PREPARE first(int) AS SELECT id FROM many WHERE part = 2 ORDER BY id LIMIT $1;
EXECUTE first(1);
EXECUTE first(3);
EXECUTE first(1);
SELECT o.id, (SELECT string_agg(i.id::text, ' ') FROM (SELECT id FROM many WHERE part = o.part ORDER BY id DESC LIMIT o.id) i)
  FROM many o WHERE o.id < 5 ORDER BY o.id;
DROP TABLE many;
DROP SEQUENCE looked_at;
