//! Takes apart what a query has found: places of rows that go, new rows, answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type, SchemaRef, UInt32Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::Result as QueryResult;
use datafusion::execution::memory_pool::MemoryReservation;
use parking_lot::Mutex;

use super::found::{Layout, leading};
use super::put::nullable;
use super::{Fate, Twice};
use crate::catalog::Object;
use crate::error::{Error, SqlState};
use crate::models::constraints::Constraints;
use crate::sql::name::listed;
use crate::warehouse::{Moves, Places};

/// What is answered of the rows, kept until they are committed.
pub(super) struct Answers {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) memory: MemoryReservation,
}

impl Answers {
    pub(super) fn push(&mut self, batch: RecordBatch) -> QueryResult<()> {
        self.memory.try_grow(batch.get_array_memory_size())?;
        self.batches.push(batch);
        Ok(())
    }
}

/// The new rows of a batch.
pub(super) struct Divided {
    /// Those that go in as they are.
    pub(super) changed: RecordBatch,
    /// Those that are put into a keyed table, not checked yet.
    pub(super) added: Option<RecordBatch>,
}

/// What becomes of the rows of a batch.
#[derive(Default)]
struct Marks {
    /// Which are changed at all, but for those that are put in.
    affected: Vec<bool>,
    /// Which of these give a new row.
    written: Vec<bool>,
    /// Which are put into a keyed table.
    put: Vec<bool>,
}

/// Takes what a query has found apart: places of rows that go, new rows, answers.
pub(super) struct Divider {
    pub(super) constraints: Constraints,
    pub(super) object: Arc<Object>,
    pub(super) width: usize,
    pub(super) layout: Layout,
    pub(super) returning: SchemaRef,
    /// The places of rows that go.
    pub(super) gone: Arc<Mutex<Places>>,
    /// The same rows where the table knows of its keys which versions of them are past.
    pub(super) deleted: Option<Arc<Mutex<Places>>>,
    /// The memory of these.
    pub(super) places: MemoryReservation,
    /// How many rows are affected, without those that are put in.
    pub(super) rows: Arc<AtomicU64>,
    pub(super) answers: Arc<Mutex<Answers>>,
    /// Where the rows stand that were found in an earlier version.
    pub(super) moves: Option<Moves>,
}

impl Divider {
    /// The new rows of a batch.
    pub(super) fn divide(&mut self, batch: &RecordBatch) -> QueryResult<Divided> {
        let leading = leading(self.layout.has_fate);
        let moved = match &self.moves {
            Some(moves) => Some(self.moved(moves, batch)?),
            None => None,
        };
        let batch = moved.as_ref().unwrap_or(batch);
        let marks = self.mark(batch, leading)?;
        let mut affected = BooleanArray::from(marks.affected);
        let written = BooleanArray::from(marks.written);
        let mut added = None;
        let changed = match self.width {
            0 => RecordBatch::new_empty(Arc::clone(&self.object.schema)),
            width => {
                let columns: Vec<usize> = (leading..leading + width).collect();
                let new = batch.project(&columns)?;
                if marks.put.contains(&true) {
                    let put = filter_record_batch(&new, &marks.put.into())?;
                    let schema = nullable(&self.object.schema);
                    added = Some(RecordBatch::try_new(schema, put.columns().to_vec())?);
                }
                let new = filter_record_batch(&new, &written)?;
                let mut places = filter_record_batch(&batch.project(&[0, 1])?, &written)?;
                let (new, kept) = self.constraints.kept(&new)?;
                if let Some(kept) = kept {
                    affected = without(&affected, &written, &kept);
                    places = filter_record_batch(&places, &kept)?;
                }
                self.constraints.replace(places.columns(), &new)?;
                new
            }
        };
        let count = affected.true_count();
        self.rows.fetch_add(count as u64, Ordering::Relaxed);
        if !self.returning.fields().is_empty() && count > 0 {
            let first = batch.num_columns() - self.returning.fields().len();
            let columns: Vec<usize> = (first..batch.num_columns()).collect();
            let answer = filter_record_batch(&batch.project(&columns)?, &affected)?;
            let answer =
                RecordBatch::try_new(Arc::clone(&self.returning), answer.columns().to_vec())?;
            self.answers.lock().push(answer)?;
        }
        Ok(Divided { changed, added })
    }

    /// The batch with the places that its rows have now.
    fn moved(&self, moves: &Moves, batch: &RecordBatch) -> QueryResult<RecordBatch> {
        let files = batch.column(0).as_primitive::<UInt32Type>();
        let places = batch.column(1).as_primitive::<Int64Type>();
        let now = files.iter().zip(places).map(|row| match row {
            (Some(file), Some(place)) => match moves.file_of(file, place) {
                Some(file) => Ok(Some(file)),
                None => Err(changed_twice(&self.object)),
            },
            // It is put in, and was nowhere.
            _ => Ok(None),
        });
        let now = now.collect::<Result<UInt32Array, Error>>()?;
        let mut columns = batch.columns().to_vec();
        columns[0] = Arc::new(now);
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    }

    fn mark(&mut self, batch: &RecordBatch, leading: usize) -> QueryResult<Marks> {
        let files = batch.column(0).as_primitive::<UInt32Type>();
        let places = batch.column(1).as_primitive::<Int64Type>();
        let fates = self
            .layout
            .has_fate
            .then(|| batch.column(2).as_primitive::<Int32Type>());
        let default = if self.width == 0 {
            Fate::Gone
        } else {
            Fate::Changed
        };
        let mut marks = Marks::default();
        let mut gone = self.gone.lock();
        let mut deleted = self.deleted.as_ref().map(|deleted| deleted.lock());
        for row in 0..batch.num_rows() {
            let fate = fates
                .as_ref()
                .map_or(default as i32, |fates| fates.value(row));
            let is_new =
                fate == Fate::Added as i32 || gone.insert(files.value(row), places.value(row));
            if !is_new && let Twice::Refused(message, hint) = self.layout.twice {
                let error = Error::new(SqlState::CARDINALITY_VIOLATION, message).with_hint(hint);
                return Err(self.naming_key(error, batch, row, leading)?.into());
            }
            let is_added = fate == Fate::Added as i32;
            // What is changed by hand is of no version: that of the row before is past.
            if is_new
                && !is_added
                && let Some(deleted) = &mut deleted
            {
                deleted.insert(files.value(row), places.value(row));
            }
            let is_put = is_added && self.layout.puts;
            marks.put.push(is_put);
            marks.affected.push(is_new && !is_put);
            marks
                .written
                .push(is_new && !is_put && fate != Fate::Gone as i32);
        }
        self.places
            .try_resize(gone.bytes() + deleted.map_or(0, |deleted| deleted.bytes()))?;
        Ok(marks)
    }

    fn naming_key(
        &self,
        error: Error,
        batch: &RecordBatch,
        row: usize,
        leading: usize,
    ) -> QueryResult<Error> {
        let first = leading + self.width;
        let mut values = Vec::new();
        for index in 0..self.layout.keys.len() {
            let column = batch.column(first + index);
            let format = FormatOptions::default().with_null("NULL");
            let shown = ArrayFormatter::try_new(column.as_ref(), &format)?;
            values.push(shown.value(row).to_string());
        }
        if values.is_empty() {
            return Ok(error);
        }
        Ok(error.with_detail(format!(
            "Key ({})=({}) of table {} is matched more than once.",
            listed(&self.layout.keys),
            values.join(", "),
            self.object.name
        )))
    }
}

/// The error of a row that two parts of a statement change. PostgreSQL makes one of the changes, and does
/// not tell which.
fn changed_twice(object: &Object) -> Error {
    let message = format!(
        "a row of table \"{}\" cannot be changed twice by one statement",
        object.name.name
    );
    Error::new(SqlState::CARDINALITY_VIOLATION, message).with_hint(
        "All parts of a WITH see the row as it was before the statement; change it in one of them.",
    )
}

/// The rows that are affected, without those whose new row is not kept.
fn without(affected: &BooleanArray, written: &BooleanArray, kept: &BooleanArray) -> BooleanArray {
    let mut kept = kept.values().iter();
    let rows = affected.values().iter().zip(written.values().iter());
    rows.map(|(affected, written)| Some(affected && (!written || kept.next() == Some(true))))
        .collect()
}
