//! Who changes the rows of an object.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use crate::catalog::Oid;
use crate::error::{Error, Result, SqlState};

tokio::task_local! {
    /// How long a statement waits for a lock; zero for as long as it takes.
    static LOCK_TIMEOUT: Duration;
}

/// Does something in which nobody waits for a lock any longer than that; zero for as long as it takes.
pub async fn with_lock_timeout<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    LOCK_TIMEOUT.scope(limit, work).await
}

async fn wait(lock: Arc<tokio::sync::Mutex<()>>) -> Result<OwnedMutexGuard<()>> {
    let limit = LOCK_TIMEOUT.try_with(|limit| *limit).unwrap_or_default();
    if limit.is_zero() {
        return Ok(lock.lock_owned().await);
    }
    let waited = tokio::time::timeout(limit, lock.lock_owned()).await;
    waited.map_err(|_| {
        Error::new(
            SqlState::LOCK_NOT_AVAILABLE,
            "canceling statement due to lock timeout",
        )
    })
}

/// One change of an object's rows, or one refresh of it, at a time. A transaction keeps the locks that
/// its statements have taken until it ends.
#[derive(Default)]
pub struct ObjectLocks {
    locks: Mutex<HashMap<Oid, Arc<tokio::sync::Mutex<()>>>>,
    held: Option<Held>,
}

/// The locks of a transaction.
struct Held {
    shared: Arc<ObjectLocks>,
    guards: tokio::sync::Mutex<BTreeMap<Oid, OwnedMutexGuard<()>>>,
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
        }
    }

    /// Waits until nobody changes the object, and keeps others from it.
    ///
    /// # Errors
    /// 40001 where a transaction would wait for another one that may wait for it.
    pub async fn lock(&self, oid: Oid) -> Result<OwnedMutexGuard<()>> {
        if let Some(held) = &self.held {
            held.take(oid).await?;
        }
        wait(self.own(oid)).await
    }

    /// Keeps others from an object that nobody changes; none where somebody does. It is not for
    /// transactions, whose locks are in [`Self::lock`] alone.
    pub fn try_lock(&self, oid: Oid) -> Option<OwnedMutexGuard<()>> {
        self.own(oid).try_lock_owned().ok()
    }

    /// Whether somebody else keeps an object now.
    pub fn is_kept(&self, oid: Oid) -> bool {
        let Some(held) = &self.held else {
            return self.own(oid).try_lock_owned().is_err();
        };
        // Another statement of the transaction does not run meanwhile.
        let is_own = |guards: &BTreeMap<Oid, _>| guards.contains_key(&oid);
        let is_own = held.guards.try_lock().is_ok_and(|guards| is_own(&guards));
        !is_own && held.shared.own(oid).try_lock_owned().is_err()
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

    fn own(&self, oid: Oid) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock();
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(oid).or_default())
    }
}

impl Held {
    /// Transactions wait for locks in the order of the objects' numbers alone, so that none of them
    /// waits for another one in a circle (Havender, Avoiding Deadlock in Multitasking Systems, 1968).
    async fn take(&self, oid: Oid) -> Result<()> {
        let mut guards = self.guards.lock().await;
        if guards.contains_key(&oid) {
            return Ok(());
        }
        let lock = self.shared.own(oid);
        let is_next = guards.last_key_value().is_none_or(|(last, _)| *last < oid);
        let guard = match is_next {
            true => wait(lock).await?,
            false => lock.try_lock_owned().map_err(|_| {
                Error::new(
                    SqlState::SERIALIZATION_FAILURE,
                    "could not change the table because another transaction changes it",
                )
                .with_detail("To wait for it could be a deadlock.")
                .with_hint("Run the transaction again.")
            })?,
        };
        guards.insert(oid, guard);
        Ok(())
    }
}
