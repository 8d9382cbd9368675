-- ON CONFLICT: expressions and partial indexes
CREATE TABLE t (id int, name text, active bool DEFAULT true);
CREATE UNIQUE INDEX ON t (lower(name));
CREATE UNIQUE INDEX ON t (id) WHERE active;
INSERT INTO t VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO t VALUES (3, 'ANN') ON CONFLICT (lower(name)) DO UPDATE SET id = excluded.id RETURNING *;
INSERT INTO t VALUES (2, 'Cid') ON CONFLICT (id) WHERE active DO UPDATE SET name = excluded.name RETURNING *;
INSERT INTO t VALUES (2, 'Dan') ON CONFLICT (id) DO NOTHING;
INSERT INTO t VALUES (2, 'Dan', false) ON CONFLICT (id) WHERE active DO NOTHING RETURNING *;
INSERT INTO t VALUES (2, 'Eve') ON CONFLICT (id) WHERE active AND name <> '' DO NOTHING RETURNING *;
INSERT INTO t VALUES (9, 'x') ON CONFLICT (upper(name)) DO NOTHING;
INSERT INTO t VALUES (9, 'x') ON CONFLICT (nosuch) DO NOTHING;
INSERT INTO t VALUES (9, 'x') ON CONFLICT ((name || 'x')) DO NOTHING;
SELECT * FROM t ORDER BY id, name;
