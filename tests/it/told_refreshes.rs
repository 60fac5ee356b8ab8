//! What a refresh tells who asked for it, in notices and warnings.

use crate::psql::psql;
use crate::server::Server;

#[test]
fn a_column_that_the_query_has_no_more_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE t (id INT PRIMARY KEY, a INT)",
            "INSERT INTO t VALUES (1, 2)",
            "CREATE MATERIALIZED VIEW m WITH (unique_key = 'id', on_schema_change = 'append_new_columns') AS SELECT * FROM t",
            "REFRESH MATERIALIZED VIEW m",
            "ALTER TABLE t DROP COLUMN a",
        ],
    );
    let refresh = ["REFRESH MATERIALIZED VIEW m"];
    assert_eq!(
        psql(&server, &refresh),
        "REFRESH MATERIALIZED VIEW\nNOTICE:  public.m: column \"a\" removed from the query, and NULL from now on\n"
    );
    assert_eq!(psql(&server, &refresh), "REFRESH MATERIALIZED VIEW\n");
}

#[test]
fn what_was_emptied_is_no_drift() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE t (id INT PRIMARY KEY)",
            "INSERT INTO t VALUES (1), (2)",
            "CREATE MATERIALIZED VIEW m WITH (unique_key = 'id') AS SELECT * FROM t",
        ],
    );
    for refresh in [
        "REFRESH MATERIALIZED VIEW m",
        "REFRESH MATERIALIZED VIEW m FULL",
    ] {
        psql(&server, &["REFRESH MATERIALIZED VIEW m WITH NO DATA"]);
        assert_eq!(psql(&server, &[refresh]), "REFRESH MATERIALIZED VIEW\n");
        let drifted = "SELECT drifted_rows FROM tributary.refreshes ORDER BY id DESC LIMIT 1";
        assert_eq!(psql(&server, &[drifted]), "drifted_rows\n\n(1 row)\n");
    }
    // Where rows are there, they are held against those of the query.
    psql(&server, &["INSERT INTO t VALUES (3)"]);
    assert_eq!(
        psql(&server, &["REFRESH MATERIALIZED VIEW m FULL"]),
        "REFRESH MATERIALIZED VIEW\nNOTICE:  public.m: 1 row differed from what the query gives\n"
    );
}

#[test]
fn rows_without_a_key_are_told_apart_from_those_that_could_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE t (id INT, seq INT)",
            "CREATE MATERIALIZED VIEW m (CONSTRAINT small EXPECT (seq < 10) ON VIOLATION DROP ROW) \
             WITH (unique_key = 'id', version_column = 'seq') AS SELECT * FROM t",
            "INSERT INTO t VALUES (1, 1), (NULL, 2), (3, 30)",
        ],
    );
    let told = |key: &str| {
        format!(
            "REFRESH MATERIALIZED VIEW\nWARNING:  public.m: 2 rows left out\n\
             DETAIL:  0 could not be read, 1 had no key, 1 did not meet an expectation.\n\
             HINT:  All of them are in tributary.rejected_rows.\n{key}"
        )
    };
    assert_eq!(psql(&server, &["REFRESH MATERIALIZED VIEW m"]), told(""));
    assert_eq!(
        psql(
            &server,
            &[
                "SELECT mode, rows_rejected, rows_dropped FROM tributary.refreshes ORDER BY id DESC LIMIT 1"
            ]
        ),
        "mode|rows_rejected|rows_dropped\nincremental|1|1\n(1 row)\n"
    );
    assert_eq!(
        psql(&server, &["REFRESH MATERIALIZED VIEW m FULL"]),
        told("NOTICE:  public.m: 0 rows differed from what the query gives\n")
    );
}

#[test]
fn rows_that_share_a_key_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE t (id INT, seq INT)",
            "INSERT INTO t VALUES (1, 1), (1, 3), (1, 2), (2, 1)",
        ],
    );
    let guessed = "WARNING:  public.g: 2 rows left out, since the query gives several of a key and nothing tells the latest\n\
         HINT:  Say with version_column which row of a key is the latest, or have the query give one row of each.\n";
    let create = "CREATE MATERIALIZED VIEW g WITH (unique_key = 'id') AS SELECT * FROM t";
    assert_eq!(psql(&server, &[create]), format!("SELECT 2\n{guessed}"));
    assert_eq!(
        psql(&server, &["REFRESH MATERIALIZED VIEW g FULL"]),
        format!(
            "REFRESH MATERIALIZED VIEW\n{guessed}NOTICE:  public.g: 0 rows differed from what the query gives\n"
        )
    );
    // Where versions or the query tell which is the latest, it is a notice.
    let left_out = |name: &str, rows: &str| {
        format!(
            "NOTICE:  public.{name}: {rows} left out that are not later than what is known of the key\n"
        )
    };
    for (name, create) in [
        (
            "o",
            "CREATE MATERIALIZED VIEW o WITH (unique_key = 'id') AS SELECT * FROM t ORDER BY seq",
        ),
        (
            "v",
            "CREATE MATERIALIZED VIEW v WITH (unique_key = 'id', version_column = 'seq') AS SELECT * FROM t",
        ),
    ] {
        assert_eq!(
            psql(&server, &[create]),
            format!("SELECT 2\n{}", left_out(name, "2 rows"))
        );
    }
    psql(&server, &["INSERT INTO t VALUES (2, 0), (1, 0)"]);
    assert_eq!(
        psql(&server, &["REFRESH MATERIALIZED VIEW v"]),
        format!("REFRESH MATERIALIZED VIEW\n{}", left_out("v", "2 rows"))
    );
    psql(&server, &["DELETE FROM t WHERE id = 2 AND seq = 1"]);
    assert_eq!(
        psql(&server, &["REFRESH MATERIALIZED VIEW v"]),
        "REFRESH MATERIALIZED VIEW\n"
    );
    psql(
        &server,
        &[
            "UPDATE t SET seq = 9 WHERE id = 1 AND seq = 0",
            "REFRESH MATERIALIZED VIEW v",
            "UPDATE t SET seq = 8 WHERE id = 1 AND seq = 9",
        ],
    );
    assert_eq!(
        psql(&server, &["REFRESH MATERIALIZED VIEW v"]),
        format!("REFRESH MATERIALIZED VIEW\n{}", left_out("v", "3 rows"))
    );
}
