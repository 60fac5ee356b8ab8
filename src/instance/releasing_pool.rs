//! Memory for everything: models that are in memory go before a request for some is refused.

use std::fmt;
use std::sync::{Arc, Weak};

use datafusion::error::Result;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

use crate::models::resolution::Indexes;

/// A pool that lets go of models in memory before it refuses any. They are read again when they are
/// asked for.
pub struct ReleasingPool {
    pool: Arc<dyn MemoryPool>,
    indexes: Weak<Indexes>,
}

impl ReleasingPool {
    /// Takes memory from a pool.
    pub fn new(pool: Arc<dyn MemoryPool>, indexes: &Arc<Indexes>) -> Self {
        Self {
            pool,
            indexes: Arc::downgrade(indexes),
        }
    }
}

impl fmt::Debug for ReleasingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReleasingPool").field(&self.pool).finish()
    }
}

impl fmt::Display for ReleasingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pool.fmt(f)
    }
}

impl MemoryPool for ReleasingPool {
    fn name(&self) -> &str {
        self.pool.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.pool.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.pool.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.pool.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.pool.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.pool
            .try_grow(reservation, additional)
            .or_else(|error| match self.indexes.upgrade() {
                Some(indexes) if indexes.release() => self.pool.try_grow(reservation, additional),
                _ => Err(error),
            })
    }

    fn reserved(&self) -> usize {
        self.pool.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.pool.memory_limit()
    }
}
