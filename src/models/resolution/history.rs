//! What became of records, as rows of the history.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use chrono::Utc;
use datafusion::common::HashSet as Numbers;

use super::called::Called;
use super::found::Found;
use super::previous::Previous;
use crate::error::Result;

/// The columns around those that name records.
const EVENT: &str = "event";
const ENTITY: &str = "entity_id";

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

/// Rows of before in the columns of now, which may name records by other ones: the identifier by its value,
/// and NULL where the column of now has no such value.
///
/// # Errors
/// None that tables of models meet.
pub fn in_columns(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let names_of = |schema: &Schema| -> Result<Range<usize>> {
        Ok(schema.index_of(EVENT)? + 1..schema.index_of(ENTITY)?)
    };
    let before = rows.schema();
    let (names, names_before) = (names_of(schema)?, names_of(&before)?);
    let column = |(at, field): (usize, &FieldRef)| -> Result<ArrayRef> {
        let of_before = match names.contains(&at) {
            true => Some(at).filter(|at| names_before.contains(at)),
            false => before.index_of(field.name()).ok(),
        };
        let Some(column) = of_before.map(|at| rows.column(at)) else {
            return Ok(new_null_array(field.data_type(), rows.num_rows()));
        };
        let (given, own) = (column.data_type(), field.data_type());
        if given == own {
            return Ok(Arc::clone(column));
        }
        Ok(cast(&Called::new(given, own).texts(column)?, own)?)
    };
    let columns = schema.fields().iter().enumerate().map(column);
    let columns = columns.collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, Decimal128Array};
    use arrow::datatypes::{DataType, Field, Int64Type, TimeUnit};
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
    /// The columns of a history in which these name records.
    fn columns(names: &[(&str, DataType)]) -> SchemaRef {
        let moment = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let first = [
            ("changed_at", moment),
            ("refresh_id", DataType::Int64),
            (EVENT, DataType::Utf8),
        ];
        let last = [(ENTITY, DataType::Int64), ("cause", DataType::Utf8)];
        let all = first.iter().chain(names).chain(&last);
        let fields = all.map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// The names of records in two rows whose first is one of entity 7, in other columns.
    fn names_in(before: ArrayRef, now: &[(&str, DataType)]) -> Vec<ArrayRef> {
        let schema = columns(&[("id", before.data_type().clone())]);
        let moments = TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("UTC");
        let texts = |texts: [&str; 2]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
        let numbers = |numbers: [i64; 2]| Arc::new(Int64Array::from(numbers.to_vec())) as ArrayRef;
        let arrays = vec![
            Arc::new(moments) as ArrayRef,
            numbers([1, 2]),
            texts(["split", "joined"]),
            before,
            numbers([7, 8]),
            texts(["REFRESH", "REFRESH"]),
        ];
        let rows = RecordBatch::try_new(schema, arrays).unwrap();
        let now = columns(now);
        let found = in_columns(&rows, &now).unwrap();
        let entities = found.column_by_name(ENTITY).unwrap();
        assert_eq!(entities.as_primitive::<Int64Type>().values(), &[7, 8]);
        found.columns()[3..now.index_of(ENTITY).unwrap()].to_vec()
    }

    #[test]
    fn a_history_goes_on_in_columns_of_other_types_and_names() {
        let ids = Decimal128Array::from(vec![2000, 2050]);
        let ids: ArrayRef = Arc::new(ids.with_precision_and_scale(8, 2).unwrap());
        let names = names_in(
            Arc::clone(&ids),
            &[("key", DataType::Int64), ("system", DataType::Utf8)],
        );
        let [id, source] = names.as_slice() else {
            panic!("{names:?}");
        };
        let id = id.as_primitive::<Int64Type>();
        assert_eq!(id.iter().collect::<Vec<_>>(), [Some(20), None]);
        assert_eq!(source.null_count(), 2);

        let texts = names_in(ids, &[("id", DataType::Utf8)]);
        let texts = texts[0].as_string::<i32>();
        assert_eq!(
            texts.iter().collect::<Vec<_>>(),
            [Some("20.00"), Some("20.50")]
        );
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["20", "crm:20"]));
        let ids = names_in(texts, &[("id", DataType::Int64)]);
        let ids = ids[0].as_primitive::<Int64Type>();
        assert_eq!(ids.iter().collect::<Vec<_>>(), [Some(20), None]);
    }
}
