//! `LIMIT` and `OFFSET` as numbers: DataFusion runs no others.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{ColumnarValue, Expr, Limit, LogicalPlan, lit};
use datafusion::scalar::ScalarValue;
use tributary_udfs::type_name;

use super::ties;
use crate::error::{Error, Result, SqlState};

/// Computes what `LIMIT` and `OFFSET` say, but for what waits for parameters.
///
/// # Errors
/// 2201W and 2201X for negative numbers, 42804 for what is no number, 0A000 for subqueries, 42703 for columns;
/// those of `ties::limit`.
pub fn compute(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    let computed = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Limit(Limit { skip, fetch, input }) => {
            let skip = skip
                .map(|skip| number(*skip, "OFFSET", state))
                .transpose()?;
            if let Some(count) = fetch.as_deref().and_then(ties::counted) {
                let count = number(count.clone(), "LIMIT", state)?;
                return Ok(match (told(skip.as_ref()), told(Some(&count))) {
                    (Some(skip), Some(count)) => {
                        Transformed::yes(ties::limit(skip.unwrap_or(0), count, input)?)
                    }
                    // What waits for parameters is settled once they are bound.
                    _ => Transformed::yes(LogicalPlan::Limit(Limit {
                        skip: skip.map(Box::new),
                        fetch,
                        input,
                    })),
                });
            }
            let fetch = fetch
                .map(|fetch| number(*fetch, "LIMIT", state))
                .transpose()?;
            Ok(Transformed::yes(LogicalPlan::Limit(Limit {
                skip: skip.map(Box::new),
                fetch: fetch.map(Box::new),
                input,
            })))
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(computed.data()?)
}

fn number(expression: Expr, clause: &str, state: &SessionState) -> Result<Expr> {
    if expression.any_column_refs() {
        return Err(Error::new(
            SqlState::UNDEFINED_COLUMN,
            format!("argument of {clause} must not contain columns"),
        ));
    }
    if has_parameters(&expression)? {
        return Ok(expression);
    }
    let (value, is_literal) = match expression {
        Expr::Literal(value, _) => (value, true),
        other => (evaluate(other, clause, state)?, false),
    };
    let own = value.data_type();
    // A text that is a literal is read as a number.
    if !(own.is_null() || own.is_numeric() || is_literal && own.is_string()) {
        let own = type_name(&own);
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("argument of {clause} must be type bigint, not type {own}"),
        ));
    }
    let value = value.cast_to(&DataType::Int64)?;
    if let ScalarValue::Int64(Some(..0)) = value {
        let sqlstate = match clause {
            "LIMIT" => SqlState::INVALID_ROW_COUNT_IN_LIMIT,
            _ => SqlState::INVALID_ROW_COUNT_IN_OFFSET,
        };
        return Err(Error::new(
            sqlstate,
            format!("{clause} must not be negative"),
        ));
    }
    Ok(lit(value))
}

/// A number that is known, if any is said.
fn told(clause: Option<&Expr>) -> Option<Option<i64>> {
    match clause {
        None => Some(None),
        Some(Expr::Literal(ScalarValue::Int64(number), _)) => Some(*number),
        Some(_) => None,
    }
}

fn has_parameters(expression: &Expr) -> Result<bool> {
    Ok(expression.exists(|part| Ok(matches!(part, Expr::Placeholder(_))))?)
}

fn evaluate(expression: Expr, clause: &str, state: &SessionState) -> Result<ScalarValue> {
    let is_subquery = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_)
        ))
    };
    if expression.exists(is_subquery)? {
        return Err(Error::unsupported(format!("{clause} of a subquery"))
            .with_hint("Ask for the number first, and give it as a parameter."));
    }
    let physical = state.create_physical_expr(expression, &DFSchema::empty())?;
    let one_row = RecordBatch::try_new_with_options(
        Schema::empty().into(),
        Vec::new(),
        &RecordBatchOptions::new().with_row_count(Some(1)),
    )?;
    match physical.evaluate(&one_row)? {
        ColumnarValue::Scalar(value) => Ok(value),
        ColumnarValue::Array(values) => Ok(ScalarValue::try_from_array(&values, 0)?),
    }
}
