//! Subqueries in conditions, columns and lateral joins, comparisons of rows, and functions in SQL, held
//! against PostgreSQL: random ones over tables with NULLs, wherever they may stand.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::server::Server;

const STATEMENTS: usize = 400;

/// Rows around, and those of the subqueries, as `name (x, y, s)`.
const TABLES: [&str; 2] = [
    "CREATE TABLE a (x INT, y INT, s TEXT); INSERT INTO a VALUES (1, 1, 'a'), (2, 1, 'b'), (2, NULL, NULL), (NULL, 2, 'a'), (4, 3, 'c'), (3, 0, 'b')",
    "CREATE TABLE b (x INT, y INT, s TEXT); INSERT INTO b VALUES (1, 1, 'a'), (1, 2, 'b'), (2, NULL, 'b'), (NULL, 3, NULL), (3, 1, 'a'), (3, 1, 'a')",
];

/// What rows of the subquery have to do with the row around it.
const CONDITIONS: [&str; 8] = [
    "true",
    "b.y IS NOT NULL",
    "b.x = a.x",
    "b.x = a.x AND b.y > 1",
    "b.y < a.x",
    "b.s = a.s OR a.x = 4",
    "b.x <> a.x",
    "EXISTS (SELECT 1 FROM b c WHERE c.y = b.y AND c.x = a.x)",
];

/// Subqueries of one row, or none.
const VALUES: [&str; 8] = [
    "SELECT max(b.y) FROM b WHERE {}",
    "SELECT count(*)::INT FROM b WHERE {}",
    "SELECT count(b.y)::INT + 1 FROM b WHERE {}",
    "SELECT coalesce(sum(b.x), 0)::INT FROM b WHERE {}",
    "SELECT max(b.y) FROM b WHERE {} HAVING count(*) > 1",
    "SELECT count(*)::INT FROM b WHERE {} HAVING count(*) = 0",
    "SELECT b.y FROM b WHERE {} ORDER BY 1 LIMIT 1",
    "SELECT b.y FROM b WHERE {} ORDER BY 1 DESC NULLS LAST LIMIT 1 OFFSET 1",
];

/// Subqueries of any number of rows.
const ROWS: [&str; 9] = [
    "SELECT b.y FROM b WHERE {}",
    "SELECT b.x + 1 FROM b WHERE {}",
    "SELECT max(b.y) FROM b WHERE {} GROUP BY b.s",
    "SELECT count(*)::INT FROM b WHERE {} GROUP BY b.x HAVING count(*) > 1",
    "SELECT DISTINCT b.y FROM b WHERE {}",
    "SELECT b.x FROM b WHERE {} ORDER BY 1 OFFSET 1",
    "SELECT row_number() OVER (ORDER BY b.y, b.x)::INT FROM b WHERE {}",
    "SELECT b.x FROM b WHERE {} UNION ALL SELECT b.y FROM b WHERE b.x = a.y",
    "SELECT b.y FROM b JOIN b c ON b.x = c.y WHERE {}",
];

const SOUGHT: [&str; 4] = ["a.x", "1", "NULL::INT", "a.y + 1"];

/// Subqueries of the table around, which goes by its name in both.
const OF_THE_SAME: [&str; 12] = [
    "SELECT y FROM a",
    "SELECT a.y FROM a WHERE a.x = 2",
    "SELECT x FROM a WHERE y IS NOT NULL",
    "SELECT x + 1 FROM a WHERE a.s = 'a'",
    "SELECT max(y) FROM a GROUP BY s",
    "SELECT max(a.x) FROM a",
    "SELECT DISTINCT y FROM a WHERE s = 'a'",
    "SELECT y FROM a ORDER BY x DESC NULLS LAST, y LIMIT 2",
    "SELECT row_number() OVER (ORDER BY x, y)::INT FROM a WHERE y > 0",
    "SELECT y FROM a WHERE x IN (SELECT y FROM a)",
    "SELECT y FROM a UNION SELECT x FROM a WHERE s = 'b'",
    "SELECT a.x FROM a JOIN b ON a.x = b.y",
];

const SOUGHT_IN_THE_SAME: [&str; 5] = ["a.x", "a.y", "a.y + 1", "coalesce(x, 0)", "a.x * a.y"];

/// Rows of two numbers.
const PAIRS: [&str; 8] = [
    "(a.x, a.y)",
    "ROW(a.y, a.x)",
    "(a.x + 1, 1)",
    "(NULL::INT, a.y)",
    "(a.x, NULL::INT)",
    "(2, 1)",
    "(3, NULL::INT)",
    "ROW(coalesce(a.x, 1), a.y - 1)",
];

/// Subqueries of rows of two numbers; the first ones give one or none.
const ROWS_OF_PAIRS: [&str; 7] = [
    "SELECT max(b.x), min(b.y) FROM b WHERE {}",
    "SELECT b.x, b.y FROM b WHERE {} ORDER BY 1, 2 LIMIT 1",
    "SELECT b.x, b.y FROM b WHERE {}",
    "SELECT b.y, b.x - 1 FROM b WHERE {}",
    "SELECT b.x, count(*)::INT FROM b WHERE {} GROUP BY b.x",
    "SELECT DISTINCT b.x, b.y FROM b WHERE {}",
    "SELECT x, y FROM a WHERE s = 'a'",
];

/// Where a predicate may stand.
const CONTEXTS: [&str; 11] = [
    "SELECT a.x, a.y, a.s FROM a WHERE {}",
    "SELECT a.x, a.y, a.s FROM a WHERE NOT ({})",
    "SELECT a.x, a.y, a.s FROM a WHERE {} OR a.x = 1",
    "SELECT a.x, a.y, a.s FROM a WHERE {} AND a.y > 0",
    "SELECT a.x, a.y, a.s FROM a WHERE coalesce({}, true)",
    "SELECT a.x, a.y, a.s, {} FROM a",
    "SELECT a.x, CASE WHEN {} THEN 'yes' WHEN a.x > 1 THEN 'no' END FROM a",
    "SELECT a.x, a.y, a.s, count(*) FROM a GROUP BY a.x, a.y, a.s HAVING {}",
    "SELECT count(*) FILTER (WHERE {}), count(*) FROM a",
    "SELECT a.x, a.y, a.s FROM a ORDER BY ({}), a.x",
    "BEGIN; DELETE FROM a WHERE {}; SELECT * FROM a; ROLLBACK",
];

/// Right sides of lateral joins, of one column.
const LATERALS: [&str; 16] = [
    "SELECT b.y FROM b WHERE {}",
    "SELECT DISTINCT b.y FROM b WHERE {}",
    "SELECT b.y FROM b WHERE {} ORDER BY b.y LIMIT 1",
    "SELECT b.y FROM b WHERE {} ORDER BY b.y DESC NULLS LAST LIMIT 2 OFFSET 1",
    "SELECT max(b.y) FROM b WHERE {}",
    "SELECT count(*)::INT FROM b WHERE {}",
    "SELECT count(*)::INT FROM b WHERE {} HAVING count(*) <> 1",
    "SELECT count(*)::INT FROM b WHERE {} GROUP BY b.s HAVING count(*) > 1",
    "SELECT b.y + a.x FROM b WHERE {}",
    "SELECT coalesce(a.y, 0) FROM b WHERE {}",
    "SELECT row_number() OVER (ORDER BY b.y, b.x)::INT FROM b WHERE {}",
    "SELECT b.y FROM b WHERE {} UNION SELECT a.x",
    "SELECT v FROM (VALUES (a.x), (a.y), (3)) c(v) WHERE v IN (SELECT b.y FROM b WHERE {})",
    "SELECT n FROM (SELECT count(*)::INT FROM b WHERE {} GROUP BY ROLLUP (b.s)) c(n)",
    "SELECT c.y FROM b, LATERAL (SELECT max(d.y) FROM b d WHERE d.x >= b.x AND d.y < a.x) c(y) WHERE {}",
    "SELECT c.y FROM b LEFT JOIN LATERAL (SELECT DISTINCT d.y FROM b d WHERE d.x < b.x) c(y) ON c.y <> a.y WHERE {}",
];

const LATERAL_JOINS: [&str; 6] = [
    "SELECT a.x, a.y, a.s, l.v FROM a, LATERAL ({}) l(v)",
    "SELECT a.x, a.y, a.s, l.v FROM a LEFT JOIN LATERAL ({}) l(v) ON true",
    "SELECT a.x, a.y, a.s, l.v FROM a LEFT JOIN LATERAL ({}) l(v) ON l.v > 1",
    "SELECT a.x, a.y, a.s, l.v FROM a JOIN LATERAL ({}) l(v) ON l.v = a.y OR a.x = 2",
    "SELECT l.v, count(*), sum(a.y) FROM a LEFT JOIN LATERAL ({}) l(v) ON l.v IS NOT NULL GROUP BY l.v",
    "SELECT d.x, d.y, (SELECT sum(l.v) FROM a, LATERAL ({}) l(v) WHERE a.y < d.y) FROM a d",
];

/// Functions of a number that give one.
const FUNCTIONS: [(&str, &str); 14] = [
    ("plus", "SELECT v + 1"),
    ("total", "SELECT sum(v)::INT"),
    ("spread", "SELECT coalesce(stddev_pop(v), -1)::INT"),
    ("listed", "SELECT cardinality(array_agg(v))"),
    ("numbered", "SELECT row_number() OVER ()::INT + v"),
    ("series", "SELECT generate_series(v, v + 2)"),
    ("highest", "SELECT max(y) FROM b WHERE x >= v"),
    ("counted", "SELECT count(*)::INT FROM b WHERE b.y > $1"),
    (
        "ordered",
        "SELECT y FROM b WHERE x <> v ORDER BY y DESC NULLS LAST, x",
    ),
    ("shadowed", "SELECT v FROM (SELECT 5 AS v) s WHERE v > 4"),
    (
        "with_clause",
        "WITH c AS (SELECT x AS v FROM b) SELECT sum(c.v)::INT FROM c WHERE c.v < with_clause.v",
    ),
    ("nested", "SELECT plus(v) + counted(plus(v))"),
    (
        "windowed",
        "SELECT max(n)::INT FROM (SELECT row_number() OVER (ORDER BY y) n FROM b WHERE x = v) s",
    ),
    (
        "either",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM b WHERE y = v) THEN 1 ELSE v END",
    ),
];

/// Functions of a number that give rows.
const ROW_FUNCTIONS: [(&str, &str); 5] = [
    ("matching", "SELECT y FROM b WHERE x = v"),
    ("distinct_ones", "SELECT DISTINCT x FROM b WHERE y >= v"),
    (
        "pair",
        "SELECT v UNION ALL SELECT max(x) FROM b WHERE y < v",
    ),
    (
        "first_two",
        "SELECT y FROM b WHERE x >= v ORDER BY y LIMIT 2",
    ),
    (
        "windows",
        "SELECT rank() OVER (ORDER BY y)::INT FROM b WHERE x <= v",
    ),
];

/// Where a function of a number may be called.
const CALLS: [&str; 14] = [
    "SELECT a.x, {}(a.x) FROM a",
    "SELECT {}(a.y + 1), a.s FROM a",
    "SELECT {}(max(a.x)) FROM a",
    "SELECT {}(sum(a.x)::INT), a.s FROM a GROUP BY a.s",
    "SELECT {}(a.x), count(*) FROM a GROUP BY {}(a.x)",
    "SELECT a.x, a.y FROM a WHERE {}(a.x) > 2",
    "SELECT count(*) FILTER (WHERE {}(a.x) > 1), sum({}(a.y)) FROM a",
    "SELECT a.x, c.y FROM a LEFT JOIN a c ON a.x = c.x AND {}(c.y) > 1",
    "SELECT a.x, c.y FROM a JOIN a c ON {}(a.x) = {}(c.y)",
    "SELECT a.x, (SELECT max({}(a.x + b.x)) FROM b) FROM a",
    "SELECT a.x, {}({}(a.x)) FROM a",
    "SELECT DISTINCT {}(row_number() OVER (ORDER BY a.x, a.y)::INT) FROM a",
    "SELECT b.x, {}(b.x), {}(b.y) FROM b",
    "SELECT b.s FROM b WHERE {}(b.y) > 1 OR {}(b.x) IS NULL",
];

const ROW_CALLS: [&str; 5] = [
    "SELECT a.x, r FROM a, {}(a.x) r",
    "SELECT a.x, a.y, r.v FROM a LEFT JOIN {}(a.y + 1) r(v) ON r.v > 1",
    "SELECT a.x, (SELECT count(*) FROM {}(a.x)) FROM a",
    "SELECT a.x FROM a WHERE a.y IN (SELECT r FROM {}(a.x) r)",
    "SELECT r FROM {}(2) r",
];

fn one(random: &mut Pcg64, of: &[&'static str]) -> &'static str {
    of.choose(random).unwrap()
}

fn statement(random: &mut Pcg64) -> String {
    let condition = one(random, &CONDITIONS);
    let value = one(random, &VALUES).replace("{}", condition);
    let rows = match random.random_range(0..3) {
        0 => value.clone(),
        _ => one(random, &ROWS).replace("{}", condition),
    };
    let sought = one(random, &SOUGHT);
    let operator = one(random, &["=", "<>", "<", ">="]);
    let predicate = match random.random_range(0..8) {
        0 => format!("EXISTS ({rows})"),
        1 => format!("NOT EXISTS ({rows})"),
        2 => format!("{sought} IN ({rows})"),
        3 => format!("{sought} NOT IN ({rows})"),
        4 => format!("{sought} {operator} ANY ({rows})"),
        5 => format!("{sought} {operator} ALL ({rows})"),
        6 => format!("{sought} {operator} ({value})"),
        _ => format!("({value}) IS NULL"),
    };
    one(random, &CONTEXTS).replace("{}", &predicate)
}

fn within_the_same(random: &mut Pcg64) -> String {
    let rows = one(random, &OF_THE_SAME);
    let sought = one(random, &SOUGHT_IN_THE_SAME);
    let operator = one(random, &["=", "<>", "<", ">="]);
    let predicate = match random.random_range(0..5) {
        0 | 1 => format!("{sought} IN ({rows})"),
        2 => format!("{sought} NOT IN ({rows})"),
        3 => format!("{sought} {operator} ANY ({rows})"),
        _ => format!("{sought} {operator} ALL ({rows})"),
    };
    one(random, &CONTEXTS).replace("{}", &predicate)
}

fn comparison_of_rows(random: &mut Pcg64) -> String {
    let (row, other, third) = (
        one(random, &PAIRS),
        one(random, &PAIRS),
        one(random, &PAIRS),
    );
    let condition = one(random, &CONDITIONS);
    let few = one(random, &ROWS_OF_PAIRS[..2]).replace("{}", condition);
    let rows = one(random, &ROWS_OF_PAIRS).replace("{}", condition);
    let operator = one(random, &["=", "<>", "<", "<=", ">", ">="]);
    let predicate = match random.random_range(0..14) {
        0 | 1 => format!("{row} {operator} {other}"),
        2 => format!("{row} IN ({other}, {third})"),
        3 => format!("{row} NOT IN ({other}, {third}, (1, 1))"),
        4 => format!("{row} BETWEEN {other} AND {third}"),
        5 => format!("{row} NOT BETWEEN {other} AND {third}"),
        6 => format!("{row} IS NULL"),
        7 => format!("{row} IS NOT NULL"),
        8 => format!("{row} IS DISTINCT FROM {other}"),
        9 => format!("{row} {operator} ({few})"),
        10 => format!("{row} IN ({rows})"),
        11 => format!("{row} NOT IN ({rows})"),
        12 => format!("{row} {operator} ANY ({rows})"),
        _ => format!("{row} {operator} ALL ({rows})"),
    };
    one(random, &CONTEXTS).replace("{}", &predicate)
}

fn lateral_join(random: &mut Pcg64) -> String {
    let condition = one(random, &CONDITIONS);
    let rows = one(random, &LATERALS).replace("{}", condition);
    one(random, &LATERAL_JOINS).replace("{}", &rows)
}

fn call(random: &mut Pcg64) -> String {
    if random.random_range(0..3) > 0 {
        let (name, _) = FUNCTIONS.choose(random).unwrap();
        return one(random, &CALLS).replace("{}", name);
    }
    let (name, _) = ROW_FUNCTIONS.choose(random).unwrap();
    one(random, &ROW_CALLS).replace("{}", name)
}

/// The rows of a statement, in an order of their own, or its SQLSTATE.
async fn answer(client: &Client, statement: &str) -> Result<Vec<String>, String> {
    let messages = client.simple_query(statement).await.map_err(|error| {
        let error = error.as_db_error().unwrap();
        format!("{} {}", error.code().code(), error.message())
    })?;
    let mut rows: Vec<String> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .map(|row| {
            let values = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
            values.collect::<Vec<_>>().join("|")
        })
        .collect();
    rows.sort();
    Ok(rows)
}

/// Holds random statements over the tables against PostgreSQL, in a schema there of this name.
async fn hold(schema: &str, functions: &[String], statement: fn(&mut Pcg64) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute(&format!(
            "CREATE SCHEMA {schema}; SET search_path = {schema}"
        ))
        .await
        .unwrap();
    for client in [&ours, &theirs] {
        for text in TABLES
            .iter()
            .copied()
            .chain(functions.iter().map(String::as_str))
        {
            client.batch_execute(text).await.unwrap();
        }
    }
    let mut random = Pcg64::seed_from_u64(20_261_126);
    let mut different = Vec::new();
    for _ in 0..STATEMENTS {
        let statement = statement(&mut random);
        let expected = answer(&theirs, &statement).await.unwrap();
        let given = answer(&ours, &statement).await;
        if given.as_ref() != Ok(&expected) {
            let _ = ours.batch_execute("ROLLBACK").await;
            different.push(format!("{statement}\n  {given:?}\n  {expected:?}"));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {STATEMENTS}:\n{}",
        different.len(),
        different.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn subqueries_equal_those_of_postgres() {
    hold("subqueries", &[], statement).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_beside_themselves_equal_those_of_postgres() {
    hold("the_same", &[], within_the_same).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comparisons_of_rows_equal_those_of_postgres() {
    hold("rows", &[], comparison_of_rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lateral_joins_equal_those_of_postgres() {
    hold("lateral_joins", &[], lateral_join).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_in_sql_equal_those_of_postgres() {
    let create = |(name, body): &(&str, &str), returns: &str| {
        format!("CREATE FUNCTION {name}(v INT) RETURNS {returns} LANGUAGE sql AS '{body}'")
    };
    let values = FUNCTIONS.iter().map(|function| create(function, "INT"));
    let rows = ROW_FUNCTIONS
        .iter()
        .map(|function| create(function, "SETOF INT"));
    let functions: Vec<String> = values.chain(rows).collect();
    hold("functions", &functions, call).await;
}
