-- Array variables that grow and change in place: nobody else sees it.
do $$ declare a int[] := '{}'; begin for i in 1..10000 loop a := a || i; end loop; raise notice '% % %', a[1], a[10000], array_length(a,1); end $$;
do $$ declare a text[] := '{}'; begin for i in 1..2000 loop a := a || i::text; end loop; raise notice '%', array_length(a,1); end $$;
do $$ declare a int[] := '{1}'; b int[]; begin b := a; a := a || 2; a := a || null::int; a := a || 3; a[1] := 9; a[7] := 1; raise notice '% %', a, b; b := a; b := b || b; raise notice '%', b; a := array[1,2]; a := a || a[1]; a := a || array_length(a,1); raise notice '%', a; end $$;
do $$ declare a int[] := '{1,2,3}'; x int; begin foreach x in array a loop a := a || x; a[1] := 7; end loop; raise notice '%', a; end $$;
do $$ declare a int[] := '{1,2,3}'; b int[] := a; r record; begin select a as q into r; a[2] := 50; a := a || 4; raise notice '% % %', a, b, r; end $$;
create or replace function ff(a int[]) returns int[] language plpgsql as $$ declare b int[] := a; begin a[1] := 100; a := a || 5; raise notice '% %', a, b; return a; end $$;
select ff('{1,2}'), ff(array[7]);
do $$ declare a int[] := '{1,2,3}'; begin a := a || ff(a); a := a || (ff(a))[1]; raise notice '%', a; end $$;
do $$ declare a text[] := '{x,yyyyyyyyyyyyyyyyyyyyyyy}'; begin for i in 1..12 loop a := a || a[2]; end loop; a := a || null::text; a := a || 'z'; a := a || a[3]; raise notice '%', a; end $$;
do $$ declare a text[] := '{a}'; begin a[2] := 'b'; a[3] := 'ccccccccccccccccccccccccccccccc'; a[1] := 'k'; a[6] := 'f'; a[7] := 'g'; raise notice '%', a; end $$;
do $$ declare a int[][] := '{{1,2},{3,4}}'; begin a[1][2] := 9; raise notice '%', a; a[3][1] := 1; end $$;

-- An array that has grown element by element is like any other.
CREATE FUNCTION grown_texts(n int) RETURNS text[] LANGUAGE plpgsql AS
$$ DECLARE a text[] := '{}'; BEGIN FOR i IN 1..n LOOP a := a || repeat('t', i % 13) || i::text; a[i + 1] := a[i]; a := a[1:i]; END LOOP; RETURN a; END $$;
CREATE FUNCTION grown_numbers(n int) RETURNS numeric[] LANGUAGE plpgsql AS
$$ DECLARE a numeric[]; BEGIN FOR i IN 1..n LOOP a[i] := i * 1.5; END LOOP; RETURN a; END $$;
CREATE FUNCTION grown_by_parts(n int) RETURNS text[] LANGUAGE plpgsql AS
$$ DECLARE a text[] := ARRAY['x']; BEGIN FOR i IN 1..n LOOP a := a || i::text; a := a || a[1 + i / 2]; END LOOP; RETURN a; END $$;
SELECT grown_texts(20), cardinality(grown_texts(100));
SELECT grown_numbers(12), grown_numbers(200) = ARRAY(SELECT i * 1.5 FROM generate_series(1, 200) i);
SELECT grown_by_parts(6), md5(grown_by_parts(500)::text);
CREATE TABLE grown (id int, a text[] UNIQUE);
INSERT INTO grown SELECT i, grown_by_parts(i) FROM generate_series(0, 30) i;
INSERT INTO grown VALUES (31, ARRAY['x', '1', 'x']);
SELECT id FROM grown WHERE a = ARRAY['x', '1', 'x'];
SELECT id, a[3], array_upper(a, 1), a || NULL::text FROM grown WHERE id < 4 ORDER BY a;
UPDATE grown SET a[2] = NULL WHERE id = 2 RETURNING a;
SELECT count(DISTINCT a), count(*) FROM (SELECT a FROM grown UNION ALL SELECT grown_by_parts(5)) x;
DROP TABLE grown;
DROP FUNCTION grown_texts, grown_numbers, grown_by_parts;
