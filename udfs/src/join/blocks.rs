//! The work of a search, shared out among threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::probe::Block;

/// Blocks, each of which one thread takes.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    next: AtomicUsize,
}

impl Blocks {
    pub(super) fn new(blocks: Vec<Block>) -> Self {
        Self {
            blocks,
            next: AtomicUsize::new(0),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// A block that no thread has taken yet.
    pub(super) fn take(&self) -> Option<Block> {
        // Relaxed, as a block says nothing of what other threads did.
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.blocks.get(next).cloned()
    }
}
