//! How work on another thread hears that nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::error::{DataFusionError, Result};

/// Whether the query was cancelled. Long loops check it, so often that 10 ms pass at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Ends all work that checks this.
    pub(crate) fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// An error once the query was cancelled, which nobody sees.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(DataFusionError::Execution(
                "the similarity join was cancelled".to_string(),
            ));
        }
        Ok(())
    }
}
