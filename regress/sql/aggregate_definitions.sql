-- CREATE AGGREGATE in all its forms: variadic, ordered-set, hypothetical, moving, old style, replaced.
create table numbers (g int, n int, t text);
insert into numbers select i % 3, i, 't' || i from generate_series(1, 12) i;

-- VARIADIC
create function least_step(state anyelement, variadic items anyarray) returns anyelement language sql immutable as
  $$ select least(state, (select min(x) from unnest(items) x)) $$;
create aggregate least_agg(variadic items anyarray) (stype = anyelement, sfunc = least_step);
select least_agg(n, 20 - n), least_agg(n), least_agg(variadic array[n, -n]) from numbers;
select g, least_agg(t, 'zz') from numbers group by g order by g;
select pg_get_function_arguments('least_agg'::regproc), pg_get_function_identity_arguments('least_agg'::regproc);
create function sum_step(state bigint, variadic items int[]) returns bigint language sql immutable as
  $$ select state + coalesce((select sum(x) from unnest(items) x), 0) $$;
create aggregate sum_all(variadic items int[]) (stype = bigint, sfunc = sum_step, initcond = '0');
select sum_all(n, n, n), sum_all(n) from numbers;
select sum_all(n, 1) over (order by n rows between 1 preceding and current row) from numbers order by n;
create aggregate wrong(variadic items int) (stype = int, sfunc = int4pl);

-- ordered sets of ordinary functions: rows come as they are, direct arguments go to the final function
create function third(state int[], wanted int) returns int language sql immutable as
  $$ select (array(select x from unnest(state) x order by x))[wanted] $$;
create aggregate nth_smallest(wanted int order by n int) (stype = int[], sfunc = array_append, finalfunc = third, initcond = '{}');
select nth_smallest(3) within group (order by n) from numbers;
select g, nth_smallest(2) within group (order by n desc) from numbers group by g order by g;
select nth_smallest(g) within group (order by n) from numbers group by g order by 1;
select nth_smallest(3) within group (order by n) from numbers where false;
select nth_smallest(3, n) from numbers;
select nth_smallest(3) from numbers;
select sum(n) within group (order by n) from numbers;
select nth_smallest(3) within group (order by n) over () from numbers;
create function extra_final(state text, sep text, unused text) returns text language sql immutable as
  $$ select coalesce(state, 'none') || sep || coalesce(unused, 'null') $$;
create function longest(state text, t text) returns text language sql immutable as
  $$ select case when length(t) > length(state) then t else state end $$;
create aggregate longest_of(sep text order by t text) (stype = text, sfunc = longest, finalfunc = extra_final, finalfunc_extra, initcond = '');
select longest_of('-') within group (order by t) from numbers;
select longest_of('-') within group (order by t) from numbers where false;
create function below(state int[], mine int) returns bigint language sql immutable as
  $$ select count(*) + 1 from unnest(state) x where x < mine $$;
create aggregate my_rank(mine int order by n int) (stype = int[], sfunc = array_append, finalfunc = below, initcond = '{}', hypothetical);
select my_rank(5) within group (order by n), my_rank(100) within group (order by n) from numbers;
select aggfnoid::text, aggkind, aggnumdirectargs, aggfinalmodify, aggfinalextra from pg_aggregate where aggfnoid::text in ('nth_smallest', 'longest_of', 'my_rank') order by 1;
create aggregate not_ordered(int) (stype = int, sfunc = int4pl, hypothetical);

-- moving aggregates: rows are taken out of the state again
create function log_add(state text, t int) returns text language sql immutable as $$ select state || '+' || coalesce(t::text, 'null') $$;
create function log_remove(state text, t int) returns text language sql immutable as $$ select state || '-' || coalesce(t::text, 'null') $$;
create function log_add_strict(state text, t int) returns text language sql strict immutable as $$ select state || '+' || t $$;
create function log_remove_strict(state text, t int) returns text language sql strict immutable as $$ select state || '-' || t $$;
create function log_give_up(state text, t int) returns text language sql immutable as $$ select case when t % 3 = 0 then null else state || '-' || t end $$;
create aggregate logging(int) (stype = text, sfunc = log_add, initcond = 'plain ',
  mstype = text, msfunc = log_add, minvfunc = log_remove, minitcond = 'moving ');
create aggregate logging_strict(int) (stype = text, sfunc = log_add_strict, initcond = 'plain ',
  mstype = text, msfunc = log_add_strict, minvfunc = log_remove_strict, minitcond = 'moving ');
create aggregate logging_restart(int) (stype = text, sfunc = log_add, initcond = 'plain ',
  mstype = text, msfunc = log_add, minvfunc = log_give_up, minitcond = 'moving ');
select n, logging(n) over w, logging_strict(nullif(n % 4, 0)) over w, logging_restart(n) over w
  from numbers window w as (order by n rows between 1 preceding and 1 following) order by n;
select n, logging(n) over (order by n rows between unbounded preceding and current row) from numbers where n < 4 order by n;
select n, logging(n) over (order by n rows between current row and unbounded following) from numbers where n < 4 order by n;
select n, logging(n) filter (where n % 2 = 0) over (order by n rows between 2 preceding and current row) from numbers order by n;
select n, logging(n) over (order by n rows between 1 preceding and 1 following exclude current row) from numbers where n < 5 order by n;
select n, logging(n) over (order by n rows between 1 following and 2 following) from numbers where n < 6 order by n;
select g, n, logging(n) over (partition by g order by n rows 1 preceding) from numbers order by g, n;
select n, logging(n) over (order by n range between 1 preceding and 1 following) from numbers where n < 6 order by n;
select logging(n order by n) from numbers where n < 4;
create aggregate float_sum(float8) (stype = float8, sfunc = float8pl, mstype = float8, msfunc = float8pl, minvfunc = float8mi);
select n, float_sum(n) over (order by n rows between 1 preceding and 1 following) from numbers where n < 6 order by n;
select n, float_sum(case when n % 3 = 0 then n end) over (order by n rows between 1 preceding and current row) from numbers order by n;
create function shift_text(state text) returns text language sql immutable as $$ select '<' || state || '>' $$;
create aggregate framed(int) (stype = text, sfunc = log_add, initcond = '', finalfunc = shift_text,
  mstype = text, msfunc = log_add, minvfunc = log_remove, mfinalfunc = shift_text, minitcond = '');
select n, framed(n) over (order by n rows between 1 preceding and current row) from numbers where n < 5 order by n;
create function to_null(state text, t int) returns text language sql immutable as $$ select null::text $$;
create aggregate bad_forward(int) (stype = text, sfunc = log_add, initcond = '', mstype = text, msfunc = to_null, minvfunc = log_remove, minitcond = '');
select bad_forward(n) over (order by n rows between 1 preceding and current row) from numbers;
create aggregate wrong(float8) (stype = float8, sfunc = float8pl, mstype = float8, msfunc = float8pl);
create aggregate wrong(float8) (stype = float8, sfunc = float8pl, mstype = float8, minvfunc = float8mi);
create aggregate wrong(float8) (stype = float8, sfunc = float8pl, msfunc = float8pl);
create aggregate wrong(float8) (stype = float8, sfunc = float8pl, minvfunc = float8mi);
create aggregate wrong(float8) (stype = float8, sfunc = float8pl, mfinalfunc = abs);
create aggregate wrong(float8) (stype = float8, sfunc = float8pl, minitcond = '0');
create aggregate wrong(int) (stype = text, sfunc = log_add, initcond = '', mstype = text, msfunc = log_add, minvfunc = log_remove_strict, minitcond = '');
create function minus_int(float8, float8) returns int language sql strict as $$ select ($1 - $2)::int $$;
create aggregate wrong(float8) (stype = float8, sfunc = float8pl, mstype = float8, msfunc = float8pl, minvfunc = minus_int);
create aggregate wrong(int) (stype = text, sfunc = log_add, initcond = '', mstype = int, msfunc = int4pl, minvfunc = int4mi);
select aggfnoid::text, aggmtransfn::text, aggminvtransfn::text, aggmfinalfn::text, aggmtranstype::regtype, aggminitval from pg_aggregate
  where aggfnoid::text in ('logging', 'float_sum', 'framed') order by 1;

-- SORTOP, PARALLEL, old style
create aggregate my_max(int) (stype = int, sfunc = int4larger, sortop = >, parallel = safe, combinefunc = int4larger);
select my_max(n) from numbers;
select aggfnoid::text, aggsortop::regoperator, proparallel, aggcombinefn::text from pg_aggregate join pg_proc p on p.oid = aggfnoid where proname = 'my_max';
create aggregate wrong(int, int) (stype = int, sfunc = int4larger, sortop = >);
create aggregate wrong(int) (stype = int, sfunc = int4larger, sortop = <<<);
create aggregate old_sum(basetype = int, sfunc1 = int4pl, stype1 = int, initcond1 = '0');
create aggregate old_count(sfunc = int8inc, basetype = 'ANY', stype = int8, initcond = '0');
select old_sum(n), old_count(*) from numbers;
create aggregate wrong(sfunc = int4pl, stype = int);
create aggregate wrong(int) (basetype = int, sfunc = int4pl, stype = int);
create aggregate wrong(int) (stype = int8, sfunc = int8pl);
create aggregate wrong(int) (stype = int, sfunc = int4pl, finalfunc_extra, finalfunc = int4um);

-- OR REPLACE
create or replace aggregate my_max(int) (stype = int, sfunc = int4smaller);
select my_max(n) from numbers;
create or replace aggregate my_max(int) (stype = int8, sfunc = int8_sum_of);
create or replace aggregate my_max(int) (stype = text, sfunc = log_add, initcond = '');
create or replace aggregate my_max(order by int) (stype = int, sfunc = int4larger);
create function plain_function(int) returns int language sql as $$ select $1 $$;
create or replace aggregate plain_function(int) (stype = int, sfunc = int4pl);
create aggregate my_max(int) (stype = int, sfunc = int4larger);
drop function log_add(text, int);
drop aggregate nth_smallest(int order by int);
comment on aggregate my_rank(int order by int) is 'a rank';
\da my_rank
\da logging
\da least_agg
\da longest_of
drop table numbers;
