//! An append-only table of numbered JSON records that keeps the last so many.

use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;

use super::super::record::from_json;
use super::super::store::{META, Store};
use crate::error::{Error, Result};

/// A table of records by number.
pub type Table = TableDefinition<'static, u64, &'static [u8]>;

/// The refreshes.
pub const REFRESHES: Table = TableDefinition::new("refreshes");
/// The results of checks.
pub const CHECK_RESULTS: Table = TableDefinition::new("check_results");

/// A table within a change of the file.
pub struct Log<'a> {
    store: &'a Store,
    write: &'a WriteTransaction,
    table: Table,
    retention: u64,
}

impl<'a> Log<'a> {
    /// The table; it comes to be where it does not exist.
    pub fn new(
        store: &'a Store,
        write: &'a WriteTransaction,
        table: Table,
        retention: u64,
    ) -> Self {
        Self {
            store,
            write,
            table,
            retention,
        }
    }

    /// Appends the record that `record` makes of its number, and drops the oldest beyond the
    /// limit.
    pub fn append(&mut self, record: impl FnOnce(u64) -> Result<Vec<u8>>) -> Result<u64> {
        let mut table = self.open()?;
        let mut meta = self.write.open_table(META).map_err(self.store.failed())?;
        // The counter outlives its records: a number is never used again.
        let counter = format!("next_{}_id", redb::TableHandle::name(&self.table));
        let id = meta
            .get(counter.as_str())
            .map_err(self.store.failed())?
            .map_or(1, |number| number.value());
        meta.insert(counter.as_str(), id + 1)
            .map_err(self.store.failed())?;
        table
            .insert(id, record(id)?.as_slice())
            .map_err(self.store.failed())?;
        while table.len().map_err(self.store.failed())? > self.retention.max(1) {
            table.pop_first().map_err(self.store.failed())?;
        }
        Ok(id)
    }

    /// Writes a record anew; one that is no longer kept stays away.
    pub fn replace(&mut self, id: u64, record: &[u8]) -> Result<()> {
        let mut table = self.open()?;
        let is_kept = table.get(id).map_err(self.store.failed())?.is_some();
        if is_kept {
            table.insert(id, record).map_err(self.store.failed())?;
        }
        Ok(())
    }

    /// How many records it has.
    pub fn len(&self) -> Result<u64> {
        self.open()?.len().map_err(self.store.failed())
    }

    /// All its records, the first first.
    pub fn records<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let table = self.open()?;
        let entries = table.iter().map_err(self.store.failed())?;
        entries
            .map(|entry| read(self.store, &self.table, entry))
            .collect()
    }

    fn open(&self) -> Result<redb::Table<'a, u64, &'static [u8]>> {
        self.write
            .open_table(self.table)
            .map_err(self.store.failed())
    }
}

/// The latest records, the last first, at most `limit`.
pub fn latest<T: DeserializeOwned>(store: &Store, table: Table, limit: usize) -> Result<Vec<T>> {
    store.read(|transaction| {
        let open = transaction.open_table(table).map_err(store.failed())?;
        let entries = open.iter().map_err(store.failed())?;
        entries
            .rev()
            .take(limit)
            .map(|entry| read(store, &table, entry))
            .collect()
    })
}

/// A record by number.
pub fn record<T: DeserializeOwned>(store: &Store, table: Table, id: u64) -> Result<Option<T>> {
    store.read(|transaction| {
        let open = transaction.open_table(table).map_err(store.failed())?;
        let found = open.get(id).map_err(store.failed())?;
        found
            .map(|bytes| from_json(bytes.value()).map_err(at(&table, id)))
            .transpose()
    })
}

type Entry<'a> = Result<
    (
        redb::AccessGuard<'a, u64>,
        redb::AccessGuard<'a, &'static [u8]>,
    ),
    redb::StorageError,
>;

fn read<T: DeserializeOwned>(store: &Store, table: &Table, entry: Entry<'_>) -> Result<T> {
    let (id, bytes) = entry.map_err(store.failed())?;
    from_json(bytes.value()).map_err(at(table, id.value()))
}

fn at(table: &Table, id: u64) -> impl Fn(Error) -> Error {
    let place = format!("{} {id} in the catalog", redb::TableHandle::name(table));
    move |error| error.within(&place)
}
