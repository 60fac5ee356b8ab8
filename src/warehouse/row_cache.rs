//! Parts of files that single rows were read of, decoded and kept in memory.
//!
//! To read one row of a Parquet file is to decompress and decode a page of each of its columns.
//! Queries by key ask for the same pages over and over, so these stay, up to a limit, which a
//! [`quick_cache`] keeps: what is read once makes way for what is read often.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef};
use arrow::datatypes::FieldRef;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// So many rows of a file, from a multiple of it on, are a piece. A page that is written has as many
/// at most, so that a piece is a page of each column.
pub(super) const PIECE_ROWS: u32 = 2048;

/// Which values: those of a column in a piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PieceId {
    /// The file's path on its store. A file of a table never changes.
    pub file: Arc<str>,
    /// The number of the piece in the file.
    pub piece: u32,
    /// The column, as the file has it and as it is read.
    pub column: FieldRef,
}

#[derive(Clone)]
struct Kept {
    values: ArrayRef,
    bytes: u64,
    /// Given back when nobody has the values any more.
    _memory: Arc<MemoryReservation>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<PieceId, Kept> for Bytes {
    fn weight(&self, _: &PieceId, kept: &Kept) -> u64 {
        kept.bytes
    }
}

/// What is kept, up to a limit of bytes.
pub struct RowCache {
    pieces: Cache<PieceId, Kept, Bytes>,
    /// Of the pool that the memory is of.
    memory: Mutex<Option<MemoryReservation>>,
}

impl RowCache {
    /// A cache of at most so many bytes.
    pub fn new(bytes: u64) -> Self {
        // The number of pieces is a guess, from which only tables are made.
        let pieces = usize::try_from(bytes / (64 << 10)).unwrap_or(usize::MAX);
        Self {
            pieces: Cache::with_weighter(pieces, bytes, Bytes),
            memory: Mutex::default(),
        }
    }

    /// Accounts what is kept to this pool from now on. Without one, nothing is kept.
    pub(super) fn account_to(&self, pool: &Arc<dyn MemoryPool>) {
        let memory = MemoryConsumer::new("rows read by key").register(pool);
        *self.memory.lock() = Some(memory);
    }

    /// Lets go of all, for memory is short; answers whether there was anything.
    pub fn release(&self) -> bool {
        let any = !self.pieces.is_empty();
        self.pieces.clear();
        any
    }

    pub(super) fn get(&self, id: &PieceId) -> Option<ArrayRef> {
        Some(self.pieces.get(id)?.values)
    }

    /// Keeps values, unless there is no memory for them.
    pub(super) fn put(&self, id: PieceId, values: &ArrayRef) {
        let bytes = values.get_array_memory_size();
        let memory = self.memory.lock();
        let Some(memory) = memory.as_ref().map(MemoryReservation::new_empty) else {
            return;
        };
        if memory.try_grow(bytes).is_ok() {
            let kept = Kept {
                values: Arc::clone(values),
                bytes: bytes as u64,
                _memory: Arc::new(memory),
            };
            self.pieces.insert(id, kept);
        }
    }
}

impl fmt::Debug for RowCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of rows", self.pieces.weight())
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
            assert!(pool.reserved() <= 100_000);
        }
        assert!(pool.reserved() >= 50_000);
        let there = (0..1000).filter(|number| cache.get(&piece(*number)).is_some());
        let there = there.count();
        assert_eq!(pool.reserved(), there * values.get_array_memory_size());
        assert!(cache.release());
        assert!(!cache.release());
        assert_eq!(pool.reserved(), 0);
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
