//! How often each value of each group occurs, and which is the most frequent.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::super::greatest_rows::GreatestRows;

/// How often each value of each group occurs, with the greatest of its orders.
///
/// Values and orders are rows of bytes that compare as they do; without orders, those of all are
/// empty.
#[derive(Debug, Default)]
pub(super) struct Counts {
    hasher: DefaultHashBuilder,
    /// The numbers of the entries, by group and value.
    table: HashTable<usize>,
    entries: Vec<Entry>,
    /// The values of all entries, one behind the other.
    values: Vec<u8>,
    /// The greatest order of each entry.
    orders: GreatestRows,
    /// The entry of the most frequent value of each group.
    best: Vec<Option<usize>>,
}

/// A value of a group.
#[derive(Clone, Copy, Debug)]
struct Entry {
    group: usize,
    count: i64,
    /// Where the value begins and ends.
    value: (usize, usize),
}

/// A value of a group, to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub(super) group: usize,
    pub(super) count: i64,
    pub(super) value: &'a [u8],
    pub(super) order: &'a [u8],
}

impl Counts {
    /// Makes room for this many groups.
    pub(super) fn resize(&mut self, groups: usize) {
        if groups > self.best.len() {
            self.best.resize(groups, None);
        }
    }

    /// How many groups there is room for.
    pub(super) fn groups(&self) -> usize {
        self.best.len()
    }

    /// Adds to how often a value of a group occurs.
    pub(super) fn add(&mut self, added: Counted<'_>) {
        let entry = self.entry(added.group, added.value);
        self.entries[entry].count += added.count;
        if !added.order.is_empty() {
            self.orders.offer(entry, added.order);
        }
        let better = match self.best[added.group] {
            Some(best) if best != entry => self.rank(entry) > self.rank(best),
            _ => true,
        };
        if better {
            self.best[added.group] = Some(entry);
        }
    }

    /// The number of the entry of a value, which is new where there is none yet.
    fn entry(&mut self, group: usize, value: &[u8]) -> usize {
        let (entries, values, hasher) = (&self.entries, &self.values, &self.hasher);
        let value_of = |entry: &Entry| &values[entry.value.0..entry.value.1];
        let hash = hasher.hash_one((group, value));
        let found = self.table.find(hash, |number| {
            let entry = &entries[*number];
            entry.group == group && value_of(entry) == value
        });
        if let Some(number) = found {
            return *number;
        }
        let number = entries.len();
        self.table.insert_unique(hash, number, |number| {
            let entry = &entries[*number];
            hasher.hash_one((entry.group, value_of(entry)))
        });
        let start = self.values.len();
        self.values.extend_from_slice(value);
        self.entries.push(Entry {
            group,
            count: 0,
            value: (start, self.values.len()),
        });
        self.orders.resize(self.entries.len());
        number
    }

    fn read(&self, entry: usize) -> Counted<'_> {
        let Entry {
            group,
            count,
            value,
        } = self.entries[entry];
        Counted {
            group,
            count,
            value: &self.values[value.0..value.1],
            order: self.orders.get(entry).unwrap_or_default(),
        }
    }

    /// What an entry is compared by: the most frequent first, then the one with the greatest order,
    /// then the smallest value.
    fn rank(&self, entry: usize) -> (i64, &[u8], std::cmp::Reverse<&[u8]>) {
        let read = self.read(entry);
        (read.count, read.order, std::cmp::Reverse(read.value))
    }

    /// The most frequent value of a group.
    pub(super) fn best(&self, group: usize) -> Option<&[u8]> {
        let entry = (*self.best.get(group)?)?;
        Some(self.read(entry).value)
    }

    /// All values of the first groups, group by group.
    pub(super) fn of_groups(&self, groups: usize) -> Vec<Counted<'_>> {
        let mut found: Vec<Counted<'_>> = (0..self.entries.len())
            .map(|entry| self.read(entry))
            .filter(|counted| counted.group < groups)
            .collect();
        found.sort_by_key(|counted| counted.group);
        found
    }

    /// Takes the first groups out; those behind them move to the front.
    pub(super) fn drop_groups(&mut self, groups: usize) {
        let whole = std::mem::take(self);
        if groups >= whole.groups() {
            return;
        }
        self.resize(whole.groups() - groups);
        for entry in 0..whole.entries.len() {
            let counted = whole.read(entry);
            if let Some(group) = counted.group.checked_sub(groups) {
                self.add(Counted { group, ..counted });
            }
        }
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        // Each bucket of the table has a byte of control beside its number.
        self.table.capacity() * (size_of::<usize>() + 1)
            + self.entries.capacity() * size_of::<Entry>()
            + self.values.capacity()
            + self.orders.size()
            + self.best.capacity() * size_of::<Option<usize>>()
    }
}
