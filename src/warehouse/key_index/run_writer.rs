//! Writes a run's file.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};
use uuid::Uuid;

use super::block::{self, BLOCK_BYTES, BLOCK_ENTRIES};
use super::entry::{ENTRY_BYTES, Entry, high};
use super::filter::{Filter, LINE_BYTES};
use super::run_file::{Footer, RunFile, reserve};
use crate::error::{Error, Result};

/// Bytes that are written at a time.
const BUFFER_BYTES: usize = 64 * BLOCK_BYTES;

/// A filter takes no more memory than this: enough for 200 million entries.
const MAX_FILTER_BYTES: u64 = 256 << 20;

/// Writes a run, entry by entry in the order of their hashes. Dropped before its end it leaves
/// nothing behind.
pub(super) struct RunWriter {
    id: u64,
    file: File,
    path: Abandoned,
    block: Vec<Entry>,
    buffer: Vec<u8>,
    entries: u64,
    fences: Vec<u64>,
    filter: Option<Filter>,
    memory: MemoryReservation,
}

impl RunWriter {
    /// Begins a run of at most so many entries, which will be searched.
    pub fn new(folder: &Path, at_most: u64, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        let mut writer = Self::without_filter(folder, at_most, pool)?;
        let lines = Filter::lines_for(at_most);
        let bytes = lines * LINE_BYTES as u64;
        // Without a filter more blocks are read, and that is all.
        if bytes <= MAX_FILTER_BYTES && writer.memory.try_grow(bytes as usize).is_ok() {
            writer.filter = Some(Filter::new(lines));
        }
        Ok(writer)
    }

    /// Begins a run of at most so many entries, which will be read from end to end.
    pub fn without_filter(folder: &Path, at_most: u64, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        let memory = reserve(pool);
        let fences = at_most.div_ceil(BLOCK_ENTRIES as u64) as usize;
        // Little, a 500th of the entries themselves, and not asked for but told: what is written is
        // often written because there is no more memory.
        memory.grow(BUFFER_BYTES + BLOCK_ENTRIES * ENTRY_BYTES + 8 * fences);
        let id = Uuid::new_v4().as_u64_pair().0;
        let path = RunFile::path(folder, id);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| Error::from(error).within(path.display()))?;
        Ok(Self {
            id,
            file,
            path: Abandoned(path),
            block: Vec::with_capacity(BLOCK_ENTRIES),
            buffer: Vec::with_capacity(BUFFER_BYTES),
            entries: 0,
            fences: Vec::with_capacity(fences),
            filter: None,
            memory,
        })
    }

    pub fn push(&mut self, entry: Entry) -> Result<()> {
        if let Some(filter) = &mut self.filter {
            filter.insert(entry.hash);
        }
        self.block.push(entry);
        match self.block.len() {
            BLOCK_ENTRIES => self.end_block(),
            _ => Ok(()),
        }
    }

    fn end_block(&mut self) -> Result<()> {
        let Some(first) = self.block.first() else {
            return Ok(());
        };
        let number = self.fences.len() as u64;
        self.fences.push(high(first.hash));
        block::write(&self.block, self.id, number, &mut self.buffer);
        self.entries += self.block.len() as u64;
        self.block.clear();
        match self.buffer.len() {
            BUFFER_BYTES.. => self.flush(),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<()> {
        self.file
            .write_all(&self.buffer)
            .map_err(|error| Error::from(error).within(self.path.0.display()))?;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the run. Its file is not kept until it is told so.
    pub fn finish(mut self) -> Result<RunFile> {
        self.end_block()?;
        self.flush()?;
        let mut checksum = crc32fast::Hasher::new();
        let filter = self.filter.take();
        let mut fences = std::mem::take(&mut self.fences);
        let words = filter
            .iter()
            .flat_map(|filter| filter.words().chunks(BUFFER_BYTES / 8));
        for words in words.chain(fences.chunks(BUFFER_BYTES / 8)) {
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            self.buffer.extend(bytes);
            checksum.update(&self.buffer);
            self.flush()?;
        }
        let footer = Footer {
            id: self.id,
            entries: self.entries,
            blocks: fences.len() as u64,
            filter_lines: filter.as_ref().map_or(0, Filter::lines) as u64,
            checksum: checksum.finalize(),
        };
        self.buffer.extend(footer.to_bytes());
        self.flush()?;
        fences.shrink_to_fit();
        let file = (self.file, self.path.take());
        Ok(RunFile::written(
            file,
            &footer,
            (fences, filter),
            self.memory,
        ))
    }
}

/// The path of a file that is deleted unless the path is taken.
struct Abandoned(PathBuf);

impl Abandoned {
    fn take(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty()
            && let Err(error) = std::fs::remove_file(&self.0)
        {
            tracing::debug!(path = %self.0.display(), %error, "an abandoned run stays behind");
        }
    }
}
