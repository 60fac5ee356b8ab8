//! Materialized views that keep the latest row of each key, or of each column the latest value, of tables that get more rows, lose some and
//! change others: a refresh by what has changed gives what a full one gives.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::Client;

use crate::server::{Server, rows};

const TABLES: &str = "
    CREATE TABLE e (id BIGINT, v INT, w INT, d BOOLEAN, a TEXT, b NUMERIC(6, 2));
    CREATE TABLE f (id BIGINT, v INT, w INT, d BOOLEAN, a TEXT, b NUMERIC(6, 2));
    CREATE TABLE g (id BIGINT PRIMARY KEY, v INT, d BOOLEAN, a TEXT);";

/// The options of views, and their queries.
const VIEWS: [(&str, &str); 9] = [
    ("version_column = 'v'", "SELECT id, v, a, b FROM e"),
    (
        "version_column = 'v, w'",
        "SELECT id, v, w, upper(a) AS a FROM e WHERE b > 2 OR b IS NULL",
    ),
    (
        "version_column = 'v', deleted_column = 'd'",
        "SELECT id, v, a, b, d FROM e",
    ),
    (
        "version_column = 'v', deleted_column = 'gone'",
        "SELECT id, v, a, CASE WHEN d THEN TIMESTAMP '2026-01-01' END AS gone FROM e UNION ALL SELECT id, v, a, NULL FROM f WHERE v > 3",
    ),
    (
        "version_column = 'v', merge = 'column'",
        "SELECT id, v, a, b FROM e",
    ),
    (
        "version_column = 'v', merge = 'column', deleted_column = 'd'",
        "SELECT id, v, a, d FROM f UNION ALL SELECT id, v, a, d FROM g",
    ),
    (
        "version_column = 'v', deleted_column = 'd'",
        "SELECT id, v, d, a FROM g",
    ),
    // Not row by row.
    (
        "version_column = 'v', deleted_column = 'd'",
        "SELECT e.id, e.v, e.d, g.a FROM e LEFT JOIN g ON g.id = e.id",
    ),
    (
        "version_column = 'v', merge = 'column', deleted_column = 'd'",
        "SELECT e.id, e.v, e.d, g.a, e.b FROM e LEFT JOIN g ON g.id = e.id",
    ),
];

const ROUNDS: usize = 25;

struct Maker(Pcg64);

impl Maker {
    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    fn one_of(&mut self, values: &[&str]) -> String {
        values[self.below(values.len())].to_owned()
    }

    fn row(&mut self) -> String {
        let (id, v, w) = (self.below(12), self.below(9), self.below(3));
        let v = match self.below(12) {
            0 => "NULL".to_owned(),
            _ => v.to_string(),
        };
        let d = self.one_of(&["true", "false", "false", "NULL"]);
        let a = self.one_of(&["'x'", "'y'", "NULL", "'z'"]);
        let b = self.one_of(&["1.5", "2.25", "3", "NULL"]);
        format!("({id}, {v}, {w}, {d}, {a}, {b})")
    }

    fn change(&mut self) -> String {
        let table = self.one_of(&["e", "e", "f"]);
        let (id, v) = (self.below(12), self.below(9));
        match self.below(16) {
            0..8 => {
                let many = 1 + self.below(4);
                let rows: Vec<String> = (0..many).map(|_| self.row()).collect();
                format!("INSERT INTO {table} VALUES {}", rows.join(", "))
            }
            8 => format!("DELETE FROM {table} WHERE id = {id} AND v = {v}"),
            9 => format!("DELETE FROM {table} WHERE id = {id} AND d IS NOT TRUE"),
            10 => format!("UPDATE {table} SET a = 'u' WHERE id = {id}"),
            11 => format!("UPDATE {table} SET v = v + 1 WHERE id = {id} AND d IS NOT TRUE"),
            12 => format!(
                "INSERT INTO g VALUES ({id}, {v}, false, 'g') ON CONFLICT (id) DO UPDATE SET v = excluded.v, d = g.v > excluded.v"
            ),
            13 => format!("DELETE FROM g WHERE id = {id}"),
            // What comes and goes before it is looked at.
            14 => format!("INSERT INTO {table} VALUES (99, 1, 1, false, 'q', 1)"),
            _ => format!("DELETE FROM {table} WHERE id = 99"),
        }
    }
}

async fn sorted(client: &Client, name: &str) -> Vec<String> {
    let mut rows = rows(client, &format!("SELECT * FROM {name}")).await;
    rows.sort();
    rows
}

async fn run(seed: u64, modes: &mut Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client.batch_execute(TABLES).await.unwrap();
    let mut maker = Maker(Pcg64::seed_from_u64(seed));
    for (number, (options, query)) in VIEWS.iter().enumerate() {
        for (name, mode) in [("r", "auto"), ("f", "full")] {
            let create = format!(
                "CREATE MATERIALIZED VIEW {name}{number} WITH (unique_key = 'id', {options}, refresh_mode = '{mode}') AS {query}"
            );
            client.batch_execute(&create).await.unwrap();
        }
    }
    for round in 0..ROUNDS {
        let mut changes = Vec::new();
        for _ in 0..=maker.below(3) {
            let change = maker.change();
            client.batch_execute(&change).await.unwrap();
            changes.push(change);
        }
        for (number, (options, query)) in VIEWS.iter().enumerate() {
            for name in ["r", "f"] {
                let refresh = format!("REFRESH MATERIALIZED VIEW {name}{number}");
                client.batch_execute(&refresh).await.unwrap();
            }
            let kept = sorted(&client, &format!("r{number}")).await;
            let computed = sorted(&client, &format!("f{number}")).await;
            assert_eq!(
                kept, computed,
                "seed {seed}, round {round}: {options}: {query}: {changes:#?}"
            );
        }
    }
    let told = "SELECT name || ' ' || mode || ' ' || (changed_keys IS NOT NULL)::text FROM tributary.refreshes WHERE name LIKE 'r_' AND rows_written > 0";
    modes.extend(rows(&client, told).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_rows_are_those_of_a_full_refresh() {
    let mut modes = Vec::new();
    for seed in 0..2 {
        run(seed, &mut modes).await;
    }
    // Rows that are added are put in, and others compared by key, where rows are made one of one.
    for number in 0..7 {
        let by_rows = format!("r{number} incremental false");
        assert!(modes.contains(&by_rows), "{by_rows}: {modes:#?}");
    }
    for number in 0..VIEWS.len() {
        let by_keys = format!("r{number} incremental true");
        assert!(modes.contains(&by_keys), "{by_keys}: {modes:#?}");
    }
    for number in [7, 8] {
        assert!(!modes.contains(&format!("r{number} incremental false")));
    }
}
