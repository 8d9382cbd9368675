-- System columns of a table that is written.
CREATE TABLE sys_target (tid int, balance int);
CREATE TABLE sys_source (sid int, delta int);
INSERT INTO sys_target VALUES (1, 10), (2, 20);
INSERT INTO sys_source VALUES (1, 1), (3, 3);
UPDATE sys_target t SET balance = t.tableoid::int - 'sys_target'::regclass::int + 5 FROM sys_source s WHERE s.sid = t.tid;
UPDATE sys_target SET balance = balance + (tableoid = 'sys_target'::regclass)::int WHERE tableoid = 'sys_target'::regclass;
SELECT * FROM sys_target ORDER BY tid;
UPDATE sys_target t SET balance = 7 FROM sys_source s WHERE s.sid = t.tid AND s.tableoid <> t.tableoid
  RETURNING t.tableoid::regclass, s.tableoid::regclass, t.balance;
MERGE INTO sys_target t USING sys_source s ON t.tid = s.sid
  WHEN MATCHED AND t.tableoid = 'sys_target'::regclass THEN UPDATE SET balance = t.balance + s.delta
  WHEN NOT MATCHED AND s.tableoid = 'sys_source'::regclass THEN INSERT VALUES (s.sid, s.delta);
MERGE INTO sys_target t USING sys_source s ON t.tid = s.sid
  WHEN MATCHED THEN UPDATE SET balance = t.balance + (t.tableoid = 'sys_target'::regclass)::int;
MERGE INTO sys_target t USING sys_source s ON t.tableoid = 'sys_target'::regclass AND t.tid = s.sid
  WHEN MATCHED AND EXISTS (SELECT FROM sys_source x WHERE t.tableoid = 'sys_target'::regclass) THEN DELETE;
SELECT * FROM sys_target ORDER BY tid;
MERGE INTO sys_target t USING sys_source s ON t.tid = s.sid WHEN MATCHED AND t.xmin = t.xmax THEN DO NOTHING;
MERGE INTO sys_target t USING sys_source s ON t.tid = s.sid WHEN MATCHED AND s.ctid IS NULL THEN DO NOTHING;
MERGE INTO sys_target t USING sys_source s ON t.tid = s.sid WHEN NOT MATCHED AND s.xmin IS NULL THEN DO NOTHING;
DELETE FROM sys_target t USING sys_source s WHERE s.tableoid <> t.tableoid RETURNING t.tableoid::regclass, t.tid;
-- The same of a partitioned one.
CREATE TABLE sys_parts (a int, b int) PARTITION BY LIST (a);
CREATE TABLE sys_parts_1 PARTITION OF sys_parts FOR VALUES IN (1);
CREATE TABLE sys_parts_2 PARTITION OF sys_parts FOR VALUES IN (2);
INSERT INTO sys_parts VALUES (1, 1), (2, 2);
UPDATE sys_parts SET b = b + 10 WHERE tableoid = 'sys_parts_2'::regclass RETURNING tableoid::regclass, *;
MERGE INTO sys_parts t USING sys_source s ON t.a = s.sid
  WHEN MATCHED AND t.tableoid = 'sys_parts_1'::regclass THEN UPDATE SET b = b + 100;
DELETE FROM sys_parts WHERE tableoid = 'sys_parts_1'::regclass AND b > 100 RETURNING tableoid::regclass, *;
SELECT tableoid::regclass, * FROM sys_parts ORDER BY a;
DROP TABLE sys_target, sys_source, sys_parts;
