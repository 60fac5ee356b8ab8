//! How tables are written.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use datafusion::parquet::basic::{Compression, ZstdLevel};

use super::row_cache::RowCache;

/// How tables are written. The defaults suit a server.
#[derive(Clone, Debug)]
pub struct WarehouseSettings {
    /// A data file is closed when it has about this many bytes.
    pub file_bytes: usize,
    /// A data file is closed before it has more rows than this: all of them are written anew when it
    /// has lost many.
    pub file_rows: usize,
    /// A row group is closed when it has this many rows.
    pub row_group_rows: usize,
    /// A row group is closed when its encoded pages take about this many bytes of memory.
    pub row_group_bytes: usize,
    /// A file of at least this many bytes that loses few rows stays, with a deletion vector; a
    /// smaller one is written anew.
    pub deletion_vector_bytes: u64,
    /// Where the deletion vectors of the files that a commit takes rows of have this many bytes, the
    /// commit is a patch, if nothing else has to be written for it.
    pub patch_bytes: u64,
    /// What patches have changed is folded after so long; without it there are none.
    pub fold_lag: Duration,
    /// So many rows that are put into a keyed table are looked up at a time.
    pub upsert_rows: usize,
    /// How pages are compressed.
    pub compression: Compression,
    /// The columns that rows are searched by, of which files keep the least and the greatest values;
    /// all columns where nothing is said.
    pub searched_by: Option<Vec<String>>,
    /// A checkpoint of the log is written every so many commits.
    pub checkpoint_interval: NonZeroU64,
    /// So many tables are kept at hand, their logs read, when nobody uses them.
    pub idle_tables: usize,
    /// The pool that open row groups and key indexes are accounted to.
    pub memory_pool: Arc<dyn MemoryPool>,
    /// The folder on this machine that key indexes lie in. Without one there are none.
    pub key_indexes: Option<PathBuf>,
    /// A table of fewer rows gets no key index: its key's columns are read in about the time that
    /// an index needs to take in one more file.
    pub smallest_indexed_table: u64,
    /// What is kept of files that single rows were read of.
    pub row_cache: Arc<RowCache>,
    /// What is kept of the footers of files that were read, which goes with their table.
    pub footers: Option<Arc<FileMetadataCache>>,
}

impl Default for WarehouseSettings {
    fn default() -> Self {
        Self {
            file_bytes: 128 << 20,
            file_rows: 1 << 20,
            row_group_rows: 1 << 20,
            row_group_bytes: 128 << 20,
            deletion_vector_bytes: 64 << 10,
            patch_bytes: 64 << 10,
            fold_lag: Duration::from_secs(5),
            upsert_rows: 1 << 20,
            compression: Compression::ZSTD(ZstdLevel::default()),
            searched_by: None,
            checkpoint_interval: NonZeroU64::MIN.saturating_add(9),
            idle_tables: 1000,
            memory_pool: Arc::new(UnboundedMemoryPool::default()),
            key_indexes: None,
            smallest_indexed_table: 20_000,
            row_cache: Arc::new(RowCache::new(128 << 20)),
            footers: None,
        }
    }
}
