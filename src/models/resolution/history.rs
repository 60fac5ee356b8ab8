//! What became of records, as rows of the history.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::SchemaRef;
use chrono::Utc;
use datafusion::common::HashSet as Numbers;

use super::found::Found;
use super::previous::Previous;
use crate::error::Result;

/// Why records changed.
pub struct Cause<'a> {
    /// The refresh.
    pub refresh_id: u64,
    /// Its reason.
    pub reason: &'a str,
    /// Decisions of humans, those first that tell more.
    pub decisions: Vec<Decision>,
}

/// Decisions of humans that bring about the same.
pub struct Decision {
    /// What a cause calls them.
    pub called: String,
    /// What becomes of records by them.
    pub events: &'static [&'static str],
    /// The records that they are on.
    pub records: HashSet<u32>,
}

/// What becomes of records that are to be one entity.
pub const JOINING: &[&str] = &["merged", "joined", "moved"];
/// What becomes of records that are not.
pub const PARTING: &[&str] = &["split", "moved"];

/// The entity of before and of now.
type Move = (Option<u64>, Option<u64>);

impl Decision {
    /// How those records moved that they are on.
    fn moves(&self, moved: impl Fn(u32) -> Move) -> HashSet<Move> {
        self.records.iter().map(|record| moved(*record)).collect()
    }
}

impl Cause<'_> {
    /// Why a record moved; `moves` are those of each decision. Others went along with whom one is on.
    fn of(&self, record: u32, moved: Move, event: &str, moves: &[HashSet<Move>]) -> String {
        let mut decisions = self.decisions.iter().zip(moves);
        let decision = decisions.find(|(decision, moves)| {
            let went_along = moved.0.is_some() && moves.contains(&moved);
            decision.events.contains(&event) && (decision.records.contains(&record) || went_along)
        });
        match decision {
            None => self.reason.to_owned(),
            Some((decision, _)) => format!("{}, {}", decision.called, self.reason),
        }
    }
}

/// The records whose entity is another one than before, and what became of each.
///
/// A record that is new has `created` its entity or `joined` it. Another one was `merged` with its
/// entity, where that one is no more; else it left it, for a new one by a `split`, or `moved` to one
/// that was there.
fn changes(now: &[Option<u64>], previous: &Previous) -> Vec<(u32, &'static str)> {
    let moved: Vec<(u32, u64, Option<u64>)> = (0..)
        .zip(now.iter().zip(&previous.entities))
        .filter_map(|(record, (now, before))| Some((record, (*now)?, *before)))
        .filter(|(_, now, before)| *before != Some(*now))
        .collect();
    // Of which entities it matters whether they are, or were, there.
    let asked: Numbers<u64> = moved
        .iter()
        .flat_map(|(_, now, before)| [Some(*now), *before])
        .flatten()
        .collect();
    let of = |entities: &mut dyn Iterator<Item = u64>| -> Numbers<u64> {
        entities.filter(|entity| asked.contains(entity)).collect()
    };
    let gone = previous.removed.iter().map(|gone| gone.entity);
    let old = of(&mut previous.entities.iter().flatten().copied().chain(gone));
    let current = of(&mut now.iter().flatten().copied());
    let mut changes = Vec::new();
    for (record, now, before) in &moved {
        let event = match before {
            None if old.contains(now) => "joined",
            None => "created",
            Some(before) if !current.contains(before) => "merged",
            Some(_) if old.contains(now) => "moved",
            Some(_) => "split",
        };
        changes.push((*record, event));
    }
    changes
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
    let entities = &found.entities.of_records;
    let changes = changes(entities, previous);
    let removed = &previous.removed;
    let count = changes.len() + removed.len();
    let now = TimestampMicrosecondArray::from(vec![Utc::now().timestamp_micros(); count]);
    let refresh_id = i64::try_from(cause.refresh_id).unwrap_or(i64::MAX);
    let events = changes.iter().map(|(_, event)| *event);
    let gone = std::iter::repeat_n("removed", removed.len());
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(now.with_timezone("UTC")),
        Arc::new(Int64Array::from(vec![refresh_id; count])),
        Arc::new(events.chain(gone).map(Some).collect::<StringArray>()),
    ];
    let first = arrays.len();
    let places = changes.iter().map(|(record, _)| *record);
    for (at, present) in found.names(places, schema, first)?.into_iter().enumerate() {
        let data_type = schema.field(first + at).data_type();
        let names = removed.iter().map(|gone| match at {
            0 => Some(gone.id.as_str()),
            _ => gone.source.as_deref(),
        });
        let names: ArrayRef = Arc::new(names.collect::<StringArray>());
        // Names of before, of a type that the column has no longer, have no place in it.
        let gone =
            cast(&names, data_type).unwrap_or_else(|_| new_null_array(data_type, removed.len()));
        arrays.push(concat(&[present.as_ref(), gone.as_ref()])?);
    }
    let number = |entity: u64| i64::try_from(entity).unwrap_or(i64::MAX);
    let entities = changes
        .iter()
        .map(|(record, _)| entities[*record as usize].map(number))
        .chain(std::iter::repeat_n(None, removed.len()));
    arrays.push(Arc::new(entities.collect::<Int64Array>()));
    let before = changes
        .iter()
        .map(|(record, _)| previous.entities[*record as usize].map(number))
        .chain(removed.iter().map(|gone| Some(number(gone.entity))));
    arrays.push(Arc::new(before.collect::<Int64Array>()));
    let now_of = &found.entities.of_records;
    let moved = |record: u32| {
        let of = |entities: &[Option<u64>]| entities.get(record as usize).copied().flatten();
        (of(&previous.entities), of(now_of))
    };
    let decisions = cause.decisions.iter();
    let moves: Vec<HashSet<Move>> = decisions.map(|decision| decision.moves(moved)).collect();
    let causes = changes
        .iter()
        .map(|(record, event)| cause.of(*record, moved(*record), event, &moves))
        .chain(std::iter::repeat_n(cause.reason.to_owned(), removed.len()));
    arrays.push(Arc::new(causes.map(Some).collect::<StringArray>()));
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};

    use super::*;

    fn events(now: &[u64], before: &[Option<u64>], gone: &[u64]) -> Vec<(u32, &'static str)> {
        let now: Vec<Option<u64>> = now.iter().copied().map(Some).collect();
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let mut previous = Previous::of(before.to_vec(), &pool).unwrap();
        for entity in gone {
            previous.remove("", None, *entity).unwrap();
        }
        changes(&now, &previous)
    }

    #[test]
    fn every_change_has_its_event() {
        assert_eq!(events(&[1, 1], &[Some(1), None], &[]), [(1, "joined")]);
        assert_eq!(events(&[1, 2], &[Some(1), None], &[]), [(1, "created")]);
        assert_eq!(events(&[1, 1], &[Some(1), Some(2)], &[]), [(1, "merged")]);
        assert_eq!(events(&[1, 3], &[Some(1), Some(1)], &[]), [(1, "split")]);
        let moved = events(&[1, 1, 2], &[Some(1), Some(2), Some(2)], &[]);
        assert_eq!(moved, [(1, "moved")]);
        // The number of an entity all of whose other records are gone is not new.
        assert_eq!(events(&[4], &[None], &[4]), [(0, "joined")]);
    }
}
