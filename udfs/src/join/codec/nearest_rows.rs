//! `NearestRowsExec` to bytes and back.

use std::sync::Arc;

use arrow::compute::SortOptions;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::protobuf::PhysicalSortExprNode;

use super::expressions::{Decoder, Encoder, missing};
use super::message::NearestRows;
use crate::join::nearest::{Bounded, MOST_ROWS, NearestRowsExec};

pub(super) fn encode(nearest: &NearestRowsExec, encoder: &Encoder<'_>) -> Result<NearestRows> {
    let options = nearest.by().options();
    Ok(NearestRows {
        by: Some(PhysicalSortExprNode {
            expr: Some(Box::new(encoder.expression(nearest.by().expression())?)),
            asc: !options.descending,
            nulls_first: options.nulls_first,
        }),
        rows: nearest.rows() as u64,
    })
}

pub(super) fn decode(
    nearest: &NearestRows,
    inputs: &[Arc<dyn ExecutionPlan>],
    decoder: &Decoder<'_>,
) -> Result<NearestRowsExec> {
    let [input] = inputs else {
        return plan_err!(
            "the nearest rows are those of one input, the serialized plan has {}",
            inputs.len()
        );
    };
    let by = nearest.by.as_ref().ok_or_else(|| missing("an order"))?;
    let options = SortOptions {
        descending: !by.asc,
        nulls_first: by.nulls_first,
    };
    let schema = input.schema();
    let expression = decoder.expression(by.expr.as_deref(), &schema, "a similarity")?;
    let Some(by) = Bounded::new(&expression, options, &schema)? else {
        return plan_err!(
            "the serialized plan orders rows by {expression}, which this build does not bound"
        );
    };
    let rows = usize::try_from(nearest.rows)
        .ok()
        .filter(|rows| (1..=MOST_ROWS).contains(rows));
    match rows {
        Some(rows) => Ok(NearestRowsExec::new(Arc::clone(input), by, rows)),
        None => plan_err!(
            "the serialized plan keeps the nearest {} rows, not 1 to {MOST_ROWS}",
            nearest.rows
        ),
    }
}
