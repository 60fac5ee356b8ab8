//! Small files, and files that have lost rows, become few.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::execution::SessionState;
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;

use super::modifications::{change, marking, sorted};
use super::*;
use crate::error::SqlState;

fn state() -> SessionState {
    SessionContext::new().state()
}

async fn begin(fixture: &Fixture, extent: CompactionExtent) -> Option<Compaction> {
    let (warehouse, id) = (&fixture.warehouse, &fixture.id);
    warehouse.compact(id, &state(), extent).await.unwrap()
}

async fn size(fixture: &Fixture) -> TableSize {
    let size = fixture.warehouse.size(&fixture.id, At::Latest).await;
    size.unwrap()
}

async fn lose(fixture: &Fixture, rows: &[i64]) {
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    change(modification, rows, []).await.unwrap().unwrap();
}

#[tokio::test]
async fn small_files_become_one_with_the_same_rows() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    fixture.append(ids(10..20)).await;
    fixture.append(ids(20..30)).await;
    lose(&fixture, &[4, 11]).await;
    let compaction = begin(&fixture, CompactionExtent::Full).await.unwrap();
    let commit = compaction.commit().await.unwrap();
    assert_eq!((commit.files, commit.rows), (1, 28));
    let expected: Vec<i64> = (0..30).filter(|id| ![4, 11].contains(id)).collect();
    assert_eq!(sorted(&fixture).await, expected);
    let now = size(&fixture).await;
    assert_eq!((now.files, now.rows), (1, Some(28)));
    assert_eq!(fixture.rows(At::Version(2)).await.num_rows(), 30);
    assert!(begin(&fixture, CompactionExtent::Full).await.is_none());
}

#[tokio::test]
async fn in_the_background_only_many_files_of_a_size_are_compacted() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    for number in 1..7 {
        fixture.append(ids(number * 10..number * 10 + 10)).await;
    }
    assert!(begin(&fixture, CompactionExtent::Due).await.is_none());
    fixture.append(ids(70..80)).await;
    let compaction = begin(&fixture, CompactionExtent::Due).await.unwrap();
    compaction.commit().await.unwrap();
    assert_eq!(size(&fixture).await.files, 1);
    lose(&fixture, &[0]).await;
    assert!(begin(&fixture, CompactionExtent::Due).await.is_none());
    lose(&fixture, &(1..16).collect::<Vec<_>>()).await;
    assert!(begin(&fixture, CompactionExtent::Due).await.is_some());
}

#[tokio::test]
async fn files_that_have_lost_many_rows_are_written_anew_one_after_the_other() {
    let settings = WarehouseSettings {
        deletion_vector_bytes: 0,
        file_rows: 20,
        ..WarehouseSettings::default()
    };
    let fixture = Fixture::with(settings);
    fixture.replace(ids(0..20)).await;
    fixture.append(ids(20..40)).await;
    fixture.append(ids(40..60)).await;
    lose(&fixture, &[0, 1, 2, 3, 4]).await;
    lose(&fixture, &[20, 21, 22, 23, 24, 25]).await;
    lose(&fixture, &[40]).await;
    for worn in [6, 5] {
        let compaction = begin(&fixture, CompactionExtent::Due).await.unwrap();
        let commit = compaction.commit().await.unwrap();
        assert_eq!((commit.files, commit.rows), (1, 20 - worn));
    }
    assert!(begin(&fixture, CompactionExtent::Due).await.is_none());
    let mut expected: Vec<i64> = (5..20).chain(26..40).collect();
    expected.extend(41..60);
    assert_eq!(sorted(&fixture).await, expected);
}

#[tokio::test]
async fn files_that_lose_rows_alike_are_not_all_written_anew_at_once() {
    let settings = WarehouseSettings {
        deletion_vector_bytes: 0,
        file_rows: 20,
        ..WarehouseSettings::default()
    };
    let fixture = Fixture::with(settings);
    fixture.replace(ids(0..20)).await;
    fixture.append(ids(20..40)).await;
    fixture.append(ids(40..60)).await;
    lose(&fixture, &[0, 20, 40]).await;
    assert!(begin(&fixture, CompactionExtent::Due).await.is_none());
    for rows in [[1, 21, 41], [2, 22, 42]] {
        lose(&fixture, &rows).await;
        let compaction = begin(&fixture, CompactionExtent::Due).await.unwrap();
        let commit = compaction.commit().await.unwrap();
        assert_eq!(commit.files, 1);
        assert!(begin(&fixture, CompactionExtent::Due).await.is_none());
    }
}

#[tokio::test]
async fn files_are_closed_before_they_have_too_many_rows() {
    let settings = WarehouseSettings {
        file_rows: 20,
        ..WarehouseSettings::default()
    };
    let fixture = Fixture::with(settings);
    let batches = (0..5).map(|batch| ids(batch * 8..batch * 8 + 8)).collect();
    let (warehouse, id) = (&fixture.warehouse, &fixture.id);
    let commit = warehouse.replace(id, stream(batches), CommitInfo::new("REFRESH"));
    assert_eq!(commit.await.unwrap().files, 3);
    // They are as large as files are.
    assert!(begin(&fixture, CompactionExtent::Due).await.is_none());
    assert_eq!(sorted(&fixture).await, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_that_another_has_written_anew_is_not_compacted() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    fixture.append(ids(10..20)).await;
    let compaction = begin(&fixture, CompactionExtent::Full).await.unwrap();
    lose(&fixture, &[0, 1, 2, 3, 4, 5, 6]).await;
    let refused = compaction.commit().await;
    assert_eq!(
        refused.unwrap_err().sqlstate(),
        SqlState::SERIALIZATION_FAILURE
    );
    assert_eq!(sorted(&fixture).await, (7..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_that_are_restored_meanwhile_stay() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    fixture.append(ids(10..20)).await;
    lose(&fixture, &[1, 2]).await;
    let compaction = begin(&fixture, CompactionExtent::Full).await.unwrap();
    let restored =
        fixture
            .warehouse
            .restore(&fixture.id, At::Version(1), CommitInfo::new("RESTORE"));
    restored.await.unwrap();
    let refused = compaction.commit().await.unwrap_err();
    assert_eq!(refused.sqlstate(), SqlState::SERIALIZATION_FAILURE);
    assert_eq!(sorted(&fixture).await, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_compaction_is_no_change_of_the_rows() {
    let fixture = marking();
    fixture.replace(ids(0..10)).await;
    fixture.append(ids(10..20)).await;
    let compaction = begin(&fixture, CompactionExtent::Full).await.unwrap();
    compaction.commit().await.unwrap();
    let (warehouse, id) = (&fixture.warehouse, &fixture.id);
    assert_eq!(warehouse.version(id).await.unwrap(), 2);
    assert_eq!(warehouse.data_version(id).await.unwrap(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Rows go before the copying, while it runs, and after it.
    #[test]
    fn rows_that_go_meanwhile_stay_away(
        files in vec(1_i64..12, 2..5),
        before in hash_set(0_i64..40, 0..6),
        meanwhile in vec(hash_set(0_i64..40, 0..4), 0..3),
        after in hash_set(0_i64..40, 0..6),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let fixture = marking();
            fixture.replace(ids(0..1)).await;
            let mut rows = 1;
            for file in files {
                fixture.append(ids(rows..rows + file)).await;
                rows += file;
            }
            let mut expected: BTreeSet<i64> = (0..rows).collect();
            let mut gone = |rows: &HashSet<i64>| -> Vec<i64> {
                rows.iter().copied().filter(|row| expected.remove(row)).collect()
            };
            let first = gone(&before);
            let then: Vec<Vec<i64>> = meanwhile.iter().map(&mut gone).collect();
            let last = gone(&after);
            for lost in [first] {
                if !lost.is_empty() {
                    lose(&fixture, &lost).await;
                }
            }
            let compaction = begin(&fixture, CompactionExtent::Full).await;
            for lost in then {
                if !lost.is_empty() {
                    lose(&fixture, &lost).await;
                }
            }
            if let Some(compaction) = compaction {
                match compaction.commit().await {
                    Ok(_) => {}
                    // A file that lost most of its rows was written anew.
                    Err(error) => assert_eq!(error.sqlstate(), SqlState::SERIALIZATION_FAILURE),
                }
            }
            if !last.is_empty() {
                lose(&fixture, &last).await;
            }
            let reopened = fixture.reopened();
            let scan = reopened.scan(&fixture.id, At::Latest).await.unwrap();
            let found = collect(scan).await;
            let mut found = found.column(0).as_primitive::<Int64Type>().values().to_vec();
            found.sort_unstable();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        });
    }
}
