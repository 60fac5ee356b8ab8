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
