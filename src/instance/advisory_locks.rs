//! Locks on numbers that mean something to applications alone: `pg_advisory_lock` and the like.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::LockMode;
use crate::catalog::system::AdvisoryKey;
use crate::error::{Error, Result, SqlState};

/// Who takes a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvisoryOwner {
    /// The number of the session.
    pub process: i32,
    /// That of the transaction which the lock ends with; none for one of the session.
    pub transaction: Option<i64>,
}

struct Hold {
    owner: AdvisoryOwner,
    mode: LockMode,
    count: usize,
}

#[derive(Default)]
struct State {
    held: HashMap<AdvisoryKey, Vec<Hold>>,
    /// What sessions wait for.
    waiting: HashMap<i32, (AdvisoryKey, LockMode)>,
}

impl State {
    /// The other sessions that keep one from a lock.
    fn in_the_way(&self, process: i32, key: AdvisoryKey, mode: LockMode) -> BTreeSet<i32> {
        let holds = self.held.get(&key).into_iter().flatten();
        let holds = holds.filter(|hold| {
            let is_shared = mode == LockMode::Shared && hold.mode == LockMode::Shared;
            hold.owner.process != process && !is_shared
        });
        holds.map(|hold| hold.owner.process).collect()
    }

    /// Whether those that a session would wait for wait for it.
    fn is_deadlock(&self, process: i32, key: AdvisoryKey, mode: LockMode) -> bool {
        let mut seen = BTreeSet::new();
        let mut left: Vec<i32> = self.in_the_way(process, key, mode).into_iter().collect();
        while let Some(other) = left.pop() {
            if other == process {
                return true;
            }
            if seen.insert(other)
                && let Some((key, mode)) = self.waiting.get(&other)
            {
                left.extend(self.in_the_way(other, *key, *mode));
            }
        }
        false
    }

    fn take(&mut self, owner: AdvisoryOwner, key: AdvisoryKey, mode: LockMode) -> bool {
        if !self.in_the_way(owner.process, key, mode).is_empty() {
            return false;
        }
        let holds = self.held.entry(key).or_default();
        match holds
            .iter_mut()
            .find(|hold| hold.owner == owner && hold.mode == mode)
        {
            Some(hold) => hold.count += 1,
            None => holds.push(Hold {
                owner,
                mode,
                count: 1,
            }),
        }
        true
    }

    fn free(&mut self, is_freed: impl Fn(&Hold) -> bool) {
        for holds in self.held.values_mut() {
            holds.retain(|hold| !is_freed(hold));
        }
        self.held.retain(|_, holds| !holds.is_empty());
    }
}

/// The locks of all sessions.
#[derive(Default)]
pub struct AdvisoryLocks {
    state: Mutex<State>,
    freed: Notify,
}

impl AdvisoryLocks {
    /// Takes a lock, unless another session keeps it from that.
    pub fn take_at_once(&self, owner: AdvisoryOwner, key: AdvisoryKey, mode: LockMode) -> bool {
        self.state.lock().take(owner, key, mode)
    }

    /// Takes a lock, and waits for it.
    ///
    /// # Errors
    /// 40P01 where who has it waits for this session.
    pub async fn take(&self, owner: AdvisoryOwner, key: AdvisoryKey, mode: LockMode) -> Result<()> {
        let waiting = Waiting {
            locks: self,
            process: owner.process,
        };
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            {
                let mut state = self.state.lock();
                if state.take(owner, key, mode) {
                    break;
                }
                if state.is_deadlock(owner.process, key, mode) {
                    return Err(Error::new(SqlState::DEADLOCK_DETECTED, "deadlock detected")
                        .with_hint("Take advisory locks in the same order everywhere."));
                }
                state.waiting.insert(owner.process, (key, mode));
            }
            freed.await;
        }
        drop(waiting);
        Ok(())
    }

    /// Frees a lock of a session that it has taken, once; whether it had it.
    pub fn free(&self, process: i32, key: AdvisoryKey, mode: LockMode) -> bool {
        let mut state = self.state.lock();
        let owner = AdvisoryOwner {
            process,
            transaction: None,
        };
        let Some(holds) = state.held.get_mut(&key) else {
            return false;
        };
        let mut own = holds.iter_mut();
        let Some(hold) = own.find(|hold| hold.owner == owner && hold.mode == mode) else {
            return false;
        };
        hold.count -= 1;
        state.free(|hold| hold.count == 0);
        drop(state);
        self.freed.notify_waiters();
        true
    }

    /// Frees the locks of a session, but for those of its transaction.
    pub fn free_session(&self, process: i32) {
        let owner = AdvisoryOwner {
            process,
            transaction: None,
        };
        self.state.lock().free(|hold| hold.owner == owner);
        self.freed.notify_waiters();
    }

    /// Frees all locks of a session that is gone.
    pub(super) fn leave(&self, process: i32) {
        self.state.lock().free(|hold| hold.owner.process == process);
        self.freed.notify_waiters();
    }

    fn end_transaction(&self, number: i64) {
        self.state
            .lock()
            .free(|hold| hold.owner.transaction == Some(number));
        self.freed.notify_waiters();
    }
}

/// Takes a session from those that wait, also where its statement is canceled.
struct Waiting<'a> {
    locks: &'a AdvisoryLocks,
    process: i32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.locks.state.lock().waiting.remove(&self.process);
    }
}

/// The number of a transaction, once somebody has asked for it. What it has locked is free when it ends.
#[derive(Default)]
pub struct TransactionNumber {
    number: OnceLock<i64>,
    locks: OnceLock<Arc<AdvisoryLocks>>,
}

impl TransactionNumber {
    /// The number, which is the next one if it has none.
    pub fn get_or_init(&self, next: impl FnOnce() -> i64) -> i64 {
        *self.number.get_or_init(next)
    }

    /// Has these locks freed when the transaction ends.
    pub fn locks(&self, locks: &Arc<AdvisoryLocks>) {
        let _ = self.locks.set(Arc::clone(locks));
    }
}

impl Drop for TransactionNumber {
    fn drop(&mut self) {
        if let (Some(number), Some(locks)) = (self.number.get(), self.locks.get()) {
            locks.end_transaction(*number);
        }
    }
}
