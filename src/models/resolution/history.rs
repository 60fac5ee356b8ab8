//! What became of records, as rows of the history.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::SchemaRef;
use chrono::Utc;

use super::found::Found;
use super::identity::NONE;
use super::previous::Previous;
use crate::error::Result;

/// Why records changed.
pub struct Cause<'a> {
    /// The refresh.
    pub refresh_id: u64,
    /// Its reason.
    pub reason: &'a str,
    /// Records that humans said to be one entity with another.
    pub must: HashSet<u32>,
    /// Records that humans said to be another entity than another.
    pub cannot: HashSet<u32>,
}

impl Cause<'_> {
    fn of(&self, record: u32, event: &str) -> String {
        match event {
            "merged" | "joined" | "moved" if self.must.contains(&record) => {
                format!("{}: {}", super::links::MUST_LINK, self.reason)
            }
            "split" | "moved" if self.cannot.contains(&record) => {
                format!("{}: {}", super::links::CANNOT_LINK, self.reason)
            }
            _ => self.reason.to_owned(),
        }
    }
}

/// The rows of what changed between the version before and this one.
///
/// # Errors
/// None that records meet.
pub fn rows(
    found: &Found,
    previous: &Previous,
    cause: &Cause<'_>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let changes = &found.identities.changes;
    let removed = &previous.removed;
    let count = changes.len() + removed.len();
    let now = TimestampMicrosecondArray::from(vec![Utc::now().timestamp_micros(); count]);
    let refresh_id = i64::try_from(cause.refresh_id).unwrap_or(i64::MAX);
    let events = changes.iter().map(|(_, event)| event.name());
    let gone = std::iter::repeat_n("removed", removed.len());
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(now.with_timezone("UTC")),
        Arc::new(Int64Array::from(vec![refresh_id; count])),
        Arc::new(
            events
                .clone()
                .chain(gone)
                .map(Some)
                .collect::<StringArray>(),
        ),
    ];
    let first = arrays.len();
    let places = changes.iter().map(|(record, _)| *record);
    for (at, present) in found.names(places, schema, first)?.into_iter().enumerate() {
        let data_type = schema.field(first + at).data_type();
        let names = removed.iter().map(|gone| match at {
            0 => Some(gone.id.as_str()),
            _ => Some(gone.source.as_str()).filter(|source| !source.is_empty()),
        });
        let names: ArrayRef = Arc::new(names.collect::<StringArray>());
        // Names of before, of a type that the column has no longer, have no place in it.
        let gone =
            cast(&names, data_type).unwrap_or_else(|_| new_null_array(data_type, removed.len()));
        arrays.push(concat(&[present.as_ref(), gone.as_ref()])?);
    }
    let entities = changes
        .iter()
        .map(|(record, _)| Some(found.identities.entities[*record as usize]))
        .chain(std::iter::repeat_n(None, removed.len()));
    arrays.push(Arc::new(entities.collect::<Int64Array>()));
    let before = changes
        .iter()
        .map(|(record, _)| Some(previous.entities[*record as usize]).filter(|e| *e != NONE))
        .chain(removed.iter().map(|gone| Some(gone.entity)));
    arrays.push(Arc::new(before.collect::<Int64Array>()));
    let causes = changes
        .iter()
        .map(|(record, event)| cause.of(*record, event.name()))
        .chain(std::iter::repeat_n(cause.reason.to_owned(), removed.len()));
    arrays.push(Arc::new(causes.map(Some).collect::<StringArray>()));
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}
