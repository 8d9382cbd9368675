-- SERIALIZABLE as one session sees it; what several do to each other is in regress/isolation.
CREATE TABLE plain (a int, b text);
INSERT INTO plain SELECT g, 'row ' || g FROM generate_series(1, 5) g;
CREATE TABLE keyed (id int PRIMARY KEY, v int);
INSERT INTO keyed SELECT g, g FROM generate_series(1, 1000) g;
CREATE TEMP TABLE mine (a int);
CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain;

BEGIN ISOLATION LEVEL SERIALIZABLE;
SHOW transaction_isolation;
SHOW transaction_read_only;
SHOW transaction_deferrable;
SELECT count(*) FROM plain;
SELECT locktype, relation::regclass, page, tuple, virtualxid, transactionid, pid = pg_backend_pid() AS own, mode, granted, fastpath
  FROM pg_locks WHERE mode = 'SIReadLock';
-- tables of one's own, views that hold rows, and catalogs are not noted
SELECT count(*) FROM mine;
SELECT count(*) FROM kept;
SELECT count(*) > 0 FROM pg_class;
SELECT locktype, relation::regclass FROM pg_locks WHERE mode = 'SIReadLock' ORDER BY relation::regclass::text, locktype;
COMMIT;
SELECT count(*) FROM pg_locks WHERE mode = 'SIReadLock';

-- one that only reads, and is alone, is not noted at all
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT count(*) FROM plain;
SELECT count(*) FROM pg_locks WHERE mode = 'SIReadLock';
INSERT INTO plain VALUES (6, 'six');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SHOW transaction_deferrable;
SELECT count(*) FROM plain;
COMMIT;

-- when it is too late
BEGIN;
SELECT 1;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT 1;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT 1;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SET TRANSACTION DEFERRABLE;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT 1;
SET TRANSACTION READ WRITE;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SET TRANSACTION READ WRITE, NOT DEFERRABLE;
INSERT INTO plain VALUES (6, 'six');
SET TRANSACTION READ ONLY;
INSERT INTO plain VALUES (7, 'seven');
ROLLBACK;

-- defaults
SET default_transaction_isolation = 'serializable';
SHOW transaction_isolation;
BEGIN;
SHOW transaction_isolation;
COMMIT;
SET default_transaction_read_only = on;
SET default_transaction_deferrable = on;
BEGIN;
SHOW transaction_deferrable;
SELECT count(*) FROM plain;
COMMIT;
RESET default_transaction_read_only;
RESET default_transaction_deferrable;
BEGIN;
SAVEPOINT s;
INSERT INTO keyed VALUES (1, 1);
ROLLBACK TO s;
INSERT INTO keyed VALUES (1001, 1) ON CONFLICT DO NOTHING;
INSERT INTO keyed VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET v = excluded.v RETURNING v;
DELETE FROM keyed WHERE id = 1001;
COMMIT AND CHAIN;
SHOW transaction_isolation;
TRUNCATE plain;
SELECT count(*) FROM plain;
COMMIT;
RESET default_transaction_isolation;
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SHOW default_transaction_isolation;
SHOW default_transaction_deferrable;
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE, NOT DEFERRABLE;
SHOW max_pred_locks_per_transaction;
SHOW max_pred_locks_per_relation;
SHOW max_pred_locks_per_page;
DO $$ BEGIN
  PERFORM count(*) FROM keyed;
  INSERT INTO keyed VALUES (1, 1);
EXCEPTION WHEN unique_violation THEN RAISE NOTICE 'it was there';
END $$;
DROP MATERIALIZED VIEW kept;
DROP TABLE plain, keyed, mine;
