//! What the engine found, as rows of the model's tables.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    make_comparator,
};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use tributary_udfs::resolve::{Clusters, EntityIds, GroupScores, Pair, Resolver};

/// Rows of one batch.
const BATCH: usize = 8192;

/// What the engine found of records.
pub struct Found {
    /// The records, with the model.
    pub resolver: Resolver,
    /// The pairs that are probable enough to be kept.
    pub pairs: Vec<Pair>,
    /// The entities.
    pub clusters: Clusters,
    /// The numbers of the entities.
    pub entities: EntityIds,
    /// What groups of records said, for who makes entities of them next.
    pub scores: GroupScores,
}

impl Found {
    /// The records, by their places.
    pub fn all(&self) -> Vec<u32> {
        let records = self.resolver.records();
        let all = 0..records.len() as u32;
        all.filter(|record| !records.is_removed(*record)).collect()
    }

    /// The clusters of these records, in columns of these types.
    pub fn clusters(
        self: &Arc<Self>,
        records: Vec<u32>,
        schema: &SchemaRef,
    ) -> SendableRecordBatchStream {
        let columns = Arc::clone(schema);
        rows(self, schema, records.len(), move |found, range| {
            let records = &records[range];
            let mut arrays = found.names(records.iter().copied(), &columns, 0)?;
            let entities = records
                .iter()
                .map(|record| found.entities.of_records[*record as usize])
                .map(|entity| i64::try_from(entity?).ok());
            arrays.push(Arc::new(entities.collect::<Int64Array>()));
            for values in [&found.clusters.membership, &found.clusters.confidence] {
                let values = records.iter().map(|record| values[*record as usize]);
                let values = values.map(|value| Some(f64::from(value)));
                arrays.push(Arc::new(values.collect::<Float64Array>()));
            }
            Ok(arrays)
        })
    }

    /// Some pairs, in columns of these types.
    pub fn some_pairs(
        self: &Arc<Self>,
        some: Vec<Pair>,
        schema: &SchemaRef,
    ) -> SendableRecordBatchStream {
        let columns = Arc::clone(schema);
        rows(self, schema, some.len(), move |found, range| {
            pairs(&found.resolver, &some[range], &columns)
        })
    }

    /// The names of records, in columns of the types that the schema has from `first` on.
    ///
    /// # Errors
    /// None for types that identifiers had.
    pub fn names(
        &self,
        records: impl Iterator<Item = u32> + Clone,
        schema: &SchemaRef,
        first: usize,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        names(&self.resolver, records, schema, first)
    }
}

/// So many rows of what holds them, bit by bit; `chunk` makes the columns of some.
pub fn rows<S: Send + Sync + 'static>(
    source: &Arc<S>,
    schema: &SchemaRef,
    rows: usize,
    chunk: impl Fn(&S, Range<usize>) -> Result<Vec<ArrayRef>, ArrowError> + Send + 'static,
) -> SendableRecordBatchStream {
    let source = Arc::clone(source);
    let columns = Arc::clone(schema);
    let batches = stream::iter((0..rows).step_by(BATCH)).map(move |start| {
        let arrays = chunk(&source, start..rows.min(start + BATCH))?;
        Ok(RecordBatch::try_new(Arc::clone(&columns), arrays)?)
    });
    Box::pin(RecordBatchStreamAdapter::new(Arc::clone(schema), batches))
}

/// Pairs, in columns of these types. Of the two records the one is left that comes first by its source and
/// identifier: their places change with refreshes, and a pair is to be told in one way.
///
/// # Errors
/// None for types that identifiers had.
pub fn pairs(
    resolver: &Resolver,
    pairs: &[Pair],
    schema: &SchemaRef,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let left = names(resolver, pairs.iter().map(|pair| pair.left), schema, 0)?;
    let right = pairs.iter().map(|pair| pair.right);
    let right = names(resolver, right, schema, left.len())?;
    let turned = turned(&left, &right)?;
    let either = |turned: &BooleanArray, one: &[ArrayRef], other: &[ArrayRef]| {
        let columns = one.iter().zip(other);
        columns
            .map(|(one, other)| zip(turned, one, other))
            .collect::<Result<Vec<ArrayRef>, ArrowError>>()
    };
    let mut arrays = either(&turned, &right, &left)?;
    arrays.extend(either(&turned, &left, &right)?);
    let weights = pairs.iter().map(Pair::weight);
    arrays.push(Arc::new(weights.collect::<Float64Array>()));
    let probabilities = pairs.iter().map(Pair::probability);
    arrays.push(Arc::new(probabilities.collect::<Float64Array>()));
    Ok(arrays)
}

/// Which pairs of names have the one first that comes behind the other: by their sources, where there are
/// any, and then by their identifiers.
fn turned(left: &[ArrayRef], right: &[ArrayRef]) -> Result<BooleanArray, ArrowError> {
    let columns = left.iter().zip(right).rev();
    let comparators = columns
        .map(|(left, right)| make_comparator(left, right, SortOptions::default()))
        .collect::<Result<Vec<_>, ArrowError>>()?;
    let is_turned = |row: usize| {
        let mut orders = comparators.iter().map(|compare| compare(row, row));
        orders.find(|order| order.is_ne()) == Some(Ordering::Greater)
    };
    let rows = left.first().map_or(0, Array::len);
    Ok((0..rows).map(|row| Some(is_turned(row))).collect())
}

/// The names of records: their identifiers and, where there are any, their sources.
///
/// # Errors
/// None for types that identifiers had.
pub fn names(
    resolver: &Resolver,
    places: impl Iterator<Item = u32> + Clone,
    schema: &SchemaRef,
    first: usize,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let records = resolver.records();
    let ids = places.clone().map(|record| Some(records.id(record)));
    let mut arrays = vec![typed(
        ids.collect::<StringArray>(),
        schema.field(first).data_type(),
    )?];
    if resolver.model().options().source.is_some() {
        let sources = places.map(|record| records.told_source(record));
        arrays.push(typed(
            sources.collect::<StringArray>(),
            schema.field(first + 1).data_type(),
        )?);
    }
    Ok(arrays)
}

fn typed(texts: StringArray, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let texts: ArrayRef = Arc::new(texts);
    cast(&texts, data_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_turned_by_their_sources_and_then_by_their_identifiers() {
        let ids = |ids: [i64; 4]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
        let sources =
            |sources: [Option<&str>; 4]| Arc::new(StringArray::from(sources.to_vec())) as ArrayRef;
        let (left, right) = (ids([9, 10, 1, 1]), ids([10, 9, 2, 1]));
        let of_ids = turned(&[Arc::clone(&left)], &[Arc::clone(&right)]).unwrap();
        assert_eq!(of_ids, BooleanArray::from(vec![false, true, false, false]));
        let left = [left, sources([Some("b"), Some("a"), Some("a"), Some("a")])];
        let right = [right, sources([Some("a"), Some("b"), Some("a"), None])];
        let of_both = turned(&left, &right).unwrap();
        assert_eq!(of_both, BooleanArray::from(vec![true, false, false, true]));
    }
}
