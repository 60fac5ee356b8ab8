use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::ipc::writer::{FileWriter, StreamWriter};
use arrow_avro::writer::AvroWriter;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;

use super::harness::Project;

/// Numbers from `first` on, and their names.
fn batch(first: i64, count: i64) -> RecordBatch {
    let ids = first..first + count;
    let names: StringArray = ids.clone().map(|id| Some(format!("n{id}"))).collect();
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(Int64Array::from_iter_values(ids))),
        ("name", Arc::new(names)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn ipc_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn ipc_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn avro(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = AvroWriter::new(&mut bytes, batch.schema().as_ref().clone()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn parquet_files_are_read_and_numbered() {
    let project = Project::new();
    project.write("p/a.parquet", parquet(&batch(0, 25)));
    project.write("p/b.parquet", parquet(&batch(100, 5)));
    let columns = project
        .create("CREATE EXTERNAL TABLE p STORED AS PARQUET LOCATION 'p'")
        .await
        .unwrap();
    assert_eq!(columns, "id bigint, name text");
    for (sql, expected) in [
        ("SELECT count(*), sum(id) FROM p", vec!["30|810"]),
        ("SELECT name FROM p WHERE id = 21", vec!["n21"]),
        (
            "SELECT *, _file, _row FROM p WHERE id IN (0, 21, 104) ORDER BY id",
            vec![
                "0|n0|p/a.parquet|1",
                "21|n21|p/a.parquet|22",
                "104|n104|p/b.parquet|5",
            ],
        ),
        (
            "SELECT id FROM p WHERE _row = 5 ORDER BY id",
            vec!["4", "104"],
        ),
        ("SELECT _row FROM p ORDER BY _row DESC LIMIT 1", vec!["25"]),
        (
            "SELECT DISTINCT _file FROM p ORDER BY 1",
            vec!["p/a.parquet", "p/b.parquet"],
        ),
    ] {
        assert_eq!(project.rows(sql).await.unwrap(), expected, "{sql}");
    }
}

#[tokio::test]
async fn arrow_files_and_streams_are_read_and_numbered() {
    let project = Project::new();
    project.write("x/a.arrow", ipc_file(&batch(0, 2)));
    project.write("x/b.arrows", ipc_stream(&batch(10, 2)));
    let columns = project
        .create("CREATE EXTERNAL TABLE x STORED AS ARROW LOCATION 'x/'")
        .await
        .unwrap();
    assert_eq!(columns, "id bigint, name text");
    let rows = project
        .rows("SELECT id, _file, _row FROM x ORDER BY _file, _row")
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            "0|x/a.arrow|1",
            "1|x/a.arrow|2",
            "0|x/a.arrow|3",
            "1|x/a.arrow|4",
            "10|x/b.arrows|1",
            "11|x/b.arrows|2",
            "10|x/b.arrows|3",
            "11|x/b.arrows|4",
        ]
    );
}

#[tokio::test]
async fn avro_files_are_read_and_numbered() {
    let project = Project::new();
    project.write("a.avro", avro(&batch(7, 3)));
    let columns = project
        .create("CREATE EXTERNAL TABLE a STORED AS AVRO LOCATION 'a.avro'")
        .await
        .unwrap();
    assert_eq!(columns, "id bigint, name text");
    let rows = project
        .rows("SELECT name, _row FROM a ORDER BY id")
        .await
        .unwrap();
    assert_eq!(rows, ["n7|1", "n8|2", "n9|3"]);
}

#[tokio::test]
async fn a_damaged_file_is_named() {
    let project = Project::new();
    let whole = [
        ("PARQUET", "parquet", parquet(&batch(0, 25))),
        ("ARROW", "arrow", ipc_file(&batch(0, 25))),
        ("AVRO", "avro", avro(&batch(0, 25))),
    ];
    for (format, extension, bytes) in whole {
        let name = format!("{extension}/damaged.{extension}");
        project.write(&name, &bytes);
        let sql = format!(
            "CREATE EXTERNAL TABLE t STORED AS {format} LOCATION '{extension}' \
             OPTIONS (on_error 'quarantine')"
        );
        project.create(&sql).await.unwrap();
        project.write(&name, &bytes[..bytes.len() / 2]);
        let error = match project.rows("SELECT * FROM t").await {
            Err(error) => error,
            Ok(rows) => panic!("{format}: {rows:?}"),
        };
        assert_eq!(error.sqlstate().0, "XX001", "{format}: {error}");
        assert!(
            error
                .message()
                .starts_with(&format!("public.t: {name}: the file cannot be read: ")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn files_with_other_columns_are_adapted() {
    let project = Project::new();
    project.write("p/a.parquet", parquet(&batch(0, 1)));
    let narrow = batch(5, 1).project(&[0]).unwrap();
    project.write("p/b.parquet", parquet(&narrow));
    project
        .create("CREATE EXTERNAL TABLE p STORED AS PARQUET LOCATION 'p'")
        .await
        .unwrap();
    let rows = project.rows("SELECT * FROM p ORDER BY id").await.unwrap();
    assert_eq!(rows, ["0|n0", "5|"]);
}
