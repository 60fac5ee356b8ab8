//! What tables must hold: a replay, in memory, of the statements that were done.

use std::collections::BTreeMap;

/// What a row of a keyed table holds beside its key. The greatest one is the latest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub version: i64,
    pub gone: bool,
    pub note: String,
}

/// The latest entry of each key, deleted ones too.
pub type Keyed = BTreeMap<i64, Entry>;

/// The rows of all tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// A keyed table.
    pub account: Keyed,
    /// A keyed materialized view over files.
    pub fed: Keyed,
    /// A table with a primary key.
    pub part: BTreeMap<i64, i64>,
    /// A table that is divided among files by the first value of its rows.
    pub divided: BTreeMap<i64, (Option<String>, i64)>,
    /// A materialized view: by the last digit of the key, the rows of `part` and the sum of amounts.
    pub total: BTreeMap<i64, (i64, i64)>,
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Step {
    /// Puts rows into the keyed table.
    Put(Vec<(i64, Entry)>),
    /// Puts them in by COPY.
    Copy(Vec<(i64, Entry)>),
    /// Refreshes the view over files, whose rows are these.
    Feed(Vec<(i64, Entry)>),
    /// Inserts these rows, or adds to the amounts of those that are there.
    Add(Vec<(i64, i64)>),
    /// Adds to the amounts of keys below a number.
    Update(i64, i64),
    /// Deletes the keys in a range.
    Delete(i64, i64),
    /// Inserts these rows into the divided table, or puts them in the place of those that are there.
    Divide(Vec<(i64, Option<String>, i64)>),
    /// Gives the rows of the divided table with keys below a number another value to be divided by.
    Move(i64, Option<String>),
    /// Deletes the rows of the divided table with a value.
    Leave(Option<String>),
    /// Both tables in one transaction.
    Both(Vec<(i64, Entry)>, Vec<(i64, i64)>),
    /// Refreshes the view of totals.
    Refresh,
    /// Compacts a table.
    Optimize(&'static str),
    /// Deletes what no version of now has.
    Vacuum(&'static str),
}

impl State {
    /// The state after a statement.
    pub fn after(&self, step: &Step) -> Self {
        let mut next = self.clone();
        match step {
            Step::Put(rows) | Step::Copy(rows) => put(&mut next.account, rows),
            Step::Feed(rows) => put(&mut next.fed, rows),
            Step::Add(amounts) => add(&mut next.part, amounts),
            Step::Update(below, amount) => {
                next.part
                    .range_mut(..below)
                    .for_each(|(_, it)| *it += amount);
            }
            Step::Delete(first, last) => next.part.retain(|key, _| !(first..=last).contains(&key)),
            Step::Divide(rows) => {
                for (key, slot, amount) in rows {
                    next.divided.insert(*key, (slot.clone(), *amount));
                }
            }
            Step::Move(below, slot) => {
                let moved = next.divided.range_mut(..below);
                moved.for_each(|(_, it)| it.0.clone_from(slot));
            }
            Step::Leave(slot) => next.divided.retain(|_, it| it.0 != *slot),
            Step::Both(rows, amounts) => {
                put(&mut next.account, rows);
                add(&mut next.part, amounts);
            }
            Step::Refresh => {
                next.total.clear();
                for (key, amount) in &next.part {
                    let (rows, sum) = next.total.entry(key % 10).or_default();
                    *rows += 1;
                    *sum += amount;
                }
            }
            Step::Optimize(_) | Step::Vacuum(_) => {}
        }
        next
    }
}

fn put(table: &mut Keyed, rows: &[(i64, Entry)]) {
    for (key, entry) in rows {
        match table.get_mut(key) {
            Some(known) if *known < *entry => known.clone_from(entry),
            Some(_) => {}
            None => drop(table.insert(*key, entry.clone())),
        }
    }
}

fn add(table: &mut BTreeMap<i64, i64>, amounts: &[(i64, i64)]) {
    for (key, amount) in amounts {
        *table.entry(*key).or_default() += amount;
    }
}
