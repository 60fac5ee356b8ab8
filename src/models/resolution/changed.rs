//! Which records are new, or have changed, since a version of the model.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use futures::TryStreamExt;
use parking_lot::Mutex;
use tributary_udfs::resolve::Records;

use super::places::places;
use super::{Companion, Resolved, scan};
use crate::error::Result;
use crate::models::replacement::same_columns;

/// Hashes of rows in their order, as they pass. Two rows of one hash are taken for equal: with 64
/// bits that is wrong once in 2^64 changes.
#[derive(Clone, Default)]
pub struct RowHashes(Arc<Mutex<Vec<u64>>>);

impl RowHashes {
    /// Takes in the rows of a batch.
    ///
    /// # Errors
    /// For a type that has no hash.
    pub fn push(&self, batch: &RecordBatch) -> Result<()> {
        let hashes = hashes(batch)?;
        self.0.lock().extend(hashes);
        Ok(())
    }

    /// The places of the records, whose rows these are, that the version did not have, or had with
    /// other values. None where it had other columns: then all may be others.
    ///
    /// # Errors
    /// What the store says.
    pub async fn changed(
        self,
        schema: &SchemaRef,
        before: &Resolved,
        records: &Records,
    ) -> Result<Option<Vec<u32>>> {
        let table = before.table(Companion::Records).await?;
        if !same_columns(&table.schema(), schema) {
            return Ok(None);
        }
        let options = records_names(before)?;
        let now = std::mem::take(&mut *self.0.lock());
        let mut is_same = vec![false; now.len()];
        let mut rows = scan::stream(&before.instance, table, None).await?;
        while let Some(batch) = rows.try_next().await? {
            let names: Vec<usize> = options
                .iter()
                .map(|name| batch.schema().index_of(name))
                .collect::<Result<_, _>>()?;
            let named = batch.project(&names)?;
            let found = places(&named, 0, names.len(), records)?;
            for (place, then) in found.into_iter().zip(hashes(&batch)?) {
                if let Some(place) = place.map(|place| place as usize)
                    && now.get(place) == Some(&then)
                {
                    is_same[place] = true;
                }
            }
        }
        let changed = (0..).zip(is_same).filter(|(_, is_same)| !is_same);
        Ok(Some(changed.map(|(record, _)| record).collect()))
    }
}

/// The columns that name a record.
fn records_names(model: &Resolved) -> Result<Vec<String>> {
    let options = &model.definition()?.options;
    let names = ["unique_id", "source"].into_iter();
    Ok(names
        .filter_map(|name| Some(options.get(name)?.as_text()?.to_owned()))
        .collect())
}

fn hashes(batch: &RecordBatch) -> Result<Vec<u64>> {
    let mut hashes = vec![0; batch.num_rows()];
    create_hashes(batch.columns(), &RandomState::with_seed(0), &mut hashes)?;
    Ok(hashes)
}
