//! The records of a model's query, held against those of a version: what has changed.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;
use tributary_udfs::resolve::repeated;

use super::index::Index;
use super::places::{columns_by_name, name, texts_of};
use super::row_hashes::hashes;
use crate::error::Result;

/// Records as their query gives them now, held against those of before.
pub(super) struct Changed {
    /// Those that are new, or others than they were.
    pub(super) batches: Vec<RecordBatch>,
    pub(super) hashes: Vec<u64>,
    /// The places of those that are gone.
    pub(super) gone: Vec<u32>,
    /// How many were read.
    pub(super) read: u64,
}

impl Changed {
    /// Reads them. Those that others take in are held in memory.
    ///
    /// # Errors
    /// 23505 for an identifier that two records have; 53200 where memory does not suffice.
    pub(super) async fn read(
        index: &Index,
        mut rows: SendableRecordBatchStream,
        names: &[String],
    ) -> Result<Self> {
        let records = index.resolver.records();
        let mut seen = vec![false; records.len()];
        let mut changed = Self {
            batches: Vec::new(),
            hashes: Vec::new(),
            gone: Vec::new(),
            read: 0,
        };
        let mut next = 0;
        while let Some(batch) = rows.try_next().await? {
            changed.read += batch.num_rows() as u64;
            let texts = texts_of(&columns_by_name(&batch, names)?)?;
            let mut is_other = Vec::with_capacity(batch.num_rows());
            for (row, hash) in hashes(&batch)?.into_iter().enumerate() {
                // One without an identifier is refused by who takes in the others.
                let named = name(&texts, row);
                let place = named.and_then(|(source, id)| records.find_at(next, source, id));
                let is_same = place.is_some_and(|place| {
                    !records.is_removed(place) && index.hashes.get(place as usize) == Some(&hash)
                });
                if let (Some(place), Some((_, id))) = (place, named) {
                    next = place + 1;
                    if std::mem::replace(&mut seen[place as usize], true) {
                        let column = names.first().map_or("", String::as_str);
                        return Err(repeated(column, id).into());
                    }
                }
                if !is_same {
                    changed.hashes.push(hash);
                }
                is_other.push(!is_same);
            }
            if is_other.contains(&true) {
                let others = filter_record_batch(&batch, &BooleanArray::from(is_other))?;
                index.resolver.hold(others.get_array_memory_size())?;
                changed.batches.push(others);
            }
        }
        changed.gone = (0..)
            .zip(seen)
            .filter(|(record, seen)| !seen && !records.is_removed(*record))
            .map(|(record, _)| record)
            .collect();
        Ok(changed)
    }
}
