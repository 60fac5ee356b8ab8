//! The records that rows name, by their places among those of a model.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use futures::TryStreamExt;
use tributary_udfs::resolve::{Pair, Records};

use super::{Companion, Resolved, scan};
use crate::error::Result;

/// The places of the records that a batch names, by identifier and source, in so many columns from
/// `first` on; none of those that are not there.
///
/// # Errors
/// None for types that have texts.
pub fn places(
    batch: &RecordBatch,
    first: usize,
    count: usize,
    records: &Records,
) -> Result<Vec<Option<u32>>> {
    let texts = batch.columns()[first..first + count]
        .iter()
        .map(|column| cast(column, &DataType::Utf8))
        .collect::<Result<Vec<_>, _>>()?;
    let value = |at: usize, row: usize| {
        let column = texts.get(at)?.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row))
    };
    Ok((0..batch.num_rows())
        .map(|row| records.find(value(1, row).unwrap_or(""), value(0, row)?))
        .collect())
}

/// The pairs that a version of a model has kept, of records that are there.
///
/// # Errors
/// What the store says.
pub async fn pairs(model: &Resolved, records: &Records) -> Result<Vec<Pair>> {
    let table = model.table(Companion::Pairs).await?;
    let weight = table.schema().index_of("weight")?;
    let mut pairs = Vec::new();
    let mut rows = scan::stream(&model.instance, table, None).await?;
    while let Some(batch) = rows.try_next().await? {
        let left = places(&batch, 0, weight / 2, records)?;
        let right = places(&batch, weight / 2, weight / 2, records)?;
        let weights = batch.column(weight).as_primitive::<Float64Type>();
        for ((left, right), weight) in left.into_iter().zip(right).zip(weights.values()) {
            if let (Some(left), Some(right)) = (left, right) {
                pairs.push(Pair {
                    left: left.max(right),
                    right: left.min(right),
                    log_odds: (weight * std::f64::consts::LN_2) as f32,
                });
            }
        }
    }
    Ok(pairs)
}
