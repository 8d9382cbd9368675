-- A database for pg_dump: its schema and data are dumped, restored and dumped again (run.py); dump.expected is what PostgreSQL 15 dumps.

CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'what is sold';
CREATE TABLE shop.maker (id serial PRIMARY KEY, name varchar(20) NOT NULL DEFAULT 'nobody', founded date);
CREATE TABLE shop.thing (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  price numeric(10,2) CHECK (price > 0),
  label text UNIQUE,
  tags text[],
  at timestamptz(3) DEFAULT now(),
  code char(4),
  twice numeric GENERATED ALWAYS AS (price * 2) STORED
);
CREATE TABLE plain (a int NOT NULL, b text DEFAULT 'x'::text, "Mixed Case" boolean DEFAULT true, r real, d double precision, n numeric DEFAULT 1.5, t time, iv interval DEFAULT '1 day', u uuid, ba bytea DEFAULT '\x00ff', CONSTRAINT plain_ck CHECK (a > 0 AND b IS NOT NULL));
CREATE UNIQUE INDEX thing_code ON shop.thing (code, price DESC) WHERE price > 10;
CREATE INDEX thing_lower ON shop.thing (lower(label));
CREATE INDEX plain_inc ON plain (a) INCLUDE (b);
CREATE INDEX plain_exp ON plain ((a + 1), b DESC NULLS LAST);
CREATE SEQUENCE counter START 5 INCREMENT 3 MINVALUE 2 MAXVALUE 1000 CYCLE CACHE 10;
CREATE SEQUENCE small AS smallint;
COMMENT ON TABLE shop.thing IS 'a thing';
COMMENT ON COLUMN shop.thing.price IS 'in ''euros''';
COMMENT ON INDEX shop.thing_lower IS 'for search';
COMMENT ON SEQUENCE counter IS 'counts';
COMMENT ON CONSTRAINT plain_ck ON plain IS 'sane';
CREATE VIEW shop.cheap AS SELECT id, price, label FROM shop.thing WHERE price < 100;
COMMENT ON VIEW shop.cheap IS 'below 100';
CREATE VIEW both_ AS SELECT p.a, t.label, count(*) AS n FROM plain p JOIN shop.thing t ON t.id = p.a GROUP BY p.a, t.label HAVING count(*) > 0 ORDER BY p.a DESC;
CREATE VIEW deep AS SELECT c.id, c.label, m.name FROM shop.cheap c LEFT JOIN shop.maker m USING (id);
GRANT SELECT ON shop.thing TO dump_reader;
GRANT INSERT, UPDATE ON shop.thing TO dump_reader WITH GRANT OPTION;
GRANT USAGE ON SCHEMA shop TO dump_reader;
GRANT SELECT ON plain TO PUBLIC;
GRANT USAGE ON SEQUENCE counter TO dump_reader;
INSERT INTO shop.maker (name, founded) VALUES ('ann', '2001-02-03'), ('bob', NULL), (E'c\td\\e', '1999-12-31');
INSERT INTO shop.thing (price, label, tags, at, code) VALUES (12.5, 'hammer', '{a,"b c",NULL}', '2024-01-02 03:04:05.678+00', 'ab'), (99.99, 'saw', '{}', '2024-01-02 03:04:05+00', NULL);
INSERT INTO plain VALUES (1, 'y', false, 1.5, 2.25, 3.75, '12:34:56', '1 day 2 hours', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\x0102');
SELECT nextval('small');
SELECT nextval('small');
CREATE TABLE shop.part (id int PRIMARY KEY, thing bigint REFERENCES shop.thing ON DELETE CASCADE, maker int NOT NULL, UNIQUE (thing, maker), CONSTRAINT part_maker_fkey FOREIGN KEY (maker) REFERENCES shop.maker (id) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO shop.part VALUES (1, 1, 2), (2, NULL, 3);
GRANT SELECT (id, thing), UPDATE (maker) ON shop.part TO dump_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO dump_reader;
CREATE VIEW report AS
  WITH big AS (SELECT id, price FROM shop.thing WHERE price > 50)
  SELECT b.id, CASE WHEN b.price > 90 THEN 'dear' ELSE 'cheap' END AS class, row_number() OVER (ORDER BY b.price DESC) AS place,
         (SELECT count(*) FROM shop.part p WHERE p.thing = b.id) AS parts
    FROM big b WHERE EXISTS (SELECT 1 FROM shop.maker) UNION ALL SELECT 0, 'none', 0, 0 ORDER BY 1;
CREATE UNLOGGED TABLE scratch (a int DEFAULT 5, "select" text COLLATE "C" NOT NULL, t timestamp(0) DEFAULT CURRENT_TIMESTAMP, CHECK ("select" <> ''));
ALTER TABLE scratch ADD UNIQUE NULLS NOT DISTINCT (a) INCLUDE (t);
ALTER TABLE plain ALTER COLUMN b SET STORAGE EXTERNAL;
CREATE FUNCTION add_tax(price numeric, rate numeric DEFAULT 0.19) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT price * (1 + rate) $$;
COMMENT ON FUNCTION add_tax IS 'gross';
COMMENT ON ROLE dump_reader IS 'reads';
