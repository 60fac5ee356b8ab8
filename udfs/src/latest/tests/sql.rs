//! Survivorship functions as queries run them: in two phases, in windows, with clauses.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

/// A context with a table `t(g, v, o)` of many rows in several partitions, `v` being encoded as a
/// dictionary: the value of row `n` is `n`, its order a shuffle of `n`, its group `n % 1000`.
fn context() -> SessionContext {
    let mut context =
        SessionContext::new_with_config(SessionConfig::new().with_target_partitions(3));
    crate::register_all(&mut context).unwrap();
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let schema = Arc::new(Schema::new(vec![
        Field::new("g", DataType::Int32, false),
        Field::new("v", dictionary.clone(), true),
        Field::new("o", DataType::Int32, false),
    ]));
    let part = |part: i32| -> RecordBatch {
        let rows = part * 10_000..(part + 1) * 10_000;
        let groups: Int32Array = rows.clone().map(|row| row % 1_000).collect();
        let values: StringArray = rows.clone().map(|row| Some(row.to_string())).collect();
        let orders: Int32Array = rows.map(|row| (row * 7_919) % 30_011).collect();
        let values = cast(&values, &dictionary).unwrap();
        let columns: Vec<ArrayRef> = vec![Arc::new(groups), values, Arc::new(orders)];
        RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
    };
    let partitions = (0..3).map(|number| vec![part(number)]).collect();
    let table = MemTable::try_new(Arc::clone(&schema), partitions).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context
}

#[tokio::test]
async fn two_phases_over_partitions_agree_with_a_window() {
    let context = context();
    let statement = "SELECT count(*) AS groups, count(*) FILTER (WHERE a.latest = b.v) AS equal
        FROM (SELECT g, latest_by(v, o) AS latest FROM t GROUP BY g) AS a
        JOIN (SELECT g, v, row_number() OVER (PARTITION BY g ORDER BY o DESC) AS n FROM t) AS b
          ON a.g = b.g AND b.n = 1";
    let batches = context
        .sql(statement)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let output = pretty_format_batches(&batches).unwrap().to_string();
    assert!(output.contains("| 1000   | 1000  |"), "{output}");
}

#[tokio::test]
async fn any_frame_works() {
    let context = context();
    let statement = "SELECT o, latest_by(o, v, g) OVER (ORDER BY o ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS moving,
          latest_by(o, o) OVER (ORDER BY o) AS growing
        FROM t WHERE o < 3 ORDER BY o";
    let batches = context
        .sql(statement)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let growing: Vec<i32> = batches
        .iter()
        .flat_map(|batch| {
            batch
                .column(2)
                .as_primitive::<Int32Type>()
                .values()
                .to_vec()
        })
        .collect();
    assert_eq!(growing, (0..growing.len() as i32).collect::<Vec<_>>());
    assert!(
        batches
            .iter()
            .all(|batch| batch.column(1).null_count() == 0)
    );
}

#[tokio::test]
async fn mistakes_are_told() {
    let cases = [
        (
            "latest_by(o)",
            "latest_by takes at least 2 arguments, not 1",
        ),
        (
            "most_frequent()",
            "most_frequent takes at least 1 argument, not 0",
        ),
        (
            "latest_record(v, o)",
            "latest_record takes a struct as argument 1, not text",
        ),
        (
            "longest(o)",
            "longest takes text, bytes or a list as argument 1, not integer",
        ),
        (
            "by_source_priority(v, o, 1)",
            "by_source_priority takes a list of sources as argument 3, not bigint",
        ),
        (
            "by_source_priority(v, o, [[1]])",
            "by_source_priority takes a list of sources as argument 3",
        ),
        (
            "longest(v ORDER BY o)",
            "longest does not take ORDER BY inside its call",
        ),
        (
            "most_frequent(DISTINCT v)",
            "most_frequent does not take DISTINCT",
        ),
        (
            "latest_by(v, o) RESPECT NULLS OVER ()",
            "latest_by does not take RESPECT NULLS",
        ),
    ];
    for (call, expected) in cases {
        let error = match context().sql(&format!("SELECT {call} FROM t")).await {
            Ok(frame) => frame.collect().await.unwrap_err(),
            Err(error) => error,
        };
        let message = error.to_string();
        assert!(message.contains(expected), "{call}: {message}");
    }
}

#[tokio::test]
async fn distinct_rows_have_the_same_survivor() {
    let statement = "SELECT count(*) AS groups, count(*) FILTER (WHERE a = b) AS equal
        FROM (SELECT latest_by(DISTINCT v, o) AS a, latest_by(v, o) AS b FROM t GROUP BY g) AS answers";
    let batches = context()
        .sql(statement)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let output = pretty_format_batches(&batches).unwrap().to_string();
    assert!(output.contains("| 1000   | 1000  |"), "{output}");
}
