//! Keys that rows had which are gone, or have others now.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Int64Type, Schema, UInt32Type};
use arrow::row::{RowConverter, SortField};
use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};

use super::memory;
use crate::catalog::Reference;
use crate::error::Result;
use crate::models::constraints::TableChanges;

/// What it takes to know the row that came in the place of another one, about.
const SUCCESSOR_BYTES: usize = 2 * size_of::<((u32, i64), usize)>();

/// The rows of a table that went, and those that came in their places.
pub(super) struct Moved<'a> {
    noted: &'a TableChanges,
    gone: RecordBatch,
    come: RecordBatch,
    /// The row that came in the place of each that went.
    successors: Vec<Option<usize>>,
    memory: MemoryReservation,
}

impl<'a> Moved<'a> {
    /// # Errors
    /// 53200 without memory.
    pub(super) fn of(noted: &'a TableChanges, pool: &Arc<dyn MemoryPool>) -> Result<Self> {
        let (gone, come) = noted.moved();
        let all = gone.iter().chain(&come);
        let bytes =
            all.map(|batch| batch.get_array_memory_size() + batch.num_rows() * SUCCESSOR_BYTES);
        let memory = memory(bytes.sum(), pool)?;
        let schema = noted.schema();
        let gone = concat_batches(&schema, &gone)?;
        let come = concat_batches(&schema, &come)?;
        let places: HashMap<_, _> = places(&come).zip(0..).collect();
        let successors = self::places(&gone).map(|place| places.get(&place).copied());
        let successors = successors.collect();
        Ok(Self {
            noted,
            gone,
            come,
            successors,
            memory,
        })
    }

    /// The keys that rows of a foreign key may refer to: those that are gone, and those that rows had
    /// which have others now, with these behind them.
    /// None where none of its columns was to change.
    ///
    /// # Errors
    /// 53200 without memory.
    pub(super) fn keys(&self, reference: &Reference) -> Result<Option<(RecordBatch, RecordBatch)>> {
        let Some(columns) = self.columns(reference) else {
            return Ok(None);
        };
        let (old, new) = (self.gone.project(&columns)?, self.come.project(&columns)?);
        let fields = old.schema();
        let sorted = fields.fields().iter();
        let sorted = sorted.map(|field| SortField::new(field.data_type().clone()));
        let converter = RowConverter::new(sorted.collect())?;
        let (before, after) = (
            converter.convert_columns(old.columns())?,
            converter.convert_columns(new.columns())?,
        );
        let memory = self.memory.new_empty();
        memory.try_grow(before.size() + after.size())?;
        let (mut gone, mut changed, mut into) = (Vec::new(), Vec::new(), Vec::new());
        for (row, successor) in self.successors.iter().enumerate() {
            if old.columns().iter().any(|column| column.is_null(row)) {
                continue;
            }
            match successor {
                None => gone.push(row as u64),
                Some(new) if before.row(row) != after.row(*new) => {
                    changed.push(row as u64);
                    into.push(*new as u64);
                }
                Some(_) => {}
            }
        }
        let gone = take_record_batch(&old, &UInt64Array::from(gone))?;
        let changed = take_record_batch(&old, &UInt64Array::from(changed))?;
        let into = take_record_batch(&new, &UInt64Array::from(into))?;
        Ok(Some((gone, beside(&changed, &into)?)))
    }

    /// Where the columns that a foreign key refers to are, if they were noted.
    fn columns(&self, reference: &Reference) -> Option<Vec<usize>> {
        let schema = &self.noted.object.schema;
        let names = reference.key.referenced.iter();
        let places = names.map(|name| {
            let column = schema.index_of(name).ok()?;
            let mut noted = self.noted.referenced.iter();
            noted.position(|known| *known == column)
        });
        places.collect()
    }
}

/// The places of the rows that are noted.
fn places(batch: &RecordBatch) -> impl Iterator<Item = (u32, i64)> {
    let width = batch.num_columns();
    let files = batch.column(width - 2).as_primitive::<UInt32Type>().clone();
    let rows = batch.column(width - 1).as_primitive::<Int64Type>().clone();
    // A row that came in the place of none has none.
    let absent = (u32::MAX, i64::MIN);
    (0..batch.num_rows()).map(move |row| match files.is_null(row) {
        true => absent,
        false => (files.value(row), rows.value(row)),
    })
}

fn beside(left: &RecordBatch, right: &RecordBatch) -> Result<RecordBatch> {
    let fields = [left.schema(), right.schema()];
    let fields = fields.iter().flat_map(|it| it.fields().iter().cloned());
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let columns = left.columns().iter().chain(right.columns()).cloned();
    let columns: Vec<ArrayRef> = columns.collect();
    Ok(RecordBatch::try_new(schema.into(), columns)?)
}
