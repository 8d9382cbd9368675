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
