//! The handles of tables, of which there are never two of one table.

use std::collections::HashMap;
use std::sync::Arc;

use super::table::Table;
use super::table_id::TableId;

/// Handles of tables by number and name. Those that nobody uses are forgotten, the longest unused
/// first, when there are more than the limit; those in use stay, so that all writers of a table
/// wait in one queue.
#[derive(Default)]
pub(super) struct OpenTables {
    /// Counts the uses.
    clock: u64,
    tables: HashMap<TableId, Handle>,
}

struct Handle {
    table: Arc<Table>,
    last_used: u64,
}

impl OpenTables {
    /// The handle of a table; `open` makes it where there is none.
    pub fn get(&mut self, id: &TableId, limit: usize, open: impl FnOnce() -> Table) -> Arc<Table> {
        self.clock += 1;
        if !self.tables.contains_key(id) {
            self.make_room(limit);
        }
        let handle = self.tables.entry(id.clone()).or_insert_with(|| Handle {
            table: Arc::new(open()),
            last_used: 0,
        });
        handle.last_used = self.clock;
        handle.table.call(id.called.as_deref());
        Arc::clone(&handle.table)
    }

    /// The tables that are at hand.
    pub fn all(&self) -> Vec<Arc<Table>> {
        let handles = self.tables.values();
        handles.map(|handle| Arc::clone(&handle.table)).collect()
    }

    /// Forgets the handle of a table.
    pub fn forget(&mut self, id: &TableId) {
        self.tables.remove(id);
    }

    fn make_room(&mut self, limit: usize) {
        while self.tables.len() >= limit.max(1) {
            let idle = self.tables.iter().filter(|(_, handle)| handle.is_idle());
            let Some(oldest) = idle.min_by_key(|(_, handle)| handle.last_used) else {
                return;
            };
            let oldest = oldest.0.clone();
            self.tables.remove(&oldest);
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.tables.len()
    }
}

impl Handle {
    /// Handles are given out by this map alone, so a count of one cannot grow behind its back.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.table) == 1 && self.table.place.readers.oldest().is_none()
    }
}
