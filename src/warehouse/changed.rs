//! Which tables have changed, for who looks after them.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::table_id::TableId;

/// The tables whose rows have changed since they were last named.
#[derive(Debug, Default)]
pub(super) struct Changed {
    tables: Mutex<BTreeMap<u32, TableId>>,
    notify: Notify,
    commits: watch::Sender<()>,
}

impl Changed {
    pub fn add(&self, table: &TableId) {
        self.tables.lock().insert(table.oid, table.clone());
        self.notify.notify_one();
        self.commits.send_replace(());
    }

    pub fn commits(&self) -> watch::Receiver<()> {
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
