//! Blocks of runs that were looked into last, found whole.
//!
//! To look up one key reads a block from the operating system, computes its checksum and copies it; what is
//! kept is looked into as it is. A run never changes, and no two have one number.

use std::sync::Arc;

use super::block::{BLOCK_BYTES, Block};
use super::run_file::RunFile;
use crate::error::{Error, Result};
use crate::warehouse::pooled_cache::PooledCache;

/// Blocks, by the number of their run and their own.
pub(in crate::warehouse) type BlockCache = PooledCache<(u64, u64), Arc<Vec<u8>>>;

/// What a block takes with its place in the cache, about.
const KEPT_BYTES: usize = BLOCK_BYTES + 192;

/// A cache of blocks of at most so many bytes.
pub(in crate::warehouse) fn blocks_up_to(bytes: u64) -> BlockCache {
    PooledCache::new(bytes, KEPT_BYTES as u64)
}

/// The bytes of a block that was found whole.
pub(super) fn whole_block(blocks: &BlockCache, run: &RunFile, number: u64) -> Result<Arc<Vec<u8>>> {
    let id = (run.id, number);
    if let Some(bytes) = blocks.get(&id) {
        return Ok(bytes);
    }
    let mut bytes = vec![0; BLOCK_BYTES];
    run.read(number, &mut bytes)?;
    run.block(&bytes, number)?;
    let bytes = Arc::new(bytes);
    blocks.put(id, Arc::clone(&bytes), KEPT_BYTES);
    Ok(bytes)
}

/// The block in bytes that were found whole.
pub(super) fn found_whole(bytes: &[u8]) -> Result<Block<'_>> {
    Block::read_again(bytes)
        .ok_or_else(|| Error::internal("a block changed after it was found whole"))
}
