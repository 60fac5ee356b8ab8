//! Refreshes of models whose tables an older program has written.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use futures::TryStreamExt;

use super::super::resolved::TELLS_EMPTY_SOURCES;
use super::super::writing::commit_info;
use super::*;
use crate::instance::Instance;
use crate::session::{Outcome, Session};
use crate::sql::QualifiedName;
use crate::test_server::{begin, block_on, open, run};
use crate::warehouse::CommitInfo;

/// A column with NULL in the place of texts that are empty.
fn without_empty(column: &ArrayRef) -> ArrayRef {
    if !column.data_type().is_string() {
        return Arc::clone(column);
    }
    let texts = cast(column, &DataType::Utf8).unwrap();
    let texts = texts.as_string::<i32>().iter();
    let texts: StringArray = texts
        .map(|text| text.filter(|text| !text.is_empty()))
        .collect();
    cast(&texts, column.data_type()).unwrap()
}

/// The rows of a table as programs wrote them that told an empty source as NULL.
async fn rows_as_before(
    instance: &Arc<Instance>,
    table: Arc<dyn TableProvider>,
) -> SendableRecordBatchStream {
    let rows = scan::stream(instance, table, None).await.unwrap();
    let schema = rows.schema();
    let batches: Vec<RecordBatch> = rows.try_collect().await.unwrap();
    let batches = batches.iter().map(|batch| {
        let columns = batch.columns().iter().map(without_empty).collect();
        RecordBatch::try_new(batch.schema(), columns).unwrap()
    });
    stream_of(schema, batches.collect())
}

/// Writes the tables of a model as these programs did.
async fn write_as_before(instance: &Arc<Instance>, model: &str) {
    let name = QualifiedName::new("public", model);
    let snapshot = instance.catalog.snapshot();
    let object = snapshot.relation(&name).unwrap();
    let model = Resolved::latest(instance, object).await.unwrap().unwrap();
    let (table, warehouse) = (table_id(object), &instance.warehouse);
    let (_, mut told) = warehouse.told_by(&table, model.version).await.unwrap();
    assert!(told.remove(TELLS_EMPTY_SOURCES).is_some());
    for companion in [Companion::Pairs, Companion::History] {
        let rows = rows_as_before(instance, model.table(companion).await.unwrap()).await;
        let beside = companion.table_id(object);
        let commit = warehouse.replace(&beside, rows, commit_info(0)).await;
        let version = commit.unwrap().version;
        told.insert(companion.name().to_owned(), version.to_string());
    }
    let info = CommitInfo {
        parameters: told,
        is_part: false,
        ..commit_info(0)
    };
    let clusters = rows_as_before(instance, Arc::clone(&model.clusters)).await;
    warehouse.replace(&table, clusters, info).await.unwrap();
}

/// The one text that a query answers with.
async fn answer(session: &Session, sql: &str) -> String {
    let statement = session.parse(sql).unwrap().pop().unwrap();
    let prepared = session.prepare(statement, &[]).await.unwrap();
    let outcome = session.execute(&prepared, Vec::new()).await.unwrap();
    let Outcome::Rows { stream, .. } = outcome else {
        panic!("a query answers with rows");
    };
    let rows: Vec<RecordBatch> = stream.try_collect().await.unwrap();
    let rows = rows.iter().find(|rows| rows.num_rows() == 1).unwrap();
    let text = cast(rows.column(0), &DataType::Utf8).unwrap();
    text.as_string::<i32>().value(0).to_owned()
}

const CLUSTERS: &str =
    "SELECT string_agg(id || ':' || coalesce(system, 'NULL') || ':' || entity_id, ' ' ORDER BY id)
    FROM entity_clusters('same')";
const EMPTY_IN_PAIRS: &str =
    "SELECT count(*)::TEXT FROM entity_pairs('same') WHERE '' IN (left_system, right_system)";

#[test]
fn tables_that_tell_empty_sources_as_null_are_written_anew() {
    block_on(empty_sources_of_before);
}

async fn empty_sources_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let instance = open(folder.path()).await;
    let session = begin(&instance);
    run(
        &session,
        "CREATE TABLE person AS SELECT * FROM (VALUES
             (0, '', 'Ada Lovelace', 'ada@example.com'),
             (1, NULL, 'Ada Lovelace', 'ada@example.com'),
             (2, 'crm', 'Ada Lovelace', 'ada@example.com'),
             (3, 'crm', 'Bob Stone', 'bob@example.com'),
             (4, '', 'Bob Stone', 'bob@example.com'),
             (5, NULL, 'Cy Young', 'cy@example.com'),
             (6, '', 'Dee Moor', 'dee@example.com')) v (id, system, name, email);
         CREATE MODEL same
             OPTIONS (model_type = 'entity_resolution', unique_id = 'id', source = 'system')
             AS SELECT * FROM person",
    )
    .await;
    let told = "0::1 1:NULL:1 2:crm:1 3:crm:2 4::2 5:NULL:3 6::4";
    assert_eq!(answer(&session, CLUSTERS).await, told);
    let pairs = answer(&session, EMPTY_IN_PAIRS).await;
    assert_ne!(pairs, "0");

    write_as_before(&instance, "same").await;
    let told_before = "0:NULL:1 1:NULL:1 2:crm:1 3:crm:2 4:NULL:2 5:NULL:3 6:NULL:4";
    assert_eq!(answer(&session, CLUSTERS).await, told_before);
    assert_eq!(answer(&session, EMPTY_IN_PAIRS).await, "0");

    // The same records have the same entities, and are told as they are.
    run(&session, "REFRESH MODEL same").await;
    let reason = "SELECT mode_reason FROM tributary.refreshes ORDER BY id DESC LIMIT 1";
    assert_eq!(
        answer(&session, reason).await,
        "its tables tell sources that are empty as NULL, as an older program did"
    );
    assert_eq!(answer(&session, CLUSTERS).await, told);
    assert_eq!(answer(&session, EMPTY_IN_PAIRS).await, pairs);
    let moved = "SELECT count(*)::TEXT FROM entity_history('same')";
    assert_eq!(answer(&session, moved).await, "0");

    // So much is done once.
    run(
        &session,
        "INSERT INTO person VALUES (7, '', 'Eve Hall', 'eve@example.com'); REFRESH MODEL same",
    )
    .await;
    let mode = "SELECT mode FROM tributary.refreshes ORDER BY id DESC LIMIT 1";
    assert_eq!(answer(&session, mode).await, "incremental");
    let told = format!("{told} 7::5");
    assert_eq!(answer(&session, CLUSTERS).await, told);
}
