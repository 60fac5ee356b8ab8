//! Which locks of objects sessions have and wait for, as `pg_locks` shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Utc;
use parking_lot::Mutex;

use super::object_locks::process;
use crate::catalog::Oid;
use crate::catalog::system::{RelationLock, RelationLockMode};

/// Those of all sessions.
#[derive(Debug, Default)]
pub struct LockList(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    next: u64,
    locks: BTreeMap<u64, RelationLock>,
}

impl LockList {
    /// Notes that the session which runs a statement waits for a lock, until what this answers is
    /// dropped. What the server does by itself is not noted.
    pub fn wait(self: &Arc<Self>, relation: Oid, mode: RelationLockMode) -> Option<NotedLock> {
        let lock = RelationLock {
            process: process()?,
            relation,
            mode,
            waits_since: Some(Utc::now()),
        };
        let mut noted = self.0.lock();
        let number = noted.next;
        noted.next += 1;
        noted.locks.insert(number, lock);
        Some(NotedLock {
            list: Arc::clone(self),
            number,
        })
    }

    /// All of them.
    pub fn all(&self) -> Vec<RelationLock> {
        self.0.lock().locks.values().cloned().collect()
    }
}

/// A lock that is noted.
#[derive(Debug)]
pub struct NotedLock {
    list: Arc<LockList>,
    number: u64,
}

impl NotedLock {
    /// Notes that the session has it, in a mode.
    pub fn has(&self, mode: RelationLockMode) {
        if let Some(lock) = self.list.0.lock().locks.get_mut(&self.number) {
            lock.mode = mode;
            lock.waits_since = None;
        }
    }
}

impl Drop for NotedLock {
    fn drop(&mut self) {
        self.list.0.lock().locks.remove(&self.number);
    }
}
