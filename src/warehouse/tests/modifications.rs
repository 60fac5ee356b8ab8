//! Rows that go and come in one commit.

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::execution::SessionState;
use parking_lot::Mutex;
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;

use super::*;
use crate::error::{Error, SqlState};

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

pub(super) async fn change(
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

pub(super) async fn sorted(fixture: &Fixture) -> Vec<i64> {
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

/// A warehouse that marks rows of files of any size.
pub(super) fn marking() -> Fixture {
    Fixture::with(WarehouseSettings {
        deletion_vector_bytes: 0,
        row_group_rows: 4,
        ..WarehouseSettings::default()
    })
}

#[tokio::test]
async fn a_file_that_loses_few_rows_stays() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    fixture.append(ids(10..20)).await;
    let before = fixture.data_files();
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    change(modification, &[3, 12], [100])
        .await
        .unwrap()
        .unwrap();
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    change(modification, &[4, 5, 19], [])
        .await
        .unwrap()
        .unwrap();
    let gone = [3, 4, 5, 12, 19];
    let mut expected: Vec<i64> = (0..20).filter(|id| !gone.contains(id)).collect();
    expected.push(100);
    assert_eq!(sorted(&fixture).await, expected);
    assert!(fixture.data_files().is_superset(&before));
    let size = fixture.warehouse.size(&fixture.id, At::Latest).await;
    let size = size.unwrap();
    assert_eq!((size.files, size.rows), (3, Some(16)));
    assert_eq!(fixture.rows(At::Version(1)).await.num_rows(), 20);
    assert_eq!(fixture.rows(At::Version(2)).await.num_rows(), 19);

    // Another process reads the vectors from their files; none of them is an orphan.
    let reopened = fixture.reopened();
    reopened.remove_orphans(&fixture.id).await.unwrap();
    for (version, rows) in [(1, 20), (2, 19), (3, 16)] {
        let scan = reopened.scan(&fixture.id, At::Version(version)).await;
        assert_eq!(collect(scan.unwrap()).await.num_rows(), rows);
    }
}

#[tokio::test]
async fn a_file_that_loses_most_rows_is_written_anew() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    let before = fixture.data_files();
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    change(modification, &[1, 3, 5], []).await.unwrap().unwrap();
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    change(modification, &[7, 8, 9], []).await.unwrap().unwrap();
    assert_eq!(sorted(&fixture).await, [0, 2, 4, 6]);
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    assert!(modification.snapshot.files.iter().all(|f| f.gone.is_none()));
    assert!(!before.contains(&modification.snapshot.files[0].path));
}

#[tokio::test]
async fn the_same_rows_lost_twice_are_a_conflict() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    let first = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let second = fixture.warehouse.modify(&fixture.id).await.unwrap();
    change(first, &[1], [-1]).await.unwrap().unwrap();
    let refused = change(second, &[1], [-2]).await.unwrap_err();
    assert_eq!(refused.sqlstate(), SqlState::SERIALIZATION_FAILURE);
    let mut expected: Vec<i64> = (-1..10).collect();
    expected.retain(|id| *id != 1);
    assert_eq!(sorted(&fixture).await, expected);
    // The vector of the change that was refused goes away.
    tokio::task::yield_now().await;
    let vectors = || {
        fixture
            .data_files()
            .into_iter()
            .filter(|f| f.ends_with(".bin"))
    };
    for _ in 0..100 {
        if vectors().count() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(vectors().count(), 1);
}

#[tokio::test]
async fn a_damaged_vector_is_told() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    change(modification, &[1], []).await.unwrap().unwrap();
    let vectors = fixture.data_files();
    let vector = vectors.iter().find(|file| file.ends_with(".bin")).unwrap();
    let path = fixture.table_folder().join(vector);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let reopened = fixture.reopened();
    let scan = reopened.scan(&fixture.id, At::Latest).await.unwrap();
    let context = SessionContext::new();
    let error = context.read_table(scan).unwrap().collect().await;
    let error = Error::from(error.unwrap_err());
    assert_eq!(error.sqlstate(), SqlState::DATA_CORRUPTED);
    assert!(error.to_string().contains(vector.as_str()), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_changes_leave_what_they_should(
        changes in vec((hash_set(0_i64..40, 0..12), 0_i64..5, any::<bool>()), 1..8),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut fixture = marking();
            fixture.replace(ids(0..30)).await;
            let mut expected: BTreeSet<i64> = (0..30).collect();
            for (number, (gone, new, reopen)) in changes.into_iter().enumerate() {
                let gone: Vec<i64> = gone.into_iter().filter(|id| expected.contains(id)).collect();
                let first = 1000 * (number as i64 + 1);
                expected.retain(|id| !gone.contains(id));
                expected.extend(first..first + new);
                let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
                change(modification, &gone, first..first + new).await.unwrap();
                if reopen {
                    fixture.warehouse = open(fixture.folder.path(), fixture.warehouse.settings.clone());
                }
                let found = sorted(&fixture).await;
                assert_eq!(found, expected.iter().copied().collect::<Vec<_>>());
                let rows = fixture.warehouse.size(&fixture.id, At::Latest).await.unwrap().rows;
                assert_eq!(rows, Some(expected.len() as u64));
            }
        });
    }
}
