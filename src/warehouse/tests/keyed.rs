//! A keyed table holds what replaying its changes gives, whatever the order, the batches and the
//! repetitions that they arrive in, and whatever is done to its files in between.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use arrow::array::{Array, AsArray, BooleanArray, StringArray};
use arrow::datatypes::Int64Type;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::*;

/// A change of a row: its key, its version in two columns, whether it is deleted, and what it says.
/// They compare as rows of one key do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub id: i64,
    pub at: Option<i64>,
    pub sequence: i64,
    pub gone: bool,
    pub note: Option<String>,
}

pub(super) fn keyed() -> Keyed {
    Keyed {
        key: vec!["id".to_owned()],
        versions: vec!["at".to_owned(), "sequence".to_owned()],
        deleted: Some("gone".to_owned()),
        tombstone_retention_seconds: 7 * 24 * 3600,
        merge: Merge::Row,
    }
}

pub(super) fn batch(rows: &[Row]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.id)).collect::<Int64Array>());
    let at: ArrayRef = Arc::new(rows.iter().map(|row| row.at).collect::<Int64Array>());
    let sequences = rows.iter().map(|row| Some(row.sequence));
    let sequences: ArrayRef = Arc::new(sequences.collect::<Int64Array>());
    let gone = rows.iter().map(|row| Some(row.gone));
    let gone: ArrayRef = Arc::new(gone.collect::<BooleanArray>());
    let notes = rows.iter().map(|row| row.note.as_deref());
    let notes: ArrayRef = Arc::new(notes.collect::<StringArray>());
    let columns = [
        ("id", ids, false),
        ("at", at, true),
        ("sequence", sequences, true),
        ("gone", gone, true),
        ("note", notes, true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

pub(super) fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let number = |column: usize, row: usize| {
        let column = batch.column(column).as_primitive::<Int64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let notes = batch.column(4).as_string::<i32>();
    let gone = batch.column(3).as_boolean();
    let rows = (0..batch.num_rows()).map(|row| Row {
        id: number(0, row).unwrap(),
        at: number(1, row),
        sequence: number(2, row).unwrap(),
        gone: gone.value(row),
        note: notes.is_valid(row).then(|| notes.value(row).to_owned()),
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort();
    rows
}

/// What a table holds after these changes, in whatever order.
pub(super) fn replayed<'a>(changes: impl IntoIterator<Item = &'a Row>) -> Vec<Row> {
    let mut latest: BTreeMap<i64, &Row> = BTreeMap::new();
    for change in changes {
        let known = latest.entry(change.id).or_insert(change);
        // Of one version a deletion counts as later; `Row` is ordered like that.
        *known = (*known).max(change);
    }
    latest
        .into_values()
        .filter(|row| !row.gone)
        .cloned()
        .collect()
}

pub(super) fn settings(folder: &FilePath, random: &mut Pcg64) -> WarehouseSettings {
    WarehouseSettings {
        file_bytes: 1 << random.random_range(12..16),
        row_group_rows: random.random_range(3..50),
        deletion_vector_bytes: if random.random_bool(0.7) { 0 } else { 64 << 10 },
        patch_bytes: if random.random_bool(0.7) { 0 } else { 64 << 10 },
        // No fold of a warehouse that was left meets one that was opened since.
        fold_lag: Duration::from_secs(if random.random_bool(0.7) { 3600 } else { 0 }),
        upsert_rows: random.random_range(1..80),
        key_indexes: Some(folder.join("indexes")),
        ..WarehouseSettings::default()
    }
}

pub(super) fn change(random: &mut Pcg64, keys: i64) -> Row {
    let letters = ["a", "b", "c"];
    Row {
        id: random.random_range(0..keys),
        at: random.random_bool(0.9).then(|| random.random_range(0..6)),
        sequence: random.random_range(0..3),
        gone: random.random_bool(0.25),
        note: random
            .random_bool(0.9)
            .then(|| letters[random.random_range(0..3)].to_owned()),
    }
}

pub(super) fn session() -> Arc<dyn Session> {
    Arc::new(SessionContext::new().state())
}

pub(super) async fn put(
    warehouse: &Warehouse,
    id: &TableId,
    batches: Vec<RecordBatch>,
) -> Upserted {
    let modification = warehouse.modify(id).await.unwrap();
    let info = CommitInfo::new("INSERT");
    let rows = stream(batches);
    modification
        .upsert(session(), rows, info, None)
        .await
        .unwrap()
}

pub(super) async fn create(warehouse: &Warehouse, id: &TableId, rows: &[Row]) -> Upserted {
    let info = CommitInfo::new("CREATE TABLE AS");
    let rows = stream(vec![batch(rows)]);
    let replaced = warehouse.replace_keyed(id, Latest::of(keyed(), session()), rows, info, None);
    replaced.await.unwrap()
}

pub(super) async fn compact(warehouse: &Warehouse, id: &TableId, extent: CompactionExtent) {
    let compaction = warehouse
        .compact(id, session().as_ref(), extent)
        .await
        .unwrap();
    if let Some(compaction) = compaction {
        compaction.commit().await.unwrap();
    }
}

/// Puts a log of changes into a table, shuffled, split and in part twice, and does to the table what
/// else may happen meanwhile.
async fn arrives(seed: u64) {
    let mut random = Pcg64::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let keys = random.random_range(1..60);
    let log: Vec<Row> = (0..random.random_range(1..400))
        .map(|_| change(&mut random, keys))
        .collect();
    let mut arriving = log.clone();
    arriving.extend((0..log.len() / 2).map(|_| log[random.random_range(0..log.len())].clone()));
    arriving.shuffle(&mut random);
    let mut warehouse = open(folder.path(), settings(folder.path(), &mut random));
    let first = random.random_range(0..=arriving.len());
    create(&warehouse, &id, &arriving[..first]).await;
    let mut arrived = first;
    while arrived < arriving.len() {
        let end = (arrived + random.random_range(1..100)).min(arriving.len());
        let parts = arriving[arrived..end].chunks(random.random_range(1..40));
        let upserted = put(&warehouse, &id, parts.map(batch).collect()).await;
        assert_eq!(
            upserted.rows + upserted.stale,
            (end - arrived) as u64,
            "seed {seed}"
        );
        arrived = end;
        match random.random_range(0..10) {
            0 => compact(&warehouse, &id, CompactionExtent::Full).await,
            1 => compact(&warehouse, &id, CompactionExtent::Due).await,
            2 => warehouse = open(folder.path(), settings(folder.path(), &mut random)),
            3 => {
                drop(warehouse);
                std::fs::remove_dir_all(folder.path().join("indexes")).ok();
                warehouse = open(folder.path(), settings(folder.path(), &mut random));
            }
            4 => {
                let dead = warehouse.find_dead(&id, Utc::now(), &BTreeSet::new()).await;
                warehouse.delete_dead(&id, dead.unwrap()).await.unwrap();
            }
            // Everything that is known, read anew.
            5 => {
                create(&warehouse, &id, &arriving[..arrived]).await;
            }
            _ => {}
        }
        let found = rows_of(&collect(warehouse.scan(&id, At::Latest).await.unwrap()).await);
        assert_eq!(
            found,
            replayed(&arriving[..arrived]),
            "seed {seed}, after {arrived}"
        );
    }
    // All of it once more is nothing new.
    let again = put(&warehouse, &id, vec![batch(&arriving)]).await;
    assert_eq!(again.rows, 0, "seed {seed}");
    assert_eq!(again.commit, None, "seed {seed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_arrival_ends_in_the_same_table() {
    for seed in 0..60 {
        arrives(seed).await;
    }
}

/// Without version columns the order of arrival decides, also where it is sorted away.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_to_arrive_stays_without_versions() {
    for seed in 0..20 {
        let mut random = Pcg64::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let id = TableId::new(42, "shop", "customer");
        let warehouse = open(folder.path(), settings(folder.path(), &mut random));
        let by_arrival = Keyed {
            versions: Vec::new(),
            ..keyed()
        };
        let log: Vec<Row> = (0..300).map(|_| change(&mut random, 30)).collect();
        let first = stream(vec![batch(&log[..100])]);
        let info = CommitInfo::new("CREATE TABLE AS");
        let created =
            warehouse.replace_keyed(&id, Latest::of(by_arrival, session()), first, info, None);
        created.await.unwrap();
        let parts = log[100..].chunks(random.random_range(1..100));
        let middle = random.random_range(0..3);
        let parts: Vec<RecordBatch> = parts.map(batch).collect();
        let (left, right) = parts.split_at(middle.min(parts.len()));
        for parts in [left, right] {
            if !parts.is_empty() {
                put(&warehouse, &id, parts.to_vec()).await;
            }
        }
        let mut latest: BTreeMap<i64, &Row> = BTreeMap::new();
        latest.extend(log.iter().map(|row| (row.id, row)));
        let expected: Vec<Row> = latest
            .into_values()
            .filter(|row| !row.gone)
            .cloned()
            .collect();
        let found = rows_of(&collect(warehouse.scan(&id, At::Latest).await.unwrap()).await);
        assert_eq!(found, expected, "seed {seed}");
    }
}

/// Where neither versions nor the order of arrival tell which row is later, a deletion is, or else the
/// greater row.
#[tokio::test(flavor = "multi_thread")]
async fn the_greatest_stays_where_nothing_tells() {
    for seed in 0..20 {
        let mut random = Pcg64::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let id = TableId::new(42, "shop", "customer");
        let warehouse = open(folder.path(), settings(folder.path(), &mut random));
        let mut log: Vec<Row> = (0..300).map(|_| change(&mut random, 80)).collect();
        let mut greatest: BTreeMap<i64, Row> = BTreeMap::new();
        for row in &log {
            let known = greatest.entry(row.id).or_insert_with(|| row.clone());
            if (known.gone, &*known) < (row.gone, row) {
                *known = row.clone();
            }
        }
        let expected: Vec<Row> = greatest.into_values().filter(|row| !row.gone).collect();
        assert!(!expected.is_empty(), "seed {seed}");
        for _ in 0..2 {
            log.shuffle(&mut random);
            let keyed = Keyed {
                versions: Vec::new(),
                ..keyed()
            };
            let latest = Latest {
                arrival: Arrival::TellsNothing,
                ..Latest::of(keyed, session())
            };
            let rows = stream(log.chunks(random.random_range(1..100)).map(batch).collect());
            let info = CommitInfo::new("REFRESH");
            let replaced = warehouse.replace_keyed(&id, latest, rows, info, None);
            replaced.await.unwrap();
            let found = rows_of(&collect(warehouse.scan(&id, At::Latest).await.unwrap()).await);
            assert_eq!(found, expected, "seed {seed}");
        }
    }
}

/// What is known of deletions goes when its retention has passed, in compaction.
#[tokio::test(flavor = "multi_thread")]
async fn tombstones_go_after_their_retention() {
    let mut random = Pcg64::seed_from_u64(1);
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let warehouse = open(folder.path(), settings(folder.path(), &mut random));
    let row = |at, gone| Row {
        id: 1,
        at: Some(at),
        sequence: 0,
        gone,
        note: None,
    };
    let tombstones =
        async |warehouse: &Warehouse| warehouse.size(&id, At::Latest).await.unwrap().files;
    create(&warehouse, &id, &[row(3, true)]).await;
    put(&warehouse, &id, vec![batch(&[row(4, true)])]).await;
    assert_eq!(tombstones(&warehouse).await, 2);
    // Those that are kept become one file.
    compact(&warehouse, &id, CompactionExtent::Full).await;
    assert_eq!(tombstones(&warehouse).await, 1);
    assert_eq!(
        put(&warehouse, &id, vec![batch(&[row(2, false)])])
            .await
            .stale,
        1
    );
    let forgetful = Keyed {
        tombstone_retention_seconds: 0,
        ..keyed()
    };
    let rows = stream(vec![batch(&[row(3, true)])]);
    let info = CommitInfo::new("CREATE TABLE AS");
    let replaced = warehouse.replace_keyed(&id, Latest::of(forgetful, session()), rows, info, None);
    replaced.await.unwrap();
    assert_eq!(tombstones(&warehouse).await, 1);
    compact(&warehouse, &id, CompactionExtent::Due).await;
    assert_eq!(tombstones(&warehouse).await, 0);
    assert_eq!(
        put(&warehouse, &id, vec![batch(&[row(2, false)])])
            .await
            .rows,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_told_of_rows_as_they_are_put_in() {
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let settings = WarehouseSettings {
        key_indexes: Some(folder.path().join("indexes")),
        ..WarehouseSettings::default()
    };
    let warehouse = open(folder.path(), settings);
    let row = |id, at| Row {
        id,
        at: Some(at),
        sequence: 0,
        gone: false,
        note: None,
    };
    create(&warehouse, &id, &[row(1, 1), row(2, 1)]).await;
    for at in 2..5 {
        put(&warehouse, &id, vec![batch(&[row(2, at), row(at, 1)])]).await;
        let table = warehouse.table(&id);
        let latest = table.latest().await.unwrap();
        let key = keyed().indexed();
        let index = warehouse.indexes.get(&id, &latest.schema, &key).unwrap();
        let scan = TableScan::new(id.clone(), table.place.clone(), latest).unwrap();
        // Nobody has read the new file.
        assert!(index.covered(&scan).await.unwrap().is_complete());
    }
    let found = collect(warehouse.scan(&id, At::Latest).await.unwrap()).await;
    let expected = [row(1, 1), row(2, 4), row(3, 1), row(4, 1)];
    assert_eq!(rows_of(&found), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn tombstones_are_no_rows_of_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let settings = WarehouseSettings {
        key_indexes: Some(folder.path().join("indexes")),
        ..WarehouseSettings::default()
    };
    let warehouse = open(folder.path(), settings);
    let id = TableId::new(42, "shop", "customer");
    let row = |id: i64, at: i64, gone: bool| Row {
        id,
        at: Some(at),
        sequence: 0,
        gone,
        note: None,
    };
    let first = [row(1, 1, false), row(2, 1, false), row(3, 1, true)];
    create(&warehouse, &id, &first).await;
    let second = [row(1, 2, true), row(4, 2, true), row(5, 2, false)];
    put(&warehouse, &id, vec![batch(&second)]).await;
    let history = warehouse.history(&id, usize::MAX).await.unwrap();
    let rows = history.column_by_name("rows").unwrap();
    // Latest first; files of few rows are written anew with those that stay.
    let rows = rows.as_primitive::<Int64Type>();
    assert_eq!(rows.value(1), 2);
    assert_eq!(rows.value(0), 2);
}
