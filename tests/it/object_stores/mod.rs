//! Object stores, against real servers of their protocols: what is read, where tables are kept, and
//! what is said when a store fails.

mod files;
mod proxy;
mod stores;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use futures::TryStreamExt;
use tokio_postgres::Client;
use tokio_postgres::error::DbError;

use crate::psql::psql;
use crate::server::{Server, rows};
use crate::tools::{Running, python};
use proxy::{Fault, Proxy};
use stores::{BUCKET, SECRET, Store};

/// The error of a statement, which must tell no secret.
async fn failure(client: &Client, sql: &str) -> DbError {
    let error = client.batch_execute(sql).await.err();
    let error = error.unwrap_or_else(|| panic!("{sql} succeeds"));
    let error = error.as_db_error().unwrap().clone();
    let told = format!("{error:?}");
    for secret in [SECRET, stores::ACCOUNT_KEY, "pencil"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(error.hint().is_some(), "{error:?}");
    error
}

/// Files of every format, and more of them.
async fn lake() -> Vec<(String, Bytes)> {
    use FileCompressionType as Compression;
    let gzip = files::compressed(files::csv(0..3), Compression::GZIP).await;
    let zstd = files::compressed(files::json(0..3), Compression::ZSTD).await;
    let mut lake: Vec<(String, Bytes)> = [
        ("one/people.csv", files::csv(0..3).into()),
        ("one/people.ndjson", files::json(0..3).into()),
        ("one/people.parquet", files::parquet(0..3).into()),
        ("one/people.arrow", files::arrow(0..3).into()),
        ("one/people.avro", files::avro(0..3).into()),
        ("one/people.csv.gz", gzip.into()),
        ("one/people.ndjson.zst", zstd.into()),
        ("one/empty.csv", Bytes::new()),
        ("one/with space+é.csv", files::csv(0..3).into()),
        ("many/_temporary/part-0.csv", files::csv(90..99).into()),
        ("many/readme.txt", "not data".into()),
        ("large.csv", files::csv(0..LARGE).into()),
    ]
    .map(|(name, content)| (name.to_owned(), content))
    .into();
    for (day, ids) in [("day=1", 0..2), ("day=2", 2..4), ("day=3", 4..6)] {
        lake.push((format!("many/{day}/part-0.csv"), files::csv(ids).into()));
    }
    lake
}

/// So many rows are more than two requests of a file ask for.
const LARGE: i64 = 1_200_000;

const ONE_FILE: [(&str, &str); 8] = [
    ("CSV", "one/people.csv"),
    ("JSON", "one/people.ndjson"),
    ("PARQUET", "one/people.parquet"),
    ("ARROW", "one/people.arrow"),
    ("AVRO", "one/people.avro"),
    ("CSV", "one/people.csv.gz"),
    ("JSON", "one/people.ndjson.zst"),
    ("CSV", "one/with space+é.csv"),
];

/// Reads the files of [`lake`], each by its name.
async fn read_files(client: &Client, url: &str, options: &str) {
    for (format, name) in ONE_FILE {
        client
            .batch_execute(&format!(
                "CREATE OR REPLACE EXTERNAL TABLE t STORED AS {format} LOCATION '{url}/{name}' {options}"
            ))
            .await
            .unwrap_or_else(|error| panic!("{url}/{name}: {:?}", error.as_db_error()));
        let read = rows(client, "SELECT id, name, _file FROM t ORDER BY id").await;
        let expected: Vec<_> = (0..3)
            .map(|id| format!("{id}|n{id}|{url}/{name}"))
            .collect();
        assert_eq!(read, expected, "{name}");
    }
    client
        .batch_execute(&format!(
            "CREATE OR REPLACE EXTERNAL TABLE t STORED AS CSV LOCATION '{url}/large.csv' {options}"
        ))
        .await
        .unwrap();
    let read = rows(client, "SELECT count(*), sum(id), max(_row) FROM t").await;
    let sum = LARGE * (LARGE - 1) / 2;
    assert_eq!(read, [format!("{LARGE}|{sum}|{}", LARGE + 1)]);
}

/// Reads folders and patterns, which only a store that lists its files has.
async fn read_folders(client: &Client, url: &str, options: &str) {
    for (location, expected) in [
        ("many", "6|15"),
        ("many/", "6|15"),
        ("many/day=[12]/*.csv", "4|6"),
        ("many/**/part-?.csv", "15|861"),
        ("*/day=3/part-0.csv", "2|9"),
    ] {
        client
            .batch_execute(&format!(
                "CREATE OR REPLACE EXTERNAL TABLE t STORED AS CSV LOCATION '{url}/{location}' {options}"
            ))
            .await
            .unwrap_or_else(|error| panic!("{url}/{location}: {:?}", error.as_db_error()));
        let read = rows(client, "SELECT count(*), sum(id) FROM t").await;
        assert_eq!(read, [expected], "{location}");
    }
    // What is declared may be there later, but not in a bucket that does not exist.
    let declare = |location: &str| {
        format!(
            "CREATE OR REPLACE EXTERNAL TABLE t (id BIGINT) STORED AS CSV LOCATION '{location}' {options}"
        )
    };
    client
        .batch_execute(&declare(&format!("{url}/later/*.csv")))
        .await
        .unwrap();
    assert_eq!(rows(client, "SELECT count(*) FROM t").await, ["0"]);
    for missing in ["none/*.csv", "none/", "none/a.csv"] {
        if url.starts_with("gs:") {
            // The stand-in answers 500 where Google Cloud Storage answers 404.
            continue;
        }
        let location = url.replace(BUCKET, "nobucket") + "/" + missing;
        client.batch_execute(&declare(&location)).await.unwrap();
        let error = failure(client, "SELECT count(*) FROM t").await;
        assert_eq!(error.code().code(), "58P01", "{error:?}");
        assert_eq!(
            error.message(),
            format!("public.t: the location \"{location}\" does not exist")
        );
    }
    let error = failure(
        client,
        &format!("CREATE EXTERNAL TABLE n STORED AS CSV LOCATION '{url}/none.csv' {options}"),
    )
    .await;
    assert_eq!(error.code().code(), "58P01", "{error:?}");
}

/// Reads a store by options, by the environment, and over HTTP where its files are public.
async fn read_all(store: &Store, folder: &Path, public: Option<String>) {
    for (name, content) in lake().await {
        store.put(&name, content).await;
    }
    {
        let server = Server::start(folder);
        let client = server.connect().await;
        let options = format!("OPTIONS ({})", store.options());
        read_files(&client, &store.url, &options).await;
        read_folders(&client, &store.url, &options).await;
        if let Some(url) = public {
            read_files(&client, &url, "").await;
        }
    }
    let server = Server::start_in(folder, &[], &store.environment());
    let client = server.connect().await;
    client
        .batch_execute(&format!(
            "CREATE EXTERNAL TABLE e STORED AS PARQUET LOCATION '{}/one'",
            store.url
        ))
        .await
        .unwrap();
    assert_eq!(rows(&client, "SELECT count(*) FROM e").await, ["3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_from_s3() {
    let folder = tempfile::tempdir().unwrap();
    let store = stores::s3().await;
    read_all(&store, folder.path(), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_from_google_cloud_storage() {
    let folder = tempfile::tempdir().unwrap();
    let store = stores::gcs().await;
    let public = format!("http://127.0.0.1:{}/{BUCKET}", store.port);
    read_all(&store, folder.path(), Some(public)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_from_azure_blob_storage() {
    let folder = tempfile::tempdir().unwrap();
    let store = stores::azure(folder.path()).await;
    read_all(&store, folder.path(), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_from_a_web_server_without_ranges() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in lake().await {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let mut command = python("python3");
    command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]);
    command.current_dir(folder.path());
    let web = Running::start(&mut command, "http://127.0.0.1:");
    let url = format!("http://127.0.0.1:{}", web.port);
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (format, name) in ONE_FILE {
        if format == "PARQUET" {
            continue;
        }
        client
            .batch_execute(&format!(
                "CREATE OR REPLACE EXTERNAL TABLE t STORED AS {format} LOCATION '{url}/{name}'"
            ))
            .await
            .unwrap_or_else(|error| panic!("{url}/{name}: {:?}", error.as_db_error()));
        assert_eq!(
            rows(&client, "SELECT count(*), sum(id) FROM t").await,
            ["3|3"],
            "{name}"
        );
    }
    for (name, sqlstate, message) in [
        ("none.csv", "58P01", "does not exist"),
        ("many/*.csv", "58P01", "does not exist"),
        ("", "22023", "names no file"),
    ] {
        let sql = format!("CREATE EXTERNAL TABLE n STORED AS CSV LOCATION '{url}/{name}'");
        let error = failure(&client, &sql).await;
        assert_eq!(error.code().code(), sqlstate, "{error:?}");
        assert!(error.message().contains(message), "{error:?}");
        assert!(error.hint().unwrap().contains("does not list"), "{error:?}");
    }
    let sql =
        format!("CREATE EXTERNAL TABLE n STORED AS PARQUET LOCATION '{url}/one/people.parquet'");
    let error = failure(&client, &sql).await;
    assert_eq!(error.code().code(), "0A000", "{error:?}");
    assert!(error.message().contains("people.parquet"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_lives_in_a_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let (amazon, azure) = tokio::join!(stores::s3(), stores::azure(folder.path()));
    for store in [amazon, azure] {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = format!("{}/ware/house", store.url);
        let flags = ["--warehouse", &warehouse];
        let server = Server::start_in(folder.path(), &flags, &store.environment());
        let client = server.connect().await;
        for statement in [
            "CREATE TABLE t (id BIGINT, name TEXT)",
            "INSERT INTO t VALUES (1, 'a'), (2, NULL)",
        ] {
            client.batch_execute(statement).await.unwrap();
        }
        client
            .batch_execute("CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t")
            .await
            .unwrap();
        // More commits than there are between two checkpoints of the log.
        for id in 3..53 {
            let insert = format!("INSERT INTO t VALUES ({id}, 'x')");
            client.batch_execute(&insert).await.unwrap();
        }
        client
            .batch_execute("REFRESH MATERIALIZED VIEW m")
            .await
            .unwrap();
        let expected = ["52|2"];
        let sql = "SELECT (SELECT n FROM m) AS now, (SELECT n FROM m VERSION AS OF 0) AS before";
        assert_eq!(rows(&client, sql).await, expected);
        server.kill();

        let server = Server::start_in(folder.path(), &flags, &store.environment());
        let client = server.connect().await;
        assert_eq!(rows(&client, sql).await, expected);
        assert_eq!(
            rows(&client, "SELECT count(*), sum(id) FROM t VERSION AS OF 1").await,
            ["2|3"]
        );
        client.batch_execute("DROP TABLE t CASCADE").await.unwrap();
        let files = store.files.as_ref().unwrap();
        let left: Vec<_> = files.list(None).try_collect().await.unwrap();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_of_a_version_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = stores::s3().await;
    // Someone else commits version 2 between this server's look at the log and its own commit.
    let other = r#"{"commitInfo":{"timestamp":1,"operation":"OTHER"}}"#;
    let proxy = Proxy::start(store.port, move |request| {
        match request.starts_with("PUT ") && request.contains("00000000000000000002.json") {
            true => Fault::Overtaken(other.as_bytes().to_vec()),
            false => Fault::None,
        }
    })
    .await;
    let mut environment = store.environment();
    environment[0].1 = format!("http://127.0.0.1:{}", proxy.port);
    let warehouse = format!("{}/w", store.url);
    let server = Server::start_in(folder.path(), &["--warehouse", &warehouse], &environment);
    let client = server.connect().await;
    for statement in ["CREATE TABLE t (id BIGINT)", "INSERT INTO t VALUES (1)"] {
        client.batch_execute(statement).await.unwrap();
    }
    let error = failure(&client, "INSERT INTO t VALUES (2)").await;
    assert_eq!(error.code().code(), "40001", "{error:?}");
    client
        .batch_execute("INSERT INTO t VALUES (3)")
        .await
        .unwrap();
    assert_eq!(
        rows(&client, "SELECT id FROM t ORDER BY id").await,
        ["1", "3"]
    );
    let sql = "SELECT id FROM t VERSION AS OF 2";
    assert_eq!(rows(&client, sql).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_is_told_of_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let (strict, plain, azure) = tokio::join!(
        stores::s3_with_authorization(),
        stores::s3(),
        stores::azure(folder.path())
    );
    plain.put("large.csv", files::csv(0..LARGE).into()).await;
    plain
        .put("large.parquet", files::parquet(0..LARGE).into())
        .await;
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let with = |options: &str, key: &str, value: &str| {
        options
            .split(", ")
            .map(|option| match option.starts_with(key) {
                true => format!("{key} '{value}'"),
                false => option.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(", ")
    };

    // Wrong credentials.
    let wrong_key = "AAAA".repeat(22);
    for (store, options) in [
        (&strict, strict.options()),
        (
            &azure,
            with(&azure.options(), "azure_storage_account_key", &wrong_key),
        ),
    ] {
        for location in ["a.csv", "*.csv"] {
            let sql = format!(
                "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '{}/{location}' OPTIONS ({options})",
                store.url
            );
            let error = failure(&client, &sql).await;
            assert_eq!(error.code().code(), "42501", "{error:?}");
            assert!(error.message().contains(location), "{error:?}");
            assert!(error.hint().unwrap().contains("credentials"), "{error:?}");
        }
    }

    // Nobody listens.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = closed.local_addr().unwrap().port();
    drop(closed);
    let endpoint = format!("http://127.0.0.1:{gone}");
    let nowhere = with(&plain.options(), "aws_endpoint_url", &endpoint);
    for (location, options) in [
        (format!("s3://{BUCKET}/a.csv"), nowhere.as_str()),
        (
            format!("http://user:pencil@127.0.0.1:{gone}/a.csv"),
            "timeout '5s'",
        ),
    ] {
        let sql = format!(
            "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '{location}' OPTIONS ({options})"
        );
        let error = failure(&client, &sql).await;
        assert_eq!(error.code().code(), "58030", "{error:?}");
        let connect = format!("cannot connect to 127.0.0.1:{gone}: ");
        assert!(error.message().contains(&connect), "{error:?}");
    }

    // The server dies midway; it ends a body too early; the file changes under the reader.
    for (name, sqlstate, told) in [
        ("dies", "58030", "connect"),
        ("cuts", "58030", "the connection to "),
        ("changes", "40001", "the file was changed while it was read"),
    ] {
        for format in ["csv", "parquet"] {
            let spoiled = Arc::new(AtomicUsize::new(0));
            let proxy = Proxy::start(plain.port, move |request| {
                if !request.starts_with("GET ") || !request.contains("large") {
                    return Fault::None;
                }
                // The first answer comes whole, so that the statement is under way.
                match (spoiled.fetch_add(1, Ordering::Relaxed), name) {
                    (0, _) => Fault::None,
                    (_, "dies") => Fault::Die,
                    (_, "cuts") => Fault::CutAfter(1000),
                    _ => Fault::Answer(
                        "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\
                         Connection: close\r\n\r\n"
                            .to_owned(),
                    ),
                }
            })
            .await;
            let endpoint = format!("http://127.0.0.1:{}", proxy.port);
            let options = with(&plain.options(), "aws_endpoint_url", &endpoint);
            client
                .batch_execute(&format!(
                    "CREATE OR REPLACE EXTERNAL TABLE x (id BIGINT, name TEXT) STORED AS {format} \
                     LOCATION 's3://{BUCKET}/large.{format}' OPTIONS ({options})"
                ))
                .await
                .unwrap();
            let error = failure(&client, "SELECT count(DISTINCT name) FROM x").await;
            assert_eq!(error.code().code(), sqlstate, "{name} {format}: {error:?}");
            assert!(error.message().contains(told), "{name} {format}: {error:?}");
            assert!(
                error
                    .message()
                    .contains(&format!("s3://{BUCKET}/large.{format}")),
                "{error:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = stores::s3().await;
    store.put("a.csv", files::csv(0..3).into()).await;
    let server = Server::start_in(folder.path(), &["--log", "trace"], &[]);
    let client = server.connect().await;
    let create = format!(
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{}/a.csv' OPTIONS ({})",
        store.url,
        store.options()
    );
    let creators = (server.connect().await, server.connect().await);
    creators.0.batch_execute(&create).await.unwrap();
    creators
        .1
        .batch_execute(
            "CREATE EXTERNAL TABLE w (id BIGINT) STORED AS CSV \
             LOCATION 'http://reader:pencil@127.0.0.1:1/a.csv'; \
             CREATE MATERIALIZED VIEW m AS SELECT * FROM t",
        )
        .await
        .unwrap();
    let mut shown = psql(&server, &["\\d+ t", "\\d+ w", "\\det+", "\\d+ m"]);
    for sql in [
        "SELECT * FROM tributary.sources",
        "SELECT * FROM tributary.models",
        "SELECT * FROM tributary.lineage",
        "SELECT * FROM tributary.sessions",
        "SELECT * FROM tributary.refreshes",
        "SELECT * FROM pg_catalog.pg_foreign_table",
        "SELECT * FROM pg_catalog.pg_foreign_server",
        "SELECT * FROM information_schema.tables",
        "SELECT _file FROM t",
        "EXPLAIN VERBOSE SELECT *, _file FROM t",
        "EXPLAIN ANALYZE SELECT *, _file FROM t",
    ] {
        shown += &rows(&client, sql).await.join("\n");
    }
    assert!(shown.contains("s3://lake/a.csv"), "{shown}");
    assert!(
        shown.contains("http://reader:***@127.0.0.1:1/a.csv"),
        "{shown}"
    );
    shown += &server.log();
    for secret in [SECRET, "pencil"] {
        assert!(!shown.contains(secret), "{secret} is in:\n{shown}");
    }
}
