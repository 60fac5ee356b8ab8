//! A run in memory: what was added last.

use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};

use super::entry::{ENTRY_BYTES, Entry};
use super::run_file::reserve;
use crate::error::Result;

/// Entries in the order of their hashes.
#[derive(Debug)]
pub(super) struct MemoryRun {
    pub entries: Vec<Entry>,
    _memory: MemoryReservation,
}

impl MemoryRun {
    /// The run of these entries, in any order, whose memory is accounted for.
    pub fn new(mut entries: Vec<Entry>, memory: MemoryReservation) -> Self {
        entries.shrink_to_fit();
        memory.resize(entries.capacity() * ENTRY_BYTES);
        entries.sort_unstable_by_key(|entry| entry.hash);
        Self {
            entries,
            _memory: memory,
        }
    }

    /// The run of the entries of both.
    pub fn merge(&self, other: &Self, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        let length = self.entries.len() + other.entries.len();
        let memory = reserve(pool);
        memory.try_grow(length * ENTRY_BYTES)?;
        let mut entries = Vec::with_capacity(length);
        entries.extend_from_slice(&self.entries);
        entries.extend_from_slice(&other.entries);
        // A stable sort merges the two runs that it finds.
        entries.sort_by_key(|entry| entry.hash);
        Ok(Self {
            entries,
            _memory: memory,
        })
    }

    pub fn bytes(&self) -> usize {
        self.entries.capacity() * ENTRY_BYTES
    }
}
