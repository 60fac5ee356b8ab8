//! `entity_lookup`: the entities that records may belong to.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch,
    StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{filter, is_not_null};
use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::scalar::ScalarValue;
use tokio::task::yield_now;
use tributary_udfs::resolve::Pair;

use super::super::index::Index;
use super::super::{found, scan};
use super::Asked;
use super::incoming::Incoming;
use crate::error::{Error, Result, SqlState};

/// Records whose texts have more bytes may take long to compare.
const LONG: usize = 1 << 10;

impl Asked {
    /// The entities that one record may be, each by its record that is most like it.
    pub(super) async fn lookup(&self, record: &str, columns: SchemaRef) -> Result<RecordBatch> {
        let value = self.value(record).await?;
        let record = match &value {
            ScalarValue::Struct(record) => Arc::clone(record),
            _ => return Err(no_record(&value)),
        };
        self.look_up(&record, columns).await
    }

    /// The same of the record of an array of one. Most are looked up within a moment; where that may take
    /// longer, the future gives its thread back before, so that it is watched from then on.
    pub(super) async fn look_up(
        &self,
        record: &StructArray,
        columns: SchemaRef,
    ) -> Result<RecordBatch> {
        let index = self.index().await?;
        let incoming = self.incoming(record, &index.resolver).await?;
        if incoming.is_typed() || bytes_of_texts(record) > LONG {
            yield_now().await;
        }
        let Found { pairs, uncompared } = likeliest(&index, &incoming)?;
        self.tell(uncompared);
        let arrays = answers(&index, &pairs, &columns)?;
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    /// Tells who asks that records were not compared to any, whatever they have.
    fn tell(&self, uncompared: bool) {
        let Some(told_to) = self.told_to.as_ref().filter(|_| uncompared) else {
            return;
        };
        let model = &self.model.object;
        let message = format!(
            "entity_lookup finds nothing of a record without what a blocking rule of {} goes by",
            model.described()
        );
        let notice = Error::new(SqlState::SUCCESSFUL_COMPLETION, message).with_hint(format!(
            "Give the record what one of these rules goes by: SELECT rule FROM entity_blocking_report('{}').",
            model.name
        ));
        told_to.tell(notice);
    }

    /// The same of each of several records: a list of the entities that it may be. One that is NULL has
    /// none.
    pub(super) async fn lookup_all(
        &self,
        records: &StructArray,
        (columns, element): (SchemaRef, FieldRef),
    ) -> Result<ListArray> {
        let is_there: BooleanArray = is_not_null(records)?;
        let given = filter(records, &is_there)?;
        let mut lengths = vec![0; records.len()];
        let index = self.index().await?;
        let Found { pairs, uncompared } = match given.as_any().downcast_ref::<StructArray>() {
            Some(given) if !given.is_empty() => {
                let incoming = self.incoming(given, &index.resolver).await?;
                let index = Arc::clone(&index);
                // Other clients have their turn meanwhile.
                scan::blocking(move || likeliest(&index, &incoming)).await?
            }
            _ => Found::default(),
        };
        self.tell(uncompared);
        let places: Vec<usize> = (0..records.len())
            .filter(|place| is_there.value(*place))
            .collect();
        for pair in &pairs {
            lengths[places[pair.left as usize]] += 1;
        }
        let arrays = answers(&index, &pairs, &columns)?;
        let rows = StructArray::try_new(columns.fields().clone(), arrays, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(ListArray::try_new(element, offsets, Arc::new(rows), None)?)
    }
}

fn bytes_of_texts(record: &StructArray) -> usize {
    let texts = record.columns().iter();
    let texts = texts.filter_map(|column| column.as_string_opt::<i32>());
    texts.map(|texts| texts.value_data().len()).sum()
}

/// What is found of incoming records.
#[derive(Default)]
struct Found {
    /// Their pairs with those that they are most like, one an entity, those of each in their order and the
    /// likeliest first.
    pairs: Vec<Pair>,
    /// Whether one of them has values, and is compared to none.
    uncompared: bool,
}

fn likeliest(index: &Index, incoming: &Incoming) -> Result<Found> {
    let mut found = Vec::new();
    let mut uncompared = false;
    for (first, records) in incoming.read(index.resolver.model())? {
        uncompared |= index.resolver.leaves_uncompared(&records);
        let named = |at: u32| incoming.named((first + at) as usize, index.resolver.records());
        let pairs = index.resolver.lookup(&records, named)?;
        found.extend(pairs.into_iter().map(|pair| Pair {
            left: first + pair.left,
            ..pair
        }));
    }
    let mut seen = HashSet::new();
    found.retain(|pair| seen.insert((pair.left, index.entities[pair.right as usize])));
    Ok(Found {
        pairs: found,
        uncompared,
    })
}

/// What is answered of pairs.
fn answers(index: &Index, found: &[Pair], columns: &SchemaRef) -> Result<Vec<ArrayRef>> {
    let entities = found.iter().map(|pair| index.entities[pair.right as usize]);
    let entities = entities.map(|entity| i64::try_from(entity?).ok());
    let mut arrays = vec![Arc::new(entities.collect::<Int64Array>()) as ArrayRef];
    let places = found.iter().map(|pair| pair.right);
    arrays.extend(found::names(&index.resolver, places, columns, 1)?);
    let weights = found.iter().map(Pair::weight);
    arrays.push(Arc::new(weights.collect::<Float64Array>()));
    let probabilities = found.iter().map(Pair::probability);
    arrays.push(Arc::new(probabilities.collect::<Float64Array>()));
    Ok(arrays)
}

/// The error of what is no record.
pub(super) fn no_record(what: impl std::fmt::Display) -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("{what} is no record"),
    )
    .with_hint("Write it as named_struct('column', value, ...).")
}
