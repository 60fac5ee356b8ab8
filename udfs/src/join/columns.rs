//! Work on whole columns, in steps between which a cancelled query is heard.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatchOptions, new_empty_array};
use arrow::compute::concat;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;

use super::cancellation::Cancellation;

/// For how many rows an expression is computed between two checks.
const ROWS: usize = 8192;

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
    Ok(concat(&parts)?)
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
            parts => concat(parts)?,
        });
    }
    let count = batches.iter().map(RecordBatch::num_rows).sum();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    let schema = Arc::clone(schema);
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}
