-- A superuser may write system catalogs.
CREATE TABLE catalog_written (a int);
UPDATE pg_class SET reltuples = 1234 WHERE relname = 'catalog_written';
SELECT reltuples FROM pg_class WHERE oid = 'catalog_written'::regclass;
BEGIN;
UPDATE pg_class SET relname = 'catalog_renamed' WHERE oid = 'catalog_written'::regclass;
SELECT * FROM catalog_renamed;
SELECT 'catalog_renamed'::regclass;
ROLLBACK;
SELECT * FROM catalog_written;
UPDATE pg_attribute SET attname = 'b' WHERE attrelid = 'catalog_written'::regclass AND attname = 'a' RETURNING attnum, attname;
INSERT INTO catalog_written (b) VALUES (1);
SELECT b FROM catalog_written;
CREATE ROLE regress_catalog_writer;
SET ROLE regress_catalog_writer;
UPDATE pg_class SET relname = '123';
DELETE FROM pg_catalog.pg_class;
RESET ROLE;
DROP ROLE regress_catalog_writer;
MERGE INTO pg_class c USING (SELECT 'catalog_written'::regclass AS oid) j ON j.oid = c.oid
 WHEN MATCHED THEN UPDATE SET reltuples = reltuples + 1;
SELECT reltuples FROM pg_class WHERE oid = 'catalog_written'::regclass;
DROP TABLE catalog_written;
