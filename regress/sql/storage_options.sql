-- Storage parameters are kept beside those that a command names; the access method; LOCK TABLE in functions; functions in
-- SQL that return nothing.
CREATE TABLE opt (a int, b text) WITH (fillfactor = 70);
INSERT INTO opt VALUES (1, 'one'), (2, 'two');
ALTER TABLE opt SET (autovacuum_enabled = false);
SELECT reloptions FROM pg_class WHERE relname = 'opt';
ALTER TABLE opt SET (fillfactor = 80);
SELECT reloptions FROM pg_class WHERE relname = 'opt';
ALTER TABLE opt SET (toast.autovacuum_enabled = false, parallel_workers = 2);
ALTER TABLE opt RESET (autovacuum_enabled);
SELECT array_to_string(reloptions, ' ') LIKE '%fillfactor=80%', array_to_string(reloptions, ' ') LIKE '%parallel_workers=2%'
FROM pg_class WHERE relname = 'opt';
ALTER TABLE opt RESET (fillfactor, parallel_workers);
ALTER TABLE opt SET (no_such = 1);
ALTER TABLE opt SET (fillfactor = 5);
CREATE INDEX opt_a ON opt (a) WITH (fillfactor = 60);
ALTER INDEX opt_a SET (fillfactor = 90);
SELECT reloptions FROM pg_class WHERE relname = 'opt_a';
ALTER INDEX opt_a RESET (fillfactor);
SELECT reloptions IS NULL FROM pg_class WHERE relname = 'opt_a';

ALTER TABLE opt SET ACCESS METHOD heap;
ALTER TABLE opt SET ACCESS METHOD no_such;
ALTER TABLE opt SET ACCESS METHOD btree;
CREATE TABLE parts (a int) PARTITION BY LIST (a);
ALTER TABLE parts SET ACCESS METHOD heap;
SELECT * FROM opt ORDER BY a;

CREATE FUNCTION locked() RETURNS int LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE opt IN SHARE MODE; RETURN (SELECT count(*) FROM opt); END $$;
SELECT locked();
LOCK TABLE opt IN SHARE MODE;
BEGIN;
LOCK TABLE opt IN SHARE MODE;
COMMIT;

CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION nothing_of_two() RETURNS void LANGUAGE sql AS 'UPDATE opt SET b = b; SELECT a FROM opt';
CREATE FUNCTION nothing_said() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
SELECT nothing() IS NULL, nothing_of_two() IS NULL, nothing_said() IS NULL;
SELECT pg_extension_config_dump('opt', '');
