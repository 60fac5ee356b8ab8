//! How much of an index is where.

use super::entry::ENTRY_BYTES;

/// How much of an index is where. The defaults suit a server; tests have smaller ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Entries that stay in memory before they are written to a file.
    pub memory_entries: usize,
    /// Entries of a build that goes to memory; a larger one goes to a file at once.
    pub memory_run_entries: usize,
    /// Entries of a build that are sorted in memory.
    pub chunk_entries: usize,
    /// Sorted chunks of a build that are merged when there are so many.
    pub spilled_runs: usize,
    /// Whoever adds a run to so many merges some of them first.
    pub runs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_entries: (8 << 20) / ENTRY_BYTES,
            memory_run_entries: (2 << 20) / ENTRY_BYTES,
            chunk_entries: (64 << 20) / ENTRY_BYTES,
            spilled_runs: 64,
            runs: 24,
        }
    }
}
