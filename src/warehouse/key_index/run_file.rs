//! A run in a file: entries in the order of their hashes.
//!
//! The file has the blocks, then the filter, if there is one, then the fences: the high half of
//! the first hash of each block; then a footer. All numbers are little-endian. Filter and fences
//! are kept in memory, blocks are read when they are needed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};

use super::block::{BLOCK_BYTES, BLOCK_ENTRIES, Block};
use super::filter::{Filter, LINE_BYTES};
use crate::error::{Error, Result, SqlState};

/// The end of the names of runs' files.
pub(super) const SUFFIX: &str = ".run";

const MAGIC: [u8; 8] = *b"tribkey1";

pub(super) const FOOTER_BYTES: usize = 48;

/// A run in a file. The file goes when the last one who reads it is done, unless it is kept.
#[derive(Debug)]
pub(super) struct RunFile {
    pub id: u64,
    pub entries: u64,
    file: File,
    path: PathBuf,
    /// The high half of the first hash of each block.
    fences: Vec<u64>,
    filter: Option<Filter>,
    kept: AtomicBool,
    memory: MemoryReservation,
}

/// What a footer says.
pub(super) struct Footer {
    pub id: u64,
    pub entries: u64,
    pub blocks: u64,
    pub filter_lines: u64,
    /// Of the filter and the fences.
    pub checksum: u32,
}

impl Footer {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for number in [self.id, self.entries, self.blocks, self.filter_lines] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.checksum.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8; FOOTER_BYTES]) -> Option<Self> {
        let (said, checksum) = bytes.split_last_chunk::<4>()?;
        let (magic, rest) = said.split_first_chunk::<8>()?;
        if u32::from_le_bytes(*checksum) != crc32fast::hash(said) || *magic != MAGIC {
            return None;
        }
        let (numbers, checksum) = rest.as_chunks::<8>();
        let number = |index: usize| Some(u64::from_le_bytes(*numbers.get(index)?));
        let footer = Self {
            id: number(0)?,
            entries: number(1)?,
            blocks: number(2)?,
            filter_lines: number(3)?,
            checksum: u32::from_le_bytes(*checksum.first_chunk::<4>()?),
        };
        let blocks = footer.entries.div_ceil(BLOCK_ENTRIES as u64);
        (footer.blocks == blocks).then_some(footer)
    }
}

impl RunFile {
    /// Where the run of this number lies.
    pub fn path(folder: &Path, id: u64) -> PathBuf {
        folder.join(format!("{id:016x}{SUFFIX}"))
    }

    /// Opens a run that was written whole.
    pub fn open(folder: &Path, id: u64, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        let path = Self::path(folder, id);
        let file = File::open(&path)?;
        let damaged = || damaged(id);
        let length = file.metadata()?.len();
        let mut footer = [0; FOOTER_BYTES];
        let footer_start = length
            .checked_sub(FOOTER_BYTES as u64)
            .ok_or_else(damaged)?;
        file.read_exact_at(&mut footer, footer_start)?;
        let footer = Footer::read(&footer).ok_or_else(damaged)?;
        let blocks_bytes = footer.blocks * BLOCK_BYTES as u64;
        let filter_bytes = footer.filter_lines * LINE_BYTES as u64;
        let tail_bytes = filter_bytes + footer.blocks * 8;
        if footer.id != id || length != blocks_bytes + tail_bytes + FOOTER_BYTES as u64 {
            return Err(damaged());
        }
        let memory = reserve(pool);
        memory.try_grow(2 * tail_bytes as usize)?;
        let mut tail = vec![0; tail_bytes as usize];
        file.read_exact_at(&mut tail, blocks_bytes)?;
        if crc32fast::hash(&tail) != footer.checksum {
            return Err(damaged());
        }
        let (filter, fences) = tail
            .split_at_checked(filter_bytes as usize)
            .ok_or_else(damaged)?;
        let (fences, _) = fences.as_chunks::<8>();
        let fences = fences.iter().map(|fence| u64::from_le_bytes(*fence));
        let filter = (footer.filter_lines > 0).then(|| Filter::read(filter));
        let run = Self {
            id,
            entries: footer.entries,
            file,
            path,
            fences: fences.collect(),
            filter,
            kept: AtomicBool::new(true),
            memory,
        };
        run.account();
        Ok(run)
    }

    /// A run that was just written, with what is kept of it in memory.
    pub fn written(
        (file, path): (File, PathBuf),
        footer: &Footer,
        (fences, filter): (Vec<u64>, Option<Filter>),
        memory: MemoryReservation,
    ) -> Self {
        let run = Self {
            id: footer.id,
            entries: footer.entries,
            file,
            path,
            fences,
            filter,
            kept: AtomicBool::new(false),
            memory,
        };
        run.account();
        run
    }

    /// Brings the account to what the run keeps in memory.
    fn account(&self) {
        self.memory.resize(self.memory_bytes());
    }

    /// Whether the file stays when nobody reads it.
    pub fn keep(&self, kept: bool) {
        self.kept.store(kept, Ordering::Release);
    }

    pub fn blocks(&self) -> u64 {
        self.fences.len() as u64
    }

    pub fn fences(&self) -> &[u64] {
        &self.fences
    }

    /// Whether the run may have the hash.
    pub fn may_have(&self, hash: u128) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.may_have(hash))
    }

    /// Reads as many blocks as the buffer holds, from this one on.
    pub fn read(&self, first: u64, buffer: &mut [u8]) -> Result<()> {
        self.file
            .read_exact_at(buffer, first * BLOCK_BYTES as u64)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => damaged(self.id),
                _ => Error::from(error).within(self.path.display()),
            })
    }

    /// The block of this number in the bytes that were read.
    pub fn block<'a>(&self, bytes: &'a [u8], number: u64) -> Result<Block<'a>> {
        Block::read(bytes, self.id, number).ok_or_else(|| damaged(self.id))
    }

    /// The bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        self.blocks() * BLOCK_BYTES as u64 + (self.memory_bytes() + FOOTER_BYTES) as u64
    }

    /// The bytes in memory: filter and fences.
    pub fn memory_bytes(&self) -> usize {
        let lines = self.filter.as_ref().map_or(0, Filter::lines);
        lines * LINE_BYTES + 8 * self.fences.len()
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        if !self.kept.load(Ordering::Acquire)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!(path = %self.path.display(), %error, "an old run stays behind");
        }
    }
}

/// The account of what runs keep in memory.
pub(super) fn reserve(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
    MemoryConsumer::new("KeyIndex").register(pool)
}

pub(super) fn damaged(run: u64) -> Error {
    Error::new(
        SqlState::DATA_CORRUPTED,
        format!("run {run:016x} of a key index is damaged"),
    )
    .with_hint("The index is built anew when it is needed next.")
}
