//! The records that rows name, by their places among those of a model.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
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
    places_of(&batch.columns()[first..first + count], records)
}

/// The places of the records that columns name: their identifiers and, where there are any, their
/// sources.
///
/// # Errors
/// None for types that have texts.
pub fn places_of(names: &[ArrayRef], records: &Records) -> Result<Vec<Option<u32>>> {
    let texts = texts_of(names)?;
    let rows = texts.first().map_or(0, Array::len);
    let place = |row| {
        let (source, id) = name(&texts, row)?;
        records.find(source, id)
    };
    Ok((0..rows).map(place).collect())
}

/// Whether columns name a record of no source otherwise than it is told. NULL and an empty text are one
/// name there, but two values of a query: what it has of the one does not tell of the other.
///
/// # Errors
/// None for types that have texts.
pub fn name_otherwise(names: &[ArrayRef], records: &Records) -> Result<bool> {
    let texts = texts_of(names)?;
    let [_, sources] = texts.as_slice() else {
        return Ok(false);
    };
    let is_otherwise = |row: usize| {
        let place = match name(&texts, row) {
            Some(("", id)) => records.find("", id),
            _ => None,
        };
        place.is_some_and(|place| records.told_source(place).is_some() != sources.is_valid(row))
    };
    Ok((0..sources.len()).any(is_otherwise))
}

/// The columns of these names.
///
/// # Errors
/// Where there is none of a name.
pub fn columns_by_name(batch: &RecordBatch, names: &[String]) -> Result<Vec<ArrayRef>> {
    let column = |name: &String| Ok(Arc::clone(batch.column(batch.schema().index_of(name)?)));
    names.iter().map(column).collect()
}

/// Columns as texts.
///
/// # Errors
/// None for types that have texts.
pub fn texts_of(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let text = |column: &ArrayRef| Ok(cast(column, &DataType::Utf8)?);
    columns.iter().map(text).collect()
}

/// The source and the identifier of a record, by the texts of a row's identifier and, where there
/// is one, its source.
pub fn name(texts: &[ArrayRef], row: usize) -> Option<(&str, &str)> {
    let value = |at: usize| {
        let column = texts.get(at)?.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row))
    };
    Some((value(1).unwrap_or(""), value(0)?))
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
