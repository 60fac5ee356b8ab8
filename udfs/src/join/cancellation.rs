//! How work on another thread hears that nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::error::{DataFusionError, Result};

use crate::interrupt::Interrupt;

/// Whether the query was cancelled. Long loops check it, so often that 10 ms pass at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancellation(Arc<State>);

#[derive(Debug, Default)]
struct State {
    interrupt: Interrupt,
    /// How often it was checked, which tests hold against the work.
    checks: AtomicU64,
}

impl Cancellation {
    /// Ends all work that checks this.
    pub(crate) fn cancel(&self) {
        self.0.interrupt.raise();
    }

    /// An error once the query was cancelled, which nobody sees.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        if cfg!(test) {
            self.0.checks.fetch_add(1, Ordering::Relaxed);
        }
        if self.0.interrupt.is_raised() {
            return Err(DataFusionError::Execution(
                "the similarity join was cancelled".to_string(),
            ));
        }
        Ok(())
    }

    /// Does work on this thread in which a comparison of two long texts ends early too.
    pub(crate) fn watching<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.interrupt.within(work)
    }

    /// Checks once after many small pieces of work.
    pub(crate) fn steps(&self) -> Steps<'_> {
        Steps {
            cancellation: self,
            left: BYTES_BETWEEN_CHECKS,
        }
    }

    /// How often it was checked.
    #[cfg(test)]
    pub(crate) fn checks(&self) -> u64 {
        self.0.checks.load(Ordering::Relaxed)
    }
}

/// How many bytes are hashed, copied or compared between two checks: a few milliseconds.
const BYTES_BETWEEN_CHECKS: usize = 1 << 20;

/// How many bytes a piece of work counts for beside its own: a miss of the caches.
const PIECE: usize = 64;

/// Work in many small pieces.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    cancellation: &'a Cancellation,
    left: usize,
}

impl Steps<'_> {
    /// Tells of a piece of work on so many bytes, which is about to be done.
    #[inline]
    pub(crate) fn step(&mut self, bytes: usize) -> Result<()> {
        match self.left.checked_sub(bytes + PIECE) {
            Some(left) => self.left = left,
            None => {
                self.left = BYTES_BETWEEN_CHECKS;
                self.cancellation.check()?;
            }
        }
        Ok(())
    }
}
