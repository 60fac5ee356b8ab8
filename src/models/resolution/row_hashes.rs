//! Hashes of records as their query gives them, by which those are known that have changed.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use parking_lot::Mutex;

use crate::error::Result;

/// Hashes of rows in their order, as they pass.
#[derive(Clone)]
pub struct RowHashes(Arc<Mutex<(Vec<u64>, MemoryReservation)>>);

impl RowHashes {
    /// Of no rows yet; their memory is taken from the pool.
    pub fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        let memory = MemoryConsumer::new("hashes of records").register(pool);
        Self(Arc::new(Mutex::new((Vec::new(), memory))))
    }

    /// Takes in the rows of a batch.
    ///
    /// # Errors
    /// For a type that has no hash; where memory does not suffice.
    pub fn push(&self, batch: &RecordBatch) -> Result<()> {
        let new = hashes(batch)?;
        let (all, memory) = &mut *self.0.lock();
        memory.try_grow(size_of_val(new.as_slice()))?;
        all.extend(new);
        Ok(())
    }

    /// The hashes of all rows.
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.0.lock().0)
    }
}

/// The hash of each row. Two rows of one hash are taken for equal: with 64 bits that is wrong once in
/// 2^64 changes.
///
/// # Errors
/// For a type that has no hash.
pub fn hashes(batch: &RecordBatch) -> Result<Vec<u64>> {
    let mut hashes = vec![0; batch.num_rows()];
    create_hashes(batch.columns(), &RandomState::with_seed(0), &mut hashes)?;
    Ok(hashes)
}
