//! Commits that other engines see later: patches, and folds of what they came to.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use deltalake_core::DeltaTable;
use rand::seq::IteratorRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::modifications::{change, sorted};
use super::snapshot::Snapshot;
use super::*;
use crate::error::SqlState;

type Ids = BTreeSet<i64>;

/// Every change of a table that has lost a row is a patch, and folds come when they are asked for.
fn patching() -> WarehouseSettings {
    WarehouseSettings {
        deletion_vector_bytes: 0,
        patch_bytes: 0,
        fold_lag: Duration::from_secs(3600),
        row_group_rows: 4,
        ..WarehouseSettings::default()
    }
}

fn set(rows: &RecordBatch) -> Ids {
    let column = rows.column(0).as_primitive::<Int64Type>();
    let found: Ids = column.values().iter().copied().collect();
    assert_eq!(found.len(), rows.num_rows(), "a row is there twice");
    found
}

async fn at(warehouse: &Warehouse, id: &TableId, at: At) -> Ids {
    set(&collect(warehouse.scan(id, at).await.unwrap()).await)
}

/// What another engine reads, which knows no patches.
async fn elsewhere(folder: &FilePath, id: &TableId) -> Ids {
    let warehouse = open(folder, WarehouseSettings::default());
    let table = warehouse.table(id);
    let url = Url::from_directory_path(folder.join("shop/customer-42")).unwrap();
    let mut log = deltalake_core::DeltaTableBuilder::from_url(url)
        .unwrap()
        .build()
        .unwrap();
    DeltaTable::load(&mut log).await.unwrap();
    let snapshot = Arc::new(Snapshot::read(&log, id, None).unwrap());
    let scan = TableScan::new(id.clone(), table.place.clone(), snapshot).unwrap();
    set(&collect(Arc::new(scan)).await)
}

/// What commits changed, by what their feed tells.
async fn fed(warehouse: &Warehouse, id: &TableId, from: i64, to: i64) -> BTreeMap<i64, i64> {
    let (from, to) = (At::Version(from), At::Version(to));
    let feed = warehouse.changes(id, from, to).await.unwrap();
    let mut changed: BTreeMap<i64, i64> = BTreeMap::new();
    for provider in [feed.plain, feed.mixed] {
        let rows = collect(provider).await;
        let ids = rows.column(0).as_primitive::<Int64Type>();
        let signs = rows.column_by_name(CHANGE_SIGN).unwrap();
        let signs = signs.as_primitive::<Int64Type>();
        for row in 0..rows.num_rows() {
            *changed.entry(ids.value(row)).or_default() += signs.value(row);
        }
    }
    changed.retain(|_, sign| *sign != 0);
    changed
}

fn differences(before: &Ids, after: &Ids) -> BTreeMap<i64, i64> {
    let gone = before.difference(after).map(|id| (*id, -1));
    gone.chain(after.difference(before).map(|id| (*id, 1)))
        .collect()
}

async fn compact(warehouse: &Warehouse, id: &TableId, extent: CompactionExtent, lost: &[i64]) {
    let state = SessionContext::new().state();
    let compaction = warehouse.compact(id, &state, extent).await.unwrap();
    if !lost.is_empty() {
        let modification = warehouse.modify(id).await.unwrap();
        change(modification, lost, []).await.unwrap();
    }
    if let Some(compaction) = compaction
        && let Err(error) = compaction.commit().await
    {
        // A file of which all rows have gone meanwhile is no more.
        assert_eq!(error.sqlstate(), SqlState::SERIALIZATION_FAILURE);
        assert!(!lost.is_empty());
    }
}

/// A transaction that changes rows, while others do so too; tells whether it was committed.
async fn transaction(
    warehouse: &Arc<Warehouse>,
    id: &TableId,
    (gone, new): (&[i64], &[i64]),
    meanwhile: &[i64],
) -> bool {
    let own = Arc::new(warehouse.begin_transaction(std::iter::empty()));
    let modification = own.modify(id).await.unwrap();
    change(modification, gone, new.iter().copied())
        .await
        .unwrap();
    if !meanwhile.is_empty() {
        let modification = warehouse.modify(id).await.unwrap();
        change(modification, meanwhile, []).await.unwrap();
    }
    commits(warehouse, &own).await
}

/// Commits a transaction, where no other is in its way; tells whether it did.
async fn commits(warehouse: &Warehouse, own: &Warehouse) -> bool {
    let ready = warehouse.prepare_publication(own, |_| DependsOn::Nothing);
    let publication = match ready.await {
        Ok(publication) => publication,
        Err(error) => {
            assert_eq!(error.sqlstate(), SqlState::SERIALIZATION_FAILURE);
            warehouse.end_transaction(own, None).await;
            return false;
        }
    };
    let entries = publication.entries().to_vec();
    for entry in &entries {
        warehouse.publish_deciding(entry).await.unwrap();
    }
    drop(publication);
    warehouse.end_transaction(own, Some(&entries)).await;
    true
}

/// Tells the first version that is left once the log is shortened.
async fn happens(seed: u64) -> usize {
    let mut random = Pcg64::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let settings = |random: &mut Pcg64| WarehouseSettings {
        file_rows: random.random_range(5..200),
        ..patching()
    };
    let mut warehouse = Arc::new(open(folder.path(), settings(&mut random)));
    let rows = stream(vec![ids(0..100)]);
    let info = CommitInfo::new("CREATE TABLE AS");
    warehouse.replace(&id, rows, info).await.unwrap();
    let mut now: Ids = (0..100).collect();
    let mut next = 100;
    let mut versions = vec![now.clone()];
    for _ in 0..30 {
        let some = |random: &mut Pcg64, most: usize| -> Vec<i64> {
            let count = random.random_range(0..=most.min(now.len()));
            now.iter().copied().sample(random, count)
        };
        let gone = some(&mut random, 8);
        let rest: Ids = now
            .difference(&gone.iter().copied().collect())
            .copied()
            .collect();
        let new: Vec<i64> = (next..next + random.random_range(0..8)).collect();
        next += 8;
        let after: Ids = rest.iter().chain(&new).copied().collect();
        match random.random_range(0..14) {
            0 => {
                let extent = CompactionExtent::Full;
                compact(&warehouse, &id, extent, &gone).await;
                now = rest;
            }
            1 | 2 => {
                compact(&warehouse, &id, CompactionExtent::Due, &gone).await;
                now = rest;
            }
            3 => {
                warehouse.table(&id).fold().await.unwrap();
            }
            4 => warehouse = Arc::new(open(folder.path(), settings(&mut random))),
            5 => {
                let rows = stream(vec![ids(new.iter().copied())]);
                let info = CommitInfo::new("INSERT");
                warehouse.append(&id, rows, info).await.unwrap();
                now.extend(new);
            }
            6 => {
                let version = random.random_range(0..versions.len());
                let at = At::Version(i64::try_from(version).unwrap());
                let info = CommitInfo::new("RESTORE");
                warehouse.restore(&id, at, info).await.unwrap();
                now = versions[version].clone();
            }
            7 | 8 => {
                let meanwhile: Vec<i64> = match random.random_bool(0.5) {
                    true => rest.iter().copied().sample(&mut random, 2),
                    false => Vec::new(),
                };
                let change = (gone.as_slice(), new.as_slice());
                let committed = transaction(&warehouse, &id, change, &meanwhile).await;
                assert!(committed || !meanwhile.is_empty(), "seed {seed}");
                now = if committed { after } else { now };
                now.retain(|id| !meanwhile.contains(id));
            }
            _ => {
                let modification = warehouse.modify(&id).await.unwrap();
                change(modification, &gone, new).await.unwrap();
                now = after;
            }
        }
        let latest = usize::try_from(warehouse.version(&id).await.unwrap()).unwrap();
        // Of several versions that one step made the first are looked at below.
        while versions.len() <= latest {
            let version = i64::try_from(versions.len()).unwrap();
            versions.push(at(&warehouse, &id, At::Version(version)).await);
        }
        assert_eq!(at(&warehouse, &id, At::Latest).await, now, "seed {seed}");
        let again = open(folder.path(), patching());
        assert_eq!(at(&again, &id, At::Latest).await, now, "seed {seed}");
        let patched = warehouse
            .table(&id)
            .latest()
            .await
            .unwrap()
            .patched
            .is_some();
        let seen = elsewhere(folder.path(), &id).await;
        assert!(seen == now || patched, "seed {seed}: all is folded");
        if patched {
            assert!(versions.contains(&seen), "seed {seed}: no version");
        }
    }
    for (version, ids) in versions.iter().enumerate() {
        let version = At::Version(i64::try_from(version).unwrap());
        assert_eq!(&at(&warehouse, &id, version).await, ids, "seed {seed}");
    }
    for _ in 0..10 {
        let from = random.random_range(1..versions.len());
        let to = random.random_range(from..versions.len());
        let told = fed(
            &warehouse,
            &id,
            i64::try_from(from).unwrap(),
            i64::try_from(to).unwrap(),
        );
        let expected = differences(&versions[from - 1], &versions[to]);
        assert_eq!(told.await, expected, "seed {seed}, {from} to {to}");
    }
    warehouse.rest().await;
    assert_eq!(elsewhere(folder.path(), &id).await, now, "seed {seed}");
    let first = shorten(&warehouse, &id).await;
    for warehouse in [&warehouse, &Arc::new(open(folder.path(), patching()))] {
        for (version, ids) in versions.iter().enumerate().skip(first) {
            let version = At::Version(i64::try_from(version).unwrap());
            assert_eq!(&at(warehouse, &id, version).await, ids, "seed {seed}");
        }
        if let Some(before) = first.checked_sub(1) {
            let before = At::Version(i64::try_from(before).unwrap());
            let error = warehouse.scan(&id, before).await.unwrap_err();
            assert_eq!(error.sqlstate(), SqlState::INVALID_PARAMETER_VALUE);
            let error = warehouse.changes(&id, before, At::Latest).await.err();
            assert_eq!(error.unwrap().sqlstate(), SqlState::INVALID_PARAMETER_VALUE);
        }
        if first + 1 < versions.len() {
            let to = versions.len() - 1;
            let number = |version: usize| i64::try_from(version).unwrap();
            let told = fed(warehouse, &id, number(first + 1), number(to)).await;
            assert_eq!(told, differences(&versions[first], &versions[to]));
        }
    }
    assert_eq!(elsewhere(folder.path(), &id).await, now, "seed {seed}");
    let modification = warehouse.modify(&id).await.unwrap();
    change(modification, &[], [next]).await.unwrap();
    now.insert(next);
    assert_eq!(at(&warehouse, &id, At::Latest).await, now, "seed {seed}");
    first
}

/// Deletes what a log need not have; tells the first version that is left.
async fn shorten(warehouse: &Warehouse, id: &TableId) -> usize {
    let before = warehouse.table(id).entries().await.unwrap().len();
    let kept = BTreeSet::new();
    let deleted = warehouse.shorten_log(id, Utc::now(), &kept).await.unwrap();
    let entries = warehouse.table(id).entries().await.unwrap();
    assert_eq!(entries.len(), before - deleted);
    let first = warehouse.table(id).first_version(&entries).await.unwrap();
    usize::try_from(first).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_are_versions_as_others_are() {
    let mut shortened = 0;
    for seed in 0..8 {
        shortened += usize::from(happens(seed).await > 0);
    }
    assert!(shortened > 2, "logs were shortened {shortened} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_engines_see_patches_after_a_while() {
    let settings = WarehouseSettings {
        fold_lag: Duration::from_millis(300),
        ..patching()
    };
    let fixture = Fixture::with(settings);
    fixture.replace(ids(0..10)).await;
    let lose = async |gone: &[i64]| {
        let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
        change(modification, gone, []).await.unwrap().unwrap()
    };
    // The first deletion vector tells other engines that there are such.
    lose(&[0]).await;
    assert_eq!(lose(&[1]).await.version, 2);
    let files = fixture.data_files();
    assert_eq!(lose(&[2]).await.version, 3);
    assert_eq!(
        fixture.data_files(),
        files,
        "nothing is written but the log"
    );
    let folder = fixture.folder.path();
    assert_eq!(elsewhere(folder, &fixture.id).await, (1..10).collect());
    assert_eq!(sorted(&fixture).await, (3..10).collect::<Vec<_>>());
    let before = fixture.warehouse.data_version(&fixture.id).await.unwrap();
    while elsewhere(folder, &fixture.id).await != (3..10).collect() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fixture.warehouse.version(&fixture.id).await.unwrap(), 4);
    let after = fixture.warehouse.data_version(&fixture.id).await.unwrap();
    assert_eq!(after, before, "the rows are what they were");
    let told_by = async |version| {
        let told_by = fixture.warehouse.told_by(&fixture.id, version).await;
        told_by.unwrap()
    };
    assert_eq!(told_by(4).await, told_by(3).await);
    assert_eq!(told_by(3).await.0, 3);
    let history = fixture
        .warehouse
        .history(&fixture.id, usize::MAX)
        .await
        .unwrap();
    let operations = history.column_by_name("operation").unwrap();
    assert_eq!(operations.as_string::<i32>().value(0), "FOLD");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_began_before_a_fold_is_made_after_it() {
    let fixture = Fixture::with(patching());
    fixture.replace(ids(0..10)).await;
    let (warehouse, id) = (&fixture.warehouse, &fixture.id);
    for gone in [0, 1] {
        let modification = warehouse.modify(id).await.unwrap();
        change(modification, &[gone], []).await.unwrap();
    }
    let modification = warehouse.modify(id).await.unwrap();
    warehouse.table(id).fold().await.unwrap();
    change(modification, &[2], [10]).await.unwrap();
    assert_eq!(sorted(&fixture).await, (3..=10).collect::<Vec<_>>());
    // Two that take the same file's rows are in conflict, patches or not.
    let one = warehouse.modify(id).await.unwrap();
    let other = warehouse.modify(id).await.unwrap();
    change(one, &[3], []).await.unwrap();
    let error = change(other, &[4], []).await.unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::SERIALIZATION_FAILURE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_told() {
    let fixture = Fixture::with(patching());
    fixture.replace(ids(0..10)).await;
    for gone in [0, 1] {
        let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
        change(modification, &[gone], []).await.unwrap();
    }
    let entry = fixture
        .table_folder()
        .join("_delta_log/00000000000000000002.json");
    let whole = std::fs::read_to_string(&entry).unwrap();
    let rows = whole.split("\"lost\":{\"").nth(1).unwrap();
    let rows = rows.split("\":\"").nth(1).unwrap();
    let rows = rows.split('"').next().unwrap();
    for (from, to, state) in [
        (rows, "AAAA", SqlState::DATA_CORRUPTED),
        (rows, "%", SqlState::DATA_CORRUPTED),
        ("\"since\":1", "\"since\":\"x\"", SqlState::DATA_CORRUPTED),
        (
            "\"lost\":{\"part",
            "\"lost\":{\"tart",
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        ),
    ] {
        assert!(whole.contains(from), "{from}");
        std::fs::write(&entry, whole.replace(from, to)).unwrap();
        let warehouse = fixture.reopened();
        let error = warehouse.scan(&fixture.id, At::Latest).await.unwrap_err();
        assert_eq!(error.sqlstate(), state, "{from}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fold_ends_whoever_waits_for_it() {
    let fixture = Fixture::with(patching());
    fixture.replace(ids(0..10)).await;
    let lose = async |gone: i64| {
        let modification = fixture.warehouse.modify(&fixture.id).await.unwrap();
        change(modification, &[gone], []).await.unwrap();
    };
    let folder = fixture.folder.path();
    for gone in 0..5 {
        lose(gone).await;
        let table = fixture.warehouse.table(&fixture.id);
        tokio::select! {
            biased;
            folded = table.fold() => folded.unwrap(),
            () = std::future::ready(()) => {}
        }
        lose(gone + 5).await;
        table.fold().await.unwrap();
        let left: Ids = (gone + 1..5).chain(gone + 6..10).collect();
        assert_eq!(elsewhere(folder, &fixture.id).await, left);
        assert_eq!(at(&fixture.reopened(), &fixture.id, At::Latest).await, left);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_added_to_the_version_of_a_snapshot_that_patches_made() {
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let warehouse = Arc::new(open(folder.path(), patching()));
    let info = CommitInfo::new("CREATE TABLE AS");
    let rows = stream(vec![ids(0..100)]);
    warehouse.replace(&id, rows, info).await.unwrap();
    for gone in [1, 2] {
        let modification = warehouse.modify(&id).await.unwrap();
        change(modification, &[gone], []).await.unwrap();
    }
    let seen = warehouse.table(&id).latest().await.unwrap();
    assert!(seen.patched.is_some());
    let seen = i64::try_from(seen.version).unwrap();
    let own = Arc::new(warehouse.begin_transaction(std::iter::once((id.clone(), seen))));
    let modification = warehouse.modify(&id).await.unwrap();
    change(modification, &[3], [100]).await.unwrap();
    for new in [200, 201] {
        let rows = stream(vec![ids([new])]);
        let info = CommitInfo::new("INSERT");
        own.append(&id, rows, info).await.unwrap();
    }
    let left = |gone: &[i64], new: &[i64]| -> Ids {
        let left = (0..100).filter(|id| !gone.contains(id));
        left.chain(new.iter().copied()).collect()
    };
    let own_view = at(&own, &id, At::Latest).await;
    assert_eq!(own_view, left(&[1, 2], &[200, 201]));
    assert!(commits(&warehouse, &own).await);
    let all = left(&[1, 2, 3], &[100, 200, 201]);
    assert_eq!(at(&warehouse, &id, At::Latest).await, all);
    let again = open(folder.path(), patching());
    assert_eq!(at(&again, &id, At::Latest).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_change_in_the_version_of_a_snapshot_that_patches_made() {
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let settings = || WarehouseSettings {
        file_rows: 50,
        ..patching()
    };
    let warehouse = Arc::new(open(folder.path(), settings()));
    let info = CommitInfo::new("CREATE TABLE AS");
    let rows = stream(vec![ids(0..50), ids(50..100)]);
    warehouse.replace(&id, rows, info).await.unwrap();
    let lose = async |warehouse: &Warehouse, gone: &[i64], new: &[i64]| {
        let modification = warehouse.modify(&id).await.unwrap();
        change(modification, gone, new.iter().copied()).await
    };
    for gone in [1, 51, 2] {
        lose(&warehouse, &[gone], &[]).await.unwrap();
    }
    let begin = async || {
        let seen = warehouse.table(&id).latest().await.unwrap();
        assert!(seen.patched.is_some());
        let seen = i64::try_from(seen.version).unwrap();
        Arc::new(warehouse.begin_transaction(std::iter::once((id.clone(), seen))))
    };
    let mut left: Ids = (0..100).filter(|id| ![1, 2, 51].contains(id)).collect();

    // Others fold, and take rows out of another file.
    let own = begin().await;
    lose(&warehouse, &[52], &[200]).await.unwrap();
    warehouse.table(&id).fold().await.unwrap();
    lose(&own, &[3], &[201]).await.unwrap();
    lose(&own, &[4, 201], &[202]).await.unwrap();
    let mut seen = left.clone();
    seen.retain(|id| ![3, 4].contains(id));
    seen.insert(202);
    assert_eq!(at(&own, &id, At::Latest).await, seen);
    assert!(commits(&warehouse, &own).await);
    left.retain(|id| ![3, 4, 52].contains(id));
    left.extend([200, 202]);
    assert_eq!(at(&warehouse, &id, At::Latest).await, left);
    assert_eq!(elsewhere(folder.path(), &id).await, left);

    // All files of another version come back, and what was staged is taken back.
    lose(&warehouse, &[5], &[]).await.unwrap();
    left.remove(&5);
    let own = begin().await;
    let mark = own.mark();
    let info = CommitInfo::new("RESTORE");
    own.restore(&id, At::Version(0), info).await.unwrap();
    assert_eq!(at(&own, &id, At::Latest).await, (0..100).collect());
    own.roll_back_to(&mark);
    assert_eq!(at(&own, &id, At::Latest).await, left);
    lose(&own, &[6], &[]).await.unwrap();
    assert!(commits(&warehouse, &own).await);
    left.remove(&6);
    assert_eq!(at(&warehouse, &id, At::Latest).await, left);

    // Others have taken rows out of the same file.
    lose(&warehouse, &[7], &[]).await.unwrap();
    left.remove(&7);
    let own = begin().await;
    lose(&warehouse, &[8], &[]).await.unwrap();
    left.remove(&8);
    lose(&own, &[9], &[]).await.unwrap();
    assert!(!commits(&warehouse, &own).await);
    let again = open(folder.path(), settings());
    assert_eq!(at(&again, &id, At::Latest).await, left);
    assert_eq!(elsewhere(folder.path(), &id).await, left);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_a_snapshot_was_asked_for_are_as_they_were_after_a_fold() {
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let warehouse = Arc::new(open(folder.path(), patching()));
    let info = CommitInfo::new("CREATE TABLE AS");
    let rows = stream(vec![ids(0..10)]);
    warehouse.replace(&id, rows, info).await.unwrap();
    for gone in [0, 1] {
        let modification = warehouse.modify(&id).await.unwrap();
        change(modification, &[gone], []).await.unwrap();
    }
    let seen = warehouse.version(&id).await.unwrap();
    let insert = async |warehouse: &Warehouse| {
        let rows = stream(vec![ids([20])]);
        let info = CommitInfo::new("INSERT");
        warehouse.append(&id, rows, info).await.unwrap();
    };
    let add = async |others_add: bool| {
        let frozen = std::iter::once((id.clone(), seen));
        let own = Arc::new(warehouse.begin_transaction(frozen));
        insert(&own).await;
        if others_add {
            insert(&warehouse).await;
        }
        let ready = warehouse.prepare_publication(&own, |_| DependsOn::Keys);
        let outcome = ready.await.map(drop);
        warehouse.end_transaction(&own, None).await;
        outcome
    };
    add(false).await.unwrap();
    let error = add(true).await.unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::SERIALIZATION_FAILURE);
}
