-- PL/pgSQL: what it looks at beyond what it must, and what its messages say.
create table pairs (a int, b text);
insert into pairs values (1, 'one'), (2, 'two');

-- shadowed variables: when the function is made
set plpgsql.extra_warnings to 'shadowed_variables';
create function shadow(x int, out y int) language plpgsql as $$
declare
  x int;
  z int;
  c cursor (z int) for select 1;
begin
  declare z text;
  begin
  end;
end $$;
set plpgsql.extra_errors to 'shadowed_variables, too_many_rows';
create function shadow2(x int) returns void language plpgsql as $$ declare x int; begin end $$;
reset plpgsql.extra_errors;
set plpgsql.extra_warnings to 'none';
create function shadow2(x int) returns void language plpgsql as $$ declare x int; begin end $$;

-- too_many_rows: when it runs
set plpgsql.extra_warnings to 'too_many_rows';
do $$ declare n int; begin select a into n from pairs order by a; raise notice '%', n; end $$;
set plpgsql.extra_errors to 'too_many_rows';
do $$ declare n int; begin select a into n from pairs order by a; end $$;
do $$ declare n int; begin select a into n from pairs where a = 1; raise notice '%', n; end $$;
reset plpgsql.extra_errors;

-- strict_multi_assignment
set plpgsql.extra_warnings to 'strict_multi_assignment';
do $$ declare x int; y int; z int; p pairs; r record; begin
  select 1, 2 into x, y;
  select 1 into x, y;
  select 1, 2, 3 into x, y;
  select 1 into x, y, z;
  select 1, 'one' into p;
  select 1 into p;
  select 1, 2, 3, 4 into r;
end $$;
set plpgsql.extra_errors to 'all';
do $$ declare x int; y int; begin select 1 into x, y; end $$;
do $$ declare x int; y int; begin for x, y in select 1 loop null; end loop; end $$;
reset plpgsql.extra_errors;
reset plpgsql.extra_warnings;

-- what INTO STRICT was given
create function strict_into(p int, q text) returns int language plpgsql as $$
#print_strict_params on
declare n int; v text := 'it''s';
begin
  select a into strict n from pairs where a > p and b <> v and b is distinct from q;
  return n;
end $$;
select strict_into(0, null);
select strict_into(9, 'x');
create function strict_execute(p int) returns int language plpgsql as $$
#print_strict_params on
declare n int;
begin
  execute 'select a from pairs where a > $1 and b <> $2' into strict n using p, 'x';
  return n;
end $$;
select strict_execute(0);
select strict_execute(9);
set plpgsql.print_strict_params to on;
do $$ declare n int := 7; begin select a into strict n from pairs where a = n; end $$;
reset plpgsql.print_strict_params;

-- arguments of cursors
create function too_few() returns void language plpgsql as $$
declare c cursor (p int, q int) for select p + q;
begin open c (1); end $$;
create function too_many() returns void language plpgsql as $$
declare c cursor (p int, q int) for select p + q;
begin open c (1, 2, 3); end $$;
create function twice() returns void language plpgsql as $$
declare c cursor (p int, q int) for select p + q;
begin open c (q := 1, q := 2); end $$;
create function mixed() returns void language plpgsql as $$
declare c cursor (p int, q int) for select p + q;
begin open c (1, p := 2); end $$;
create function unknown_name() returns void language plpgsql as $$
declare c cursor (p int, q int) for select p + q;
begin open c (1, r := 2); end $$;
do $$ declare c cursor (p int, q int) for select p - q; n int; begin
  open c (q := 1, p := 10); fetch c into n; raise notice '% %', c, n; close c;
  open c (7, q := 2); fetch c into n; raise notice '%', n; close c;
  for r in c (q := 3, p := 4) loop raise notice '%', r; end loop;
  open c (q := 1/0, p := 2);
end $$;

-- constants
do $$ declare c constant refcursor; begin open c for select 1; end $$;
do $$ declare c constant refcursor := 'named'; n int; begin open c for select 1; fetch c into n; raise notice '%', n; end $$;
create procedure gives(inout n int) language plpgsql as $$ begin n := n + 1; end $$;
do $$ declare n constant int := 1; begin call gives(n); end $$;
do $$ begin call gives(1 + 1); end $$;

-- where an error comes from
do $$ declare
  a int := 1;
  b int := a / 0;
begin
  null;
end $$;
create function raises() returns void language plpgsql as $$ begin raise exception 'here' using detail = 'of it'; end $$;
do $$ begin perform raises(); exception when others then raise; end $$;
do $$ begin begin perform raises(); exception when others then raise; end; exception when others then raise notice '%', sqlerrm; raise exception 'again'; end $$;
do $$ declare a int; begin a := (select 1 union select 2); end $$;
do $$ declare a int; begin a := x from (values (1), (2)) t(x); end $$;
do $$ declare a int; begin if x from (values (true), (false)) t(x) then null; end if; end $$;

-- settings of the transaction from within
do $$ begin set local work_mem = '1MB'; raise notice '%', current_setting('work_mem'); end $$;
do $$ begin
  commit;
  set transaction isolation level repeatable read;
  reset transaction isolation level;
  raise notice '%', current_setting('transaction_isolation');
  commit;
  set transaction isolation level repeatable read;
  raise notice '%', current_setting('transaction_isolation');
end $$;
do $$ declare r record; begin
  for r in select a from pairs order by a for update loop
    update pairs set b = b || r.a where a = r.a;
    commit;
  end loop;
end $$;
select * from pairs order by a;

-- a procedure's polymorphic parameters
create procedure poly(a anyelement, inout b anyelement, out c anyarray) language plpgsql as $$ begin b := a; c := array[a, b]; end $$;
call poly(1, null, null);
call poly('x'::text, null, null);
do $$ declare x numeric; y numeric[]; begin call poly(2.5, x, y); raise notice '% %', x, y; end $$;
create procedure poly_variadic(out a anyelement, variadic b anyarray) language plpgsql as $$ begin a := b[1] + b[2]; end $$;
call poly_variadic(null, 3, 4);
do $$ declare x int; begin call poly_variadic(x, 5, 6); raise notice '%', x; end $$;

-- transition tables in statements made at run time
create table noted (n int);
create function note() returns trigger language plpgsql as $$
declare s int;
begin
  execute 'select sum(n) from fresh' into s;
  raise notice '%', s;
  for s in execute 'select n from fresh order by n' loop raise notice 'row %', s; end loop;
  return null;
end $$;
create trigger noting after insert on noted referencing new table as fresh for each statement execute function note();
insert into noted values (1), (2);

-- whole rows of triggers
create function whole() returns trigger language plpgsql as $$ begin raise notice '% %', new.*::text, old; return new; end $$;
create trigger whole before update on pairs for each row when (old.* is distinct from new.*) execute function whole();
update pairs set a = a;
update pairs set a = a + 10 where a = 1;
drop table pairs, noted;

-- records: not assigned yet, and NOT NULL
create type two_ints as (q1 int, q2 int);
do $$ declare r record; t two_ints; begin raise notice '% %', r, t; r := null; raise notice '%', r; raise notice '%', r.q1; end $$;
do $$ declare t two_ints not null := row(1, 2); begin t.q1 := null; raise notice '%', t; t := null; end $$;
do $$ declare t two_ints not null := null; begin raise notice '%', t; end $$;
do $$ declare r record not null := row(1, 2); begin raise notice '%', r; r := null; end $$;
create function wrong_row() returns two_ints language plpgsql as $$ begin return row(1::bigint, 2); end $$;
select wrong_row();
create domain ordered as two_ints check ((value).q1 <= (value).q2);
create function in_order(a int, b int) returns ordered language plpgsql as $$ declare r ordered := row(a, b); begin r.q1 := r.q1 + 5; return r; end $$;
select in_order(1, 10), (in_order(2, 20)).q2;
select * from in_order(1, 10);
select in_order(10, 1);
select in_order(1, 2);
create function sum_of(record) returns int language plpgsql as $$ begin return $1.q1 + $1.q2; end $$;
select sum_of(row(1, 2)::two_ints);
