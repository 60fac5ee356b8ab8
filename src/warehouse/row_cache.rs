//! Parts of files that single rows were read of, decoded and kept in memory, and the blocks of key indexes
//! that tell where these rows are.
//!
//! To read one row of a Parquet file is to decompress and decode a page of each of its columns.
//! Queries by key ask for the same pages over and over, so these stay, up to a limit.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef};
use arrow::datatypes::FieldRef;
use datafusion::execution::memory_pool::MemoryPool;

use super::key_index::{BlockCache, blocks_up_to};
use super::pooled_cache::PooledCache;

/// So many rows of a file, from a multiple of it on, are a piece. A page that is written has as many
/// at most, so that a piece is a page of each column.
pub(super) const PIECE_ROWS: u32 = 2048;

/// What a piece takes, about.
const PIECE_BYTES: u64 = 64 << 10;

/// Of the bytes that may be kept, one in so many is for blocks of key indexes.
const SHARE_OF_BLOCKS: u64 = 4;

/// Which values: those of a column in a piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PieceId {
    /// The file's path on its store. A file of a table never changes.
    pub file: Arc<str>,
    /// The number of the piece in the file.
    pub piece: u32,
    /// The column, as the file has it and as it is read.
    pub column: FieldRef,
}

impl Hash for PieceId {
    /// The name tells columns of a file apart, but for one that is read as of two types.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.file.hash(state);
        self.piece.hash(state);
        self.column.name().hash(state);
    }
}

/// What is kept, up to a limit of bytes.
pub struct RowCache {
    pieces: PooledCache<PieceId, ArrayRef>,
    /// How many bytes of these are kept at most.
    bytes_of_pieces: u64,
    blocks: Arc<BlockCache>,
}

impl RowCache {
    /// A cache of at most so many bytes.
    pub fn new(bytes: u64) -> Self {
        let blocks = bytes / SHARE_OF_BLOCKS;
        Self {
            pieces: PooledCache::new(bytes - blocks, PIECE_BYTES),
            bytes_of_pieces: bytes - blocks,
            blocks: Arc::new(blocks_up_to(blocks)),
        }
    }

    /// Accounts what is kept to this pool from now on. Without one, nothing is kept.
    pub(super) fn account_to(&self, pool: &Arc<dyn MemoryPool>) {
        self.pieces.account_to(pool, "rows read by key");
        self.blocks.account_to(pool, "key indexes looked into");
    }

    /// Lets go of all, for memory is short; answers whether there was anything.
    pub fn release(&self) -> bool {
        let (pieces, blocks) = (self.pieces.release(), self.blocks.release());
        pieces || blocks
    }

    /// The blocks of key indexes that are kept.
    pub(super) fn blocks(&self) -> &Arc<BlockCache> {
        &self.blocks
    }

    /// Whether so many pieces may all be kept that take so many bytes each.
    pub(super) fn keeps_all_of(&self, pieces: u32, bytes: u64) -> bool {
        bytes.saturating_mul(u64::from(pieces)) <= self.bytes_of_pieces
    }

    pub(super) fn get(&self, id: &PieceId) -> Option<ArrayRef> {
        self.pieces.get(id)
    }

    /// Keeps values, unless there is no memory for them.
    pub(super) fn put(&self, id: PieceId, values: &ArrayRef) {
        let bytes = values.get_array_memory_size();
        self.pieces.put(id, Arc::clone(values), bytes);
    }
}

impl fmt::Debug for RowCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} of rows, {:?} of key indexes",
            self.pieces, self.blocks
        )
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field};
    use datafusion::execution::memory_pool::GreedyMemoryPool;

    use super::*;

    fn piece(number: u32) -> PieceId {
        PieceId {
            file: Arc::from("file"),
            piece: number,
            column: Arc::new(Field::new("a", DataType::Int64, true)),
        }
    }

    fn cache(limit: u64, pool: usize) -> (RowCache, Arc<dyn MemoryPool>) {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(pool));
        let cache = RowCache::new(limit);
        cache.account_to(&pool);
        (cache, pool)
    }

    #[test]
    fn what_is_kept_is_of_the_pool_and_within_the_limit() {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
        let (cache, pool) = cache(100_000, 1 << 20);
        for number in 0..1000 {
            cache.put(piece(number), &values);
            assert!(pool.reserved() <= 75_000);
        }
        assert!(pool.reserved() >= 37_500);
        let there = (0..1000).filter(|number| cache.get(&piece(*number)).is_some());
        let there = there.count();
        assert_eq!(pool.reserved(), there * values.get_array_memory_size());
        assert!(cache.release());
        assert!(!cache.release());
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn pieces_of_small_files_are_all_kept() {
        let (cache, _) = cache(400_000, 1 << 20);
        assert!(cache.keeps_all_of(100, 3000));
        assert!(!cache.keeps_all_of(101, 3000));
        assert!(!cache.keeps_all_of(u32::MAX, u64::MAX));
    }

    #[test]
    fn without_memory_nothing_is_kept() {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
        let (cache, pool) = cache(100_000, 1000);
        cache.put(piece(1), &values);
        assert!(cache.get(&piece(1)).is_none());
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn columns_and_files_are_kept_apart() {
        let (cache, _) = cache(100_000, 1 << 20);
        let values: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        cache.put(piece(1), &values);
        assert!(cache.get(&piece(1)).is_some());
        let file = Arc::from("another");
        assert!(cache.get(&PieceId { file, ..piece(1) }).is_none());
        let column = Arc::new(Field::new("a", DataType::Int32, true));
        assert!(cache.get(&PieceId { column, ..piece(1) }).is_none());
        assert!(cache.get(&piece(2)).is_none());
    }
}
