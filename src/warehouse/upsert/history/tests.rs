//! The intervals of one key, as versions of it arrive and tombstones are forgotten, beside a replay.

use std::collections::BTreeMap;

use arrow::array::{AsArray, Int64Array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::*;
use crate::warehouse::{Arrival, Keyed, Merge};

/// What arrives with a version; the greater one is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    sequence: i64,
    gone: bool,
    n: i64,
}

/// A row, the versions that it is valid from and to, and whether it still is.
type Valid = (Option<i64>, Change, Option<i64>, Option<i64>, bool);

fn columns() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let truth = |name: &str| Field::new(name, DataType::Boolean, true);
    Arc::new(Schema::new(vec![
        number("at"),
        number("sequence"),
        truth("gone"),
        number("n"),
        number("valid_from"),
        number("valid_to"),
        truth("is_current"),
    ]))
}

fn order() -> Order {
    let keyed = Keyed {
        // The rows are those of one key, whatever its columns.
        key: vec!["n".to_owned()],
        versions: vec!["at".to_owned(), "sequence".to_owned()],
        deleted: Some("gone".to_owned()),
        tombstone_retention_seconds: 0,
        merge: Merge::History,
    };
    Order::new(&keyed, &columns(), Arrival::Tells).unwrap()
}

fn batch(changes: &[(Option<i64>, Change)]) -> RecordBatch {
    let none = |of: DataType| new_null_array(&of, changes.len());
    let at: Int64Array = changes.iter().map(|(at, _)| *at).collect();
    let sequence: Int64Array = changes.iter().map(|(_, it)| Some(it.sequence)).collect();
    let gone: BooleanArray = changes.iter().map(|(_, it)| Some(it.gone)).collect();
    let n: Int64Array = changes.iter().map(|(_, it)| Some(it.n)).collect();
    let columns_of: Vec<ArrayRef> = vec![
        Arc::new(at),
        Arc::new(sequence),
        Arc::new(gone),
        Arc::new(n),
        none(DataType::Int64),
        none(DataType::Int64),
        none(DataType::Boolean),
    ];
    RecordBatch::try_new(columns(), columns_of).unwrap()
}

/// What a table has of the key.
struct Table {
    living: RecordBatch,
    tombstones: RecordBatch,
}

impl Table {
    fn new() -> Self {
        Self {
            living: RecordBatch::new_empty(columns()),
            tombstones: RecordBatch::new_empty(columns()),
        }
    }

    fn put(&mut self, order: &Order, changes: &[(Option<i64>, Change)]) {
        let old = concat_batches(&columns(), [&self.living, &self.tombstones]).unwrap();
        let living = self.living.num_rows();
        let count = old.num_rows();
        let old = Source {
            deleted: Some((0..count).map(|row| Some(row >= living)).collect()),
            ..order.source(old).unwrap()
        };
        let sources = [order.source(batch(changes)).unwrap(), old];
        let comparisons = order.comparisons(&sources).unwrap();
        let new = (0..changes.len()).map(|row| (NEW, row));
        let rows: Vec<At> = new.chain((0..count).map(|row| (OLD, row))).collect();
        let mut found = Intervals::default();
        found.add(&sources, &comparisons, rows.clone());
        // Each row is in one of them, once.
        let mut all: Vec<At> = found.living.iter().map(|(at, _)| *at).collect();
        all.extend(found.deletions.iter().chain(&found.lost));
        all.sort_unstable();
        assert_eq!(all, rows);
        let shown = order
            .shown(&sources, &found.living, &found.deletions)
            .unwrap();
        self.living = shown.slice(0, found.living.len());
        self.tombstones = shown.slice(found.living.len(), found.deletions.len());
    }

    fn rows(&self) -> Vec<Valid> {
        let number = |column: usize, row: usize| {
            let column = self.living.column(column).as_primitive::<Int64Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        let truth = |column: usize, row: usize| {
            let column = self.living.column(column).as_boolean();
            column.value(row)
        };
        let rows = (0..self.living.num_rows()).map(|row| {
            let change = Change {
                sequence: number(1, row).unwrap(),
                gone: truth(2, row),
                n: number(3, row).unwrap(),
            };
            let (from, to) = (number(4, row), number(5, row));
            (number(0, row), change, from, to, truth(6, row))
        });
        rows.collect()
    }
}

/// What is known of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// A deletion that is forgotten but for the end of the row before it.
    End,
    /// The latest of what has arrived.
    Latest(Change),
}

/// The same, replayed.
#[derive(Default)]
struct Replay(BTreeMap<Option<i64>, Known>);

impl Replay {
    fn put(&mut self, changes: &[(Option<i64>, Change)]) {
        for (at, change) in changes {
            let known = self.0.entry(*at).or_insert(Known::End);
            *known = (*known).max(Known::Latest(*change));
        }
        // An end is that of a row.
        let mut follows_row = false;
        self.0.retain(|_, known| {
            let stays = follows_row || *known != Known::End;
            follows_row = matches!(known, Known::Latest(change) if !change.gone);
            stays
        });
    }

    fn forget(&mut self) {
        let mut follows_row = false;
        self.0.retain(|_, known| {
            if matches!(known, Known::Latest(change) if !change.gone) {
                follows_row = true;
                return true;
            }
            *known = Known::End;
            std::mem::take(&mut follows_row)
        });
    }

    fn rows(&self) -> Vec<Valid> {
        let moments: Vec<_> = self.0.iter().collect();
        let rows = moments.iter().enumerate().filter_map(|(number, it)| {
            let (at, Known::Latest(change)) = it else {
                return None;
            };
            let next = moments.get(number + 1);
            let to = next.and_then(|(at, _)| **at);
            (!change.gone).then_some((**at, *change, **at, to, next.is_none()))
        });
        rows.collect()
    }
}

fn row(at: i64) -> (Option<i64>, Change) {
    let change = Change {
        sequence: 0,
        gone: false,
        n: 0,
    };
    (Some(at), change)
}

fn gone(at: i64) -> (Option<i64>, Change) {
    let (at, change) = row(at);
    (
        at,
        Change {
            gone: true,
            ..change
        },
    )
}

/// From when to when the rows are valid.
fn intervals(table: &Table) -> Vec<(i64, Option<i64>)> {
    let rows = table.rows().into_iter();
    rows.map(|(_, _, from, to, _)| (from.unwrap(), to))
        .collect()
}

#[test]
fn a_late_row_ends_the_one_before_it_and_is_ended_by_the_one_after() {
    let (order, mut table) = (order(), Table::new());
    table.put(&order, &[row(1), row(9)]);
    assert_eq!(intervals(&table), [(1, Some(9)), (9, None)]);
    table.put(&order, &[row(5)]);
    assert_eq!(intervals(&table), [(1, Some(5)), (5, Some(9)), (9, None)]);
    table.put(&order, &[row(0)]);
    assert_eq!(intervals(&table)[..2], [(0, Some(1)), (1, Some(5))]);
}

#[test]
fn a_deletion_ends_a_row_and_begins_none() {
    let (order, mut table) = (order(), Table::new());
    table.put(&order, &[gone(5), row(1)]);
    assert_eq!(intervals(&table), [(1, Some(5))]);
    table.put(&order, &[row(3)]);
    assert_eq!(intervals(&table), [(1, Some(3)), (3, Some(5))]);
    // Of one moment a deletion is later than a row, and it may come first.
    table.put(&order, &[row(5), gone(3), row(7)]);
    assert_eq!(intervals(&table), [(1, Some(3)), (7, None)]);
}

#[test]
fn the_end_of_a_row_tells_of_a_deletion_that_is_forgotten() {
    let (order, mut table) = (order(), Table::new());
    table.put(&order, &[row(1), gone(5)]);
    table.tombstones = RecordBatch::new_empty(columns());
    table.put(&order, &[row(3)]);
    assert_eq!(intervals(&table), [(1, Some(3)), (3, Some(5))]);
    table.put(&order, &[row(8)]);
    assert_eq!(intervals(&table), [(1, Some(3)), (3, Some(5)), (8, None)]);
    // A row of its moment takes its place.
    table.put(&order, &[row(5)]);
    assert_eq!(
        intervals(&table),
        [(1, Some(3)), (3, Some(5)), (5, Some(8)), (8, None)]
    );
}

#[test]
fn any_order_of_arrival_gives_what_a_replay_does() {
    let order = order();
    for seed in 0..500 {
        let mut random = Pcg64::seed_from_u64(seed);
        let (mut table, mut replay) = (Table::new(), Replay::default());
        for step in 0..random.random_range(1..10) {
            let changes: Vec<(Option<i64>, Change)> = (0..random.random_range(1..5))
                .map(|_| {
                    let change = Change {
                        sequence: random.random_range(0..2),
                        gone: random.random_bool(0.3),
                        n: random.random_range(0..3),
                    };
                    let at = random.random_bool(0.95);
                    (at.then(|| random.random_range(0..8)), change)
                })
                .collect();
            table.put(&order, &changes);
            replay.put(&changes);
            assert_eq!(table.rows(), replay.rows(), "seed {seed}, step {step}");
            if random.random_bool(0.3) {
                table.tombstones = RecordBatch::new_empty(columns());
                replay.forget();
                assert_eq!(table.rows(), replay.rows(), "seed {seed}, step {step}");
            }
        }
    }
}
