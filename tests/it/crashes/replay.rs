//! What tables must hold: a replay, in memory, of the statements that were done.

use std::collections::BTreeMap;

/// What a row of a keyed table holds beside its key. The greatest one is the latest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub version: i64,
    pub gone: bool,
    pub note: String,
}

/// What is known of a key of a keyed table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The greatest version that is past: of a deletion, or of a row that was changed by hand.
    pub past: Option<i64>,
    /// The row that is shown.
    pub row: Option<Entry>,
}

/// What is known of each key.
pub type Keyed = BTreeMap<i64, Known>;

/// What is known of a key where columns are merged: maxima of versions, and of values with theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    pub deleted: Option<i64>,
    pub row: Option<i64>,
    pub values: [Option<(i64, String)>; 2],
}

/// A row of a table whose columns are merged: its key, its version, whether it is deleted, and values.
pub type Part = (i64, i64, bool, [Option<String>; 2]);

/// The rows of all tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// A keyed table.
    pub account: Keyed,
    /// Whether it has one more column, with the same value in all rows.
    pub is_wide: bool,
    /// A keyed materialized view over files.
    pub fed: Keyed,
    /// A keyed table so large that commits to it are patches: the rows that are not as they were made.
    pub large: Keyed,
    /// How many rows that table has.
    pub large_rows: i64,
    /// A keyed table that keeps the latest value of each column.
    pub profile: BTreeMap<i64, Merged>,
    /// A keyed table with a history: what was told of each key and version last, deletions too.
    pub stay: BTreeMap<(i64, i64), (bool, String)>,
    /// The intervals of its rows: until when each is valid, by its key and from when.
    pub intervals: BTreeMap<(i64, i64), (Option<i64>, String)>,
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
    /// Merges them: of keys that are there notes change, or rows are deleted; others are inserted.
    Merge(Vec<(i64, Entry)>),
    /// Changes by hand the notes of keys in a range.
    Rename(i64, i64, String),
    /// Gives a row the key below zero that belongs to its key, where that is free.
    MoveKey(i64),
    /// Deletes the keys in a range from the keyed table.
    Forget(i64, i64),
    /// Gives the keyed table one more column, or takes it away.
    Reshape { is_wide: bool },
    /// Restores the keyed table to a version, in which it held this, with one more column or without.
    Restore(i64, Keyed, bool),
    /// Puts rows into the large table.
    PutLarge(Vec<(i64, Entry)>),
    /// Changes by hand the notes of keys of the large table.
    RenameLarge(Vec<i64>, String),
    /// Deletes keys from the large table.
    ForgetLarge(Vec<i64>),
    /// Puts rows into the table whose columns are merged.
    Profile(Vec<Part>),
    /// Puts rows into the table with a history.
    Stay(Vec<(i64, Entry)>),
    /// Deletes the keys in a range from the table with a history.
    Erase(i64, i64),
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

/// The key below zero that belongs to a key.
pub fn opposite(key: i64) -> i64 {
    -1 - key
}

/// What is known of a key of the large table that nobody has changed.
fn as_made() -> Known {
    Known {
        past: None,
        row: Some(Entry {
            version: 0,
            gone: false,
            note: String::new(),
        }),
    }
}

impl State {
    /// The state after a statement.
    pub fn after(&self, step: &Step) -> Self {
        let mut next = self.clone();
        match step {
            Step::Put(rows) | Step::Copy(rows) => put(&mut next.account, rows),
            Step::Merge(rows) => {
                for (key, entry) in rows {
                    let known = next.account.entry(*key).or_default();
                    match known.row {
                        Some(_) if entry.gone => known.forget(),
                        Some(_) => known.rename(&entry.note),
                        None => known.put(entry),
                    }
                }
            }
            Step::Rename(first, last, note) => {
                let keys = next.account.range_mut(first..=last);
                keys.for_each(|(_, known)| known.rename(note));
            }
            Step::MoveKey(key) => {
                let is_free = |known: &Known| known.row.is_none();
                if next.account.get(&opposite(*key)).is_none_or(is_free)
                    && let Some(known) = next.account.get_mut(key)
                {
                    let row = known.row.clone();
                    known.forget();
                    next.account.entry(opposite(*key)).or_default().row = row;
                }
            }
            Step::Forget(first, last) => {
                let keys = next.account.range_mut(first..=last);
                keys.for_each(|(_, known)| known.forget());
            }
            Step::Reshape { is_wide } => next.is_wide = *is_wide,
            Step::Restore(_, held, is_wide) => {
                next.account.clone_from(held);
                next.is_wide = *is_wide;
            }
            Step::PutLarge(rows) => {
                for (key, entry) in rows {
                    next.change_large(*key, |known| known.put(entry));
                }
            }
            Step::RenameLarge(keys, note) => {
                for key in keys {
                    next.change_large(*key, |known| known.rename(note));
                }
            }
            Step::ForgetLarge(keys) => {
                for key in keys {
                    next.change_large(*key, Known::forget);
                }
            }
            Step::Profile(rows) => {
                for (key, version, gone, values) in rows {
                    let known = next.profile.entry(*key).or_default();
                    if *gone {
                        known.deleted = known.deleted.max(Some(*version));
                        continue;
                    }
                    known.row = known.row.max(Some(*version));
                    for (known, value) in known.values.iter_mut().zip(values) {
                        if let Some(value) = value {
                            let told = Some((*version, value.clone()));
                            *known = known.take().max(told);
                        }
                    }
                }
            }
            Step::Stay(rows) => {
                for (key, entry) in rows {
                    let told = (entry.gone, entry.note.clone());
                    let known = next
                        .stay
                        .entry((*key, entry.version))
                        .or_insert(told.clone());
                    *known = known.clone().max(told);
                }
            }
            Step::Erase(first, last) => {
                for ((key, _), told) in &mut next.stay {
                    if (first..=last).contains(&key) {
                        told.0 = true;
                    }
                }
            }
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

    fn change_large(&mut self, key: i64, change: impl FnOnce(&mut Known)) {
        let known = self.large.entry(key).or_insert_with(as_made);
        let before = i64::from(known.row.is_some());
        change(known);
        self.large_rows += i64::from(known.row.is_some()) - before;
    }

    /// What can be seen of it.
    pub fn visible(&self) -> Self {
        let mut seen = self.clone();
        for table in [&mut seen.account, &mut seen.fed, &mut seen.large] {
            table.retain(|_, known| known.row.is_some());
            table.values_mut().for_each(|known| known.past = None);
        }
        seen.large.retain(|_, known| *known != as_made());
        seen.profile.retain(|_, known| known.row > known.deleted);
        for known in seen.profile.values_mut() {
            let floor = known.deleted.take();
            for value in &mut known.values {
                value.take_if(|(version, _)| Some(*version) <= floor);
                // Of which version a value is cannot be seen.
                if let Some((version, _)) = value {
                    *version = 0;
                }
            }
        }
        let told = std::mem::take(&mut seen.stay);
        let mut next = told.keys().skip(1).map(Some).chain([None]);
        for ((key, from), (gone, note)) in &told {
            let to = next.next().flatten().filter(|(of, _)| of == key);
            if !gone {
                let to = to.map(|(_, to)| *to);
                seen.intervals.insert((*key, *from), (to, note.clone()));
            }
        }
        seen
    }
}

impl Known {
    /// A row arrives.
    fn put(&mut self, entry: &Entry) {
        let is_past = self.past.is_some_and(|past| entry.version <= past);
        if is_past || self.row.as_ref().is_some_and(|row| row >= entry) {
            return;
        }
        if entry.gone {
            self.past = Some(entry.version);
            self.row = None;
        } else {
            self.row = Some(entry.clone());
        }
    }

    /// The row is changed by hand.
    fn rename(&mut self, note: &str) {
        if let Some(row) = &mut self.row {
            self.past = self.past.max(Some(row.version));
            note.clone_into(&mut row.note);
        }
    }

    /// The row is deleted by hand.
    fn forget(&mut self) {
        if let Some(row) = self.row.take() {
            self.past = self.past.max(Some(row.version));
        }
    }
}

fn put(table: &mut Keyed, rows: &[(i64, Entry)]) {
    for (key, entry) in rows {
        table.entry(*key).or_default().put(entry);
    }
}

fn add(table: &mut BTreeMap<i64, i64>, amounts: &[(i64, i64)]) {
    for (key, amount) in amounts {
        *table.entry(*key).or_default() += amount;
    }
}
