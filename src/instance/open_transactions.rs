//! The transactions that write and have not ended, and waiting for those that have changed a table.
//!
//! Who only adds rows to a table without a key locks nothing, so that what takes the table away, or
//! changes it, waits for its transaction and not for a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::object_locks::{busy, within_lock_timeout};
use crate::error::Result;
use crate::warehouse::{TableId, Warehouse};

/// Those of all sessions.
#[derive(Default)]
pub struct OpenTransactions {
    open: Mutex<Open>,
    /// Notified when one ends, or goes back to a savepoint.
    changed: Notify,
}

#[derive(Default)]
struct Open {
    next: u64,
    /// The tables as each of them sees them.
    transactions: BTreeMap<u64, Weak<Warehouse>>,
}

impl OpenTransactions {
    /// Notes a transaction, and answers its number.
    pub fn begin(&self, tables: &Arc<Warehouse>) -> u64 {
        let mut open = self.open.lock();
        let number = open.next;
        open.next += 1;
        open.transactions.insert(number, Arc::downgrade(tables));
        number
    }

    /// Forgets a transaction that has ended.
    pub fn end(&self, number: u64) {
        self.open.lock().transactions.remove(&number);
        self.changed.notify_waiters();
    }

    /// Tells that one has taken changes back.
    pub fn taken_back(&self) {
        self.changed.notify_waiters();
    }

    /// Waits until the transactions have ended, or have taken it back, that have changed one of these
    /// tables by now. It is not waited for those that change them later, nor for `own`.
    ///
    /// # Errors
    /// 40001 where there are some and one that `may_not` wait would; 55P03 where it takes too long.
    pub async fn wait(&self, own: &Warehouse, tables: &[TableId], may_not: bool) -> Result<()> {
        let mut left = self.changing(own, tables);
        if left.is_empty() {
            return Ok(());
        }
        if may_not {
            return Err(busy());
        }
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                let now = self.changing(own, tables);
                left.retain(|number| now.contains(number));
                if left.is_empty() {
                    return;
                }
                changed.await;
            }
        };
        within_lock_timeout(waiting).await
    }

    fn changing(&self, own: &Warehouse, tables: &[TableId]) -> BTreeSet<u64> {
        let open = self.open.lock();
        let has_changed = |other: &Weak<Warehouse>| {
            let other = other.upgrade();
            let other = other.filter(|other| !std::ptr::eq(Arc::as_ptr(other), own));
            other.is_some_and(|other| tables.iter().any(|table| other.has_staged(table)))
        };
        let changing = open.transactions.iter();
        let changing = changing.filter(|(_, other)| has_changed(other));
        changing.map(|(number, _)| *number).collect()
    }
}
