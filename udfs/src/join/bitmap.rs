//! Which rows found a partner, marked by many threads.

use std::sync::atomic::{AtomicU64, Ordering};

/// A bit a row, all unset to begin with.
#[derive(Debug, Default)]
pub(super) struct Bitmap {
    words: Vec<AtomicU64>,
}

impl Bitmap {
    /// One bit for each of so many rows.
    pub(super) fn new(rows: usize) -> Self {
        let mut words = Vec::new();
        words.resize_with(rows.div_ceil(64), AtomicU64::default);
        Self { words }
    }

    /// The bytes of memory that so many bits take.
    pub(super) fn size(rows: usize) -> usize {
        rows.div_ceil(64) * size_of::<AtomicU64>()
    }

    #[inline]
    pub(super) fn set(&self, row: u32) {
        let word = &self.words[row as usize / 64];
        let bit = 1 << (row % 64);
        // Most rows are marked again and again: looking is cheaper than writing.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn get(&self, row: u32) -> bool {
        self.words[row as usize / 64].load(Ordering::Relaxed) & (1 << (row % 64)) != 0
    }
}
