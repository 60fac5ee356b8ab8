//! Files that write the names of columns in another case than those before.

use crate::server::{Server, rows};
use crate::source_columns::{ints, told, write};

/// The formats of files that name their columns once.
const FORMATS: [(&str, &str); 4] = [
    ("CSV", "csv"),
    ("PARQUET", "parquet"),
    ("ARROW", "arrow"),
    ("AVRO", "avro"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_column_is_the_same_in_whatever_case_a_file_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (format, extension) in FORMATS {
        let files = folder.path().join("sql").join(extension);
        let put = |file: &str, id: i32, name: &str| {
            let columns = vec![("id", ints(&[id])), (name, ints(&[id * 10]))];
            write(&files, extension, file, columns);
        };
        put("a", 1, "Extra");
        let refresh = "REFRESH MATERIALIZED VIEW m;\n";
        client
            .batch_execute(&format!(
                "CREATE SCHEMA s_{extension}; SET search_path = s_{extension};
                 CREATE EXTERNAL TABLE t STORED AS {format} LOCATION '{extension}';
                 CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
                 {refresh}"
            ))
            .await
            .unwrap();
        put("b", 2, "extra");
        let script = format!(
            "SET search_path = s_{extension};\nSELECT id, \"Extra\" FROM t ORDER BY id;\n{refresh}"
        );
        let answer = told(&server, &script);
        for told in ["WARNING", "NOTICE", "ERROR"] {
            assert!(!answer.contains(told), "{format}: {answer}");
        }
        for relation in ["t", "m"] {
            let found = rows(&client, &format!("SELECT * FROM {relation} ORDER BY id")).await;
            assert_eq!(found, ["1|10", "2|20"], "{format}: {relation}");
        }

        // So it is when a table is created, and its columns have the names of the first file.
        client
            .batch_execute(&format!(
                "CREATE EXTERNAL TABLE later STORED AS {format} LOCATION '{extension}'"
            ))
            .await
            .unwrap();
        let found = rows(&client, "SELECT id, \"Extra\" FROM later ORDER BY id").await;
        assert_eq!(found, ["1|10", "2|20"], "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_objects_that_differ_in_case_cannot_be_stored_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let files = folder.path().join("sql/j");
    write(&files, "json", "a", vec![("Extra", ints(&[1]))]);
    write(&files, "json", "b", vec![("extra", ints(&[2]))]);
    client
        .batch_execute(
            "CREATE EXTERNAL TABLE t STORED AS JSON LOCATION 'j';
             CREATE MATERIALIZED VIEW named AS SELECT \"Extra\", extra AS other FROM t;",
        )
        .await
        .unwrap();
    let refused = told(&server, "CREATE MATERIALIZED VIEW m AS SELECT * FROM t;\n");
    assert!(
        refused.contains("42701: columns \"Extra\" and \"extra\" differ in case alone"),
        "{refused}"
    );
    client
        .batch_execute("REFRESH MATERIALIZED VIEW named")
        .await
        .unwrap();
    let found = rows(&client, "SELECT * FROM named ORDER BY other").await;
    assert_eq!(found, ["NULL|2", "1|NULL"]);
}
