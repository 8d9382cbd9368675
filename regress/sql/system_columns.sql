-- tableoid, ctid and xmin: read with rows, in conditions and in RETURNING.
CREATE TABLE doc (id int PRIMARY KEY, body text);
INSERT INTO doc VALUES (1, 'a'), (2, 'b') RETURNING tableoid::regclass, ctid IS NOT NULL AS placed, xmin = pg_current_xact_id()::xid AS own, *;
UPDATE doc SET body = body || 'x' WHERE id = 1 RETURNING tableoid::regclass, xmin = pg_current_xact_id()::xid AS own, body, ctid IS NOT NULL AS placed;
DELETE FROM doc WHERE id = 1 RETURNING tableoid::regclass, xmin = pg_current_xact_id()::xid AS own, body, ctid IS NOT NULL AS placed;
-- A version number for optimistic locking.
SELECT xmin AS seen FROM doc WHERE id = 2 \gset
UPDATE doc SET body = 'first' WHERE id = 2 AND xmin = :'seen' RETURNING body;
UPDATE doc SET body = 'second' WHERE id = 2 AND xmin = :'seen' RETURNING body;
DELETE FROM doc WHERE id = 2 AND xmin = :'seen';
SELECT body FROM doc;
UPDATE doc SET body = 'third' WHERE ctid = (SELECT ctid FROM doc WHERE id = 2) RETURNING body;
DELETE FROM doc USING (SELECT xmin AS seen FROM doc) d WHERE doc.xmin = d.seen RETURNING body, d.seen = doc.xmin AS same;
CREATE TABLE part (a int, b text) PARTITION BY LIST (a);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
INSERT INTO part VALUES (1, 'x'), (2, 'y') RETURNING tableoid::regclass, *;
UPDATE part SET b = b || tableoid::regclass::text RETURNING tableoid::regclass, *;
DELETE FROM part WHERE tableoid = 'part_2'::regclass RETURNING tableoid::regclass, *;
DROP TABLE doc, part;
