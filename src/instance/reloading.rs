//! Reading again what may be another one while the server runs: who may connect, and certificates.

use std::fmt;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::error::Result;

type Reload = dyn Fn() -> Result<()> + Send + Sync;

/// How it is read again, once somebody serves it, and when it was.
#[derive(Default)]
pub struct Reloading {
    reload: OnceLock<Box<Reload>>,
    last: Mutex<Option<DateTime<Utc>>>,
}

impl Reloading {
    /// Says how it is read; only the first time it is said counts.
    pub fn by(&self, reload: impl Fn() -> Result<()> + Send + Sync + 'static) {
        // Nobody serves an instance twice.
        let _ = self.reload.set(Box::new(reload));
    }

    /// Reads it again. What was there before stays where that fails, which is logged.
    ///
    /// # Errors
    /// What the files say.
    pub fn reload(&self) -> Result<()> {
        let Some(reload) = self.reload.get() else {
            return Ok(());
        };
        reload().inspect_err(|error| {
            let (detail, hint) = (error.detail(), error.hint());
            tracing::error!(
                detail,
                hint,
                "kept the access rules and certificates as they were: {error}"
            );
        })?;
        *self.last.lock() = Some(Utc::now());
        tracing::info!("read the access rules and certificates again");
        Ok(())
    }

    /// When it was read again last.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        *self.last.lock()
    }
}

impl fmt::Debug for Reloading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reloading")
    }
}
