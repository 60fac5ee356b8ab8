//! Columns that were recorded when integers in the text of a query were all `bigint`, and a sum of reals
//! was a `double precision`: they stay as wide as they are known to be.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};

use super::declared;
use crate::catalog::Snapshot;
use crate::error::Result;

/// The plan of a definition, whose columns that are computed, and are `integer` or `real` now, are `bigint`
/// or `double precision` where these were recorded so. What is a column of a table has the type that it
/// has there.
///
/// # Errors
/// None that planning the definition has not met.
pub fn keep(plan: LogicalPlan, recorded: &Schema, snapshot: &Snapshot) -> Result<LogicalPlan> {
    let wider = |index: usize, field: &Field| {
        let known = recorded.field_with_name(field.name()).ok()?.data_type();
        let is_narrower = matches!(
            (field.data_type(), known),
            (DataType::Int32, DataType::Int64) | (DataType::Float32, DataType::Float64)
        );
        let is_kept = is_narrower && !declared::is_stored(&plan, index, snapshot);
        is_kept.then(|| known.clone())
    };
    let fields = plan.schema().fields().iter().enumerate();
    let wider: Vec<Option<DataType>> = fields.map(|(index, field)| wider(index, field)).collect();
    if wider.iter().all(Option::is_none) {
        return Ok(plan);
    }
    let columns = plan.schema().columns().into_iter().zip(wider);
    let columns = columns.map(|(column, wider)| {
        let name = column.name.clone();
        match wider {
            Some(wider) => cast(Expr::Column(column), wider).alias(name),
            None => Expr::Column(column),
        }
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}
