//! Rows that go and come in one commit.

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::execution::SessionState;
use parking_lot::Mutex;

use super::*;
use crate::error::SqlState;

fn state() -> Arc<SessionState> {
    Arc::new(SessionContext::new().state())
}

/// The places of the rows with these numbers, as a query of the modification's rows finds them.
async fn places(modification: &Modification, numbers: &[i64]) -> Arc<Mutex<Places>> {
    let rows = collect(modification.rows().unwrap()).await;
    let mut places = Places::default();
    let ids = rows.column(0).as_primitive::<Int64Type>();
    let files = rows.column(1).as_primitive::<UInt32Type>();
    let inner = rows.column(2).as_primitive::<Int64Type>();
    for row in 0..rows.num_rows() {
        if numbers.contains(&ids.value(row)) {
            assert!(places.insert(files.value(row), inner.value(row)));
        }
    }
    assert_eq!(places.len(), numbers.len() as u64);
    Arc::new(Mutex::new(places))
}

async fn change(
    modification: Modification,
    gone: &[i64],
    new: impl IntoIterator<Item = i64>,
) -> Result<Option<Commit>> {
    let gone = places(&modification, gone).await;
    let info = CommitInfo::new("UPDATE");
    modification
        .commit(state(), stream(vec![ids(new)]), gone, info, None)
        .await
}

async fn sorted(fixture: &Fixture) -> Vec<i64> {
    let rows = fixture.rows(At::Latest).await;
    let mut values = rows.column(0).as_primitive::<Int64Type>().values().to_vec();
    values.sort_unstable();
    values
}

#[tokio::test]
async fn rows_go_and_come_in_one_commit() {
    let fixture = Fixture::new();
    fixture.replace(ids(0..10)).await;
    fixture.append(ids(10..20)).await;
    fixture.append(ids(20..30)).await;
    let before = fixture.data_files();
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let commit = change(modification, &[3, 12, 13], [100, 101]).await;
    assert_eq!(commit.unwrap().unwrap().version, 3);
    let mut expected: Vec<i64> = (0..30).filter(|id| ![3, 12, 13].contains(id)).collect();
    expected.extend([100, 101]);
    assert_eq!(sorted(&fixture).await, expected);
    // The file that lost no row is still there, and so are old versions.
    assert_eq!(fixture.rows(At::Version(2)).await.num_rows(), 30);
    let size = fixture
        .warehouse
        .size(&fixture.id, At::Latest)
        .await
        .unwrap();
    assert_eq!((size.files, size.rows), (2, Some(29)));
    assert_eq!(fixture.data_files().difference(&before).count(), 1);
}

#[tokio::test]
async fn a_file_that_loses_all_rows_is_not_read_again() {
    let fixture = Fixture::new();
    fixture.replace(ids(0..10)).await;
    fixture.append(ids(10..12)).await;
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let before = fixture.data_files();
    change(modification, &[10, 11], []).await.unwrap().unwrap();
    assert_eq!(sorted(&fixture).await, (0..10).collect::<Vec<_>>());
    assert_eq!(fixture.data_files(), before);
}

#[tokio::test]
async fn nothing_changed_is_no_version() {
    let fixture = Fixture::new();
    fixture.replace(ids(0..10)).await;
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    assert_eq!(change(modification, &[], []).await.unwrap(), None);
    assert_eq!(fixture.warehouse.version(&fixture.id).await.unwrap(), 0);
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let info = || CommitInfo::new("TRUNCATE");
    assert!(modification.clear(info(), None).await.unwrap().is_some());
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    assert_eq!(modification.clear(info(), None).await.unwrap(), None);
    assert_eq!(fixture.rows(At::Latest).await.num_rows(), 0);
}

#[tokio::test]
async fn two_changes_of_one_file_are_a_conflict_and_an_append_is_none() {
    let fixture = Fixture::new();
    fixture.replace(ids(0..10)).await;
    let first = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let second = fixture.warehouse.modify(&fixture.id).await.unwrap();
    fixture.append(ids(10..20)).await;
    change(first, &[1], [-1]).await.unwrap().unwrap();
    let refused = change(second, &[2], [-2]).await.unwrap_err();
    assert_eq!(refused.sqlstate(), SqlState::SERIALIZATION_FAILURE);
    let mut expected: Vec<i64> = (-1..20).collect();
    expected.retain(|id| *id != 1);
    assert_eq!(sorted(&fixture).await, expected);
}

#[tokio::test]
async fn rows_of_other_columns_are_a_conflict() {
    let fixture = Fixture::new();
    fixture.replace(ids(0..10)).await;
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let names: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["a"]));
    fixture
        .replace(RecordBatch::try_from_iter([("name", names)]).unwrap())
        .await;
    let refused = change(modification, &[2], []).await.unwrap_err();
    assert_eq!(refused.sqlstate(), SqlState::SERIALIZATION_FAILURE);
}
