//! `OR REPLACE` gives a table another definition and other rows in one step, whatever stops it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::RngExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};

use crate::server::Server;

/// Rows of every version.
pub const ROWS: i64 = 1000;

/// Cancels and timeouts of one run.
const STOPS: usize = 40;

/// Kills of one run; each starts the server anew.
const KILLS: usize = 8;

/// Gives `table` the one column `c<number>`, which has that number in every row.
pub async fn replace(client: &Client, kind: &str, table: &str, number: usize) -> Result<(), Error> {
    client
        .batch_execute(&format!(
            "CREATE OR REPLACE {kind} {table} AS SELECT {number}::BIGINT AS c{number} FROM generate_series(1, {ROWS}) s"
        ))
        .await
}

/// The number of the one column of `schema.name`, which must be that of all its rows.
pub async fn whole(client: &Client, schema: &str, name: &str) -> usize {
    let columns = "SELECT attname::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1 AND relname = $2 AND attnum > 0";
    let columns = client.query(columns, &[&schema, &name]).await.unwrap();
    assert_eq!(columns.len(), 1, "{schema}.{name}");
    let column: String = columns[0].get(0);
    let number: i64 = column[1..].parse().unwrap();
    let rows = format!("SELECT count(*), min({column}), max({column}) FROM {schema}.{name}");
    let rows = client.query_one(&rows, &[]).await.unwrap_or_else(|error| {
        panic!("{schema}.{name} is defined with {column}, and its rows are others: {error:?}")
    });
    let found: [i64; 3] = [rows.get(0), rows.get(1), rows.get(2)];
    assert_eq!(found, [ROWS, number, number], "{schema}.{name}");
    usize::try_from(number).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_or_a_timeout_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let reader = server.connect().await;
    for (kind, name) in [("TABLE", "t"), ("MATERIALIZED VIEW", "m")] {
        replace(&reader, kind, name, 0).await.unwrap();
        let mut last = 0;
        for number in 1..=STOPS {
            // A cancel request that comes late would stop the next statement of its connection.
            let client = server.connect().await;
            // When it is stopped is what is random here; nothing waits for it to pass.
            let moment = Duration::from_micros(rand::rng().random_range(1..60_000));
            let token = client.cancel_token();
            let replaced = if number % 2 == 0 {
                let (replaced, ()) = tokio::join!(replace(&client, kind, name, number), async {
                    tokio::time::sleep(moment).await;
                    token.cancel_query(NoTls).await.unwrap();
                });
                replaced
            } else {
                let timeout = moment.as_millis().max(1);
                let set = format!("SET statement_timeout = {timeout}");
                client.batch_execute(&set).await.unwrap();
                replace(&client, kind, name, number).await
            };
            if let Err(error) = &replaced {
                assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{error:?}");
            }
            // A commit that had begun was waited for, and is what the client was told.
            let found = whole(&reader, "public", name).await;
            assert_eq!(
                found,
                if replaced.is_ok() { number } else { last },
                "{kind} {found} after {number}, which ended with {replaced:?}"
            );
            last = found;
        }
    }
}

/// The folder of the table's log.
fn log(folder: &Path) -> PathBuf {
    let schema = folder.join("data/tables/public");
    let table = std::fs::read_dir(schema).unwrap().find_map(|table| {
        let path = table.unwrap().path();
        let name = path.file_name()?.to_str()?;
        name.starts_with("t-").then_some(path)
    });
    table.unwrap().join("_delta_log")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_when_the_rows_are_committed_leaves_their_definition_too() {
    for kind in ["TABLE", "MATERIALIZED VIEW"] {
        let folder = tempfile::tempdir().unwrap();
        let mut version = 0;
        for number in 0..KILLS {
            let server = Server::start(folder.path());
            let client = server.connect().await;
            if number == 0 {
                replace(&client, kind, "t", 0).await.unwrap();
                continue;
            }
            version += 1;
            let entry = log(folder.path()).join(format!("{version:020}.json"));
            let replacing = tokio::spawn(async move { replace(&client, kind, "t", number).await });
            // The entry is what makes the rows visible: kill at the moment that it is there.
            tokio::task::block_in_place(|| {
                while !entry.exists() {
                    std::hint::spin_loop();
                }
                server.kill();
            });
            // Whether the answer came before the kill or not.
            let _ = replacing.await.unwrap();
            let server = Server::start(folder.path());
            let client = server.connect().await;
            assert_eq!(whole(&client, "public", "t").await, number, "{kind}");
        }
    }
}

/// The columns that a view made by hand as `SELECT *` is recorded with, in the order of their names.
async fn columns(client: &Client, view: &str) -> Vec<String> {
    let columns = "SELECT column_name FROM information_schema.columns WHERE table_name = $1";
    let columns = client.query(columns, &[&view]).await.unwrap();
    let mut columns: Vec<String> = columns.iter().map(|row| row.get(0)).collect();
    columns.sort();
    columns
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_on_two_tables_that_are_replaced_at_the_same_time_has_the_columns_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    replace(&client, "TABLE", "t", 0).await.unwrap();
    client
        .batch_execute("CREATE TABLE u AS SELECT 0::BIGINT AS d0")
        .await
        .unwrap();
    client
        .batch_execute("CREATE VIEW both AS SELECT * FROM t CROSS JOIN u")
        .await
        .unwrap();
    let other = server.connect().await;
    for number in 1..=STOPS {
        let statement =
            format!("CREATE OR REPLACE TABLE u AS SELECT {number}::BIGINT AS d{number}");
        let (left, right) = tokio::join!(
            replace(&client, "TABLE", "t", number),
            other.batch_execute(&statement)
        );
        left.unwrap();
        right.unwrap();
        let expected = [format!("c{number}"), format!("d{number}")];
        assert_eq!(columns(&client, "both").await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_is_created_while_its_table_is_replaced_has_the_columns_of_then() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let other = server.connect().await;
    replace(&client, "TABLE", "t", 0).await.unwrap();
    for number in 1..=STOPS {
        let statement = format!("CREATE VIEW v{number} AS SELECT * FROM t");
        let (replaced, created) = tokio::join!(
            replace(&client, "TABLE", "t", number),
            other.batch_execute(&statement)
        );
        replaced.unwrap();
        match created {
            Ok(()) => {
                let view = format!("v{number}");
                assert_eq!(columns(&client, &view).await, [format!("c{number}")]);
            }
            Err(error) => assert_eq!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE)),
        }
    }
}
