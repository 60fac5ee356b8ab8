//! Batches of a file, whose columns have types of their own, in the columns of the table. A row with a
//! value that its column cannot keep is a bad row.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::json::LineDelimitedWriter;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::conversion::Conversion;
use super::input::{BadRow, Numbering, Rows};
use super::rejected::{cut, shorten};
use super::type_name;
use crate::error::{Error, Result, SqlState};

/// Where a column of the table comes from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The table's column.
    pub field: FieldRef,
    /// Where the file's batches have it and how it becomes the table's; `None`: they do not, and it is
    /// NULL.
    pub source: Option<(usize, Conversion)>,
}

impl Origin {
    /// Whether the file may have a value that the column cannot keep.
    pub fn is_checked(&self, file: &Schema) -> bool {
        let Some((place, conversion)) = &self.source else {
            return false;
        };
        let may_be_null = || {
            file.fields()
                .get(*place)
                .is_none_or(|field| field.is_nullable())
        };
        conversion.is_checked() || !self.field.is_nullable() && may_be_null()
    }
}

/// Makes the table's columns of those of a file.
#[derive(Clone, Debug)]
pub(super) struct Conforming {
    origins: Vec<Origin>,
    schema: SchemaRef,
}

/// A column in which values are that cannot be kept.
struct Lost<'a> {
    origin: &'a Origin,
    values: &'a ArrayRef,
    rows: BooleanBuffer,
    is_null: bool,
}

impl Conforming {
    pub fn new(origins: Vec<Origin>) -> Self {
        let fields: Vec<FieldRef> = origins.iter().map(|it| Arc::clone(&it.field)).collect();
        Self {
            origins,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// The good rows, and the bad ones, numbered by `numbers`.
    ///
    /// # Errors
    /// What a cast meets beyond single values.
    pub fn conform(&self, batch: &RecordBatch, numbers: Int64Array) -> Result<(Rows, Vec<BadRow>)> {
        let count = batch.num_rows();
        let mut columns = Vec::with_capacity(self.origins.len());
        let mut lost = Vec::new();
        for origin in &self.origins {
            let Some((place, conversion)) = &origin.source else {
                columns.push(new_null_array(origin.field.data_type(), count));
                continue;
            };
            let values = batch
                .columns()
                .get(*place)
                .ok_or_else(|| Error::internal("a batch lacks a column of its file"))?;
            let (column, rows) = conversion.convert(values, &origin.field)?;
            let new = |rows, is_null| Lost {
                origin,
                values,
                rows,
                is_null,
            };
            lost.extend(rows.map(|rows| new(rows, false)));
            if !origin.field.is_nullable()
                && let Some(nulls) = values.logical_nulls().filter(|it| it.null_count() > 0)
            {
                lost.push(new(!nulls.inner(), true));
            }
            columns.push(column);
        }
        if lost.is_empty() {
            let batch = self.batch(columns, count)?;
            return Ok((Rows { batch, numbers }, Vec::new()));
        }
        let is_bad = |row: usize| lost.iter().find(|lost| lost.rows.value(row));
        let mut bad = Vec::new();
        for row in 0..count {
            if let Some(lost) = is_bad(row) {
                bad.push(lost.row(batch, row, numbers.value(row)));
            }
        }
        let good = BooleanArray::from(BooleanBuffer::collect_bool(count, |row| {
            is_bad(row).is_none()
        }));
        // Before the schema forbids NULL in the rows that go.
        let columns = columns
            .iter()
            .map(|column| filter(column, &good))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let batch = self.batch(columns, good.true_count())?;
        let numbers = filter(&numbers, &good)?;
        let numbers = numbers
            .as_any()
            .downcast_ref::<Int64Array>()
            .cloned()
            .ok_or_else(|| Error::internal("numbers of rows are no numbers"))?;
        Ok((Rows { batch, numbers }, bad))
    }

    fn batch(&self, columns: Vec<ArrayRef>, count: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }
}

impl Lost<'_> {
    /// The row that has the value.
    fn row(&self, batch: &RecordBatch, row: usize, number: i64) -> BadRow {
        let field = &self.origin.field;
        let (from, to) = (self.values.data_type(), field.data_type());
        let (from_name, to_name) = (type_name(from), type_name(to));
        let value = (!self.is_null).then(|| display(self.values, row));
        let shown = shorten(value.as_deref().unwrap_or_default());
        let conversion = self
            .origin
            .source
            .as_ref()
            .map(|(_, conversion)| conversion);
        let (reason, sqlstate) = match conversion {
            _ if self.is_null => (
                format!(
                    "null value in column \"{}\" violates not-null constraint",
                    field.name()
                ),
                SqlState::NOT_NULL_VIOLATION,
            ),
            Some(Conversion::Read) if matches!(to, DataType::Utf8) => (
                "invalid byte sequence for encoding \"UTF8\"".to_owned(),
                SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            ),
            Some(Conversion::Read) if !matches!(from, DataType::Timestamp(..)) => (
                format!("invalid input syntax for type {to_name}: \"{shown}\""),
                SqlState::INVALID_TEXT_REPRESENTATION,
            ),
            _ => (
                format!("value \"{shown}\" of type {from_name} cannot be kept in type {to_name}"),
                match to {
                    DataType::Date32 | DataType::Timestamp(..) => SqlState::DATETIME_FIELD_OVERFLOW,
                    _ => SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                },
            ),
        };
        BadRow {
            line: number,
            numbering: Numbering::Rows,
            column: Some(field.name().clone()),
            value: value.map(|value| cut(value.as_bytes())),
            reason,
            sqlstate,
            record: record(batch, row),
            remedy: (!self.is_null && from_name != to_name).then(|| {
                format!("Correct the file, or declare the column as {from_name}, or as text.")
            }),
        }
    }
}

fn display(values: &ArrayRef, row: usize) -> String {
    ArrayFormatter::try_new(values, &FormatOptions::default())
        .map_or_else(|_| String::new(), |values| values.value(row).to_string())
}

/// A row as JSON, as far as its types are written so.
fn record(batch: &RecordBatch, row: usize) -> String {
    let mut written = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut written);
    let done = writer
        .write(&batch.slice(row, 1))
        .and_then(|()| writer.finish());
    match done {
        Ok(()) => cut(written.trim_ascii_end()),
        Err(_) => String::new(),
    }
}
