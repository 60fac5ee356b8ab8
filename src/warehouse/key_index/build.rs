//! Adds data files to the index, of any size in bounded memory.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};

use super::KeyIndex;
use super::entry::{ENTRY_BYTES, Entry, Location};
use super::limits::Limits;
use super::memory_run::MemoryRun;
use super::merge::Merge;
use super::run_file::RunFile;
use super::run_writer::RunWriter;
use super::state::CoveredFile;
use crate::error::{Error, Result};

/// Entries that are taken in at a time.
const PIECE_ENTRIES: usize = 1 << 15;

/// The entries of data files that are being added: nobody sees any of them before the end.
///
/// Reading and sorting are the caller's, so this blocks, as all of the index does.
pub struct Build {
    index: Arc<KeyIndex>,
    files: HashMap<u32, CoveredFile>,
    chunk: Vec<Entry>,
    spilled: Vec<Arc<RunFile>>,
    memory: MemoryReservation,
    limits: Limits,
}

/// What a build has come to.
pub(super) struct Built {
    pub files: HashMap<u32, CoveredFile>,
    pub entries: BuiltRun,
}

/// The entries of a build.
pub(super) enum BuiltRun {
    Memory(MemoryRun),
    File(RunFile),
}

impl Build {
    pub(super) fn new(index: &Arc<KeyIndex>) -> Self {
        let consumer = MemoryConsumer::new("KeyIndexBuild").with_can_spill(true);
        Self {
            index: Arc::clone(index),
            files: HashMap::new(),
            chunk: Vec::new(),
            spilled: Vec::new(),
            memory: consumer.register(&index.pool),
            limits: index.limits,
        }
    }

    /// Begins a data file; answers the number by which its rows are given.
    ///
    /// # Errors
    /// There have been four billion files before.
    pub fn file(&mut self, path: &str) -> Result<u32> {
        let number = self.index.next_file()?;
        let file = CoveredFile {
            path: Arc::from(path),
            rows: 0,
            on_disk: false,
        };
        self.files.insert(number, file);
        Ok(number)
    }

    /// Adds rows of a data file that stand in it one after the other, from `first_row` on: the
    /// hashes of their keys and their versions. A file must be given whole; the order of its parts,
    /// and of files, does not matter.
    ///
    /// # Errors
    /// 53200 without memory for a small piece; what the disk says.
    pub fn push(
        &mut self,
        file: u32,
        first_row: u32,
        hashes: &[u128],
        versions: &[u64],
    ) -> Result<()> {
        let rows = hashes.len() as u64;
        let last_fits = u64::from(first_row) + rows <= u64::from(u32::MAX);
        let Some(covered) = self.files.get_mut(&file).filter(|_| last_fits) else {
            return Err(Error::internal(format!(
                "{rows} rows from {first_row} on cannot be of file {file} of a key index"
            )));
        };
        if hashes.len() != versions.len() {
            return Err(Error::internal("rows have as many versions as keys"));
        }
        covered.rows += rows;
        let rows = (first_row..).zip(hashes.iter().zip(versions));
        let mut entries = rows.map(|(row, (hash, version))| Entry {
            hash: *hash,
            location: Location {
                version: *version,
                file,
                row,
            },
        });
        let mut left = hashes.len();
        while left > 0 {
            let piece = left.min(PIECE_ENTRIES).min(self.limits.chunk_entries);
            self.make_room(piece)?;
            self.chunk.extend(entries.by_ref().take(piece));
            left -= piece;
        }
        Ok(())
    }

    /// Makes room for more entries: in memory, if there is some, or else by writing out a run.
    fn make_room(&mut self, more: usize) -> Result<()> {
        let wanted = self.chunk.len() + more;
        if wanted <= self.chunk.capacity() {
            return Ok(());
        }
        let capacity = wanted
            .max(2 * self.chunk.capacity())
            .min(self.limits.chunk_entries);
        if wanted <= capacity && self.memory.try_resize(capacity * ENTRY_BYTES).is_ok() {
            self.chunk.reserve_exact(capacity - self.chunk.len());
            return Ok(());
        }
        self.spill()?;
        if more > self.chunk.capacity() {
            self.memory.try_resize(more * ENTRY_BYTES)?;
            self.chunk.reserve_exact(more);
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let (folder, pool) = (&self.index.folder, &self.index.pool);
        let writer = RunWriter::without_filter(folder, self.chunk.len() as u64, pool)?;
        self.spilled
            .push(Arc::new(write_chunk(&mut self.chunk, writer)?));
        self.chunk.clear();
        if self.spilled.len() == self.limits.spilled_runs {
            self.chunk = Vec::new();
            self.memory.resize(0);
            let merged = self.merge_spilled()?;
            self.spilled = vec![Arc::new(merged)];
        }
        Ok(())
    }

    fn merge_spilled(&self) -> Result<RunFile> {
        let index = &self.index;
        Merge::new(&index.pool)
            .files(&self.spilled)?
            .write(&index.folder, None, &index.stopped)
    }

    /// Makes the files part of the index, all at once. A file that it covers already stays as it
    /// is.
    ///
    /// # Errors
    /// What the disk says; 57P01 where the index was stopped. Then none of the files is covered.
    pub fn finish(mut self) -> Result<()> {
        let entries = if !self.spilled.is_empty() {
            self.spill()?;
            self.memory.resize(0);
            self.chunk = Vec::new();
            BuiltRun::File(self.merge_spilled()?)
        } else if self.chunk.len() > self.limits.memory_run_entries {
            let (folder, pool) = (&self.index.folder, &self.index.pool);
            let writer = RunWriter::new(folder, self.chunk.len() as u64, pool)?;
            BuiltRun::File(write_chunk(&mut self.chunk, writer)?)
        } else {
            BuiltRun::Memory(MemoryRun::new(self.chunk, self.memory))
        };
        let files = self.files;
        self.index.install(Built { files, entries })
    }
}

fn write_chunk(chunk: &mut [Entry], mut writer: RunWriter) -> Result<RunFile> {
    chunk.sort_unstable_by_key(|entry| entry.hash);
    for entry in chunk {
        writer.push(*entry)?;
    }
    writer.finish()
}
