//! Random transactions, held against PostgreSQL: the same statements in blocks with savepoints on both
//! servers end in the same errors, the same answers and the same tables.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::server::Server;

const STATEMENTS: usize = 600;

/// The tables that statements create, change and drop.
const TABLES: [&str; 4] = ["a", "b", "c", "d"];

struct Maker(Pcg64);

impl Maker {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.0.random_range(0..of.len())]
    }

    fn number(&mut self) -> u32 {
        self.0.random_range(0..12)
    }

    fn statement(&mut self) -> String {
        let (table, other) = (self.one(&TABLES), self.one(&TABLES));
        let (id, value) = (self.number(), self.number());
        let savepoint = self.one(&["s", "t"]);
        match self.0.random_range(0..40) {
            0..4 => "BEGIN".to_owned(),
            4..7 => "COMMIT".to_owned(),
            7..9 => "ROLLBACK".to_owned(),
            9..11 => format!("SAVEPOINT {savepoint}"),
            11..14 => format!("ROLLBACK TO {savepoint}"),
            14 => format!("RELEASE {savepoint}"),
            15..18 => format!("CREATE TABLE {table} (id INT PRIMARY KEY, v INT CHECK (v < 11))"),
            18 => format!("CREATE TABLE {table} AS SELECT * FROM {other}"),
            19 => format!("DROP TABLE {table}"),
            20 => format!("DROP TABLE IF EXISTS {table} CASCADE"),
            21 => format!("CREATE VIEW v AS SELECT * FROM {table}"),
            22 => "DROP VIEW v".to_owned(),
            23 => "SELECT * FROM v".to_owned(),
            24 => format!("TRUNCATE {table}"),
            25 => format!("CREATE SCHEMA IF NOT EXISTS of_{savepoint}"),
            26 => format!("INSERT INTO {table} SELECT id + 1, v FROM {other} WHERE id < 20"),
            27 => format!(
                "INSERT INTO {table} VALUES ({id}, {value}); UPDATE {other} SET v = {value} WHERE id = {id}"
            ),
            28 => format!("INSERT INTO {table} VALUES ({id}, {value}); SELECT 1 / 0"),
            29..31 => format!("DELETE FROM {table} WHERE id = {id} OR v = {value}"),
            31..34 => format!("UPDATE {table} SET v = v + 1 WHERE id < {id}"),
            _ => format!("INSERT INTO {table} VALUES ({id}, {value})"),
        }
    }
}

async fn outcome(client: &Client, statement: &str) -> Result<Vec<String>, String> {
    let messages = client.simple_query(statement).await;
    let messages = messages.map_err(|error| match error.code() {
        Some(code) => code.code().to_owned(),
        None => panic!("{statement}: {error}"),
    })?;
    let mut told = Vec::new();
    for message in messages {
        match message {
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
                told.push(values.collect::<Vec<_>>().join("|"));
            }
            SimpleQueryMessage::CommandComplete(affected) => told.push(affected.to_string()),
            _ => {}
        }
    }
    told.sort();
    Ok(told)
}

/// Of two names that are wrong, PostgreSQL tells first of the one that a query reads.
fn kind(statement: &str, outcome: &Result<Vec<String>, String>) -> Result<Vec<String>, String> {
    match outcome {
        Err(state) if statement.contains(" AS SELECT ") && state.starts_with("42P") => {
            Err("42P".to_owned())
        }
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_transactions_equal_those_of_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (ours, onlooker) = (server.connect().await, server.connect().await);
    let postgres = Postgres::start(&[]);
    let (theirs, their_onlooker) = (postgres.connect().await, postgres.connect().await);
    let seed = std::env::var("TRIBUTARY_TRANSACTIONS_SEED");
    let seed = seed.ok().and_then(|seed| seed.parse().ok());
    let mut maker = Maker(Pcg64::seed_from_u64(seed.unwrap_or(20_261_126)));
    let (mut done, mut refused) = (0, 0);
    for number in 0..STATEMENTS {
        let statement = maker.statement();
        let expected = outcome(&theirs, &statement).await;
        let given = outcome(&ours, &statement).await;
        assert_eq!(
            kind(&statement, &given),
            kind(&statement, &expected),
            "{number}: {statement}"
        );
        match expected {
            Ok(_) => done += 1,
            Err(_) => refused += 1,
        }
        // A failed block reads nothing; others never see what is not committed. PostgreSQL would have
        // them wait for the locks of DROP, so they look between blocks.
        let states = "SELECT count(*) FROM pg_class WHERE relname = 'none'";
        let is_failed = outcome(&theirs, states).await.is_err();
        for table in TABLES.iter().filter(|_| !is_failed) {
            let there = format!("SELECT count(*) FROM pg_class WHERE relname = '{table}'");
            let expected = outcome(&theirs, &there).await;
            assert_eq!(
                outcome(&ours, &there).await,
                expected,
                "{number}: {statement}"
            );
            if expected.is_ok_and(|told| told.contains(&"0".to_owned())) {
                continue;
            }
            let rows = format!("SELECT * FROM {table}");
            let expected = outcome(&theirs, &rows).await;
            assert_eq!(
                outcome(&ours, &rows).await,
                expected,
                "{number}: {statement}"
            );
        }
        if number % 20 == 19 {
            for client in [&ours, &theirs] {
                client.batch_execute("COMMIT").await.unwrap();
            }
            for table in TABLES {
                let rows = format!("SELECT * FROM {table}");
                let expected = outcome(&their_onlooker, &rows).await;
                assert_eq!(outcome(&onlooker, &rows).await, expected, "{number}");
            }
        }
    }
    println!("{done} statements were done by both, {refused} refused by both");
    assert!(done > STATEMENTS / 4 && refused > STATEMENTS / 20);
}
