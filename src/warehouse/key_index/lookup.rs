//! Finds the entries of many hashes.
//!
//! The hashes are sorted, so that each run is passed over once, from its beginning to its end:
//! where many are asked for, its file is read in one go, where few are, block by block, of which those
//! that are asked for often are at hand.

use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};

use super::block::{BLOCK_BYTES, Block};
use super::block_cache::{BlockCache, found_whole, whole_block};
use super::candidates::Found;
use super::entry::high;
use super::memory_run::MemoryRun;
use super::run_file::{RunFile, reserve};
use crate::error::Result;

/// Blocks that are read at a time, at most. Not more than the bits of [`Window::whole`].
const WINDOW_BLOCKS: u64 = 64;

/// Blocks that nobody wants are read along when there are no more of them between two that are
/// wanted: to copy some is cheaper than to call the operating system once more.
const GAP_BLOCKS: u64 = 2;

/// What so few hashes take is not accounted for: to tell the pool takes as long as to find them.
pub(super) const FEW_QUERIES: usize = 16;

/// Hashes for which blocks are chosen before they are read.
const CHUNK: usize = 1 << 13;

/// A hash that is asked for.
#[derive(Clone, Copy)]
pub(super) struct Query {
    pub hash: u128,
    /// Which of those that were given.
    pub key: u32,
}

/// Looks in a run in memory.
pub(super) fn search_memory(
    run: &MemoryRun,
    queries: &[Query],
    found: &mut Found<'_>,
) -> Result<()> {
    let mut at = 0;
    for query in queries {
        at = gallop(&run.entries, at, |entry| entry.hash < query.hash);
        let same = run.entries[at..].iter();
        for entry in same.take_while(|entry| entry.hash == query.hash) {
            found.push(query.key, entry.location)?;
        }
    }
    Ok(())
}

/// Looks in runs that are in files.
pub(super) struct FileSearch<'a> {
    /// What is kept of blocks, where few hashes are asked for.
    blocks: Option<&'a BlockCache>,
    window: Window,
    /// Queries of a chunk that may find something, each with the first block to look in.
    wanted: Vec<(Query, u64)>,
    _memory: Option<MemoryReservation>,
}

impl<'a> FileSearch<'a> {
    /// To look for so many hashes.
    pub fn new(pool: &Arc<dyn MemoryPool>, blocks: &'a BlockCache, queries: usize) -> Result<Self> {
        let are_few = queries <= FEW_QUERIES;
        let memory = (!are_few).then(|| reserve(pool));
        let queries = queries.min(CHUNK);
        // What is read in one go begins with a block that a hash wants, and goes on for each other one.
        let in_one_go = match are_few {
            true => 0,
            false => WINDOW_BLOCKS.min(queries as u64 * (1 + GAP_BLOCKS)),
        };
        let buffer = in_one_go as usize * BLOCK_BYTES;
        if let Some(memory) = &memory {
            memory.try_grow(buffer + queries * size_of::<(Query, u64)>())?;
        }
        Ok(Self {
            blocks: are_few.then_some(blocks),
            window: Window {
                buffer: Vec::with_capacity(buffer),
                first: 0,
                whole: 0,
            },
            wanted: Vec::with_capacity(queries),
            _memory: memory,
        })
    }

    /// Looks in one run.
    pub fn search(
        &mut self,
        run: &RunFile,
        queries: &[Query],
        found: &mut Found<'_>,
    ) -> Result<()> {
        self.window.clear();
        let mut fence = 0;
        for chunk in queries.chunks(CHUNK) {
            self.wanted.clear();
            for query in chunk.iter().filter(|query| run.may_have(query.hash)) {
                let high = high(query.hash);
                fence = gallop(run.fences(), fence, |fence| *fence < high);
                self.wanted.push((*query, fence.saturating_sub(1) as u64));
            }
            for index in 0..self.wanted.len() {
                self.search_blocks(run, index, found)?;
            }
        }
        Ok(())
    }

    /// Looks in the blocks that may have the hash: one, but where it is at the border of two, or
    /// has very many entries.
    fn search_blocks(&mut self, run: &RunFile, index: usize, found: &mut Found<'_>) -> Result<()> {
        let (query, first) = self.wanted[index];
        for number in first..run.blocks() {
            if number > first && run.fences()[number as usize] > high(query.hash) {
                break;
            }
            let ends = match self.blocks {
                Some(blocks) => {
                    let bytes = whole_block(blocks, run, number)?;
                    search_block(found_whole(&bytes)?, query, found)?
                }
                None => {
                    if !self.window.has(number) {
                        let end = read_until(&self.wanted[index..], number).min(run.blocks());
                        self.window.read(run, number, end)?;
                    }
                    search_block(self.window.block(run, number)?, query, found)?
                }
            };
            if ends {
                break;
            }
        }
        Ok(())
    }
}

/// Looks for a hash in a block; tells whether those that are greater begin in it.
fn search_block(block: Block<'_>, query: Query, found: &mut Found<'_>) -> Result<bool> {
    let mut entry = block.seek(query.hash);
    while entry < block.len() && block.hash(entry) == query.hash {
        found.push(query.key, block.location(entry))?;
        entry += 1;
    }
    Ok(entry < block.len())
}

/// The block before which to end reading that begins at this one.
fn read_until(wanted: &[(Query, u64)], first: u64) -> u64 {
    let mut end = first + 1;
    for (_, next) in wanted {
        if *next > end + GAP_BLOCKS || end >= first + WINDOW_BLOCKS {
            break;
        }
        end = end.max(next + 1);
    }
    end.min(first + WINDOW_BLOCKS)
}

/// Neighbouring blocks of a run.
struct Window {
    buffer: Vec<u8>,
    first: u64,
    /// A bit for each block that was found whole.
    whole: u64,
}

impl Window {
    fn clear(&mut self) {
        self.buffer.clear();
    }

    fn has(&self, number: u64) -> bool {
        let blocks = (self.buffer.len() / BLOCK_BYTES) as u64;
        (self.first..self.first + blocks).contains(&number)
    }

    fn read(&mut self, run: &RunFile, first: u64, end: u64) -> Result<()> {
        self.buffer.resize((end - first) as usize * BLOCK_BYTES, 0);
        self.first = first;
        self.whole = 0;
        run.read(first, &mut self.buffer)
    }

    fn block(&mut self, run: &RunFile, number: u64) -> Result<Block<'_>> {
        let index = number - self.first;
        let start = index as usize * BLOCK_BYTES;
        let bytes = &self.buffer[start..start + BLOCK_BYTES];
        if self.whole & (1 << index) == 0 {
            self.whole |= 1 << index;
            return run.block(bytes, number);
        }
        found_whole(bytes)
    }
}

/// The first item from this place on that is not less, found in steps that double.
fn gallop<T>(items: &[T], from: usize, is_less: impl Fn(&T) -> bool) -> usize {
    let (mut start, mut step) = (from, 1);
    while let Some(item) = items.get(start + step - 1)
        && is_less(item)
    {
        start += step;
        step *= 2;
    }
    let end = items.len().min(start + step - 1);
    start + items[start..end].partition_point(is_less)
}
