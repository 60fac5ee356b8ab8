//! Records in files that come to have other fields than those before.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;

use crate::server::{Server, rows};
use crate::source_columns::{texts, told, write};

/// The formats of files that have records.
const FORMATS: [(&str, &str); 3] = [("JSON", "json"), ("PARQUET", "parquet"), ("ARROW", "arrow")];

/// A row of a record that has these fields.
fn record(fields: &[(&str, ArrayRef)]) -> ArrayRef {
    let fields = fields.iter().map(|(name, values)| {
        let field = Field::new(*name, values.data_type().clone(), true);
        (Arc::new(field), Arc::clone(values))
    });
    Arc::new(StructArray::from(fields.collect::<Vec<_>>()))
}

/// A row of a number.
fn number(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

/// A row of a list of one item.
fn list(item: &ArrayRef) -> ArrayRef {
    let field = Field::new("item", item.data_type().clone(), true);
    let offsets = OffsetBuffer::from_lengths([1]);
    Arc::new(ListArray::new(
        Arc::new(field),
        offsets,
        Arc::clone(item),
        None,
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_known_by_their_names_and_not_by_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (format, extension) in FORMATS {
        let files = folder.path().join("sql").join(extension);
        let put = |name: &str, id: i64, fields: &[&str]| {
            let fields = fields.iter().map(|field| (*field, number(id)));
            let fields = record(&fields.collect::<Vec<_>>());
            let deep = record(&[("r", Arc::clone(&fields))]);
            let os = list(&fields);
            let columns = vec![
                ("id", number(id)),
                ("o", fields),
                ("os", os),
                ("deep", deep),
            ];
            write(&files, extension, name, columns);
        };
        put("a", 1, &["a"]);
        client
            .batch_execute(&format!(
                "CREATE SCHEMA s_{extension}; SET search_path = s_{extension};
                 CREATE EXTERNAL TABLE t STORED AS {format} LOCATION '{extension}';
                 CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
                 REFRESH MATERIALIZED VIEW m;"
            ))
            .await
            .unwrap();

        put("b", 2, &["c"]);
        // A query says what it leaves out, and takes no field for another one.
        let read = format!("SELECT id, o FROM s_{extension}.t ORDER BY id;\n");
        let read = told(&server, &read);
        let left_out = format!("column \"o.c\" of {extension}/b.{extension} is left out");
        assert!(read.contains(&left_out), "{format}: {read}");
        let found = rows(&client, "SELECT id, (o).a FROM t ORDER BY id").await;
        assert_eq!(found, ["1|1", "2|NULL"], "{format}");

        let refresh = "REFRESH MATERIALIZED VIEW m";
        client.batch_execute(refresh).await.unwrap();
        let expected = [
            "1|(1,)|{\"(1,)\"}|(\"(1,)\")",
            "2|(,2)|{\"(,2)\"}|(\"(,2)\")",
        ];
        for relation in ["m", "t"] {
            let found = rows(&client, &format!("SELECT * FROM {relation} ORDER BY id")).await;
            assert_eq!(found, expected, "{format}: {relation}");
        }

        // In whatever order they come, and however many there are.
        put("c", 3, &["c", "a"]);
        put("d", 4, &["a"]);
        client.batch_execute(refresh).await.unwrap();
        for relation in ["m", "t"] {
            let query = format!("SELECT id, (o).a, (o).c FROM {relation} WHERE id > 2 ORDER BY id");
            let found = rows(&client, &query).await;
            assert_eq!(found, ["3|3|3", "4|4|NULL"], "{format}: {relation}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_does_with_fields_what_it_does_with_columns() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let files = folder.path().join("sql/p");
    let put = |name: &str, id: i64, fields: &[(&str, ArrayRef)]| {
        let fields = record(fields);
        let os = list(&fields);
        let columns = vec![("id", number(id)), ("o", fields), ("os", os)];
        write(&files, "parquet", name, columns);
    };
    put("a", 1, &[("a", number(1))]);
    client
        .batch_execute(
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'p';
             CREATE MATERIALIZED VIEW appending WITH (on_schema_change = 'append_new_columns') AS SELECT * FROM t;
             CREATE MATERIALIZED VIEW ignoring WITH (on_schema_change = 'ignore') AS SELECT * FROM t;
             CREATE MATERIALIZED VIEW failing WITH (on_schema_change = 'fail') AS SELECT * FROM t;
             CREATE MATERIALIZED VIEW synced AS SELECT * FROM t;
             REFRESH MATERIALIZED VIEW appending;
             REFRESH MATERIALIZED VIEW ignoring;
             REFRESH MATERIALIZED VIEW failing;
             REFRESH MATERIALIZED VIEW synced;",
        )
        .await
        .unwrap();
    put("b", 2, &[("a", number(2)), ("c", texts(&["new"]))]);

    let refreshed = told(&server, "REFRESH MATERIALIZED VIEW appending;\n");
    for relation in ["t", "appending"] {
        let added = format!("public.{relation}: column \"o.c\" added, column \"os[].c\" added");
        assert!(refreshed.contains(&added), "{refreshed}");
    }
    let failed = told(&server, "REFRESH MATERIALIZED VIEW failing;\n");
    let refused = "42P16: the query of materialized view public.failing has a new column \"o.c\"";
    assert!(failed.contains(refused), "{failed}");
    let ignored = told(&server, "REFRESH MATERIALIZED VIEW ignoring;\n");
    assert!(!ignored.contains("added"), "{ignored}");
    client
        .batch_execute("REFRESH MATERIALIZED VIEW synced")
        .await
        .unwrap();
    let wide = ["1|(1,)|{\"(1,)\"}", "2|(2,new)|{\"(2,new)\"}"];
    for (relation, expected) in [
        ("appending", wide),
        ("synced", wide),
        ("ignoring", ["1|(1)|{(1)}", "2|(2)|{(2)}"]),
        ("t", wide),
    ] {
        let found = rows(&client, &format!("SELECT * FROM {relation} ORDER BY id")).await;
        assert_eq!(found, expected, "{relation}");
    }

    // A field of another type.
    put("a", 1, &[("a", texts(&["x"]))]);
    std::fs::remove_file(files.join("b.parquet")).unwrap();
    let failed = told(&server, "REFRESH MATERIALIZED VIEW appending;\n");
    let refused = "42P16: column \"o.a\" of materialized view public.appending is of type bigint, and that of its query of type text";
    assert!(failed.contains(refused), "{failed}");
    let accepts = "With on_schema_change = 'sync_all_columns' it becomes that.";
    assert!(failed.contains(accepts), "{failed}");
    let refreshed = told(&server, "REFRESH MATERIALIZED VIEW synced;\n");
    let changed = "public.synced: type of column \"o.a\" changed from bigint to text";
    assert!(refreshed.contains(changed), "{refreshed}");
}
