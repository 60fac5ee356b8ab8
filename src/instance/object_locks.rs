//! Who changes the rows of an object.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::lock_list::{LockList, NotedLock};
use crate::catalog::Oid;
use crate::catalog::system::RelationLockMode;
use crate::error::{Error, Result, SqlState};

tokio::task_local! {
    /// How long a statement waits for a lock; zero for as long as it takes.
    static LOCK_TIMEOUT: Duration;
    /// The number of the session whose statement it is.
    static PROCESS: i32;
}

/// Does something for a session in which nobody waits for a lock any longer than that; zero for as long as
/// it takes.
pub async fn with_lock_timeout<T>(
    limit: Duration,
    process: i32,
    work: impl Future<Output = T>,
) -> T {
    let work = LOCK_TIMEOUT.scope(limit, work);
    PROCESS.scope(process, work).await
}

/// The session whose statement runs.
pub(super) fn process() -> Option<i32> {
    PROCESS.try_with(|process| *process).ok()
}

/// Waits for something as long as a statement waits for a lock.
///
/// # Errors
/// 55P03 where it takes longer.
pub(super) async fn within_lock_timeout<T>(waiting: impl Future<Output = T>) -> Result<T> {
    let limit = LOCK_TIMEOUT.try_with(|limit| *limit).unwrap_or_default();
    if limit.is_zero() {
        return Ok(waiting.await);
    }
    let waited = tokio::time::timeout(limit, waiting).await;
    waited.map_err(|_| {
        let message = "canceling statement due to lock timeout";
        Error::new(SqlState::LOCK_NOT_AVAILABLE, message)
    })
}

/// The error of a transaction that cannot wait for another one.
pub(super) fn busy() -> Error {
    Error::new(
        SqlState::SERIALIZATION_FAILURE,
        "could not change the table because another transaction changes it",
    )
    .with_detail("To wait for it could be a deadlock.")
    .with_hint("Run the transaction again.")
}

/// How many may share a lock; who is alone has them all.
const SHARES: u32 = 1 << 20;

/// What a lock is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// That the rows stay as they are, which several may want at a time.
    Shared,
    /// To change them.
    Exclusive,
}

impl LockMode {
    fn shares(self) -> u32 {
        match self {
            Self::Shared => 1,
            Self::Exclusive => SHARES,
        }
    }

    fn shown(self) -> RelationLockMode {
        match self {
            Self::Shared => RelationLockMode::Share,
            Self::Exclusive => RelationLockMode::Exclusive,
        }
    }
}

/// A lock, until this is dropped.
#[derive(Debug)]
pub struct LockGuard {
    permit: OwnedSemaphorePermit,
    noted: Option<NotedLock>,
}

impl LockGuard {
    async fn wait(lock: Arc<Semaphore>, mode: LockMode, noted: Option<NotedLock>) -> Result<Self> {
        let taken = within_lock_timeout(lock.acquire_many_owned(mode.shares())).await?;
        let is_closed = |_: AcquireError| Error::internal("a lock is never closed");
        let permit = taken.map_err(is_closed)?;
        Ok(Self { permit, noted }.told(mode))
    }

    fn at_once(lock: Arc<Semaphore>, shares: u32) -> Option<Self> {
        let permit = lock.try_acquire_many_owned(shares).ok()?;
        let noted = None;
        Some(Self { permit, noted })
    }

    /// The same, once it is told that the session has it.
    fn told(self, mode: LockMode) -> Self {
        if let Some(noted) = &self.noted {
            noted.has(mode.shown());
        }
        self
    }

    fn covers(&self, mode: LockMode) -> bool {
        self.permit.num_permits() >= mode.shares() as usize
    }
}

/// One change of an object's rows, or one refresh of it, at a time. A transaction keeps the locks that
/// its statements have taken until it ends.
#[derive(Default)]
pub struct ObjectLocks {
    locks: Mutex<HashMap<Oid, Arc<Semaphore>>>,
    held: Option<Held>,
    list: Arc<LockList>,
}

/// The locks of a transaction.
struct Held {
    shared: Arc<ObjectLocks>,
    guards: tokio::sync::Mutex<BTreeMap<Oid, LockGuard>>,
}

impl ObjectLocks {
    /// The locks as a transaction takes them that has none yet.
    #[must_use]
    pub fn begin_transaction(self: &Arc<Self>) -> Self {
        Self {
            locks: Mutex::default(),
            held: Some(Held {
                shared: Arc::clone(self),
                guards: tokio::sync::Mutex::default(),
            }),
            list: Arc::clone(&self.list),
        }
    }

    /// The locks that sessions have and wait for.
    pub fn list(&self) -> &Arc<LockList> {
        &self.list
    }

    /// Waits until nobody changes the object, and keeps others from it.
    ///
    /// # Errors
    /// 40001 where a transaction would wait for another one that may wait for it; 55P03 where it takes
    /// too long.
    pub async fn lock(&self, oid: Oid) -> Result<LockGuard> {
        self.take(oid, LockMode::Exclusive).await
    }

    /// [`Self::lock`] in a mode.
    ///
    /// # Errors
    /// Those of [`Self::lock`].
    pub async fn take(&self, oid: Oid, mode: LockMode) -> Result<LockGuard> {
        let noted = match &self.held {
            Some(held) => {
                held.take(oid, mode).await?;
                None
            }
            None => self.list.wait(oid, mode.shown()),
        };
        LockGuard::wait(self.own(oid), mode, noted).await
    }

    /// Keeps others from an object that nobody changes; none where somebody does. It is not for
    /// transactions, whose locks are in [`Self::lock`] alone.
    pub fn try_lock(&self, oid: Oid) -> Option<LockGuard> {
        LockGuard::at_once(self.own(oid), SHARES)
    }

    /// Whether somebody else keeps an object now.
    pub fn is_kept(&self, oid: Oid) -> bool {
        let Some(held) = &self.held else {
            return self.try_lock(oid).is_none();
        };
        // Another statement of the transaction does not run meanwhile.
        let is_own = |guards: &BTreeMap<Oid, _>| guards.contains_key(&oid);
        let is_own = held.guards.try_lock().is_ok_and(|guards| is_own(&guards));
        !is_own && held.shared.try_lock(oid).is_none()
    }

    /// What a transaction keeps.
    pub fn held(&self) -> BTreeSet<Oid> {
        // No statement of the transaction runs meanwhile.
        let guards = self.held.as_ref().map(|held| held.guards.try_lock());
        let guards = guards.and_then(std::result::Result::ok);
        guards.map_or_else(BTreeSet::new, |guards| guards.keys().copied().collect())
    }

    /// Gives back what a transaction has kept beside these.
    pub async fn release_but(&self, kept: &BTreeSet<Oid>) {
        if let Some(held) = &self.held {
            let mut guards = held.guards.lock().await;
            guards.retain(|oid, _| kept.contains(oid));
        }
    }

    /// Gives back all that a transaction has kept.
    pub async fn release(&self) {
        self.release_but(&BTreeSet::new()).await;
    }

    fn own(&self, oid: Oid) -> Arc<Semaphore> {
        let mut locks = self.locks.lock();
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(
            locks
                .entry(oid)
                .or_insert_with(|| Arc::new(Semaphore::new(SHARES as usize))),
        )
    }
}

impl Held {
    /// Transactions wait for locks in the order of the objects' numbers alone, so that none of them
    /// waits for another one in a circle (Havender, Avoiding Deadlock in Multitasking Systems, 1968).
    /// Nor does one wait that shares a lock and wants to be alone: of two such, each would wait for the
    /// other.
    async fn take(&self, oid: Oid, mode: LockMode) -> Result<()> {
        let mut guards = self.guards.lock().await;
        let lock = self.shared.own(oid);
        if let Some(guard) = guards.get_mut(&oid) {
            if !guard.covers(mode) {
                let rest = LockGuard::at_once(lock, SHARES - 1).ok_or_else(busy)?;
                guard.permit.merge(rest.permit);
                if let Some(noted) = &guard.noted {
                    noted.has(mode.shown());
                }
            }
            return Ok(());
        }
        let is_next = guards.last_key_value().is_none_or(|(last, _)| *last < oid);
        let noted = self.shared.list.wait(oid, mode.shown());
        let guard = match is_next {
            true => LockGuard::wait(lock, mode, noted).await?,
            false => {
                let guard = LockGuard::at_once(lock, mode.shares()).ok_or_else(busy)?;
                LockGuard { noted, ..guard }.told(mode)
            }
        };
        guards.insert(oid, guard);
        Ok(())
    }
}
