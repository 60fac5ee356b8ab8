//! The numbers of identity columns, and of sequences, which are columns without a name.
//!
//! Numbers are set aside on disk before they are given out, some at a time, so that none is given
//! twice whatever happens: what a crash, or a statement that fails, leaves of them is a gap, as in
//! Postgres.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;
use redb::{ReadableTable, TableDefinition, WriteTransaction};

use super::Oid;
use super::store::Store;
use crate::error::{Error, Result, SqlState};
use crate::sql::identity::Identity;

/// The next number that is not set aside, by the table's number and the column's name. It may lie
/// beyond the numbers that the column can have.
pub const SEQUENCES: TableDefinition<'static, (Oid, &str), i128> =
    TableDefinition::new("sequences");

/// How many numbers are set aside at first, and at most: twice as many each time, since each costs a
/// write.
const FIRST_RESERVED: u64 = 64;
const MOST_RESERVED: u64 = 1 << 16;

/// What is set aside of each sequence.
#[derive(Debug, Default)]
pub struct Sequences(Mutex<HashMap<(Oid, String), Reserved>>);

#[derive(Clone, Copy, Debug, Default)]
struct Reserved {
    next: i128,
    count: u64,
    /// How many were set aside last.
    last: u64,
}

impl Sequences {
    /// The next numbers of a column, so many.
    ///
    /// # Errors
    /// 2200H where the column has no more; those of the disk.
    pub fn take(
        &self,
        store: &Store,
        table: Oid,
        column: &str,
        identity: &Identity,
        count: usize,
    ) -> Result<Vec<i64>> {
        let mut sequences = self.0.lock();
        let reserved = sequences.entry((table, column.to_owned())).or_default();
        let mut numbers = Vec::with_capacity(count);
        while numbers.len() < count {
            if reserved.count == 0 {
                let missing = (count - numbers.len()) as u64;
                let doubled = (reserved.last * 2).clamp(FIRST_RESERVED, MOST_RESERVED);
                *reserved = reserve(store, table, column, identity, doubled.max(missing))?;
            }
            let number = reserved.next;
            let is_valid =
                (i128::from(identity.minimum)..=i128::from(identity.maximum)).contains(&number);
            match i64::try_from(number) {
                Ok(number) if is_valid => numbers.push(number),
                _ => return Err(exhausted(column, identity)),
            }
            reserved.next += i128::from(identity.increment);
            reserved.count -= 1;
        }
        Ok(numbers)
    }

    /// The next number of a column, which stays to be given.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn next(
        &self,
        store: &Store,
        table: Oid,
        column: &str,
        identity: &Identity,
    ) -> Result<i128> {
        let sequences = self.0.lock();
        if let Some(reserved) = sequences.get(&(table, column.to_owned()))
            && reserved.last > 0
        {
            return Ok(reserved.next);
        }
        store.read(|read| {
            let sequences = read.open_table(SEQUENCES).map_err(store.failed())?;
            let next = sequences.get((table, column)).map_err(store.failed())?;
            Ok(next.map_or(i128::from(identity.start), |next| next.value()))
        })
    }

    /// Has the numbers of a column go on with this one.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn set_next(&self, store: &Store, table: Oid, column: &str, next: i128) -> Result<()> {
        let mut sequences = self.0.lock();
        store.write(|write| {
            let mut sequences = write.open_table(SEQUENCES).map_err(store.failed())?;
            sequences
                .insert((table, column), next)
                .map_err(store.failed())?;
            Ok(())
        })?;
        sequences.remove(&(table, column.to_owned()));
        Ok(())
    }

    /// Forgets the numbers of tables that are gone, which are forgotten on disk.
    pub fn forget(&self, tables: &BTreeSet<Oid>) {
        if !tables.is_empty() {
            self.0.lock().retain(|(of, _), _| !tables.contains(of));
        }
    }

    /// Forgets the numbers of tables that were never shown, since the transaction that made them is
    /// rolled back.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn abandon(&self, store: &Store, tables: &BTreeSet<Oid>) -> Result<()> {
        let mut sequences = self.0.lock();
        let taken = sequences.keys().map(|(of, _)| *of);
        let taken: BTreeSet<Oid> = taken.filter(|of| tables.contains(of)).collect();
        if taken.is_empty() {
            return Ok(());
        }
        store.write(|write| taken.iter().try_for_each(|of| forget(store, write, *of)))?;
        sequences.retain(|(of, _), _| !taken.contains(of));
        Ok(())
    }

    /// Of how many sequences some numbers are set aside.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Begins the numbers of a table's columns anew.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn restart(&self, store: &Store, table: Oid) -> Result<()> {
        let mut sequences = self.0.lock();
        store.write(|write| forget(store, write, table))?;
        sequences.retain(|(of, _), _| *of != table);
        Ok(())
    }
}

/// The next numbers that are not set aside, of all columns of a table.
pub(super) fn stored(store: &Store, table: Oid) -> Result<Vec<(String, i128)>> {
    store.read(|read| {
        let sequences = read.open_table(SEQUENCES).map_err(store.failed())?;
        let of_table = (table, "")..(table.saturating_add(1), "");
        let mut found = Vec::new();
        for entry in sequences.range(of_table).map_err(store.failed())? {
            let (key, next) = entry.map_err(store.failed())?;
            found.push((key.value().1.to_owned(), next.value()));
        }
        Ok(found)
    })
}

fn reserve(
    store: &Store,
    table: Oid,
    column: &str,
    identity: &Identity,
    count: u64,
) -> Result<Reserved> {
    store.write(|write| {
        let mut sequences = write.open_table(SEQUENCES).map_err(store.failed())?;
        let stored = sequences.get((table, column)).map_err(store.failed())?;
        let next = stored.map_or(i128::from(identity.start), |next| next.value());
        let (next, count) = within_cycle(identity, next, count);
        let end = next + i128::from(count) * i128::from(identity.increment);
        sequences
            .insert((table, column), end)
            .map_err(store.failed())?;
        Ok(Reserved {
            next,
            count,
            last: count,
        })
    })
}

/// The next number of a sequence that cycles, and how many follow it up to its end, but no more than
/// are wanted; of another one, what it would be.
fn within_cycle(identity: &Identity, next: i128, wanted: u64) -> (i128, u64) {
    if !identity.cycles {
        return (next, wanted);
    }
    let (least, greatest) = (i128::from(identity.minimum), i128::from(identity.maximum));
    let increment = i128::from(identity.increment);
    let (first, last) = match increment > 0 {
        true => (least, greatest),
        false => (greatest, least),
    };
    let next = match (least..=greatest).contains(&next) {
        true => next,
        false => first,
    };
    let left = u64::try_from((last - next) / increment + 1).unwrap_or(u64::MAX);
    (next, wanted.min(left))
}

/// Forgets the numbers of a table that is dropped.
pub(super) fn forget(store: &Store, write: &WriteTransaction, table: Oid) -> Result<()> {
    let mut sequences = write.open_table(SEQUENCES).map_err(store.failed())?;
    let of_table = (table, "")..(table.saturating_add(1), "");
    sequences
        .retain_in(of_table, |_, _| false)
        .map_err(store.failed())
}

fn exhausted(column: &str, identity: &Identity) -> Error {
    let (end, value) = match identity.increment > 0 {
        true => ("maximum", identity.maximum),
        false => ("minimum", identity.minimum),
    };
    Error::new(
        SqlState::SEQUENCE_LIMIT_EXCEEDED,
        format!("nextval: reached {end} value of the sequence of column \"{column}\" ({value})"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    const IDENTITY: Identity = Identity {
        always: true,
        start: 1,
        increment: 1,
        minimum: 1,
        maximum: 1000,
        cycles: false,
    };

    #[test]
    fn numbers_follow_one_another_and_come_once_whatever_ends_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.redb");
        let mut last = 0;
        for round in 0..4 {
            let catalog = Catalog::open(&path).unwrap();
            for count in [0, 1, 5, 70] {
                let taken = catalog.next_numbers(7, "id", &IDENTITY, count).unwrap();
                assert_eq!(taken.len(), count);
                for number in taken {
                    // Only the end of a process leaves a gap.
                    assert!(number == last + 1 || number > last && round > 0, "{number}");
                    last = number;
                }
            }
        }
        let catalog = Catalog::open(&path).unwrap();
        assert_eq!(
            catalog.next_numbers(7, "other", &IDENTITY, 1).unwrap(),
            [1],
            "columns have numbers of their own"
        );
        assert_eq!(catalog.next_numbers(8, "id", &IDENTITY, 1).unwrap(), [1]);
        catalog.restart_numbers(7).unwrap();
        assert_eq!(catalog.next_numbers(7, "id", &IDENTITY, 1).unwrap(), [1]);
        assert_eq!(catalog.next_numbers(8, "id", &IDENTITY, 1).unwrap(), [2]);
    }

    #[test]
    fn a_column_has_no_more_numbers_than_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        let down = Identity {
            start: i64::MIN + 3,
            increment: -2,
            minimum: i64::MIN,
            maximum: -1,
            ..IDENTITY
        };
        let taken = catalog.next_numbers(7, "id", &down, 2).unwrap();
        assert_eq!(taken, [i64::MIN + 3, i64::MIN + 1]);
        for _ in 0..2 {
            let error = catalog.next_numbers(7, "id", &down, 1).unwrap_err();
            assert_eq!(error.sqlstate(), SqlState::SEQUENCE_LIMIT_EXCEEDED);
        }
    }
    #[test]
    fn a_cycle_begins_anew_at_its_other_end() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        let up = Identity {
            start: 4,
            increment: 2,
            minimum: 1,
            maximum: 6,
            cycles: true,
            ..IDENTITY
        };
        let taken = catalog.next_numbers(7, "id", &up, 7).unwrap();
        assert_eq!(taken, [4, 6, 1, 3, 5, 1, 3]);
        let down = Identity {
            start: 2,
            increment: -1,
            minimum: 1,
            maximum: 3,
            ..up
        };
        let taken = catalog.next_numbers(8, "id", &down, 6).unwrap();
        assert_eq!(taken, [2, 1, 3, 2, 1, 3]);
    }
}
