//! Other engines read the tables of the warehouse: the same rows, types and versions.

use std::path::{Path, PathBuf};

use tokio_postgres::Client;

use crate::server::{Server, rows};
use crate::tools::python;

/// The engines: DuckDB (delta-kernel), delta-rs with DataFusion, PyArrow, Polars.
const ENGINES: [&str; 4] = ["duckdb", "deltalake", "pyarrow", "polars"];

/// Of these, the ones that read a table whose columns are mapped.
const MAPPING: [&str; 2] = ["duckdb", "deltalake"];

/// Of these, the ones that read a table some files of which have lost rows.
const VECTORS: [&str; 3] = ["duckdb", "deltalake", "polars"];

/// The folder of a table.
fn folder_of(data: &Path, name: &str) -> PathBuf {
    let pattern = format!("{}/tables/public/{name}-*", data.display());
    let mut found: Vec<_> = glob::glob(&pattern).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// The types and the rows that an engine finds.
fn read(engine: &str, folder: &Path, version: &str) -> (String, Vec<String>) {
    let output = python("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/engines/read.py"))
        .args([engine.as_ref(), folder.as_os_str(), version.as_ref()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{engine}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect())
}

async fn agree(client: &Client, data: &Path, name: &str, engines: &[&str], types: &[&str]) {
    let expected = rows(client, &format!("SELECT * FROM {name} ORDER BY 1")).await;
    let folder = folder_of(data, name);
    for engine in engines {
        let (found_types, found) = read(engine, &folder, "latest");
        assert_eq!(found, expected, "{engine}: {name}");
        // Names of list elements and of text layouts are an engine's own business.
        for wanted in types {
            assert!(
                found_types.contains(wanted),
                "{engine}: {wanted} is not in: {found_types}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_every_type() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE flat AS SELECT * FROM (VALUES
                 (1, true, arrow_cast(-128, 'Int8'), CAST(32767 AS SMALLINT), CAST(-1 AS INT),
                  9223372036854775807, CAST(1.5 AS REAL), CAST(-0.25 AS DOUBLE PRECISION),
                  CAST(99999999.99 AS NUMERIC(10, 2)),
                  CAST('1234567890123456789012345678.0123456789' AS NUMERIC(38, 10)),
                  'ä''\"x', decode('00ff', 'hex'), DATE '2024-02-29',
                  TIMESTAMP '2024-02-29 10:11:12.123456', TIMESTAMPTZ '2024-02-29 10:11:12.5+02'),
                 (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                  NULL),
                 (3, false, arrow_cast(0, 'Int8'), CAST(0 AS SMALLINT), CAST(0 AS INT),
                  -9223372036854775808, CAST('NaN' AS REAL), CAST('Infinity' AS DOUBLE PRECISION),
                  CAST(0 AS NUMERIC(10, 2)), CAST('0' AS NUMERIC(38, 10)),
                  '', decode('', 'hex'), DATE '1600-01-01', TIMESTAMP '1600-01-01 00:00:00',
                  TIMESTAMPTZ '2262-01-01 00:00:00Z')
             ) v(id, yes, tiny, small, medium, large, single, double, price, exact, name, bytes,
                 day, at, instant);
             CREATE TABLE nested AS
                 SELECT 1 AS id, [1, NULL, 3] AS list, named_struct('a', 1, 'b', 'x y') AS record,
                        [named_struct('c', [1, 2]), NULL] AS records, map(['k', 'l'], [1, 2]) AS map
                 UNION ALL SELECT 2, NULL, NULL, NULL, NULL;
             CREATE TABLE nothing (id BIGINT, name TEXT)",
        )
        .await
        .unwrap();
    let types = [
        "id int32",
        "yes bool",
        "tiny int8",
        "small int16",
        "medium int32",
        "large int64",
        "single float",
        "double double",
        "price decimal128(10, 2)",
        "exact decimal128(38, 10)",
        "day date32[day]",
        "at timestamp[us]",
        "instant timestamp[us, tz=",
    ];
    agree(&client, &data, "flat", &ENGINES, &types).await;
    let types = ["list<", "record struct<a: int32, b: ", "map<"];
    agree(&client, &data, "nested", &ENGINES, &types).await;
    agree(&client, &data, "nothing", &ENGINES, &["id int64"]).await;
    // What Delta has no type for lies there as the nearest one that loses nothing.
    client
        .batch_execute(
            "CREATE TABLE other AS SELECT CAST('10:11:12' AS TIME) AS t, INTERVAL '1 day' AS i,
                 arrow_cast(18446744073709551615, 'UInt64') AS u",
        )
        .await
        .unwrap();
    for engine in ENGINES {
        let (_, found) = read(engine, &folder_of(&data, "other"), "latest");
        assert_eq!(
            found,
            ["36672000000000|1 days|18446744073709551615"],
            "{engine}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_every_version() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(folder.path(), &["--background-compaction", "off"]);
    let client = server.connect().await;
    client
        .batch_execute("CREATE TABLE t (id BIGINT, name TEXT)")
        .await
        .unwrap();
    // As many commits as bring a checkpoint of the log.
    for id in 1..53 {
        let insert = format!("INSERT INTO t VALUES ({id}, 'n{id}')");
        client.batch_execute(&insert).await.unwrap();
    }
    agree(&client, &data, "t", &ENGINES, &[]).await;
    for version in ["0", "3", "11"] {
        let sql = format!("SELECT * FROM t VERSION AS OF {version} ORDER BY id");
        let expected = rows(&client, &sql).await;
        assert_eq!(expected.len(), version.parse::<usize>().unwrap());
        for engine in ENGINES {
            let (_, found) = read(engine, &folder_of(&data, "t"), version);
            assert_eq!(found, expected, "{engine} at version {version}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_columns_that_were_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute("CREATE MATERIALIZED VIEW m AS SELECT 1 AS id, 'x' AS b, 2 AS gone")
        .await
        .unwrap();
    client
        .batch_execute(
            "CREATE OR REPLACE MATERIALIZED VIEW m AS
                 SELECT 1 AS id, 'y' AS \"b, renamed\", named_struct('a', 1) AS \"größe;=\"",
        )
        .await
        .unwrap();
    agree(
        &client,
        &data,
        "m",
        &MAPPING,
        &["b, renamed ", "größe;= struct<a: int32>"],
    )
    .await;
    let expected = rows(&client, "SELECT * FROM m VERSION AS OF 0").await;
    assert_eq!(expected, ["1|x|2"]);
    for engine in MAPPING {
        let (types, found) = read(engine, &folder_of(&data, "m"), "0");
        assert_eq!(found, expected, "{engine}: {types}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_rows_that_were_changed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for statement in [
        "CREATE TABLE t AS SELECT v AS id, md5(CAST(v AS TEXT)) AS name
             FROM generate_series(1, 5000) s(v)",
        "UPDATE t SET name = 'changed' WHERE id % 100 = 7",
        "DELETE FROM t WHERE id BETWEEN 2000 AND 2100",
        "INSERT INTO t VALUES (6000, 'new')",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    let folder = folder_of(&data, "t");
    let vectors = glob::glob(&format!("{}/deletion_vector_*", folder.display()));
    assert_eq!(vectors.unwrap().count(), 2);
    agree(&client, &data, "t", &VECTORS, &[]).await;
    for version in ["0", "1", "2"] {
        let sql = format!("SELECT * FROM t VERSION AS OF {version} ORDER BY id");
        let expected = rows(&client, &sql).await;
        for engine in VECTORS {
            let (_, found) = read(engine, &folder, version);
            assert_eq!(found, expected, "{engine} at version {version}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_versions_that_were_restored_with_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for statement in [
        "CREATE TABLE t (id BIGINT, name TEXT)",
        "INSERT INTO t SELECT v, md5(CAST(v AS TEXT)) FROM generate_series(1, 5000) s(v)",
        "DELETE FROM t WHERE id BETWEEN 2000 AND 2100",
        "ALTER TABLE t ADD COLUMN more INT DEFAULT 7",
        "ALTER TABLE t DROP COLUMN name",
        "RESTORE t TO VERSION AS OF 2",
        "INSERT INTO t VALUES (6000, 'new')",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    agree(&client, &data, "t", &VECTORS, &["name "]).await;
    client
        .batch_execute("RESTORE t TO VERSION AS OF 4")
        .await
        .unwrap();
    agree(&client, &data, "t", &VECTORS, &["more int32"]).await;
    let expected = rows(&client, "SELECT * FROM t VERSION AS OF 6 ORDER BY id").await;
    for engine in VECTORS {
        let (_, found) = read(engine, &folder_of(&data, "t"), "6");
        assert_eq!(found, expected, "{engine}");
    }
    // Whose files have other names for its columns from then on.
    for statement in [
        "ALTER TABLE t ADD COLUMN \"with space\" INT",
        "INSERT INTO t VALUES (6001, 1, 2)",
        "RESTORE t TO VERSION AS OF 6",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    agree(&client, &data, "t", &MAPPING, &["name "]).await;
}

/// Of few rows of a large file that go, the log tells this server alone for a while.
#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_large_tables_as_they_were_a_while_ago() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = ["--background-compaction", "off", "--fold-lag", "1h"];
    let server = Server::start_with(folder.path(), &settings);
    let client = server.connect().await;
    for statement in [
        "CREATE TABLE t AS SELECT v AS id FROM generate_series(1, 600000) s(v)",
        "DELETE FROM t WHERE id > 20000 AND id % 2 = 1",
        "UPDATE t SET id = -id WHERE id IN (2, 4)",
        "DELETE FROM t WHERE id = 6",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    let table = folder_of(&data, "t");
    let engines = ["duckdb", "deltalake"];
    let query = "SELECT * FROM t VERSION AS OF 1 ORDER BY id";
    let before = rows(&client, query).await;
    for engine in engines {
        assert_eq!(read(engine, &table, "latest").1, before, "{engine}");
    }
    let changed = "SELECT id FROM t WHERE id < 9 ORDER BY id";
    assert_eq!(
        rows(&client, changed).await,
        ["-4", "-2", "1", "3", "5", "7", "8"]
    );
    // A block that reads one version of all can write too: nobody has changed a row since.
    let block = "BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE t SET id = -8 WHERE id = 8; COMMIT";
    client.batch_execute(block).await.unwrap();
    agree(&client, &data, "t", &engines, &[]).await;
    let delete = "DELETE FROM t WHERE id = 10";
    client.batch_execute(delete).await.unwrap();
    client.batch_execute("OPTIMIZE t").await.unwrap();
    agree(&client, &data, "t", &engines, &[]).await;
}

/// The versions of single values lie in files alone: no engine shows them, and none stumbles over them.
#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_rows_that_were_merged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for statement in [
        "CREATE TABLE t (id BIGINT, email TEXT, phone TEXT, seq INT)
             WITH (unique_key = 'id', version_column = 'seq', merge = 'column')",
        "INSERT INTO t SELECT v, 'a' || v, NULL, 2 FROM generate_series(1, 100) s(v)",
        "INSERT INTO t SELECT v, 'late', 'b' || v, 1 FROM generate_series(1, 50) s(v)",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    let both = "SELECT count(*) FROM t WHERE email <> 'late' AND (phone = 'b' || id OR id > 50)";
    assert_eq!(rows(&client, both).await, ["100"]);
    agree(&client, &data, "t", &VECTORS, &[]).await;
    let folder = folder_of(&data, "t");
    for engine in VECTORS {
        let (types, _) = read(engine, &folder, "latest");
        assert!(!types.contains("tributary"), "{engine}: {types}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_keyed_tables() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE k (id BIGINT, at BIGINT, gone BOOLEAN, name TEXT)
             WITH (unique_key = 'id', version_column = 'at', deleted_column = 'gone');
             INSERT INTO k SELECT v, 10, false, md5(v::TEXT) FROM generate_series(1, 5000) s(v)",
        )
        .await
        .unwrap();
    for statement in [
        // Later rows, older ones and new ones; then deletions, and a row that comes too late.
        "INSERT INTO k SELECT v * 7, 5 + v % 10, false, 'changed' FROM generate_series(1, 1000) s(v)",
        "INSERT INTO k SELECT v, 20, true, 'gone' FROM generate_series(100, 160) s(v)",
        "INSERT INTO k VALUES (110, 15, false, 'late'), (6999, 1, false, 'new')",
        "OPTIMIZE k",
        "INSERT INTO k SELECT v, 30, false, 'again' FROM generate_series(150, 155) s(v)",
        "OPTIMIZE k ZORDER BY (name, at)",
        "VACUUM k RETAIN 0 HOURS",
    ] {
        client.batch_execute(statement).await.unwrap();
        agree(&client, &data, "k", &VECTORS, &["id int64"]).await;
    }
}

/// The files that a query reads, by their folders.
async fn read_by(client: &Client, condition: &str) -> Vec<String> {
    let plan = rows(
        client,
        &format!("EXPLAIN SELECT id FROM visit WHERE {condition}"),
    )
    .await;
    let plan = plan.join("\n");
    let mut folders: Vec<String> = plan
        .split(".parquet")
        .filter_map(|text| {
            Some(
                text.rsplit_once("/part-")?
                    .0
                    .rsplit_once("/visit-")?
                    .1
                    .to_owned(),
            )
        })
        .filter_map(|text| Some(text.split_once('/')?.1.to_owned()))
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_read_partitions() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(folder.path(), &["--background-compaction", "off"]);
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE visit (id INT, country TEXT, day DATE, pages INT)
                 WITH (partition_by = 'country, day');
             INSERT INTO visit VALUES
                 (1, 'DE', '2026-01-01', 3), (2, 'DE', '2026-01-02', 4), (3, 'FR', '2026-01-01', 5),
                 (4, NULL, '2026-01-01', 6), (5, 'a/b =100% ä', NULL, 7);
             INSERT INTO visit VALUES (6, 'DE', '2026-01-01', 8), (7, 'FR', '2026-01-01', 9);
             UPDATE visit SET country = 'IT' WHERE id = 3;
             CREATE TABLE typed (id INT, at TIMESTAMP, seen TIMESTAMPTZ, n NUMERIC(6, 2), ok BOOLEAN, k BIGINT)
                 WITH (partition_by = 'at, seen, n, ok, k');
             INSERT INTO typed VALUES
                 (1, '2026-01-01 10:11:12.5', '2026-01-01 10:11:12+02', 1.50, true, -7),
                 (2, NULL, NULL, NULL, NULL, NULL)",
        )
        .await
        .unwrap();
    agree(&client, &data, "visit", &ENGINES, &[]).await;
    agree(&client, &data, "typed", &ENGINES, &[]).await;
    assert_eq!(
        read_by(&client, "country = 'DE' AND day < '2026-01-02'").await,
        ["country=DE/day=2026-01-01"]
    );
    assert_eq!(
        read_by(&client, "country IN ('IT', 'FR')").await,
        ["country=FR/day=2026-01-01", "country=IT/day=2026-01-01"]
    );
    assert_eq!(
        read_by(&client, "country IS NULL").await,
        ["country=__HIVE_DEFAULT_PARTITION__/day=2026-01-01"]
    );
    client.batch_execute("OPTIMIZE visit").await.unwrap();
    agree(&client, &data, "visit", &ENGINES, &[]).await;
    let found = rows(&client, "DESCRIBE HISTORY visit").await;
    assert!(found[0].contains("OPTIMIZE"), "{found:?}");
    let listed = glob::glob(&format!(
        "{}/country=DE/day=2026-01-01/part-*",
        folder_of(&data, "visit").display()
    ));
    assert_eq!(listed.unwrap().count(), 3);
    client
        .batch_execute("DELETE FROM visit WHERE id = 6")
        .await
        .unwrap();
    agree(&client, &data, "visit", &VECTORS, &[]).await;
}
