//! Which tables have changed, for who looks after them.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};

use super::table_id::TableId;

/// So many commits wait for each who listens; who is further behind is told that there were more.
const WAITING_COMMITS: usize = 1024;

/// The tables whose rows have changed since they were last named.
#[derive(Debug)]
pub(super) struct Changed {
    tables: Mutex<BTreeMap<u32, TableId>>,
    notify: Notify,
    commits: broadcast::Sender<u32>,
}

impl Default for Changed {
    fn default() -> Self {
        Self {
            tables: Mutex::default(),
            notify: Notify::default(),
            commits: broadcast::Sender::new(WAITING_COMMITS),
        }
    }
}

impl Changed {
    pub fn add(&self, table: &TableId) {
        self.tables.lock().insert(table.oid, table.clone());
        self.notify.notify_one();
        // Nobody may listen.
        let _ = self.commits.send(table.oid);
    }

    /// A table is gone: nobody needs to look after it.
    pub fn forget(&self, table: &TableId) {
        self.tables.lock().remove(&table.oid);
    }

    pub fn commits(&self) -> broadcast::Receiver<u32> {
        self.commits.subscribe()
    }

    pub async fn next(&self) -> TableId {
        loop {
            let next = self.tables.lock().pop_first();
            match next {
                Some((_, table)) => return table,
                None => self.notify.notified().await,
            }
        }
    }
}
