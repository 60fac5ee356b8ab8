//! Subqueries in conditions and columns, held against PostgreSQL: random ones over tables with NULLs,
//! wherever they may stand.

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

#[tokio::test(flavor = "multi_thread")]
async fn subqueries_equal_those_of_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let postgres = Postgres::shared();
    let theirs = postgres.connect().await;
    theirs
        .batch_execute("CREATE SCHEMA subqueries; SET search_path = subqueries")
        .await
        .unwrap();
    for client in [&ours, &theirs] {
        for table in TABLES {
            client.batch_execute(table).await.unwrap();
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
