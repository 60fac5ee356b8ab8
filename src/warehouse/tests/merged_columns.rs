//! A table that keeps the latest value of each column holds what replaying its changes gives, in
//! whatever order, batches and repetitions they arrive, and whatever is done to its files in between.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, BooleanArray, StringArray};
use arrow::datatypes::Int64Type;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::keyed::{compact, put, session, settings};
use super::*;

/// A change of some columns of a key, of a version in two columns, or its deletion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    id: i64,
    at: Option<i64>,
    sequence: i64,
    gone: Option<bool>,
    note: Option<String>,
    amount: Option<i64>,
}

impl Row {
    fn version(&self) -> (Option<i64>, i64) {
        (self.at, self.sequence)
    }

    fn is_deletion(&self) -> bool {
        self.gone == Some(true)
    }
}

fn keyed() -> Keyed {
    Keyed {
        merge: Merge::Column,
        ..keyed::keyed()
    }
}

fn batch(rows: &[Row]) -> RecordBatch {
    let numbers = |of: fn(&Row) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Int64Array>())
    };
    let gone: ArrayRef = Arc::new(rows.iter().map(|row| row.gone).collect::<BooleanArray>());
    let notes = rows.iter().map(|row| row.note.as_deref());
    let notes: ArrayRef = Arc::new(notes.collect::<StringArray>());
    let columns = [
        ("id", numbers(|row| Some(row.id)), false),
        ("at", numbers(|row| row.at), true),
        ("sequence", numbers(|row| Some(row.sequence)), true),
        ("gone", gone, true),
        ("note", notes, true),
        ("amount", numbers(|row| row.amount), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    assert_eq!(batch.num_columns(), 6, "hidden columns are not shown");
    let number = |column: usize, row: usize| {
        let column = batch.column(column).as_primitive::<Int64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let gone = batch.column(3).as_boolean();
    let notes = batch.column(4).as_string::<i32>();
    let rows = (0..batch.num_rows()).map(|row| Row {
        id: number(0, row).unwrap(),
        at: number(1, row),
        sequence: number(2, row).unwrap(),
        gone: gone.is_valid(row).then(|| gone.value(row)),
        note: notes.is_valid(row).then(|| notes.value(row).to_owned()),
        amount: number(5, row),
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort();
    rows
}

/// What a table holds after these changes, in whatever order.
fn replayed(changes: &[Row]) -> Vec<Row> {
    let mut keys: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
    for change in changes {
        keys.entry(change.id).or_default().push(change);
    }
    let merged = keys.into_iter().filter_map(|(id, changes)| {
        let deletions = changes.iter().filter(|change| change.is_deletion());
        let deleted = deletions.map(|change| change.version()).max();
        let lives = |change: &&&Row| {
            !change.is_deletion() && deleted.is_none_or(|deleted| change.version() > deleted)
        };
        let living = || changes.iter().filter(lives);
        let (at, sequence) = living().map(|change| change.version()).max()?;
        fn latest<T: Ord + Clone>(
            living: impl Iterator<Item = ((Option<i64>, i64), Option<T>)>,
        ) -> Option<T> {
            let values = living.filter_map(|(version, value)| Some((version, value?)));
            values.max().map(|(_, value)| value)
        }
        Some(Row {
            id,
            at,
            sequence,
            gone: latest(living().map(|change| (change.version(), change.gone))),
            note: latest(living().map(|change| (change.version(), change.note.clone()))),
            amount: latest(living().map(|change| (change.version(), change.amount))),
        })
    });
    merged.collect()
}

fn change(random: &mut Pcg64, keys: i64) -> Row {
    let letters = ["a", "b", "c"];
    Row {
        id: random.random_range(0..keys),
        at: random.random_bool(0.9).then(|| random.random_range(0..6)),
        sequence: random.random_range(0..3),
        gone: match random.random_range(0..5) {
            0 => Some(true),
            1 => None,
            _ => Some(false),
        },
        note: random
            .random_bool(0.5)
            .then(|| letters[random.random_range(0..3)].to_owned()),
        amount: random.random_bool(0.5).then(|| random.random_range(0..4)),
    }
}

async fn create(warehouse: &Warehouse, id: &TableId, keyed: Keyed, rows: &[Row]) {
    let info = CommitInfo::new("CREATE TABLE AS");
    let rows = stream(vec![batch(rows)]);
    let replaced = warehouse.replace_keyed(id, Latest::of(keyed, session()), rows, info, None);
    replaced.await.unwrap();
}

async fn held(warehouse: &Warehouse, id: &TableId) -> Vec<Row> {
    rows_of(&collect(warehouse.scan(id, At::Latest).await.unwrap()).await)
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
    create(&warehouse, &id, keyed(), &arriving[..first]).await;
    let mut arrived = first;
    while arrived < arriving.len() {
        let end = (arrived + random.random_range(1..100)).min(arriving.len());
        let parts = arriving[arrived..end].chunks(random.random_range(1..40));
        put(&warehouse, &id, parts.map(batch).collect()).await;
        arrived = end;
        match random.random_range(0..8) {
            0 => compact(&warehouse, &id, CompactionExtent::Full).await,
            1 => compact(&warehouse, &id, CompactionExtent::Due).await,
            2 => warehouse = open(folder.path(), settings(folder.path(), &mut random)),
            // Everything that is known, read anew.
            3 => create(&warehouse, &id, keyed(), &arriving[..arrived]).await,
            _ => {}
        }
        assert_eq!(
            held(&warehouse, &id).await,
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
async fn any_order_of_arrival_merges_to_the_same_table() {
    for seed in 0..60 {
        arrives(seed).await;
    }
}

/// Without version columns the order of arrival decides, also where it is sorted away.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_value_to_arrive_stays_without_versions() {
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
        create(&warehouse, &id, by_arrival, &log[..100]).await;
        for part in log[100..].chunks(random.random_range(1..100)) {
            let parts = part.chunks(random.random_range(1..40));
            put(&warehouse, &id, parts.map(batch).collect()).await;
        }
        let mut expected: BTreeMap<i64, Row> = BTreeMap::new();
        for change in &log {
            if change.is_deletion() {
                expected.remove(&change.id);
                continue;
            }
            let known = expected.remove(&change.id);
            let known = known.unwrap_or_else(|| change.clone());
            let merged = Row {
                at: change.at.or(known.at),
                sequence: change.sequence,
                gone: change.gone.or(known.gone),
                note: change.note.clone().or(known.note),
                amount: change.amount.or(known.amount),
                id: change.id,
            };
            expected.insert(change.id, merged);
        }
        let expected: Vec<Row> = expected.into_values().collect();
        assert_eq!(held(&warehouse, &id).await, expected, "seed {seed}");
    }
}

/// Where neither versions nor the order of arrival tell which value is later, the greater one is, and a
/// deletion takes all of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_greatest_values_stay_where_nothing_tells() {
    for seed in 0..20 {
        let mut random = Pcg64::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let id = TableId::new(42, "shop", "customer");
        let warehouse = open(folder.path(), settings(folder.path(), &mut random));
        let mut log: Vec<Row> = (0..200).map(|_| change(&mut random, 80)).collect();
        let mut greatest: BTreeMap<i64, Row> = BTreeMap::new();
        for row in &log {
            let known = greatest.entry(row.id).or_insert_with(|| row.clone());
            known.at = known.at.max(row.at);
            known.sequence = known.sequence.max(row.sequence);
            known.gone = known.gone.max(row.gone);
            known.note = known.note.clone().max(row.note.clone());
            known.amount = known.amount.max(row.amount);
        }
        greatest.retain(|_, row| !row.is_deletion());
        let expected: Vec<Row> = greatest.into_values().collect();
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
            assert_eq!(held(&warehouse, &id).await, expected, "seed {seed}");
        }
    }
}
