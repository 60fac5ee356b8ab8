//! Work on whole columns, in steps between which a cancelled query is heard.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, Capacities, MutableArrayData, RecordBatchOptions, make_array,
    new_empty_array,
};
use arrow::compute::concat;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;

use super::cancellation::Cancellation;

/// For how many rows an expression is computed between two checks.
const ROWS: usize = 8192;

/// A column of fewer bytes is copied without a check: in milliseconds. Tests try small ones.
const COPIED_AT_ONCE: usize = if cfg!(test) { 1 } else { 16 << 20 };

/// The values of an expression.
pub(super) fn evaluate(
    expression: &Arc<dyn PhysicalExpr>,
    rows: &RecordBatch,
    cancellation: &Cancellation,
) -> Result<ArrayRef> {
    let count = rows.num_rows();
    if count <= ROWS || expression.downcast_ref::<Column>().is_some() {
        return expression.evaluate(rows)?.into_array(count);
    }
    let mut parts = Vec::with_capacity(count.div_ceil(ROWS));
    for start in (0..count).step_by(ROWS) {
        cancellation.check()?;
        let rows = rows.slice(start, ROWS.min(count - start));
        parts.push(expression.evaluate(&rows)?.into_array(rows.num_rows())?);
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    put_arrays_together(&parts, cancellation)
}

/// Batches as one.
pub(super) fn put_together(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    cancellation: &Cancellation,
) -> Result<RecordBatch> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (place, field) in schema.fields().iter().enumerate() {
        cancellation.check()?;
        let parts = batches.iter().map(|batch| batch.column(place).as_ref());
        let parts: Vec<&dyn Array> = parts.collect();
        columns.push(match parts.as_slice() {
            [] => new_empty_array(field.data_type()),
            parts => put_arrays_together(parts, cancellation)?,
        });
    }
    let count = batches.iter().map(RecordBatch::num_rows).sum();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    let schema = Arc::clone(schema);
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

/// Arrays of one type as one.
fn put_arrays_together(parts: &[&dyn Array], cancellation: &Cancellation) -> Result<ArrayRef> {
    let bytes: usize = parts.iter().map(|part| part.get_array_memory_size()).sum();
    let in_parts = parts.first().is_some_and(|part| match part.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => true,
        other => other.is_primitive(),
    });
    // Views are put together without what they are of, and nothing else is as large as that.
    if !in_parts || bytes < COPIED_AT_ONCE {
        return Ok(concat(parts)?);
    }
    let rows = parts.iter().map(|part| part.len()).sum();
    let parts: Vec<ArrayData> = parts.iter().map(|part| part.to_data()).collect();
    let sizes = parts.iter().map(ArrayData::get_slice_memory_size);
    let bytes = sizes.sum::<std::result::Result<usize, _>>()?;
    let capacities = match parts.first().map(ArrayData::data_type) {
        Some(data_type) if data_type.is_primitive() => Capacities::Array(rows),
        _ => Capacities::Binary(rows, Some(bytes)),
    };
    let mut whole = MutableArrayData::with_capacities(parts.iter().collect(), false, capacities);
    for (place, part) in parts.iter().enumerate() {
        cancellation.check()?;
        whole.try_extend(place, 0, part.len())?;
    }
    Ok(make_array(whole.freeze()))
}
