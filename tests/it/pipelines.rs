//! Statements of the extended protocol that are sent up to one Sync: one transaction, as in
//! PostgreSQL.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::postgres::Postgres;
use crate::server::{Server, rows};

/// A client that says when it sends a Sync.
struct Client(TcpStream);

fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), &body].concat()
}

/// Parse, Bind and Execute of a statement.
fn executed(sql: &str) -> Vec<u8> {
    first_of("", sql, 0)
}

/// The first rows of a statement in a portal.
fn first_of(portal: &str, sql: &str, rows: u32) -> Vec<u8> {
    [
        message(b'P', &[b"\0", sql.as_bytes(), b"\0\0\0"]),
        message(b'B', &[portal.as_bytes(), b"\0\0", &[0; 6]]),
        next_of(portal, rows),
    ]
    .concat()
}

/// The next rows of a portal; 0 for all that are left.
fn next_of(portal: &str, rows: u32) -> Vec<u8> {
    message(b'E', &[portal.as_bytes(), b"\0", &rows.to_be_bytes()])
}

impl Client {
    fn connect(port: u16, name: &str) -> Self {
        let mut client = Self(TcpStream::connect(("127.0.0.1", port)).unwrap());
        let startup = format!("user\0{name}\0database\0{name}\0\0");
        let startup = message(0, &[&196_608_u32.to_be_bytes(), startup.as_bytes()]);
        client.0.write_all(&startup[1..]).unwrap();
        client.until(b'Z');
        client
    }

    /// What the server says up to a message of this type: tags, rows, SQLSTATEs and states.
    fn until(&mut self, last: u8) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; length as usize - 4];
            self.0.read_exact(&mut body).unwrap();
            let text = String::from_utf8_lossy(&body);
            match head[0] {
                b'C' => told.push(text.trim_end_matches('\0').to_owned()),
                b'E' => told.extend(
                    text.split('\0')
                        .find_map(|field| field.strip_prefix('C'))
                        .map(|sqlstate| format!("error {sqlstate}")),
                ),
                b'D' => told.push(format!("row {}", &text[6..])),
                b'Z' => told.push(format!("ready {text}")),
                _ => {}
            }
            if head[0] == last {
                return told;
            }
        }
    }

    /// What a pipeline of these statements is answered with.
    fn pipeline(&mut self, statements: &[&str]) -> Vec<String> {
        let sent: Vec<u8> = statements.iter().flat_map(|sql| executed(sql)).collect();
        self.synced(&sent)
    }

    /// What messages are answered with, and the Sync after them.
    fn synced(&mut self, messages: &[u8]) -> Vec<String> {
        let sent = [messages, message(b'S', &[]).as_slice()].concat();
        self.0.write_all(&sent).unwrap();
        self.until(b'Z')
    }
}

const COUNT: &str = "SELECT count(*)::text FROM t";

#[test]
fn a_pipeline_is_one_transaction_as_in_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = Postgres::start(&[]);
    let mut ours = Client::connect(server.port, "tributary");
    let mut theirs = Client::connect(postgres.port, "postgres");
    let pipelines: &[&[&str]] = &[
        &["CREATE TABLE t (id INT PRIMARY KEY)"],
        &["INSERT INTO t VALUES (1)", "SELECT 1 / 0"],
        &[COUNT],
        &["SELECT 1 / 0", "INSERT INTO t VALUES (1)"],
        &[COUNT],
        &[
            "INSERT INTO t VALUES (1)",
            COUNT,
            "INSERT INTO t VALUES (2)",
        ],
        &[
            "INSERT INTO t VALUES (3)",
            "INSERT INTO t VALUES (4)",
            "INSERT INTO t VALUES (1)",
        ],
        &[COUNT],
        &[
            "CREATE TABLE u (id INT)",
            "INSERT INTO u VALUES (1)",
            "SELECT 1 / 0",
        ],
        &["SELECT id FROM u"],
        &[
            "CREATE TABLE u (id INT)",
            "INSERT INTO u VALUES (1)",
            "SELECT id::text FROM u",
        ],
        &["INSERT INTO t VALUES (5)", "ROLLBACK"],
        &["INSERT INTO t VALUES (6)", "COMMIT", "SELECT 1 / 0"],
        &[COUNT],
        &["INSERT INTO t VALUES (7)", "VACUUM t"],
        &[COUNT],
        &[
            "INSERT INTO t VALUES (8)",
            "BEGIN",
            "INSERT INTO t VALUES (9)",
        ],
        &[COUNT, "ROLLBACK"],
        &["BEGIN", "INSERT INTO t VALUES (10)", "COMMIT"],
        &["BEGIN", "INSERT INTO t VALUES (11)", "SELECT 1 / 0"],
        &["SELECT 1"],
        &["ROLLBACK"],
        &[COUNT],
        &[
            "SET LOCAL application_name = 'local'",
            "SHOW application_name",
        ],
        &["SHOW application_name"],
        &["PREPARE p AS SELECT 7::text", "EXECUTE p"],
        // Its statements have one now().
        &[
            "CREATE TABLE m (at TIMESTAMPTZ)",
            "INSERT INTO m SELECT now()",
            "INSERT INTO m VALUES (current_timestamp), ('now')",
            "SELECT count(DISTINCT at)::text FROM m",
        ],
        &["INSERT INTO m SELECT now()"],
        &["SELECT count(DISTINCT at)::text FROM m"],
        &[],
    ];
    for pipeline in pipelines {
        assert_eq!(
            ours.pipeline(pipeline),
            theirs.pipeline(pipeline),
            "{pipeline:?}"
        );
    }
}

#[test]
fn what_a_suspended_portal_reads_is_in_use_as_in_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = Postgres::start(&[]);
    let mut ours = Client::connect(server.port, "tributary");
    let mut theirs = Client::connect(postgres.port, "postgres");
    let rows = "SELECT id::text FROM t ORDER BY id";
    let pipelines = [
        executed("CREATE TABLE t (id INT)"),
        executed("INSERT INTO t VALUES (1), (2), (3)"),
        executed("BEGIN"),
        first_of("c", rows, 1),
        executed("SAVEPOINT s"),
        executed("DROP TABLE t"),
        executed("ROLLBACK TO s"),
        executed("TRUNCATE t"),
        executed("ROLLBACK TO s"),
        next_of("c", 1),
        // One that has given all of its rows is open, too.
        next_of("c", 0),
        executed("DROP TABLE t"),
        executed("ROLLBACK TO s"),
        message(b'C', &[b"Pc\0"]),
        executed("DROP TABLE t"),
        executed("ROLLBACK"),
        // A savepoint closes those that were opened after it.
        executed("BEGIN"),
        executed("SAVEPOINT s"),
        first_of("c", rows, 1),
        executed("ROLLBACK TO s"),
        executed("DROP TABLE t"),
        executed("ROLLBACK"),
        // Outside of a block they are open to the Sync.
        [first_of("c", rows, 1), executed("DROP TABLE t")].concat(),
        // The unnamed one is closed by the next.
        executed("BEGIN"),
        first_of("", rows, 1),
        executed("DROP TABLE t"),
        executed("ROLLBACK"),
        // And the end of the transaction closes all.
        executed("BEGIN"),
        first_of("c", rows, 1),
        [executed("COMMIT"), executed("DROP TABLE t")].concat(),
    ];
    for (place, pipeline) in pipelines.iter().enumerate() {
        let expected = theirs.synced(pipeline);
        assert_eq!(ours.synced(pipeline), expected, "pipeline {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_whose_sync_comes_late_commits_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let reader = server.connect().await;
    reader
        .batch_execute("CREATE TABLE t (id INT)")
        .await
        .unwrap();
    let mut writer = Client::connect(server.port, "tributary");
    for (count, sync) in [("0", "ready I"), ("1", "ready I")] {
        let sent = [executed("INSERT INTO t VALUES (1)"), message(b'H', &[])].concat();
        writer.0.write_all(&sent).unwrap();
        assert_eq!(writer.until(b'C'), ["INSERT 0 1"]);
        assert_eq!(rows(&reader, COUNT).await, [count]);
        writer.0.write_all(&message(b'S', &[])).unwrap();
        assert_eq!(writer.until(b'Z'), [sync]);
    }
    // Who goes away before it has done nothing.
    let sent = [executed("INSERT INTO t VALUES (1)"), message(b'H', &[])].concat();
    writer.0.write_all(&sent).unwrap();
    assert_eq!(writer.until(b'C'), ["INSERT 0 1"]);
    drop(writer);
    assert_eq!(rows(&reader, COUNT).await, ["2"]);
}
