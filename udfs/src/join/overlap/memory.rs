//! How much memory tables take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all tables together may take.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// Takes bytes, if there are as many.
    pub(crate) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed);
        let reservation = Reservation {
            used: Arc::clone(&self.used),
            bytes,
        };
        // Else it is dropped, which gives the bytes back.
        (used.saturating_add(bytes) <= self.limit).then_some(reservation)
    }
}

/// Bytes that are given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    used: Arc<AtomicUsize>,
    bytes: usize,
}

impl Reservation {
    /// Gives back all but so many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let spare = self.bytes.saturating_sub(bytes);
        self.used.fetch_sub(spare, Ordering::Relaxed);
        self.bytes -= spare;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn a_budget_is_not_exceeded() {
        let budget = Budget::new(10);
        let mut first = budget.reserve(8).unwrap();
        assert!(budget.reserve(3).is_none());
        first.shrink(4);
        let second = budget.reserve(6).unwrap();
        assert!(budget.reserve(1).is_none());
        drop((first, second));
        assert!(budget.reserve(10).is_some());
    }
}
