//! How far a run, and what it builds, is.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tributary_udfs::resolve;

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
    fn started(&self, name: &QualifiedName, rows: &Arc<Rows>);
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

    /// The same, if there are any.
    pub fn some(&self) -> Option<u64> {
        Some(self.get()).filter(|rows| *rows > 0)
    }
}

/// How far a refresh is that runs.
#[derive(Clone, Debug)]
pub struct RunningRefresh {
    /// The rows that it has written so far; for a model, those that it has read.
    pub rows: Arc<Rows>,
    /// How far that of a model is, once it has its rows.
    pub model: Option<Arc<resolve::Progress>>,
}

/// The refreshes that run, by their numbers in the journal.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashMap<u64, RunningRefresh>>);

impl Running {
    /// A refresh begins. It ends with what this answers.
    pub fn begin(self: &Arc<Self>, refresh: u64, rows: &Arc<Rows>) -> Begun {
        let running = RunningRefresh {
            rows: Arc::clone(rows),
            model: None,
        };
        self.0.lock().insert(refresh, running);
        Begun {
            running: Arc::clone(self),
            refresh,
        }
    }

    /// The refresh of a model has its rows, and goes on from there.
    pub fn resolves(&self, refresh: u64) -> Arc<resolve::Progress> {
        let progress = Arc::<resolve::Progress>::default();
        if let Some(running) = self.0.lock().get_mut(&refresh) {
            running.model = Some(Arc::clone(&progress));
        }
        progress
    }

    /// How far a refresh is; none of one that does not run.
    pub fn progress(&self, refresh: u64) -> Option<RunningRefresh> {
        self.0.lock().get(&refresh).cloned()
    }
}

/// Keeps a refresh among those that run.
#[derive(Debug)]
pub struct Begun {
    running: Arc<Running>,
    refresh: u64,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.refresh);
    }
}
