//! Makes one run of several.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};

use roaring::RoaringBitmap;

use super::block::BLOCK_BYTES;
use super::entry::Entry;
use super::memory_run::MemoryRun;
use super::run_file::{RunFile, reserve};
use super::run_writer::RunWriter;
use crate::error::{Error, Result, SqlState};

/// Blocks that are read of a run at a time.
const READ_BLOCKS: u64 = 16;

/// Passes over the entries of some runs in the order of their hashes.
pub(super) struct Merge<'a> {
    pool: &'a Arc<dyn MemoryPool>,
    cursors: Vec<Cursor>,
    entries: u64,
}

impl<'a> Merge<'a> {
    pub fn new(pool: &'a Arc<dyn MemoryPool>) -> Self {
        Self {
            pool,
            cursors: Vec::new(),
            entries: 0,
        }
    }

    pub fn memory(mut self, runs: &[Arc<MemoryRun>]) -> Self {
        for run in runs {
            self.entries += run.entries.len() as u64;
            let run = Arc::clone(run);
            self.cursors.push(Cursor::Memory { run, next: 0 });
        }
        self
    }

    pub fn files(mut self, runs: &[Arc<RunFile>]) -> Result<Self> {
        for run in runs {
            self.entries += run.entries;
            let cursor = FileCursor::new(run, self.pool)?;
            self.cursors.push(Cursor::File(cursor));
        }
        Ok(self)
    }

    /// Writes a run of the entries whose files are wanted: those of these numbers, or all.
    pub fn write(
        mut self,
        folder: &Path,
        wanted: Option<&RoaringBitmap>,
        stopped: &AtomicBool,
    ) -> Result<RunFile> {
        let mut writer = RunWriter::new(folder, self.entries, self.pool)?;
        let mut heap = BinaryHeap::with_capacity(self.cursors.len());
        for (index, cursor) in self.cursors.iter_mut().enumerate() {
            if let Some(entry) = cursor.head()? {
                heap.push(Reverse((entry.hash, index)));
            }
        }
        let mut passed = 0_u64;
        while let Some(mut least) = heap.peek_mut() {
            let Reverse((_, index)) = *least;
            let cursor = &mut self.cursors[index];
            if let Some(entry) = cursor.head()?
                && wanted.is_none_or(|wanted| wanted.contains(entry.location.file))
            {
                writer.push(entry)?;
            }
            cursor.advance();
            match cursor.head()? {
                Some(entry) => *least = Reverse((entry.hash, index)),
                None => drop(PeekMut::pop(least)),
            }
            passed += 1;
            if passed.is_multiple_of(1 << 16) && stopped.load(Ordering::Relaxed) {
                return Err(Error::new(
                    SqlState::ADMIN_SHUTDOWN,
                    "a key index was stopped while runs were merged",
                ));
            }
        }
        writer.finish()
    }
}

/// A place in a run.
enum Cursor {
    Memory { run: Arc<MemoryRun>, next: usize },
    File(FileCursor),
}

impl Cursor {
    /// The entry that is next.
    fn head(&mut self) -> Result<Option<Entry>> {
        match self {
            Self::Memory { run, next } => Ok(run.entries.get(*next).copied()),
            Self::File(cursor) => cursor.head(),
        }
    }

    fn advance(&mut self) {
        match self {
            Self::Memory { next, .. } => *next += 1,
            Self::File(cursor) => cursor.next_entry += 1,
        }
    }
}

struct FileCursor {
    run: Arc<RunFile>,
    buffer: Vec<u8>,
    /// The block that is read next, and the one that the buffer begins with.
    next_block: u64,
    buffered: u64,
    /// The entries of the current block.
    block: Vec<Entry>,
    next_entry: usize,
    _memory: MemoryReservation,
}

impl FileCursor {
    fn new(run: &Arc<RunFile>, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        let memory = reserve(pool);
        memory.try_grow((READ_BLOCKS as usize + 1) * BLOCK_BYTES)?;
        Ok(Self {
            run: Arc::clone(run),
            buffer: Vec::new(),
            next_block: 0,
            buffered: 0,
            block: Vec::new(),
            next_entry: 0,
            _memory: memory,
        })
    }

    fn head(&mut self) -> Result<Option<Entry>> {
        if self.next_entry == self.block.len() {
            self.read_block()?;
        }
        Ok(self.block.get(self.next_entry).copied())
    }

    fn read_block(&mut self) -> Result<()> {
        self.block.clear();
        self.next_entry = 0;
        let number = self.next_block;
        if number == self.run.blocks() {
            return Ok(());
        }
        let mut start = (number - self.buffered) as usize * BLOCK_BYTES;
        if start == self.buffer.len() {
            let blocks = READ_BLOCKS.min(self.run.blocks() - number);
            self.buffer.resize(blocks as usize * BLOCK_BYTES, 0);
            self.run.read(number, &mut self.buffer)?;
            self.buffered = number;
            start = 0;
        }
        let bytes = &self.buffer[start..start + BLOCK_BYTES];
        let block = self.run.block(bytes, number)?;
        self.block
            .extend((0..block.len()).map(|index| block.entry(index)));
        self.next_block += 1;
        Ok(())
    }
}
