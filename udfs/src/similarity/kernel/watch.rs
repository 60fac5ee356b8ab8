//! How a long comparison of two texts hears that its answer is no longer wanted.
//!
//! To compare two texts of a megabyte takes minutes, and nobody can wait for that who cancels a
//! query. The thread that works for it says so beforehand ([`watching`]); what takes a time that
//! grows with the product of both lengths then looks now and then ([`Watch`]), and answers
//! anything once it was cancelled: whoever cancelled reads no answer.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static CANCELLED: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Does work that ends early once `cancelled` is true.
pub(crate) fn watching<T>(cancelled: &Arc<AtomicBool>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Arc<AtomicBool>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CANCELLED.set(self.0.take());
        }
    }
    let _restore = Restore(CANCELLED.replace(Some(Arc::clone(cancelled))));
    work()
}

/// How many words or cells of a table are computed between two looks: below a millisecond.
const WORK: usize = 1 << 18;

/// Counts work, and looks when there was much.
#[derive(Debug, Default)]
pub(super) struct Watch {
    worked: usize,
}

impl Watch {
    /// Tells of work that was done; whether no more is wanted.
    #[inline]
    pub(super) fn is_cancelled_after(&mut self, work: usize) -> bool {
        self.worked += work;
        if self.worked < WORK {
            return false;
        }
        self.worked = 0;
        CANCELLED.with_borrow(|cancelled| {
            let cancelled = cancelled.as_ref();
            cancelled.is_some_and(|cancelled| cancelled.load(Ordering::Relaxed))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::super::{damerau, diagonals, edit, subsequence};
    use super::watching;

    #[test]
    fn long_comparisons_end_when_they_are_cancelled() {
        // Hundreds of times as much work as is done between two looks.
        let left = "ab".repeat(30_000);
        let right = "cd".repeat(30_000);
        let (left, right) = (left.as_bytes(), right.as_bytes());
        let cancelled = Arc::new(AtomicBool::new(true));
        watching(&cancelled, || {
            let twice = [right, right].concat();
            let distance = edit::Scratch::<false>::default().distance(left, &twice);
            assert!(distance < twice.len());
            let around = [right, left, right].concat();
            let common = subsequence::Scratch::default().length(left, &around);
            assert!(common < left.len());
            let within = diagonals::Scratch::default().within(
                left,
                right,
                left.len(),
                diagonals::Swaps::Adjacent,
            );
            assert_eq!(within, None);
            let distance = damerau::Scratch::default().distance(left, &around);
            assert_ne!(distance, twice.len());
        });
    }

    #[test]
    fn what_is_not_cancelled_goes_on() {
        let left = "ab".repeat(3000);
        let right = "cb".repeat(3000);
        let cancelled = Arc::new(AtomicBool::new(false));
        let distance = watching(&cancelled, || {
            edit::Scratch::<false>::default().distance(left.as_bytes(), right.as_bytes())
        });
        assert_eq!(distance, 3000);
        cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
        // The thread works for somebody else now.
        let distance =
            edit::Scratch::<false>::default().distance(left.as_bytes(), right.as_bytes());
        assert_eq!(distance, 3000);
    }
}
