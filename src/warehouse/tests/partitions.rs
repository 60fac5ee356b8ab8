//! The files of a partitioned table hold rows of one partition each, whatever becomes of them.

use arrow::array::{AsArray, StringArray};
use arrow::datatypes::{Int64Type, UInt32Type};
use parking_lot::Mutex;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::*;
use crate::warehouse::partition::FEATURE;

const PARTS: [Option<&str>; 5] = [Some("a"), Some("b/ c=%é"), None, Some("100%"), Some("x:y")];

fn part(id: i64) -> Option<&'static str> {
    PARTS[usize::try_from(id).unwrap() % PARTS.len()]
}

pub(super) fn rows(ids: impl Iterator<Item = i64> + Clone) -> RecordBatch {
    let parts: ArrayRef = Arc::new(ids.clone().map(part).collect::<StringArray>());
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    RecordBatch::try_from_iter_with_nullable([("id", ids, true), ("part", parts, true)]).unwrap()
}

pub(super) async fn lose(fixture: &Fixture, lost: &BTreeSet<i64>) {
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let found = collect(modification.rows().unwrap()).await;
    let ids = found.column(0).as_primitive::<Int64Type>();
    let files = found.column(2).as_primitive::<UInt32Type>();
    let places = found.column(3).as_primitive::<Int64Type>();
    let mut gone = Places::default();
    for row in (0..found.num_rows()).filter(|row| lost.contains(&ids.value(*row))) {
        gone.insert(files.value(row), places.value(row));
    }
    let session = Arc::new(SessionContext::new().state());
    let (none, gone) = (stream(vec![rows(0..0)]), Arc::new(Mutex::new(gone)));
    let info = CommitInfo::new("DELETE");
    let committed = modification.commit(session, none, gone, info, None).await;
    committed.unwrap();
}

/// That the table has these rows, and each in a file of its partition.
async fn holds(fixture: &Fixture, expected: &BTreeSet<i64>, seed: u64) {
    let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
    let found = collect(modification.rows().unwrap()).await;
    let ids = found.column(0).as_primitive::<Int64Type>();
    let files = found.column(2).as_primitive::<UInt32Type>();
    let all: BTreeSet<i64> = ids.values().iter().copied().collect();
    assert_eq!(&all, expected, "seed {seed}");
    assert_eq!(found.num_rows(), expected.len(), "seed {seed}");
    for row in 0..found.num_rows() {
        let file = &modification.snapshot.files[files.value(row) as usize];
        let told = file.partition["part"].as_deref();
        assert_eq!(told, part(ids.value(row)), "seed {seed}: {}", file.path);
    }
    for file in &modification.snapshot.files {
        let folder = file.path.split('/').next().unwrap();
        assert!(folder.starts_with("part="), "{}", file.path);
        assert!(fixture.table_folder().join(&file.path).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_stay_in_their_partitions() {
    for seed in 0..20 {
        let mut random = Pcg64::seed_from_u64(seed);
        let fixture = Fixture::with(WarehouseSettings {
            file_bytes: 1 << random.random_range(10..14),
            deletion_vector_bytes: 0,
            ..WarehouseSettings::default()
        });
        let partitions = ["part".to_owned()];
        let info = CommitInfo::new("CREATE TABLE AS");
        let created = fixture.warehouse.replace_partitioned(
            &fixture.id,
            &partitions,
            stream(vec![rows(0..50), rows(50..120)]),
            info,
            None,
        );
        created.await.unwrap();
        let mut expected: BTreeSet<i64> = (0..120).collect();
        let mut next = 120;
        for _ in 0..12 {
            let session = SessionContext::new().state();
            let extent = match random.random_bool(0.5) {
                true => CompactionExtent::Full,
                false => CompactionExtent::Due,
            };
            let compaction = match random.random_bool(0.5) {
                true => {
                    fixture
                        .warehouse
                        .compact(&fixture.id, &session, extent)
                        .await
                }
                false => Ok(None),
            };
            let end = next + random.random_range(1..40);
            fixture.append(rows(next..end)).await;
            expected.extend(next..end);
            next = end;
            let lost: BTreeSet<i64> = expected
                .iter()
                .copied()
                .filter(|_| random.random_bool(0.1))
                .collect();
            lose(&fixture, &lost).await;
            expected.retain(|id| !lost.contains(id));
            // A file that lost too much was written anew.
            if let Some(compaction) = compaction.unwrap() {
                compaction.commit().await.ok();
            }
            holds(&fixture, &expected, seed).await;
        }
        let session = SessionContext::new().state();
        if let Some(compaction) = fixture
            .warehouse
            .compact(&fixture.id, &session, CompactionExtent::Full)
            .await
            .unwrap()
        {
            compaction.commit().await.unwrap();
        }
        holds(&fixture, &expected, seed).await;
        let known = fixture.warehouse.modify(&fixture.id).await.unwrap();
        let kept = fixture.table_folder().join(&known.snapshot.files[0].path);
        for orphan in ["part-00000-x.parquet", "part-00000-y.parquet#1"] {
            std::fs::write(kept.with_file_name(orphan), "half").unwrap();
        }
        let removed = fixture.reopened().remove_orphans(&fixture.id).await;
        assert_eq!(removed.unwrap(), 2, "seed {seed}");
        assert!(kept.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_writers_are_told_that_files_have_the_columns() {
    let fixture = Fixture::with(WarehouseSettings {
        deletion_vector_bytes: 0,
        ..WarehouseSettings::default()
    });
    let partitions = ["part".to_owned()];
    let info = CommitInfo::new("CREATE TABLE AS");
    let (warehouse, rows) = (&fixture.warehouse, stream(vec![rows(0..20)]));
    let created = warehouse.replace_partitioned(&fixture.id, &partitions, rows, info, None);
    created.await.unwrap();
    lose(&fixture, &BTreeSet::from([1])).await;
    for version in 0..2 {
        let entry = format!("_delta_log/{version:020}.json");
        let entry = std::fs::read_to_string(fixture.table_folder().join(entry)).unwrap();
        let told = entry.lines().find(|line| line.contains("\"protocol\""));
        assert!(told.unwrap().contains(FEATURE), "{told:?}");
    }
}
