//! `VALUES` of more than DataFusion computes as it plans them: with subqueries, or columns of the row
//! around.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union, Values};

use super::dependent::projected;
use super::references::has_subquery;

/// Whether there are values that are computed only as a query runs.
pub(super) fn are_computed(values: &Values) -> bool {
    values.values.iter().flatten().any(is_computed)
}

fn is_computed(value: &Expr) -> bool {
    has_subquery(value) || value.contains_outer()
}

/// Rows of values, those that satisfy this as a query each.
///
/// # Errors
/// None that planning the values has not met.
pub(in crate::session) fn apart(
    values: &Values,
    is_computed: impl Fn(&Expr) -> bool,
) -> Result<LogicalPlan> {
    let names: Vec<&String> = values.schema.fields().iter().map(|it| it.name()).collect();
    let mut inputs = Vec::new();
    let mut plain: Vec<Vec<Expr>> = Vec::new();
    let flush = |plain: &mut Vec<Vec<Expr>>, inputs: &mut Vec<Arc<LogicalPlan>>| {
        if !plain.is_empty() {
            inputs.push(Arc::new(LogicalPlan::Values(Values {
                schema: Arc::clone(&values.schema),
                values: std::mem::take(plain),
            })));
        }
    };
    for row in &values.values {
        if !row.iter().any(&is_computed) {
            plain.push(row.clone());
            continue;
        }
        flush(&mut plain, &mut inputs);
        let one = LogicalPlanBuilder::empty(true).build()?;
        let columns = row.iter().cloned().zip(&names);
        let columns = columns.map(|(value, name)| value.alias(name.as_str()));
        inputs.push(Arc::new(projected(one, columns.collect())?));
    }
    flush(&mut plain, &mut inputs);
    match inputs.as_slice() {
        [only] => Ok(only.as_ref().clone()),
        _ => Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?)),
    }
}

/// Values that are computed as a query runs, as a query for each row of these.
///
/// # Errors
/// None that planning the values has not met.
pub(super) fn computed_apart(values: &Values) -> Result<LogicalPlan> {
    apart(values, is_computed)
}
