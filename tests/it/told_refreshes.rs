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
