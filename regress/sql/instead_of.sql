-- INSTEAD OF triggers: views that write through functions.
CREATE TABLE people (id int PRIMARY KEY, name text);
CREATE TABLE phones (person int REFERENCES people, number text, PRIMARY KEY (person, number));
INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO phones VALUES (1, '11'), (1, '12'), (2, '21');
CREATE VIEW book AS SELECT p.id, p.name, f.number, upper(p.name) AS loud FROM people p JOIN phones f ON f.person = p.id;
INSERT INTO book (id, name, number) VALUES (3, 'Alan', '31');
UPDATE book SET number = '13' WHERE number = '12';
DELETE FROM book WHERE id = 1;
CREATE FUNCTION book_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE '% % % on % old % new %', tg_name, tg_when, tg_op, tg_table_name, OLD, NEW;
  IF tg_op = 'INSERT' THEN
    IF NEW.name = 'nobody' THEN RETURN NULL; END IF;
    INSERT INTO people VALUES (NEW.id, NEW.name) ON CONFLICT (id) DO NOTHING;
    INSERT INTO phones VALUES (NEW.id, NEW.number);
    NEW.loud := upper(NEW.name);
    RETURN NEW;
  ELSIF tg_op = 'UPDATE' THEN
    UPDATE people SET name = NEW.name WHERE id = OLD.id;
    UPDATE phones SET number = NEW.number WHERE person = OLD.id AND number = OLD.number;
    IF NOT FOUND THEN RETURN NULL; END IF;
    NEW.loud := upper(NEW.name) || '!';
    RETURN NEW;
  END IF;
  DELETE FROM phones WHERE person = OLD.id AND number = OLD.number;
  IF NOT FOUND THEN RETURN NULL; END IF;
  RETURN OLD;
END $$;
-- what may not be
CREATE TRIGGER t INSTEAD OF INSERT ON people FOR EACH ROW EXECUTE FUNCTION book_write();
CREATE TRIGGER t INSTEAD OF INSERT ON book FOR EACH STATEMENT EXECUTE FUNCTION book_write();
CREATE TRIGGER t INSTEAD OF INSERT ON book FOR EACH ROW WHEN (NEW.id > 1) EXECUTE FUNCTION book_write();
CREATE TRIGGER t INSTEAD OF UPDATE OF name ON book FOR EACH ROW EXECUTE FUNCTION book_write();
CREATE TRIGGER t BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION book_write();
CREATE TRIGGER t INSTEAD OF TRUNCATE ON book FOR EACH ROW EXECUTE FUNCTION book_write();
-- INSERT
CREATE TRIGGER book_in INSTEAD OF INSERT ON book FOR EACH ROW EXECUTE FUNCTION book_write();
INSERT INTO book (id, name, number) VALUES (3, 'Alan', '31');
INSERT INTO book (id, name, number) VALUES (3, 'Alan', '32'), (4, 'nobody', '41') RETURNING *;
INSERT INTO book (name, id, number) SELECT 'Barbara', 5, g::text FROM generate_series(51, 53) g RETURNING id, number, loud;
INSERT INTO book VALUES (6, 'Edsger', '61', 'x') RETURNING id + 1, loud || name;
SELECT * FROM book ORDER BY id, number;
UPDATE book SET number = '13' WHERE number = '12';
DELETE FROM book WHERE id = 1;
-- UPDATE and DELETE
CREATE TRIGGER book_up INSTEAD OF UPDATE OR DELETE ON book FOR EACH ROW EXECUTE FUNCTION book_write();
UPDATE book SET number = '13' WHERE number = '12' RETURNING *;
UPDATE book SET number = number || 'x', name = lower(name) WHERE number = '61';
UPDATE book b SET number = v.n FROM (VALUES (5, '59')) v(id, n) WHERE b.id = v.id AND b.number = '51' RETURNING b.*, v.n;
UPDATE book SET number = 'none' WHERE id = 99;
DELETE FROM book WHERE number = '13' RETURNING id, loud;
DELETE FROM book USING people p WHERE p.id = book.id AND p.name = 'Barbara' AND book.number = '52' RETURNING book.number, p.name;
SELECT * FROM book ORDER BY id, number;
-- statement triggers stand beside them
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% % %', tg_when, tg_level, tg_op; RETURN NULL; END $$;
CREATE TRIGGER a_before BEFORE INSERT OR UPDATE OR DELETE ON book FOR EACH STATEMENT EXECUTE FUNCTION say();
CREATE TRIGGER z_after AFTER INSERT OR UPDATE OR DELETE ON book FOR EACH STATEMENT EXECUTE FUNCTION say();
INSERT INTO book (id, name, number) VALUES (7, 'Donald', '71');
UPDATE book SET name = 'Don' WHERE id = 7;
DELETE FROM book WHERE id = 7;
-- a default of the view's column
ALTER VIEW book ALTER COLUMN number SET DEFAULT '00';
INSERT INTO book (id, name) VALUES (8, 'Tony');
INSERT INTO book (id, name, number) VALUES (8, 'Tony', DEFAULT);
-- in WITH, prepared, and from a function
WITH w AS (INSERT INTO book (id, name, number) VALUES (9, 'John', '91') RETURNING id, loud) SELECT * FROM w;
PREPARE put(int, text) AS INSERT INTO book (id, name, number) VALUES ($1, 'prep', $2) RETURNING number;
EXECUTE put(10, '101');
EXECUTE put(10, '102');
DEALLOCATE put;
-- a view over it writes through it
CREATE VIEW few AS SELECT id AS key, name AS title, number FROM book WHERE id < 100;
INSERT INTO few VALUES (11, 'deep', '111') RETURNING *;
UPDATE few SET title = 'deeper' WHERE key = 11 RETURNING key, title;
DELETE FROM few WHERE key = 11;
DROP VIEW few;
-- ON CONFLICT
INSERT INTO book (id, name, number) VALUES (9, 'John', '92') ON CONFLICT DO NOTHING;
INSERT INTO book (id, name, number) VALUES (9, 'John', '92') ON CONFLICT (id) DO NOTHING;
-- catalogs
SELECT tgname, tgtype, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'book'::regclass ORDER BY 1;
\d book
SELECT trigger_name, event_manipulation, event_object_table, action_order, action_condition, action_statement, action_orientation, action_timing FROM information_schema.triggers ORDER BY 1, 2;
SELECT table_name, is_updatable, is_insertable_into, is_trigger_updatable, is_trigger_deletable, is_trigger_insertable_into FROM information_schema.views WHERE table_schema = 'public' ORDER BY 1;
SELECT table_name, is_insertable_into FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1;
SELECT table_name, column_name, is_updatable FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position;
SELECT pg_relation_is_updatable('book'::regclass, false), pg_relation_is_updatable('book'::regclass, true), pg_column_is_updatable('book'::regclass, 1::smallint, true), pg_relation_is_updatable('people'::regclass, false);
DROP TRIGGER book_up ON book;
SELECT pg_relation_is_updatable('book'::regclass, true);
DROP TRIGGER nosuch ON book;
-- rights: the trigger's function runs with the caller's, unless it says otherwise
CREATE ROLE regress_clerk;
GRANT SELECT, INSERT ON book TO regress_clerk;
SET ROLE regress_clerk;
INSERT INTO book (id, name, number) VALUES (12, 'clerk', '121');
DELETE FROM book WHERE id = 12;
RESET ROLE;
ALTER FUNCTION book_write() SECURITY DEFINER;
SET ROLE regress_clerk;
INSERT INTO book (id, name, number) VALUES (12, 'clerk', '121');
RESET ROLE;
DROP VIEW book;
DROP TABLE phones, people;
DROP FUNCTION book_write();
DROP FUNCTION say();
DROP ROLE regress_clerk;
-- WITH CHECK OPTION of a view over one with INSTEAD OF triggers: the view's own condition is tested on what the triggers leave.
CREATE TABLE io_base (a int, b text);
INSERT INTO io_base VALUES (1, 'one'), (5, 'five');
CREATE VIEW io_trig AS SELECT a, b FROM io_base WHERE a < 100 WITH CHECK OPTION;
CREATE FUNCTION io_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN DELETE FROM io_base WHERE a = OLD.a; RETURN OLD; END IF;
  IF NEW.b = 'skip' THEN RETURN NULL; END IF;
  IF NEW.b = 'grow' THEN NEW.a := NEW.a + 50; END IF;
  IF TG_OP = 'INSERT' THEN INSERT INTO io_base VALUES (NEW.a, NEW.b);
  ELSE UPDATE io_base SET a = NEW.a, b = NEW.b WHERE a = OLD.a; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER io_instead INSTEAD OF INSERT OR UPDATE OR DELETE ON io_trig FOR EACH ROW EXECUTE FUNCTION io_write();
CREATE VIEW io_local AS SELECT b AS what, a AS num FROM io_trig WHERE a < 10 WITH LOCAL CHECK OPTION;
CREATE VIEW io_cascaded AS SELECT num, what FROM io_local WHERE num > 0 WITH CASCADED CHECK OPTION;
CREATE VIEW io_plain AS SELECT num, what FROM io_local WHERE num > 0;
INSERT INTO io_local VALUES ('two', 2);
INSERT INTO io_local VALUES ('big', 20);
INSERT INTO io_local VALUES ('skip', 20);
INSERT INTO io_local VALUES ('grow', 3);
INSERT INTO io_trig VALUES (200, 'unchecked') RETURNING *;
INSERT INTO io_cascaded VALUES (3, 'three') RETURNING *;
INSERT INTO io_cascaded VALUES (-3, 'minus');
INSERT INTO io_cascaded VALUES (30, 'thirty');
INSERT INTO io_plain VALUES (-4, 'fine');
INSERT INTO io_plain VALUES (40, 'forty');
UPDATE io_local SET num = 11 WHERE num = 5;
UPDATE io_local SET what = 'grow' WHERE num = 5;
UPDATE io_cascaded SET num = num - 1 WHERE num = 1;
UPDATE io_cascaded SET num = num + 1 WHERE num = 1 RETURNING *;
DELETE FROM io_cascaded WHERE num = 3;
SELECT * FROM io_base ORDER BY a, b;
BEGIN;
DECLARE io_c CURSOR FOR SELECT * FROM io_base FOR UPDATE;
MOVE io_c;
UPDATE io_trig SET b = 'x' WHERE CURRENT OF io_c;
ROLLBACK;
BEGIN;
CREATE VIEW io_simple AS SELECT a, b FROM io_base;
DECLARE io_c CURSOR FOR SELECT * FROM io_base FOR UPDATE;
MOVE io_c;
DELETE FROM io_simple WHERE CURRENT OF io_c;
ROLLBACK;
DROP TABLE io_base CASCADE;
DROP FUNCTION io_write();
