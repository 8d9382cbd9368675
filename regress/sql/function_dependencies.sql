-- What BEGIN ATOMIC and RETURN bodies use cannot go without the function.
create table base (a int, b text, c int);
create sequence numbers;
create view readers as select a, b from base;
create function inner_one(int) returns int language sql return $1 + 1;
create function uses_table() returns bigint language sql begin atomic select count(a) from base; end;
create function uses_view(x int) returns setof text language sql begin atomic select b from readers where a = x; end;
create function uses_function(x int) returns int language sql return inner_one(x) * 2;
create function uses_sequence() returns bigint language sql return nextval('numbers');
create function writes(p_a int, p_b text) returns void language sql begin atomic
  insert into base (a, b) values (p_a, p_b);
  update base set b = p_b where a = p_a;
  delete from base where c = p_a;
end;
create function by_default(x int default nextval('numbers')) returns int language sql return x;
create operator @+@ (leftarg = int, rightarg = int, function = int4pl);
create function uses_operator(x int) returns int language sql return x @+@ 1;

select writes(1, 'one');
select uses_table(), uses_function(3), uses_operator(4);
select * from uses_view(1);

drop table base;
drop view readers;
drop sequence numbers;
drop function inner_one(int);
drop operator @+@ (int, int);
alter table base drop column a;
alter table base drop column c;
create or replace view readers as select a, b, c from base;
create or replace view readers as select a from base;
select pg_describe_object(classid, objid, 0), pg_describe_object(refclassid, refobjid, refobjsubid), deptype
  from pg_depend where classid = 'pg_proc'::regclass and objid in ('uses_table'::regproc, 'uses_function'::regproc, 'uses_sequence'::regproc)
  and refclassid <> 'pg_namespace'::regclass order by 1, 2;
drop function inner_one(int) cascade;
select uses_function(3);
drop sequence numbers cascade;
drop view readers cascade;
create or replace function uses_table() returns bigint language sql as 'select 1::bigint';
drop function writes(int, text);
alter table base drop column c;
drop table base;
create function polymorphic_body(x anyelement) returns anyelement language sql return x;
create function body_of_text(x int) returns int language sql as 'select x';
select pg_get_function_sqlbody('body_of_text'::regproc) is null;
