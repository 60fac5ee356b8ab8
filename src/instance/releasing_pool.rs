//! Memory for everything: what can be read again goes before a request for some is refused.

use std::fmt;
use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

type Release = dyn Fn() -> bool + Send + Sync;

/// A pool that has others let go of memory before it refuses any.
pub struct ReleasingPool {
    pool: Arc<dyn MemoryPool>,
    release: Box<Release>,
}

impl ReleasingPool {
    /// Takes memory from a pool; `release` answers whether anything was let go of.
    pub fn new(
        pool: Arc<dyn MemoryPool>,
        release: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            pool,
            release: Box::new(release),
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
            .or_else(|error| match (self.release)() {
                true => self.pool.try_grow(reservation, additional),
                false => Err(error),
            })
    }

    fn reserved(&self) -> usize {
        self.pool.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.pool.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use parking_lot::Mutex;

    use super::*;

    const LIMIT: usize = 1000;

    #[test]
    fn what_can_be_read_again_goes_before_a_request_is_refused() {
        let kept: Arc<Mutex<Option<MemoryReservation>>> = Arc::default();
        let release = {
            let kept = Arc::clone(&kept);
            move || kept.lock().take().is_some()
        };
        let greedy = Arc::new(GreedyMemoryPool::new(LIMIT));
        let pool: Arc<dyn MemoryPool> = Arc::new(ReleasingPool::new(greedy, release));
        let model = MemoryConsumer::new("model").register(&pool);
        model.try_grow(600).unwrap();
        *kept.lock() = Some(model);

        let query = MemoryConsumer::new("query").register(&pool);
        query.try_grow(400).unwrap();
        assert!(kept.lock().is_some(), "there was enough");
        query.try_grow(500).unwrap();
        assert!(kept.lock().is_none());
        assert_eq!(pool.reserved(), 900);
        query.try_grow(101).unwrap_err();
        assert_eq!(pool.reserved(), 900);
    }

    #[test]
    fn what_is_more_than_all_is_refused() {
        let pool: Arc<dyn MemoryPool> = Arc::new(ReleasingPool::new(
            Arc::new(GreedyMemoryPool::new(LIMIT)),
            || false,
        ));
        let query = MemoryConsumer::new("query").register(&pool);
        query.try_grow(LIMIT + 1).unwrap_err();
        query.try_grow(LIMIT).unwrap();
    }
}
