-- A statement that commits by itself has not been done before what it deferred has been found good.
create table p(id int primary key); create table c(id int references p deferrable initially deferred);
create table u(a int unique deferrable initially deferred);
insert into c values (1);
insert into c values (2);
insert into c values (3);
insert into c select 4;
insert into u values (1); insert into u values (1);
create or replace function tf() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
create constraint trigger t after insert on p deferrable initially deferred for each row execute function tf();
insert into p values (1);
insert into p values (2);
insert into p values (3);
insert into p select 4;
with x as (insert into c values (3) returning 1) select * from x;
do $$ begin insert into c values (9); end $$;
drop function tf cascade; drop table c, p, u;
