//! External tables from their definition to the rows of a query.

mod formats;
mod harness;
mod locations;
mod rejections;

use self::harness::Project;

#[tokio::test]
async fn a_csv_file_is_a_table_with_inferred_columns() {
    let project = Project::new();
    project.write(
        "data/orders.csv",
        "id,zip,total,at\n1,01234,9.5,2024-01-02 03:04\n2,,,\n",
    );
    let columns = project
        .create("CREATE EXTERNAL TABLE orders STORED AS CSV LOCATION 'data/orders.csv'")
        .await
        .unwrap();
    assert_eq!(
        columns,
        "id bigint, zip text, total double precision, at timestamp"
    );
    let rows = project.rows("SELECT * FROM orders").await.unwrap();
    assert_eq!(rows, ["1|01234|9.5|2024-01-02T03:04:00", "2|||"]);
}

#[tokio::test]
async fn declared_columns_are_matched_by_name() {
    let project = Project::new();
    project.write("a.csv", "Total,ID\n1.50,7\n");
    project.write("b.csv", "id,total\n8,2.25\n");
    let columns = project
        .create(
            "CREATE EXTERNAL TABLE t (id INTEGER NOT NULL, total NUMERIC(8,2), late TIMESTAMPTZ) \
             STORED AS CSV LOCATION '*.csv'",
        )
        .await
        .unwrap();
    assert_eq!(
        columns,
        "id integer, total numeric(8,2), late timestamp with time zone"
    );
    let error = project.rows("SELECT id FROM t").await.unwrap_err();
    assert_eq!(error.sqlstate().0, "42703");
    assert!(error.message().starts_with("public.t: "), "{error}");
    assert!(
        error
            .message()
            .ends_with(".csv: the file has no column \"late\""),
        "{error}"
    );

    project
        .create(
            "CREATE EXTERNAL TABLE u (id INTEGER NOT NULL, total NUMERIC(8,2)) \
             STORED AS CSV LOCATION '*.csv'",
        )
        .await
        .unwrap();
    let rows = project
        .rows("SELECT total, id, _file, _row FROM u ORDER BY id")
        .await
        .unwrap();
    assert_eq!(rows, ["1.50|7|a.csv|2", "2.25|8|b.csv|2"]);
}

#[tokio::test]
async fn mistakes_in_definitions_are_told() {
    let project = Project::new();
    project.write("a.csv", "id\n1\n");
    for (sql, sqlstate, message, hint) in [
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'a.csv' OPTIONS (delimitr ';')",
            "22023",
            "unrecognized option \"delimitr\" of an external table stored as CSV",
            "Perhaps you meant the option \"delimiter\".",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'a.csv' OPTIONS (header 'true')",
            "22023",
            "unrecognized option \"header\" of an external table stored as PARQUET",
            "The options are on_extra_columns, on_missing_columns, on_error.",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'a.csv' OPTIONS (header 'maybe')",
            "22023",
            "invalid value for option \"header\": \"maybe\"",
            "The value is true or false.",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'a.csv' OPTIONS (on_error 'quarantin')",
            "22023",
            "invalid value for option \"on_error\": \"quarantin\"",
            "Perhaps you meant \"quarantine\".",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'a.csv' OPTIONS (delimiter '\"')",
            "22023",
            "delimiter and quote cannot be the same character",
            "",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CVS LOCATION 'a.csv'",
            "22023",
            "unrecognized format \"CVS\"",
            "Perhaps you meant CSV.",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS ORC LOCATION 'a.csv'",
            "22023",
            "unrecognized format \"ORC\"",
            "The formats are CSV, JSON, NDJSON, JSONL, PARQUET, ARROW, AVRO.",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'b.csv'",
            "58P01",
            "the location \"b.csv\" does not exist",
            "Check the path and its permissions.",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'b-*.csv'",
            "58P01",
            "the location \"b-*.csv\" matches no file",
            "Declare the columns to create the table before its files are there.",
        ),
        (
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'ftp://host/b.csv'",
            "22023",
            "invalid location \"ftp://host/b.csv\": unknown scheme",
            "A location is a path or begins with file://, s3://, gs://, az://, http:// or https://.",
        ),
        (
            "CREATE EXTERNAL TABLE t (a integer[]) STORED AS CSV LOCATION 'a.csv'",
            "0A000",
            "column \"a\" of type integer[] cannot be read from CSV",
            "Declare it as text and cast it in a view.",
        ),
        (
            "CREATE EXTERNAL TABLE t (a int) STORED AS CSV LOCATION 's3://b/a.csv' \
             OPTIONS (aws_regoin 'eu-west-1')",
            "22023",
            "unrecognized option \"aws_regoin\" of an external table stored as CSV",
            "Perhaps you meant the option \"aws_region\".",
        ),
        (
            "CREATE EXTERNAL TABLE t (a int) STORED AS CSV LOCATION 's3:///a.csv'",
            "22023",
            "invalid location \"s3:///a.csv\": the bucket or host is missing",
            "",
        ),
        (
            "CREATE EXTERNAL TABLE t (a int) STORED AS CSV LOCATION 'gs://b/a.csv' \
             OPTIONS (google_service_account_key 'not json')",
            "22023",
            "cannot open the store of \"gs://b/a.csv\": ",
            "",
        ),
    ] {
        let error = project.create(sql).await.unwrap_err();
        assert_eq!(error.sqlstate().0, sqlstate, "{sql}");
        if message.ends_with(": ") {
            // What comes after is the store's own.
            assert!(error.message().starts_with(message), "{error}");
            assert!(error.hint().is_some());
            continue;
        }
        assert_eq!(error.message(), message, "{sql}");
        assert_eq!(error.hint().unwrap_or_default(), hint, "{sql}");
    }
}

#[tokio::test]
async fn remote_tables_with_declared_columns_need_no_connection() {
    let project = Project::new();
    for (location, options) in [
        (
            "s3://bucket/orders-*.csv",
            "aws_access_key_id 'k', aws_secret_access_key 's', aws_region 'eu-west-1', \
             aws_endpoint 'http://127.0.0.1:1', aws_allow_http 'true'",
        ),
        ("s3://bucket/folder/", "aws_skip_signature 'true'"),
        ("gs://bucket/a.csv", "google_skip_signature 'true'"),
        (
            "az://container/a.csv",
            "azure_storage_account_name 'a', azure_storage_account_key 'a2V5'",
        ),
        ("https://example.com/a.csv", "timeout '5 seconds'"),
    ] {
        let sql = format!(
            "CREATE EXTERNAL TABLE t (id int) STORED AS CSV LOCATION '{location}' OPTIONS ({options})"
        );
        assert_eq!(
            project.create(&sql).await.unwrap(),
            "id integer",
            "{location}"
        );
    }
}

#[tokio::test]
async fn hidden_columns_show_only_where_they_are_named() {
    let project = Project::new();
    project.write("a.csv", "id\n1\n2\n");
    project.write("b.csv", "id,x\n1,5\n");
    for name in ["a", "b"] {
        let sql = format!("CREATE EXTERNAL TABLE {name} STORED AS CSV LOCATION '{name}.csv'");
        project.create(&sql).await.unwrap();
    }
    for (sql, expected) in [
        ("SELECT * FROM a", vec!["1", "2"]),
        (
            "SELECT *, _file, _row FROM a",
            vec!["1|a.csv|2", "2|a.csv|3"],
        ),
        ("SELECT _ROW, s.* FROM a s WHERE s._row > 2", vec!["3|2"]),
        ("SELECT * FROM a ORDER BY _row DESC", vec!["2", "1"]),
        ("SELECT * FROM a WHERE _file = 'b.csv'", vec![]),
        ("SELECT count(*), max(_row) FROM a", vec!["2|3"]),
        (
            "SELECT *, b._row FROM a JOIN b ON a.id = b.id",
            vec!["1|1|5|2"],
        ),
        (
            "SELECT *, a._file, b._file FROM a JOIN b ON a.id = b.id",
            vec!["1|1|5|a.csv|b.csv"],
        ),
        (
            "SELECT *, b._file FROM a JOIN b USING (id)",
            vec!["1|5|b.csv"],
        ),
        (
            "SELECT * FROM (SELECT *, _row AS line FROM a) t",
            vec!["1|2", "2|3"],
        ),
        (
            "SELECT * FROM (SELECT id, _row FROM a) t",
            vec!["1|2", "2|3"],
        ),
        (
            "SELECT t._row FROM (SELECT id, _row FROM a) t WHERE t.id = 2",
            vec!["3"],
        ),
        (
            "WITH a AS (SELECT 9 AS _row) SELECT * FROM a WHERE _row = 9",
            vec!["9"],
        ),
        (
            "SELECT id FROM b WHERE EXISTS (SELECT 1 FROM a WHERE a._row = b._row)",
            vec!["1"],
        ),
        (
            "SELECT id FROM a WHERE _row = 3 UNION ALL SELECT x FROM b",
            vec!["2", "5"],
        ),
    ] {
        let mut rows = project.rows(sql).await.unwrap();
        if !sql.contains("ORDER BY") {
            rows.sort();
        }
        assert_eq!(rows, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_limit_reads_no_more_than_it_needs() {
    let project = Project::new();
    project.write("a.csv", "id\n1\n2\nx\n");
    project
        .create("CREATE EXTERNAL TABLE t (id bigint) STORED AS CSV LOCATION 'a.csv'")
        .await
        .unwrap();
    let small = "SELECT id FROM t LIMIT 1";
    assert_eq!(project.batches_of(1).rows(small).await.unwrap(), ["1"]);
    assert!(project.rows("SELECT count(*) FROM t").await.is_err());
}
