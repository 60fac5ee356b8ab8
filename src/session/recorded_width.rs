//! Columns that were recorded when integers in the text of a query were all `bigint`: they stay as
//! wide as they are known to be.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};

use super::declared;
use crate::catalog::Snapshot;
use crate::error::Result;

/// The plan of a definition, whose columns that are computed, and are `integer` now, are `bigint` where
/// these were recorded so. What is a column of a table has the type that it has there.
///
/// # Errors
/// None that planning the definition has not met.
pub fn keep(plan: LogicalPlan, recorded: &Schema, snapshot: &Snapshot) -> Result<LogicalPlan> {
    let is_narrower = |index: usize, field: &Field| {
        let known = recorded.field_with_name(field.name());
        field.data_type() == &DataType::Int32
            && known.is_ok_and(|known| known.data_type() == &DataType::Int64)
            && !declared::is_stored(&plan, index, snapshot)
    };
    let fields = plan.schema().fields().iter().enumerate();
    let narrower: Vec<bool> = fields
        .map(|(index, field)| is_narrower(index, field))
        .collect();
    if !narrower.contains(&true) {
        return Ok(plan);
    }
    let columns = plan.schema().columns().into_iter().zip(narrower);
    let columns = columns.map(|(column, is_narrower)| {
        let name = column.name.clone();
        match is_narrower {
            true => cast(Expr::Column(column), DataType::Int64).alias(name),
            false => Expr::Column(column),
        }
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}
