//! Changes of a keyed table by hand, and rows that are put in beside them: what was changed, or had
//! another key, does not come back, and whatever arrives is held against it.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt32Type};
use parking_lot::Mutex;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::keyed::{Row, batch, change, compact, create, put, rows_of, session, settings};
use super::*;
use crate::error::SqlState;

const KEYS: i64 = 40;

/// What is known of a key.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The greatest version that is past.
    past: Option<(Option<i64>, i64)>,
    row: Option<Row>,
}

type Replay = BTreeMap<i64, Known>;

fn version(row: &Row) -> (Option<i64>, i64) {
    (row.at, row.sequence)
}

impl Known {
    fn put(&mut self, row: &Row) {
        let is_past = self.past.is_some_and(|past| version(row) <= past);
        if is_past || self.row.as_ref().is_some_and(|known| known >= row) {
            return;
        }
        self.row = (!row.gone).then(|| row.clone());
        if row.gone {
            self.past = Some(version(row));
        }
    }

    /// Takes the row out by hand.
    fn take(&mut self) -> Row {
        let row = self.row.take().unwrap();
        self.past = self.past.max(Some(version(&row)));
        row
    }
}

/// Changes of some rows by hand, with the rows that come in their place.
async fn by_hand(
    random: &mut Pcg64,
    modification: &Modification,
    replay: &mut Replay,
) -> (Vec<Row>, Arc<Mutex<Places>>) {
    let found = collect(modification.rows().unwrap()).await;
    let width = found.num_columns();
    let files = found.column(width - 2).as_primitive::<UInt32Type>();
    let places = found.column(width - 1).as_primitive::<Int64Type>();
    let (mut gone, mut new) = (Places::default(), Vec::new());
    for number in 0..found.num_rows() {
        if random.random_bool(0.8) {
            continue;
        }
        let Some(row) = rows_of(&found.slice(number, 1)).pop() else {
            continue;
        };
        assert!(gone.insert(files.value(number), places.value(number)));
        let remembered = modification.remembered().unwrap();
        remembered
            .lock()
            .insert(files.value(number), places.value(number));
        let mut row = Row {
            note: Some("by hand".to_owned()),
            ..row
        };
        let before = replay.get_mut(&row.id).unwrap().take();
        assert_eq!((before.at, before.sequence), (row.at, row.sequence));
        match random.random_range(0..4) {
            0 => continue,
            1 => {
                let other = (row.id + KEYS) % (2 * KEYS);
                if replay.get(&other).is_none_or(|known| known.row.is_none()) {
                    row.id = other;
                }
            }
            _ => {}
        }
        replay.entry(row.id).or_default().row = Some(row.clone());
        new.push(row);
    }
    (new, Arc::new(Mutex::new(gone)))
}

async fn arrives(seed: u64) {
    let mut random = Pcg64::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let warehouse = open(folder.path(), settings(folder.path(), &mut random));
    let first: Vec<Row> = (0..100).map(|_| change(&mut random, KEYS)).collect();
    create(&warehouse, &id, &first).await;
    let mut replay = Replay::new();
    let arrive = |replay: &mut Replay, rows: &[Row]| {
        for row in rows {
            replay.entry(row.id).or_default().put(row);
        }
    };
    arrive(&mut replay, &first);
    for step in 0..25 {
        let count = random.random_range(1..60);
        let rows: Vec<Row> = (0..count).map(|_| change(&mut random, 2 * KEYS)).collect();
        match random.random_range(0..6) {
            0..2 => {
                put(&warehouse, &id, vec![batch(&rows)]).await;
                arrive(&mut replay, &rows);
            }
            2..5 => {
                let modification = warehouse.modify(&id).await.unwrap();
                let (new, gone) = by_hand(&mut random, &modification, &mut replay).await;
                let is_new = |row: &Row| new.iter().all(|new| new.id != row.id);
                let rows: Vec<Row> = rows.into_iter().filter(is_new).collect();
                arrive(&mut replay, &rows);
                let beside = Beside {
                    changed: stream(vec![batch(&new)]),
                    gone,
                    seen: None,
                };
                let (rows, info) = (stream(vec![batch(&rows)]), CommitInfo::new("MERGE"));
                modification
                    .upsert_beside(session(), rows, Some(beside), info, None)
                    .await
                    .unwrap();
            }
            _ => {
                let extent = [CompactionExtent::Due, CompactionExtent::Full];
                compact(&warehouse, &id, extent[random.random_range(0..2)]).await;
            }
        }
        let found = rows_of(&collect(warehouse.scan(&id, At::Latest).await.unwrap()).await);
        let expected: Vec<Row> = replay.values().filter_map(|it| it.row.clone()).collect();
        assert_eq!(found, expected, "seed {seed}, step {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_hand_win_in_any_order_of_arrival() {
    for seed in 0..15 {
        arrives(seed).await;
    }
}

/// Compaction keeps of the tombstones of a key the latest one.
#[tokio::test(flavor = "multi_thread")]
async fn many_changes_of_a_row_by_hand_leave_one_tombstone() {
    let mut random = Pcg64::seed_from_u64(7);
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let warehouse = open(folder.path(), settings(folder.path(), &mut random));
    let row = |note: &str| Row {
        id: 1,
        at: Some(1),
        sequence: 1,
        gone: false,
        note: Some(note.to_owned()),
    };
    create(&warehouse, &id, &[row("m")]).await;
    for note in ["a", "b", "c", "d"] {
        let modification = warehouse.modify(&id).await.unwrap();
        let found = collect(modification.rows().unwrap()).await;
        let width = found.num_columns();
        let file = found.column(width - 2).as_primitive::<UInt32Type>();
        let place = found.column(width - 1).as_primitive::<Int64Type>();
        let mut gone = Places::default();
        gone.insert(file.value(0), place.value(0));
        *modification.remembered().unwrap().lock() = gone.clone();
        let (gone, info) = (Arc::new(Mutex::new(gone)), CommitInfo::new("UPDATE"));
        let rows = stream(vec![batch(&[row(note)])]);
        let commit = modification.commit(session(), rows, gone, info, None);
        commit.await.unwrap();
    }
    compact(&warehouse, &id, CompactionExtent::Full).await;
    let version = warehouse.version(&id).await.unwrap();
    let tombstones = warehouse.tombstones(&id, version).await.unwrap().unwrap();
    assert_eq!(collect(tombstones).await.num_rows(), 1);
    let again = put(&warehouse, &id, vec![batch(&[row("z")])]).await;
    assert_eq!((again.rows, again.stale), (0, 1));
    let found = collect(warehouse.scan(&id, At::Latest).await.unwrap()).await;
    assert_eq!(rows_of(&found), [row("d")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_not_changed_and_put_in_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let id = TableId::new(42, "shop", "customer");
    let mut random = Pcg64::seed_from_u64(8);
    let warehouse = open(folder.path(), settings(folder.path(), &mut random));
    let row = |id, at| Row {
        id,
        at: Some(at),
        sequence: 1,
        gone: false,
        note: None,
    };
    create(&warehouse, &id, &[row(1, 1)]).await;
    let modification = warehouse.modify(&id).await.unwrap();
    let beside = Beside {
        changed: stream(vec![batch(&[row(2, 1)])]),
        gone: Arc::default(),
        seen: None,
    };
    let rows = stream(vec![batch(&[row(3, 1), row(2, 9)])]);
    let info = CommitInfo::new("MERGE");
    let refused = modification.upsert_beside(session(), rows, Some(beside), info, None);
    let refused = refused.await.unwrap_err();
    assert_eq!(refused.sqlstate(), SqlState::CARDINALITY_VIOLATION);
    assert!(refused.detail().unwrap().contains("Key (id)=(2)"));
}
