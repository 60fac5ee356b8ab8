//! Rows in the types and names that data files have.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::FormatOptions;
use tributary_udfs::postgres::one_nan;

use crate::error::{Error, Result, SqlState};
use crate::warehouse::schema::TableSchema;

/// The rows as they come back from data files.
pub(in crate::warehouse) fn as_stored(
    batch: &RecordBatch,
    schema: &TableSchema,
) -> Result<RecordBatch> {
    let declared = schema.declared.fields();
    let columns = batch
        .columns()
        .iter()
        .zip(schema.stored.fields())
        .zip(declared);
    let columns = columns.map(|((column, stored), declared)| {
        if column.data_type() == declared.data_type() && declared.data_type() == stored.data_type()
        {
            return Ok(Arc::clone(column));
        }
        let column = store_column(column, declared, stored.data_type())
            .map_err(|error| error.within(format!("column \"{}\"", declared.name())))?;
        Ok(cast_with_options(&column, declared.data_type(), &EXACT)?)
    });
    // Whether a column may be NULL is looked at when it is written.
    let fields = declared
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true));
    let nullable = Schema::new(fields.collect::<Vec<_>>());
    Ok(RecordBatch::try_new(
        Arc::new(nullable),
        columns.collect::<Result<_>>()?,
    )?)
}

/// Casts that lose nothing without an error.
const EXACT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: FormatOptions::new(),
};

/// The batch in the types and names of data files.
pub(super) fn store_batch(batch: &RecordBatch, schema: &TableSchema) -> Result<RecordBatch> {
    let stored = schema.stored.fields();
    if batch.num_columns() != stored.len() {
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!(
                "the rows have {} columns, the table has {}",
                batch.num_columns(),
                stored.len()
            ),
        ));
    }
    let mut columns = Vec::with_capacity(stored.len());
    for ((column, stored), declared) in batch
        .columns()
        .iter()
        .zip(stored)
        .zip(schema.declared.fields())
    {
        let column = store_column(column, declared, stored.data_type())
            .map_err(|error| error.within(format!("column \"{}\"", declared.name())))?;
        if !declared.is_nullable() && column.logical_null_count() > 0 {
            return Err(Error::new(
                SqlState::NOT_NULL_VIOLATION,
                format!(
                    "null value in column \"{}\" violates not-null constraint",
                    declared.name()
                ),
            ));
        }
        columns.push(column);
    }
    Ok(RecordBatch::try_new(
        SchemaRef::clone(&schema.stored),
        columns,
    )?)
}

fn store_column(column: &ArrayRef, declared: &Field, stored: &DataType) -> Result<ArrayRef> {
    // Rows may come in another type than the table declares, which goes through that type.
    let through = if column.data_type() == stored || !column.data_type().is_temporal() {
        None
    } else {
        (column.data_type() != declared.data_type()).then_some(declared.data_type())
    };
    let column = match through {
        Some(declared) => cast_with_options(column, declared, &EXACT)?,
        None => one_nan(column),
    };
    if column.data_type() == stored {
        return Ok(column);
    }
    Ok(cast_with_options(&column, stored, &EXACT)?)
}
