//! Files that come to have other columns than those before, in every format: which columns their tables
//! have then, what becomes of what stands on these, and what statements tell.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::ipc::writer::FileWriter;
use arrow::json::LineDelimitedWriter;
use arrow_avro::writer::AvroWriter;
use datafusion::parquet::arrow::ArrowWriter;

use crate::psql::psql_script;
use crate::server::{Server, rows, tributary};

/// A format, as `STORED AS` names it, and the ending of its files.
const FORMATS: [(&str, &str); 5] = [
    ("CSV", "csv"),
    ("JSON", "json"),
    ("PARQUET", "parquet"),
    ("ARROW", "arrow"),
    ("AVRO", "avro"),
];

pub fn ints(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn doubles(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

pub fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Writes a file of these columns.
pub fn write(folder: &Path, extension: &str, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut bytes = Vec::new();
    match extension {
        "csv" => {
            let header = batch
                .schema()
                .fields()
                .iter()
                .map(|it| it.name().clone())
                .collect::<Vec<_>>();
            bytes.extend(format!("{}\n", header.join(",")).bytes());
            let texts = batch
                .columns()
                .iter()
                .map(|it| cast(it, &DataType::Utf8).unwrap());
            let texts: Vec<_> = texts.collect();
            for row in 0..batch.num_rows() {
                let values = texts.iter().map(|column| {
                    let column = column.as_any().downcast_ref::<StringArray>().unwrap();
                    column.value(row).to_owned()
                });
                bytes.extend(format!("{}\n", values.collect::<Vec<_>>().join(",")).bytes());
            }
        }
        "json" => {
            let mut writer = LineDelimitedWriter::new(&mut bytes);
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
        }
        "parquet" => {
            let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        }
        "arrow" => {
            let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
        }
        _ => {
            let mut writer = AvroWriter::new(&mut bytes, batch.schema().as_ref().clone()).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
        }
    }
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(format!("{name}.{extension}")), bytes).unwrap();
}

/// What psql prints of a script, with every field of its errors.
pub fn told(server: &Server, script: &str) -> String {
    psql_script(server, &format!("\\set VERBOSITY verbose\n{script}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_files_come_to_have_appears_where_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (format, extension) in FORMATS {
        let files = folder.path().join("sql").join(extension);
        write(
            &files,
            extension,
            "a",
            vec![("id", ints(&[1, 2])), ("amount", ints(&[10, 20]))],
        );
        let s = extension;
        client
            .batch_execute(&format!(
                "CREATE SCHEMA s_{s}; SET search_path = s_{s};
                 CREATE EXTERNAL TABLE t STORED AS {format} LOCATION '{extension}';
                 CREATE VIEW v AS SELECT * FROM t;
                 CREATE MATERIALIZED VIEW appending WITH (on_schema_change = 'append_new_columns') AS SELECT * FROM v;
                 CREATE MATERIALIZED VIEW ignoring WITH (on_schema_change = 'ignore') AS SELECT * FROM t;
                 CREATE MATERIALIZED VIEW failing WITH (on_schema_change = 'fail') AS SELECT * FROM t;
                 CREATE MATERIALIZED VIEW synced AS SELECT * FROM t;"
            ))
            .await
            .unwrap();
        for view in ["appending", "ignoring", "failing", "synced"] {
            let refresh = format!("REFRESH MATERIALIZED VIEW {view}");
            client.batch_execute(&refresh).await.unwrap();
        }

        // A new column.
        write(
            &files,
            extension,
            "b",
            vec![
                ("id", ints(&[3])),
                ("amount", ints(&[30])),
                ("note", texts(&["new"])),
            ],
        );
        // Until something that stores rows asks, it is left out, and that is told.
        let before = told(
            &server,
            &format!("SELECT count(*), sum(id) FROM s_{s}.t;\n"),
        );
        assert!(
            before.contains("3,6") || before.contains("3|6") || before.contains("3 |   6"),
            "{before}"
        );
        let left_out = format!(
            "s_{s}.t: column \"note\" of {extension}/b.{extension} is left out, since the table lacks it"
        );
        assert!(before.contains(&left_out), "{format}: {before}");
        let refreshed = told(
            &server,
            &format!("REFRESH MATERIALIZED VIEW s_{s}.appending;\n"),
        );
        assert!(
            refreshed.contains(&format!("s_{s}.t: column \"note\" added")),
            "{format}: {refreshed}"
        );
        assert!(!refreshed.contains("left out"), "{format}: {refreshed}");
        for relation in ["appending", "t", "v"] {
            let found = rows(&client, &format!("SELECT * FROM {relation} ORDER BY id")).await;
            assert_eq!(
                found,
                ["1|10|NULL", "2|20|NULL", "3|30|new"],
                "{format}: {relation}"
            );
        }
        client
            .batch_execute("REFRESH MATERIALIZED VIEW ignoring")
            .await
            .unwrap();
        let found = rows(&client, "SELECT * FROM ignoring ORDER BY id").await;
        assert_eq!(found, ["1|10", "2|20", "3|30"], "{format}");
        let failed = told(
            &server,
            &format!("REFRESH MATERIALIZED VIEW s_{s}.failing;\n"),
        );
        assert!(
            failed.contains(&format!(
                "42P16: the query of materialized view s_{s}.failing has a new column \"note\""
            )),
            "{format}: {failed}"
        );

        // A type that holds more.
        let is_typed = !matches!(extension, "csv" | "json");
        if is_typed {
            write(
                &files,
                extension,
                "c",
                vec![
                    ("id", longs(&[1 << 40])),
                    ("amount", ints(&[40])),
                    ("note", texts(&["wide"])),
                ],
            );
            client
                .batch_execute("REFRESH MATERIALIZED VIEW appending")
                .await
                .unwrap();
            let found = rows(
                &client,
                "SELECT pg_typeof(id), id FROM appending ORDER BY id DESC LIMIT 1",
            )
            .await;
            assert_eq!(found, ["bigint|1099511627776"], "{format}");
        }
        // One that does not hold all of before is for the views to take or not.
        write(
            &files,
            extension,
            "d",
            vec![
                ("id", ints(&[5])),
                ("amount", doubles(&[10.75])),
                ("note", texts(&["half"])),
            ],
        );
        let failed = told(
            &server,
            &format!("REFRESH MATERIALIZED VIEW s_{s}.ignoring;\n"),
        );
        let integer = if is_typed { "integer" } else { "bigint" };
        // The first column that differs is told.
        let wider = if is_typed {
            "bigint"
        } else {
            "double precision"
        };
        assert!(
            failed.contains(&format!("of materialized view s_{s}.ignoring is of type {integer}, and that of its query of type {wider}")),
            "{format}: {failed}"
        );
        assert!(
            failed.contains("With on_schema_change = "),
            "{format}: {failed}"
        );
        let refreshed = told(
            &server,
            &format!("REFRESH MATERIALIZED VIEW s_{s}.synced;\n"),
        );
        assert!(
            refreshed.contains(&format!(
                "type of column \"amount\" changed from {integer} to double precision"
            )),
            "{format}: {refreshed}"
        );
        let found = rows(&client, "SELECT sum(amount) FROM synced WHERE id IN (1, 5)").await;
        assert_eq!(found, ["20.75"], "{format}");

        // A column that no file has any more.
        for file in ["b", "c", "d"] {
            let _ = std::fs::remove_file(files.join(format!("{file}.{extension}")));
        }
        write(&files, extension, "a", vec![("id", ints(&[7]))]);
        client
            .batch_execute("REFRESH MATERIALIZED VIEW synced")
            .await
            .unwrap();
        let found = rows(&client, "SELECT * FROM synced").await;
        let expected = if format == "JSON" { "7|NULL|NULL" } else { "7" };
        assert_eq!(found, [expected], "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_something_needs_stay_and_are_null() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let files = folder.path().join("sql/p");
    write(
        &files,
        "parquet",
        "a",
        vec![("id", ints(&[1])), ("name", texts(&["Ada"]))],
    );
    client
        .batch_execute(
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'p';
             CREATE VIEW named AS SELECT id, upper(name) AS name FROM t;
             CREATE MATERIALIZED VIEW m AS SELECT * FROM named;
             REFRESH MATERIALIZED VIEW m;",
        )
        .await
        .unwrap();
    write(
        &files,
        "parquet",
        "a",
        vec![("id", ints(&[2])), ("more", ints(&[3]))],
    );
    let refreshed = told(&server, "REFRESH MATERIALIZED VIEW m;\n");
    assert!(refreshed.contains("WARNING"), "{refreshed}");
    assert!(
        refreshed
            .contains("public.t: p/a.parquet has no column \"name\", which is NULL in its rows"),
        "{refreshed}"
    );
    assert_eq!(rows(&client, "SELECT * FROM m").await, ["2|NULL"]);
    assert_eq!(rows(&client, "SELECT * FROM t").await, ["2|NULL|3"]);
    // What cannot stand on a column more keeps the table from getting it.
    client
        .batch_execute("CREATE VIEW with_last AS SELECT *, 1 AS last FROM t")
        .await
        .unwrap();
    write(
        &files,
        "parquet",
        "b",
        vec![("id", ints(&[4])), ("last", ints(&[5]))],
    );
    let failed = told(&server, "REFRESH MATERIALIZED VIEW m;\n");
    assert!(
        failed.contains("view public.with_last, which stands on it"),
        "{failed}"
    );
    assert_eq!(rows(&client, "SELECT * FROM m").await, ["2|NULL"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_columns_stay_and_what_differs_is_told_or_fails() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (format, extension) in FORMATS {
        let files = folder.path().join("sql").join(extension);
        write(
            &files,
            extension,
            "a",
            vec![("id", ints(&[1])), ("amount", ints(&[10]))],
        );
        let create = |options: &str| {
            format!(
                "DROP EXTERNAL TABLE IF EXISTS t; CREATE EXTERNAL TABLE t (id BIGINT, amount BIGINT) STORED AS {format} LOCATION '{extension}' {options};\n"
            )
        };
        let read = "SELECT id, amount FROM t ORDER BY id;\n";
        let found = told(&server, &(create("") + read));
        assert!(
            found.contains("10") && !found.contains("WARNING"),
            "{format}: {found}"
        );

        write(
            &files,
            extension,
            "b",
            vec![
                ("id", ints(&[2])),
                ("amount", ints(&[20])),
                ("note", texts(&["x"])),
            ],
        );
        let found = told(&server, read);
        assert!(found.contains("ERROR:  22P04: "), "{format}: {found}");
        assert!(
            found.contains("\"note\"") && found.contains("on_extra_columns 'ignore'"),
            "{format}: {found}"
        );
        let found = told(
            &server,
            &(create("OPTIONS (on_extra_columns 'ignore')") + read),
        );
        assert!(found.contains("20"), "{format}: {found}");
        let left_out =
            format!("public.t: column \"note\" of {extension}/b.{extension} is left out");
        assert!(found.contains(&left_out), "{format}: {found}");
        let refused = told(&server, "ALTER EXTERNAL TABLE t REFRESH;\n");
        assert!(
            refused.contains(
                "ERROR:  55000: the columns of external table public.t do not follow its files"
            ),
            "{refused}"
        );
        std::fs::remove_file(files.join(format!("b.{extension}"))).unwrap();

        // 10.0 is a bigint, and 10.75 is none.
        write(
            &files,
            extension,
            "c",
            vec![
                ("id", ints(&[3, 4, 5])),
                ("amount", doubles(&[10.0, 10.75, 11.0])),
            ],
        );
        let is_typed = !matches!(extension, "csv" | "json");
        let failed = told(&server, &(create("") + "SELECT count(*) FROM t;\n"));
        if is_typed {
            let expected = format!(
                "ERROR:  22003: public.t: {extension}/c.{extension}, row 2, column \"amount\": value \"10.75\" of type double precision cannot be kept in type bigint"
            );
            assert!(failed.contains(&expected), "{format}: {failed}");
            assert!(
                failed.contains("declare the column as double precision"),
                "{format}: {failed}"
            );
        } else {
            assert!(failed.contains("column \"amount\""), "{format}: {failed}");
        }
        let set_aside = create("OPTIONS (on_error 'quarantine')");
        let set_aside = told(
            &server,
            &(set_aside + "SELECT sum(amount), count(id) FROM t;\n"),
        );
        assert!(set_aside.contains("left out"), "{format}: {set_aside}");
        if is_typed {
            assert!(
                set_aside.contains("1 bad row left out"),
                "{format}: {set_aside}"
            );
            assert!(set_aside.contains("31"), "{format}: {set_aside}");
        }

        if is_typed {
            let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
            write(
                &files,
                extension,
                "c",
                vec![("id", ints(&[3])), ("amount", flags)],
            );
            let failed = told(&server, &(create("") + "SELECT count(*) FROM t;\n"));
            let expected = format!(
                "ERROR:  42804: public.t: {extension}/c.{extension}: column \"amount\" of the file is of type boolean, and that of the table of type bigint"
            );
            assert!(failed.contains(&expected), "{format}: {failed}");
            assert!(
                failed.contains("HINT:  Declare the column as text"),
                "{format}: {failed}"
            );
        }
        std::fs::remove_file(files.join(format!("c.{extension}"))).unwrap();
        // Columns can be added to those that are declared.
        write(
            &files,
            extension,
            "b",
            vec![
                ("id", ints(&[2])),
                ("amount", ints(&[20])),
                ("note", texts(&["x"])),
            ],
        );
        let added = told(
            &server,
            &(create("OPTIONS (on_extra_columns 'add')")
                + "ALTER EXTERNAL TABLE t REFRESH; SELECT * FROM t ORDER BY id;\n"),
        );
        assert!(
            added.contains("public.t: column \"note\" added"),
            "{format}: {added}"
        );
        let found = rows(&client, "SELECT * FROM t ORDER BY id").await;
        assert_eq!(found, ["1|10|NULL", "2|20|x"], "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_by_which_a_column_gets_another_type_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (format, extension) in FORMATS {
        let files = folder.path().join("sql").join(extension);
        let amounts = |id: i32, amounts: ArrayRef| vec![("id", ints(&[id])), ("amount", amounts)];
        for (name, id) in [("a", 1), ("c", 2)] {
            write(&files, extension, name, amounts(id, ints(&[10])));
        }
        let s = extension;
        client
            .batch_execute(&format!(
                "CREATE SCHEMA s_{s}; SET search_path = s_{s};
                 CREATE EXTERNAL TABLE t STORED AS {format} LOCATION '{extension}';
                 CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
                 REFRESH MATERIALIZED VIEW m;"
            ))
            .await
            .unwrap();
        write(&files, extension, "b", amounts(3, doubles(&[1.5])));
        let refreshed = told(&server, &format!("REFRESH MATERIALIZED VIEW s_{s}.m;\n"));
        let integer = match extension {
            "csv" | "json" => "bigint",
            _ => "integer",
        };
        let changed = format!(
            "s_{s}.t: type of column \"amount\" changed from {integer} to double precision in {extension}/b.{extension}"
        );
        assert!(refreshed.contains(&changed), "{format}: {refreshed}");
        let reason = "SELECT mode_reason FROM tributary.refreshes WHERE schema = current_schema() AND name = 'm' ORDER BY id DESC LIMIT 1";
        let found = rows(&client, reason).await;
        assert!(found[0].contains(&changed), "{format}: {found:?}");
        assert_eq!(
            rows(&client, "SELECT sum(amount) FROM m").await,
            ["21.5"],
            "{format}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_gives_sources_the_columns_of_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("sql/public");
    std::fs::create_dir_all(&models).unwrap();
    for (name, definition) in [
        (
            "t",
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'p'",
        ),
        ("v", "CREATE VIEW v AS SELECT * FROM t"),
        (
            "m",
            "CREATE MATERIALIZED VIEW m WITH (on_schema_change = 'append_new_columns') AS SELECT * FROM v",
        ),
        (
            "strict",
            "CREATE MATERIALIZED VIEW strict WITH (on_schema_change = 'fail') AS SELECT * FROM t",
        ),
    ] {
        std::fs::write(models.join(format!("{name}.sql")), definition).unwrap();
    }
    let files = folder.path().join("sql/p");
    write(&files, "parquet", "a", vec![("id", ints(&[1]))]);
    let run = |command: &str| {
        let mut tributary: Command = tributary();
        let output = tributary
            .args([command, "--data-dir", "data"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(printed).unwrap())
    };
    let (done, printed) = run("run");
    assert!(done, "{printed}");
    write(
        &files,
        "parquet",
        "b",
        vec![("id", ints(&[2])), ("note", texts(&["new"]))],
    );
    let (_, planned) = run("plan");
    assert!(
        planned.contains("refresh external table public.t: column \"note\" added"),
        "{planned}"
    );
    assert!(planned.contains("has a new column \"note\""), "{planned}");
    let (done, printed) = run("run");
    assert!(!done, "{printed}");
    assert!(printed.contains("has a new column \"note\""), "{printed}");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for relation in ["t", "v", "m"] {
        let found = rows(&client, &format!("SELECT * FROM {relation} ORDER BY id")).await;
        assert_eq!(found, ["1|NULL", "2|new"], "{relation}");
    }
    assert_eq!(rows(&client, "SELECT * FROM strict").await, ["1"]);
}
