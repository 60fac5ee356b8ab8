//! Plans are made from the statistics in the log.

use arrow::array::Float64Array;
use datafusion::physical_plan::displayable;

use super::*;

/// Ten files of one hundred ids each.
async fn ten_files() -> (Fixture, SessionContext) {
    let fixture = Fixture::with(WarehouseSettings {
        file_bytes: 1,
        ..WarehouseSettings::default()
    });
    let rows = stream(
        (0..10)
            .map(|file| ids(file * 100..(file + 1) * 100))
            .collect(),
    );
    fixture
        .warehouse
        .replace(&fixture.id, rows, CommitInfo::new("REFRESH"))
        .await
        .unwrap();
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(3));
    let provider = fixture
        .warehouse
        .scan(&fixture.id, At::Latest)
        .await
        .unwrap();
    context.register_table("t", provider).unwrap();
    (fixture, context)
}

async fn plan(context: &SessionContext, sql: &str) -> String {
    let plan = context
        .sql(sql)
        .await
        .unwrap()
        .create_physical_plan()
        .await
        .unwrap();
    displayable(plan.as_ref()).indent(true).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_match_are_not_scanned() {
    let (_fixture, context) = ten_files().await;
    for (filter, files) in [
        ("id = 250", 1),
        ("id BETWEEN 150 AND 349", 3),
        ("id >= 900 OR id < 5", 2),
        ("id IS NULL", 0),
        ("id > 5000", 0),
        ("id % 2 = 0", 10),
    ] {
        let plan = plan(&context, &format!("SELECT * FROM t WHERE {filter}")).await;
        assert_eq!(plan.matches(".parquet").count(), files, "{filter}\n{plan}");
    }
    let found =
        context.sql("SELECT count(*) c, min(id) a, max(id) b FROM t WHERE id BETWEEN 150 AND 349");
    let found = found.await.unwrap().collect().await.unwrap();
    let expected = [
        "+-----+-----+-----+",
        "| c   | a   | b   |",
        "+-----+-----+-----+",
        "| 200 | 150 | 349 |",
        "+-----+-----+-----+",
    ];
    datafusion::assert_batches_eq!(expected, &found);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_bounds_come_from_the_log() {
    let (_fixture, context) = ten_files().await;
    let sql = "SELECT count(*) AS c, count(id) AS d, min(id) AS a, max(id) AS b FROM t";
    let plan = plan(&context, sql).await;
    assert!(!plan.contains("DataSourceExec"), "{plan}");
    let found = context.sql(sql).await.unwrap().collect().await.unwrap();
    let expected = [
        "+------+------+---+-----+",
        "| c    | d    | a | b   |",
        "+------+------+---+-----+",
        "| 1000 | 1000 | 0 | 999 |",
        "+------+------+---+-----+",
    ];
    datafusion::assert_batches_eq!(expected, &found);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_spread_over_partitions() {
    let (_fixture, context) = ten_files().await;
    let plan = plan(&context, "SELECT id + 1 FROM t").await;
    assert!(plan.contains("3 groups"), "{plan}");
    let found = context
        .sql("SELECT id FROM t LIMIT 7")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    assert_eq!(found.iter().map(RecordBatch::num_rows).sum::<usize>(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_a_number_is_greater_than_all_numbers() {
    let fixture = Fixture::new();
    let values: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(f64::NAN), None]));
    let batch = RecordBatch::try_from_iter_with_nullable([("x", values, true)]).unwrap();
    fixture.replace(batch).await;
    let context = SessionContext::new();
    let provider = fixture
        .warehouse
        .scan(&fixture.id, At::Latest)
        .await
        .unwrap();
    context.register_table("t", provider).unwrap();
    for (filter, rows) in [
        ("x > 5", 1),
        ("x = 'NaN'", 1),
        ("x < 5", 1),
        ("x IS NULL", 1),
    ] {
        let sql = format!("SELECT x FROM t WHERE {filter}");
        let found = context.sql(&sql).await.unwrap().count().await.unwrap();
        assert_eq!(found, rows, "{filter}");
    }
}
