//! How a run tells how far it is.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::sql::QualifiedName;

/// What a run did with a model, or a check.
#[derive(Clone, Debug)]
pub enum Ended {
    /// Built, with so many rows.
    Built {
        /// Rows of the new version.
        rows: u64,
        /// Rows that went to `tributary.rejected_rows`.
        rejected: u64,
    },
    /// Created or replaced; there is nothing to build.
    Defined,
    /// Dropped, since it left the project.
    Dropped,
    /// It failed; its file is this.
    Failed(Error, PathBuf),
    /// It was not tried, as this that it reads failed.
    Skipped(QualifiedName),
    /// A check that returned no row.
    Passed {
        /// Rows of sources that it left out, as they could not be read.
        rejected: u64,
    },
    /// A check that returned rows.
    Violated {
        /// The rows that should not be.
        rows: u64,
        /// Whether the check's severity is `warn`.
        warns: bool,
        /// Rows of sources that it left out, as they could not be read.
        rejected: u64,
    },
}

/// Told of what a run does, from many tasks at once.
pub trait Progress: Send + Sync {
    /// A model, or a check, begins.
    fn started(&self, name: &QualifiedName, rows: &std::sync::Arc<Rows>);
    /// It ended.
    fn ended(&self, name: &QualifiedName, ended: &Ended);
}

/// Rows that a build has written so far.
#[derive(Debug, Default)]
pub struct Rows(AtomicU64);

impl Rows {
    /// Adds rows.
    pub fn add(&self, rows: usize) {
        self.0.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// Rows so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
