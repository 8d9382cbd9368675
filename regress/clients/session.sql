-- What a person does in psql, and what psql asks the server for by itself.
\conninfo
\l
CREATE TABLE visits (id serial PRIMARY KEY, who text NOT NULL, at timestamptz DEFAULT now());
INSERT INTO visits (who) VALUES ('ann'), ('bob') RETURNING id;
\d
\d visits
\dt+
\di
\ds
\df lower
\dn
\du
\x
SELECT id, who FROM visits WHERE id = 1;
\x
\set name ann
SELECT count(*) FROM visits WHERE who = :'name';
SELECT id AS first_id FROM visits ORDER BY id LIMIT 1 \gset
\echo first :first_id
SELECT 'SELECT ' || id FROM visits ORDER BY id \gexec
\copy visits (who) FROM PROGRAM 'printf "cyd\ndan\n"'
\copy (SELECT who FROM visits ORDER BY id) TO STDOUT
SELECT 1/0;
\errverbose
\gdesc
BEGIN;
DELETE FROM visits;
ROLLBACK;
SELECT count(*) FROM visits;
\timing off
DROP TABLE visits;
