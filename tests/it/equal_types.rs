//! Types that users make, held against PostgreSQL: the same statements on both servers give the same
//! rows in the same order, and the same errors.

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::server::Server;

/// What a statement answers: rows and tags, or a SQLSTATE and a message.
async fn outcome(client: &Client, statement: &str) -> Vec<String> {
    let messages = match client.simple_query(statement).await {
        Ok(messages) => messages,
        Err(error) => {
            let Some(told) = error.as_db_error() else {
                panic!("{statement}: {error}");
            };
            return vec![format!("{}: {}", told.code().code(), told.message())];
        }
    };
    let mut told = Vec::new();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                let names = columns.iter().map(|column| column.name());
                told.push(names.collect::<Vec<_>>().join("|"));
            }
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
                told.push(values.collect::<Vec<_>>().join("|"));
            }
            SimpleQueryMessage::CommandComplete(affected) => told.push(affected.to_string()),
            _ => {}
        }
    }
    told
}

/// Whether an answer is a SQLSTATE and a message.
fn is_error(told: &str) -> bool {
    let bytes = told.as_bytes();
    bytes.len() > 7
        && &bytes[5..7] == b": "
        && bytes[..5]
            .iter()
            .all(|it| it.is_ascii_digit() || it.is_ascii_uppercase())
}

async fn compare(script: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::start(&[]);
    let theirs = postgres.connect().await;
    let mut different = Vec::new();
    for statement in script.split(";\n").map(str::trim) {
        if statement.is_empty() || statement.starts_with("--") {
            continue;
        }
        let expected = outcome(&theirs, statement).await;
        let given = outcome(&ours, statement).await;
        let is_same = match (given.as_slice(), expected.as_slice()) {
            // What is at fault may stand before what PostgreSQL says.
            ([given], [expected]) if is_error(expected) => {
                given.get(..5) == expected.get(..5) && given.ends_with(&expected[7..])
            }
            _ => given == expected,
        };
        if !is_same {
            let (given, expected) = (given.join("\n"), expected.join("\n"));
            different.push(format!(
                "{statement}\nhere:\n{given}\nPostgreSQL:\n{expected}"
            ));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn enums_equal_those_of_postgres() {
    compare(include_str!("equal_types/enums.sql")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_equal_those_of_postgres() {
    compare(include_str!("equal_types/domains.sql")).await;
}

/// Columns of arrays, their types, and a literal of each: items that are texts to Arrow, plain ones and those
/// of users' types.
const ARRAYS: [(&str, &str, &str); 10] = [
    ("js", "json[]", r#"'{"{\"b\": 2}"}'"#),
    ("jb", "jsonb[]", r#"'{"{\"b\": 2}"}'"#),
    ("e", "en[]", "'{b}'"),
    ("d", "dm[]", "'{z}'"),
    ("dni", "dn[]", "'{7}'"),
    ("t", "text[]", "'{q}'"),
    ("vc", "varchar(5)[]", "'{abcde}'"),
    ("i", "int[]", "'{9}'"),
    ("nu", "numeric(10,2)[]", "'{9.50}'"),
    ("dt", "date[]", "'{2020-02-02}'"),
];

/// Where arrays go and stand beside each other: `$a` is the column, `$t` its type, `$l` the literal.
const PLACES: [&str; 36] = [
    "select id, $a, $a::text, $a::text[] from mx order by id",
    "select coalesce($a, $l) as k from mx order by id",
    "select coalesce($a, null) as k, coalesce(null, $a) as l from mx order by id",
    "select coalesce($a, $l::$t) as k from mx order by id",
    "select case when id = 1 then $a else $l end as k from mx order by id",
    "select case when id = 1 then $a end as k from mx order by id",
    "select case when id = 1 then $a else $l::$t end as k from mx order by id",
    "select k::text from (select $a as k from mx where id = 1 union all select $l) s order by 1",
    "select k::text from (select $a as k from mx where id = 1 union all select $l::$t) s order by 1",
    "select k::text from (select $a as k from mx where id = 1 union all select null) s order by 1",
    "select k::text from (select null as k union all select $a from mx where id = 1) s order by 1",
    "select array[$a[1], $a[1]] as k, array[$a[1], null] as l from mx order by id",
    "select array[$a, $a] as k from mx where id = 1",
    "select $a || $a as k, $a || $l as l, $a || $a[1] as m, $a || null as n from mx order by id",
    "select array_append($a, $a[1]) as k, array_prepend($a[1], $a) as l, array_cat($a, $a) as m from mx where id = 1",
    "select array_agg($a) as k from mx where id = 1",
    "select array_agg($a[1] order by id) as k from mx",
    "select first_value($a) over (order by id) as k, lag($a) over (order by id) as l from mx",
    "select u from mx, unnest($a) u order by id",
    "select array_to_string($a, ',') as k, cardinality($a) as l, array_length($a, 1) as m, $a[1:1] as n from mx order by id",
    "select to_json($a) as k, to_jsonb($a) as l from mx order by id",
    "select (select $a from mx where id = 1) as k from mx where id = 2",
    "insert into tgt (id, $a) select id, $a from mx",
    "insert into tgt (id, $a) values (4, $l), (5, null), (6, $l::$t), (7, '{}')",
    "insert into tgt (id, $a) select id, coalesce($a, $l) from mx",
    "insert into tgt (id, $a) select id, case when id = 1 then $a else $l end from mx",
    "insert into tgt (id, $a) select 8, $a from mx where id = 1 union all select 9, $l",
    "insert into tgt (id, $a) select 10, array[$a[1]] from mx where id = 1",
    "insert into tgt (id, $a) select 11, array_agg($a[1]) from mx where id = 1",
    "update tgt set $a = $l where id = 1",
    "update tgt set $a = (select $a from mx where id = 2) where id = 2",
    "update tgt set $a = $a || $l where id = 4",
    "update tgt set $a[1] = $a[1] where id = 6",
    "select id, $a from tgt order by id, $a::text",
    "truncate tgt",
    "select count(*) from tgt",
];

/// Where they are compared, which `json` never is.
const COMPARISONS: [&str; 14] = [
    "select $a = $a as k, $a <> $a as l, $a is distinct from $a as m from mx order by id",
    "select $a = $l as k, $a = $l::$t as l, $a < $l::$t as m from mx order by id",
    "select $a in ($a, $l) as k, $a[1] = any($a) as l from mx order by id",
    "select id from mx where $a in (select $a from mx) order by id",
    "select greatest($a, $a) as k, least($a, null) as l from mx order by id",
    "select nullif($a, $a) as k, nullif($a, $l) as l from mx order by id",
    "select distinct $a from mx order by $a",
    "select $a, count(*) from mx group by $a order by $a",
    "select count(*) from (select $a from mx union select $l::$t) s",
    "select x.id, y.id from mx x join mx y using ($a) order by 1",
    "select min($a) as k, max($a) as l from mx",
    "select array_remove($a, $a[1]) as k, array_position($a, $a[1]) as l from mx order by id",
    "select array_replace($a, $a[1], $a[1]) as k from mx order by id",
    "select $a @> $a as k, $a && $a as l, $a <@ $a as m from mx order by id",
];

#[tokio::test(flavor = "multi_thread")]
async fn arrays_go_where_those_of_postgres_do() {
    let mut statements = vec![include_str!("equal_types/arrays.sql").trim_end().to_owned()];
    for (column, data_type, literal) in ARRAYS {
        let compared: &[&str] = match data_type {
            "json[]" => &[],
            _ => &COMPARISONS,
        };
        for form in PLACES.iter().chain(compared) {
            let statement = form.replace("$a", column).replace("$t", data_type);
            statements.push(statement.replace("$l", literal));
        }
    }
    compare(&statements.join(";\n")).await;
}

/// A name, a type and a value of each of these that columns of tables are of.
const TYPES: [(&str, &str, &str); 23] = [
    ("small", "smallint", "1"),
    ("num", "integer", "1"),
    ("big", "bigint", "1"),
    ("exact", "numeric(10,2)", "1.5"),
    ("single", "real", "1.5"),
    ("double", "double precision", "1.5"),
    ("words", "text", "'1'"),
    ("short", "varchar(5)", "'1'"),
    ("fixed", "char(3)", "'1'"),
    ("truth", "boolean", "true"),
    ("day", "date", "'2026-01-02'"),
    ("moment", "timestamp", "'2026-01-02 03:04:05'"),
    ("instant", "timestamptz", "'2026-01-02 03:04:05+00'"),
    ("clock", "time", "'03:04:05'"),
    ("span", "interval", "'1 day'"),
    ("written", "json", "'1'"),
    ("document", "jsonb", "'1'"),
    ("code", "uuid", "'00000000-0000-0000-0000-000000000001'"),
    ("bytes", "bytea", "'1'"),
    ("nums", "integer[]", "'{1}'"),
    ("list", "text[]", "'{1}'"),
    ("feels", "mood", "'ok'"),
    ("counted", "positive", "1"),
];

/// Statements that assign a value of each type to a column of each: by a query, and in one of the other ways
/// in which a value gets into a column.
fn assignments() -> String {
    let columns: Vec<String> = TYPES
        .iter()
        .map(|(name, of, _)| format!("{name} {of}"))
        .collect();
    let columns = columns.join(", ");
    let values: Vec<&str> = TYPES.iter().map(|(.., value)| *value).collect();
    let mut script = format!(
        "SET TimeZone = 'UTC';
CREATE TYPE mood AS ENUM ('ok', 'no');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE s (id int, {columns});
CREATE TABLE t (id int PRIMARY KEY, {columns});
INSERT INTO s VALUES (1, {});
INSERT INTO t (id) VALUES (1);
",
        values.join(", ")
    );
    for (to, (column, ..)) in TYPES.iter().enumerate() {
        for (from, (value, of, literal)) in TYPES.iter().enumerate() {
            script.push_str(&format!(
                "INSERT INTO t (id, {column}) SELECT 2, {value} FROM s RETURNING {column};\nDELETE FROM t WHERE id = 2;\n"
            ));
            // Of a time and an interval, one among VALUES becomes the other by an explicit cast alone here.
            let has_span = [*column, *value]
                .iter()
                .all(|it| ["clock", "span"].contains(it));
            let other = match (from + 3 * to) % 5 {
                0 => format!("UPDATE t SET {column} = s.{value} FROM s RETURNING {column}"),
                1 => format!(
                    "MERGE INTO t USING s ON s.id = t.id WHEN MATCHED THEN UPDATE SET {column} = s.{value}"
                ),
                2 => format!(
                    "MERGE INTO t USING s ON false WHEN NOT MATCHED THEN INSERT (id, {column}) VALUES (2, s.{value})"
                ),
                3 => format!(
                    "INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET {column} = {literal}::{of} RETURNING {column}"
                ),
                _ if has_span => continue,
                _ => format!(
                    "INSERT INTO t (id, {column}) VALUES (2, {literal}::{of}) RETURNING {column}"
                ),
            };
            script.push_str(&format!("{other};\nDELETE FROM t WHERE id = 2;\n"));
        }
    }
    script
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_assigned_to_columns_as_in_postgres() {
    compare(&assignments()).await;
}
