//! What the engine found, as rows of the model's tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use tributary_udfs::resolve::{Pair, Records, Resolver};

use super::identity::Identities;

/// Rows of one batch.
const BATCH: usize = 8192;

/// What the engine found of records.
pub struct Found {
    /// The records, with the model.
    pub resolver: Resolver,
    /// The pairs that are probable enough to be kept.
    pub pairs: Vec<Pair>,
    /// For each record one that stands for its entity.
    pub clusters: Vec<u32>,
    /// How sure it is that each record belongs to its entity.
    pub confidence: Vec<f64>,
    /// The numbers of the entities.
    pub identities: Identities,
}

type Chunk = dyn Fn(&Found, std::ops::Range<usize>) -> Result<Vec<ArrayRef>, ArrowError> + Send;

impl Found {
    /// The clusters, in columns of these types.
    pub fn clusters(self: &Arc<Self>, schema: &SchemaRef) -> SendableRecordBatchStream {
        let columns = Arc::clone(schema);
        self.rows(schema, self.clusters.len(), move |found, range| {
            let records = || range.clone().map(|record| record as u32);
            let mut arrays = found.names(records(), &columns, 0)?;
            let entities = &found.identities.entities[range.clone()];
            arrays.push(Arc::new(Int64Array::from(entities.to_vec())));
            let confidence = &found.confidence[range];
            arrays.push(Arc::new(Float64Array::from(confidence.to_vec())));
            Ok(arrays)
        })
    }

    /// The pairs, in columns of these types.
    pub fn pairs(self: &Arc<Self>, schema: &SchemaRef) -> SendableRecordBatchStream {
        let columns = Arc::clone(schema);
        self.rows(schema, self.pairs.len(), move |found, range| {
            let pairs = || found.pairs[range.clone()].iter();
            let mut arrays = found.names(pairs().map(|pair| pair.left), &columns, 0)?;
            let right = found.names(pairs().map(|pair| pair.right), &columns, arrays.len())?;
            arrays.extend(right);
            arrays.push(Arc::new(
                pairs().map(Pair::weight).collect::<Float64Array>(),
            ));
            let probabilities = pairs().map(Pair::probability);
            arrays.push(Arc::new(probabilities.collect::<Float64Array>()));
            Ok(arrays)
        })
    }

    fn rows(
        self: &Arc<Self>,
        schema: &SchemaRef,
        rows: usize,
        chunk: impl Fn(&Self, std::ops::Range<usize>) -> Result<Vec<ArrayRef>, ArrowError>
        + Send
        + 'static,
    ) -> SendableRecordBatchStream {
        let found = Arc::clone(self);
        let columns = Arc::clone(schema);
        let chunk: Box<Chunk> = Box::new(chunk);
        let batches = stream::iter((0..rows).step_by(BATCH)).map(move |start| {
            let arrays = chunk(&found, start..rows.min(start + BATCH))?;
            Ok(RecordBatch::try_new(Arc::clone(&columns), arrays)?)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(schema), batches))
    }

    /// The names of records: their identifiers and, where there are any, their sources, in columns
    /// of the types that the schema has from `first` on.
    pub fn names(
        &self,
        records: impl Iterator<Item = u32> + Clone,
        schema: &SchemaRef,
        first: usize,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        names(
            self.resolver.records(),
            self.has_source(),
            records,
            schema,
            first,
        )
    }

    fn has_source(&self) -> bool {
        self.resolver.model().options().source.is_some()
    }
}

/// How sure it is that each record belongs to its entity: as sure as its best pair within, or for a
/// record alone, as its best pair with another one is not.
pub fn confidence(clusters: &[u32], pairs: &[Pair], must: &[(u32, u32)]) -> Vec<f64> {
    let mut within = vec![0.0_f64; clusters.len()];
    let mut outside = vec![0.0_f64; clusters.len()];
    let mut size = vec![0_u32; clusters.len()];
    for cluster in clusters {
        size[*cluster as usize] += 1;
    }
    let decided = must.iter().map(|(left, right)| (*left, *right, 1.0));
    let scored = pairs
        .iter()
        .map(|pair| (pair.left, pair.right, pair.probability()));
    for (left, right, probability) in scored.chain(decided) {
        let (left, right) = (left as usize, right as usize);
        let best = match clusters[left] == clusters[right] {
            true => &mut within,
            false => &mut outside,
        };
        best[left] = best[left].max(probability);
        best[right] = best[right].max(probability);
    }
    let alone = |record: usize| size[clusters[record] as usize] == 1;
    (0..clusters.len())
        .map(|record| match alone(record) {
            true => 1.0 - outside[record],
            false => within[record],
        })
        .collect()
}

/// See [`Found::names`].
pub fn names(
    records: &Records,
    has_source: bool,
    places: impl Iterator<Item = u32> + Clone,
    schema: &SchemaRef,
    first: usize,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let ids = places.clone().map(|record| Some(records.id(record)));
    let mut arrays = vec![typed(
        ids.collect::<StringArray>(),
        schema.field(first).data_type(),
    )?];
    if has_source {
        let sources = places.map(|record| Some(records.source(record)));
        let sources = sources.map(|source| source.filter(|source| !source.is_empty()));
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
