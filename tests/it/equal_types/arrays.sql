create type en as enum ('b', 'a');
create domain dm as text check (value <> 'no');
create domain dn as int check (value > 0);
create table mx (id int, js json[], jb jsonb[], e en[], d dm[], dni dn[], t text[], vc varchar(5)[], i int[], nu numeric(10,2)[], dt date[]);
insert into mx values (1, array['{"a":1}'::json], array['{"a":1}'::jsonb], array['b'::en,'a'], array['x'::dm], array[1::dn], array['b'], array['abc'], array[1,2], array[1.5], array['2020-01-01'::date]);
insert into mx values (2, '{"[1,2]",null}', '{"[1,2]",null}', '{a,null}', '{y,null}', '{2,null}', '{a,null}', '{x,null}', '{3,null}', '{2.25,null}', '{2020-01-02,null}');
insert into mx (id) values (3);
create table tgt as select * from mx where false;
select e = t from mx where id = 1;
select k from (values ('z'::dm), (null), ('y')) v(k);
select k from (values ('{z}'::dm[]), (null)) v(k);
select k from (values ('{1}'::dn[]), ('{2}')) v(k);
select k from (values ('z'::dm), ('y'::text), (null)) v(k);
select k from (values (1::dn), (2)) v(k);
select k from (values ('z'::dm), ('no')) v(k);
select k from (values (array[1,2]), (null), ('{3}')) v(k);
select k from (values (array[1.5,null]), ('{2.5}')) v(k);
select k from (values ('{abcde}'::varchar(5)[]), (null)) v(k);
select k from (values ('{"{\"a\":1}"}'::jsonb[]), ('{2}'), (null)) v(k)
