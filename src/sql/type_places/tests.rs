use crate::error::{Error, SqlState};
use crate::sql::place;

fn told(message: &str, sql: &str) -> Option<usize> {
    let error = Error::new(SqlState::DATATYPE_MISMATCH, message);
    place::located(error, sql).position()
}

// The places are those that PostgreSQL 15 tells.
#[test]
fn values_whose_types_do_not_fit_are_found() {
    for (message, sql, place) in [
        (
            "recursive query \"t\" column 2 has type integer in non-recursive term but type numeric overall",
            "with recursive t(n, m) as (select 1, 1 as x union all select n + 1, m + 0.5 from t where n < 3) select * from t",
            38,
        ),
        (
            "VALUES types time without time zone and interval cannot be matched",
            "values (time '10:00'), (interval '1 day')",
            34,
        ),
        (
            "VALUES types integer and boolean cannot be matched",
            "select * from (values (1, 2), (3, true)) v",
            35,
        ),
        (
            "UNION types integer and boolean cannot be matched",
            "select 1 union select true",
            23,
        ),
        (
            "UNION types integer and boolean cannot be matched",
            "select a from q union select b from q",
            30,
        ),
        (
            "UNION types boolean and integer cannot be matched",
            "select 1, b from q union select 2, (a) from q",
            37,
        ),
        (
            "EXCEPT types integer and boolean cannot be matched",
            "select a from q except select true",
            31,
        ),
        (
            "CASE types integer and time without time zone cannot be matched",
            "select case when true then time '10:00' else 1 end",
            33,
        ),
        (
            "CASE types boolean and integer cannot be matched",
            "select case when b then a else b end from q",
            25,
        ),
        (
            "CASE/WHEN could not convert type date to time without time zone",
            "select case when true then date '2020-01-01' else time '10:00' end",
            33,
        ),
        (
            "COALESCE types integer and date cannot be matched",
            "select coalesce(a, 1, d::date) from q",
            23,
        ),
        (
            "GREATEST types integer and boolean cannot be matched",
            "select greatest('1', 1, null, true)",
            31,
        ),
        (
            "ARRAY types integer and boolean cannot be matched",
            "select array[1, 2, true]",
            20,
        ),
        (
            "column \"a\" is of type integer but expression is of type boolean",
            "insert into q (a) values (true)",
            27,
        ),
        (
            "column \"b\" is of type boolean but expression is of type integer",
            "insert into q values (true, 5)",
            29,
        ),
        (
            "column \"b\" is of type boolean but expression is of type integer",
            "insert into q (b) values (true), ('f'), (5)",
            42,
        ),
        (
            "column \"b\" is of type boolean but expression is of type integer",
            "insert into q (a, b) select 1, a from q",
            32,
        ),
        (
            "column \"b\" is of type boolean but expression is of type integer",
            "explain update q set a = 1, b = 5 + a where a = 1",
            33,
        ),
        (
            "column \"b\" is of type boolean but expression is of type integer",
            "insert into q (a) values (1) on conflict (a) do update set b = excluded.a",
            64,
        ),
        (
            "argument of AND must be type boolean, not type integer",
            "select 1 from q where b = true and a + 1",
            36,
        ),
        (
            "argument of NOT must be type boolean, not type integer",
            "select not a from q",
            12,
        ),
        (
            "argument of CASE/WHEN must be type boolean, not type integer",
            "select case when a then 1 end from q",
            18,
        ),
        (
            "argument of FILTER must be type boolean, not type integer",
            "select count(*) filter (where a) from q",
            31,
        ),
        (
            "argument of JOIN/ON must be type boolean, not type integer",
            "select 1 from q x join q y on x.a",
            31,
        ),
        (
            "argument of WHERE must be type boolean, not type integer",
            "delete from q where (a)",
            22,
        ),
        (
            "a condition must be of type boolean, not of type integer",
            "select b from q where b is null group by b having 1",
            51,
        ),
    ] {
        assert_eq!(told(message, sql), Some(place), "{sql}");
    }
}

#[test]
fn values_that_may_be_others_are_not() {
    for (message, sql) in [
        (
            "CASE types boolean and integer cannot be matched",
            "select case when a then b end, case when a then c else d end, case when a then e else f end from t",
        ),
        (
            "argument of AND must be type boolean, not type integer",
            "select 1 from t where a and b",
        ),
        (
            "column \"b\" is of type boolean but expression is of type integer",
            "insert into t select * from u",
        ),
        (
            "column \"b\" is of type boolean but expression is of type integer",
            "insert into t values (1, 5)",
        ),
        (
            "UNION types integer and boolean cannot be matched",
            "select 1; select 1 union select true",
        ),
    ] {
        assert_eq!(told(message, sql), None, "{sql}");
    }
}
