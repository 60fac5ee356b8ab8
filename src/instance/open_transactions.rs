//! The transactions that write and have not ended, and waiting for those that have changed a table.
//!
//! Who only adds rows to a table without a key locks nothing, so that what takes the table away, or
//! changes it, waits for its transaction and not for a lock.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::lock_list::{LockList, NotedLock};
use super::object_locks::{busy, within_lock_timeout};
use crate::catalog::Oid;
use crate::catalog::system::{RelationLock, RelationLockMode, SYSTEM_SCHEMA};
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
    transactions: BTreeMap<u64, Transaction>,
}

struct Transaction {
    /// The number of its session.
    process: i32,
    /// The tables as it sees them.
    tables: Weak<Warehouse>,
}

impl OpenTransactions {
    /// Notes a transaction of a session, and answers its number.
    pub fn begin(&self, process: i32, tables: &Arc<Warehouse>) -> u64 {
        let mut open = self.open.lock();
        let number = open.next;
        open.next += 1;
        let tables = Arc::downgrade(tables);
        let transaction = Transaction { process, tables };
        open.transactions.insert(number, transaction);
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
    /// tables by now. It is not waited for those that change them later, nor for `own`. `list` shows
    /// who waits.
    ///
    /// # Errors
    /// 40001 where there are some and one that `may_not` wait would; 55P03 where it takes too long.
    pub async fn wait(
        &self,
        list: &Arc<LockList>,
        own: &Warehouse,
        tables: &[TableId],
        may_not: bool,
    ) -> Result<()> {
        let mut left = self.changing(own, tables);
        if left.is_empty() {
            return Ok(());
        }
        if may_not {
            return Err(busy());
        }
        let waiting = async {
            let mut noted: Option<(Oid, Option<NotedLock>)> = None;
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                let mut now = self.changing(own, tables);
                now.retain(|number, _| left.contains_key(number));
                left = now;
                let Some(table) = left.values().next().copied() else {
                    return;
                };
                if noted.as_ref().is_none_or(|(known, _)| *known != table) {
                    let mode = RelationLockMode::AccessExclusive;
                    noted = Some((table, list.wait(table, mode)));
                }
                changed.await;
            }
        };
        within_lock_timeout(waiting).await
    }

    /// What each of them keeps others from: to take away or change the tables that it has changed.
    pub fn locks(&self) -> Vec<RelationLock> {
        let open = self.open.lock();
        let mut locks = Vec::new();
        for transaction in open.transactions.values() {
            let Some(tables) = transaction.tables.upgrade() else {
                continue;
            };
            let changed = tables.changed_tables().into_iter();
            let relations = changed.filter(|it| it.table.schema != SYSTEM_SCHEMA);
            locks.extend(relations.map(|changed| RelationLock {
                process: transaction.process,
                relation: changed.table.oid,
                mode: RelationLockMode::RowExclusive,
                waits_since: None,
            }));
        }
        locks
    }

    /// Those that have changed one of these tables, and the first one that each has.
    fn changing(&self, own: &Warehouse, tables: &[TableId]) -> BTreeMap<u64, Oid> {
        let open = self.open.lock();
        let changed = |other: &Transaction| {
            let other = other.tables.upgrade()?;
            let mut tables = tables.iter();
            match std::ptr::eq(Arc::as_ptr(&other), own) {
                true => None,
                false => tables.find(|table| other.has_staged(table)),
            }
        };
        let all = open.transactions.iter();
        let changing = all.filter_map(|(number, other)| Some((*number, changed(other)?.oid)));
        changing.collect()
    }
}
