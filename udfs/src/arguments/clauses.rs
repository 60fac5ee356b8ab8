//! What window functions and aggregates of this library do not take, told instead of dropped:
//! DataFusion leaves out the clauses that a function does not look at, without a word.

use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::NullTreatment;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawWindowExpr,
};
use datafusion::logical_expr::{
    AggregateUDF, Expr, WindowFrame, WindowFrameBound, WindowFunctionDefinition,
};

use super::aggregate::{Aggregate, Clause, Distinct};
use super::declaration::Declared;
use super::window::WindowFunction;
use crate::FunctionError;

/// Refuses the clauses that would make no difference where their reader thinks they do, and drops
/// `DISTINCT` where it makes none.
#[derive(Debug)]
pub(crate) struct Clauses;

impl ExprPlanner for Clauses {
    fn plan_window(&self, mut expr: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        match &expr.func_def {
            WindowFunctionDefinition::WindowUDF(called) => {
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
                if let Some(declared) = called.inner().downcast_ref::<Declared<WindowFunction>>() {
                    check(declared.definition, &expr)?;
                }
            }
            WindowFunctionDefinition::AggregateUDF(called) => {
                refuse_star(called, &expr.args)?;
                if let Some(aggregate) = aggregate(called) {
                    if expr.null_treatment == Some(NullTreatment::RespectNulls) {
                        refuse(aggregate, Clause::RespectNulls)?;
                    }
                    expr.distinct = distinct(aggregate, expr.distinct)?;
                }
            }
        }
        Ok(PlannerResult::Original(expr))
    }

    fn plan_aggregate(
        &self,
        mut expr: RawAggregateExpr,
    ) -> Result<PlannerResult<RawAggregateExpr>> {
        refuse_star(&expr.func, &expr.args)?;
        if let Some(aggregate) = aggregate(&expr.func) {
            if !expr.order_by.is_empty() {
                refuse(aggregate, Clause::OrderBy)?;
            }
            expr.distinct = distinct(aggregate, expr.distinct)?;
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// That none but `count` is called with a star, which says that there are no arguments.
fn refuse_star(called: &AggregateUDF, arguments: &[Expr]) -> Result<(), FunctionError> {
    let is_star = |argument: &Expr| argument.variant_name() == "Wildcard";
    let name = called.name();
    if name == "count" || aggregate(called).is_some() || !arguments.iter().any(is_star) {
        return Ok(());
    }
    let error = FunctionError::no_such_form(format!("function {name}() does not exist"));
    Err(error.with_hint(format!(
        "Of all rows there is count(*): name the column in {name}()."
    )))
}

/// What is called, where it is an aggregate of this library.
fn aggregate(called: &AggregateUDF) -> Option<&'static dyn Aggregate> {
    let declared = called.inner().downcast_ref::<Declared<dyn Aggregate>>()?;
    Some(declared.definition)
}

fn refuse(aggregate: &dyn Aggregate, clause: Clause) -> Result<(), FunctionError> {
    aggregate.refusal(clause).map_or(Ok(()), Err)
}

/// Whether repeated rows are to be left out, where that was asked or not.
fn distinct(aggregate: &dyn Aggregate, asked: bool) -> Result<bool, FunctionError> {
    match aggregate.distinct() {
        Distinct::Ignored => Ok(false),
        Distinct::Refused(error) if asked => Err(error),
        _ => Ok(asked),
    }
}

fn check(function: &WindowFunction, expr: &RawWindowExpr) -> Result<(), FunctionError> {
    let (name, hints) = (function.form.name, &function.hints);
    if expr.null_treatment.is_some() {
        return Err(FunctionError::unsupported(format!(
            "{name} takes neither IGNORE NULLS nor RESPECT NULLS"
        ))
        .with_hint(hints.nulls));
    }
    if !reaches_back(&expr.window_frame) {
        return Err(FunctionError::unfit_window(format!(
            "{name} answers from its whole partition, not from a frame"
        ))
        .with_hint(hints.frame));
    }
    if expr.order_by.is_empty() && (function.ordered)(expr.args.len()) {
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
