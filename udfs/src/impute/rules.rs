//! What window functions and aggregates of this library do not take, told instead of dropped:
//! DataFusion leaves out the clauses that a function does not look at, without a word.

use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawWindowExpr,
};
use datafusion::logical_expr::{WindowFrame, WindowFrameBound, WindowFunctionDefinition};

use super::IMPUTATIONS;
use super::imputation::Imputation;
use crate::FunctionError;
use crate::completeness::NOT_DISTINCT;

/// Refuses the clauses that would make no difference where their reader thinks they do.
#[derive(Debug)]
pub(crate) struct ClauseRules;

impl ExprPlanner for ClauseRules {
    fn plan_window(&self, expr: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        let name = expr.func_def.name();
        match &expr.func_def {
            WindowFunctionDefinition::WindowUDF(_) => {
                // As PostgreSQL says it.
                if expr.filter.is_some() {
                    return Err(FunctionError::unsupported(
                        "FILTER is not implemented for non-aggregate window functions",
                    )
                    .into());
                }
                if expr.distinct {
                    return Err(FunctionError::unsupported(
                        "DISTINCT is not implemented for window functions",
                    )
                    .into());
                }
                if let Some(imputation) = IMPUTATIONS
                    .iter()
                    .find(|imputation| imputation.form.name == name)
                {
                    check(imputation, &expr)?;
                }
            }
            WindowFunctionDefinition::AggregateUDF(_) => check_distinct(name, expr.distinct)?,
        }
        Ok(PlannerResult::Original(expr))
    }

    fn plan_aggregate(&self, expr: RawAggregateExpr) -> Result<PlannerResult<RawAggregateExpr>> {
        check_distinct(expr.func.name(), expr.distinct)?;
        Ok(PlannerResult::Original(expr))
    }
}

fn check(imputation: &Imputation, expr: &RawWindowExpr) -> Result<(), FunctionError> {
    let name = imputation.form.name;
    if expr.null_treatment.is_some() {
        return Err(FunctionError::unsupported(format!(
            "{name} takes neither IGNORE NULLS nor RESPECT NULLS"
        ))
        .with_hint("It fills NULLs from what is not NULL: leave the clause out."));
    }
    if !reaches_back(&expr.window_frame) {
        return Err(FunctionError::unfit_window(format!(
            "{name} fills from its whole partition, not from a frame"
        ))
        .with_hint(
            "Leave the frame out, or fill from it by an aggregate: \
             coalesce(value, avg(value) OVER (... ROWS BETWEEN ...)).",
        ));
    }
    if expr.order_by.is_empty() && (imputation.ordered)(expr.args.len()) {
        return Err(FunctionError::unfit_window(format!(
            "{name} needs an ORDER BY in its OVER clause"
        ))
        .with_hint("Without one, which row comes before another is left to chance."));
    }
    Ok(())
}

/// Whether a frame is the whole partition, or what stands for it where no frame was written:
/// all rows up to the current one.
fn reaches_back(frame: &WindowFrame) -> bool {
    let unbounded = |value: &ScalarValue| value.is_null();
    let start =
        matches!(&frame.start_bound, WindowFrameBound::Preceding(value) if unbounded(value));
    let end = match &frame.end_bound {
        WindowFrameBound::Following(value) => unbounded(value),
        WindowFrameBound::CurrentRow => true,
        WindowFrameBound::Preceding(_) => false,
    };
    start && end
}

fn check_distinct(name: &str, distinct: bool) -> Result<(), FunctionError> {
    if distinct && NOT_DISTINCT.contains(&name) {
        return Err(FunctionError::unsupported(format!(
            "{name} counts rows and takes no DISTINCT"
        ))
        .with_hint("Ask a query of SELECT DISTINCT rows instead."));
    }
    Ok(())
}
