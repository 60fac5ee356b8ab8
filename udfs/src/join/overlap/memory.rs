//! How much memory tables take.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::execution::memory_pool::MemoryReservation;

/// Bytes that all tables together may take: some are reserved with the index, for what its tables
/// mostly take; more are reserved as they are taken, while there are any.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<State>);

#[derive(Debug)]
struct State {
    granted: usize,
    limit: usize,
    used: Mutex<usize>,
    /// What is used of more than was granted.
    more: MemoryReservation,
}

impl Budget {
    /// A budget of so many bytes, some of which are granted already; `more` is of nothing yet.
    pub(crate) fn new(granted: usize, limit: usize, more: MemoryReservation) -> Self {
        Self(Arc::new(State {
            granted,
            limit,
            used: Mutex::new(0),
            more,
        }))
    }

    /// Takes bytes, if there are as many.
    pub(crate) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let state = &self.0;
        let mut used = state.used();
        let after = used
            .checked_add(bytes)
            .filter(|after| *after <= state.limit)?;
        state.more.try_resize(state.beyond(after)).ok()?;
        *used = after;
        Some(Reservation {
            budget: self.clone(),
            bytes,
        })
    }

    fn give_back(&self, bytes: usize) {
        let state = &self.0;
        let mut used = state.used();
        *used = used.saturating_sub(bytes);
        state.more.resize(state.beyond(*used));
    }
}

impl State {
    fn used(&self) -> MutexGuard<'_, usize> {
        // A number is always whole, whatever a panic left.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of what is used was not granted.
    fn beyond(&self, used: usize) -> usize {
        used.saturating_sub(self.granted)
    }
}

/// Bytes that are given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Budget,
    bytes: usize,
}

impl Reservation {
    /// Gives back all but so many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let spare = self.bytes.saturating_sub(bytes);
        self.budget.give_back(spare);
        self.bytes -= spare;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool};

    use super::Budget;

    #[test]
    fn a_budget_is_not_exceeded() {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(100));
        let budget = Budget::new(5, 10, MemoryConsumer::new("tables").register(&pool));
        let mut first = budget.reserve(8).unwrap();
        assert_eq!(pool.reserved(), 3);
        assert!(budget.reserve(3).is_none());
        first.shrink(4);
        assert_eq!(pool.reserved(), 0);
        let second = budget.reserve(6).unwrap();
        assert!(budget.reserve(1).is_none());
        assert_eq!(pool.reserved(), 5);
        drop((first, second));
        assert_eq!(pool.reserved(), 0);
        assert!(budget.reserve(10).is_some());
        assert!(budget.reserve(usize::MAX).is_none());
    }

    #[test]
    fn what_was_granted_is_there_when_the_pool_is_empty() {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(2));
        let budget = Budget::new(5, 10, MemoryConsumer::new("tables").register(&pool));
        assert!(budget.reserve(8).is_none());
        let most = budget.reserve(7).unwrap();
        drop(most);
        assert!(budget.reserve(5).is_some());
    }
}
