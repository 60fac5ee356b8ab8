//! What may stand inside the calls of these functions: `DISTINCT`, `ORDER BY`.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::logical_expr::expr::NullTreatment;
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawWindowExpr,
};
use datafusion::logical_expr::{AggregateUDF, WindowFunctionDefinition};

use super::most_frequent::{MostFrequent, no_distinct};
use super::survivor::Declared;
use crate::FunctionError;

/// Refuses clauses that would change nothing where the user means something by them, and drops
/// `DISTINCT` where it changes nothing: what survives of rows survives of the distinct ones.
#[derive(Debug)]
pub(crate) struct SurvivorshipClauses;

impl ExprPlanner for SurvivorshipClauses {
    fn plan_aggregate(
        &self,
        mut expr: RawAggregateExpr,
    ) -> Result<PlannerResult<RawAggregateExpr>> {
        if let Some(function) = Function::of(&expr.func) {
            if !expr.order_by.is_empty() {
                return Err(no_order_by(expr.func.name()).into());
            }
            expr.distinct = function.distinct(expr.distinct)?;
        }
        Ok(PlannerResult::Original(expr))
    }

    fn plan_window(&self, mut expr: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        if let WindowFunctionDefinition::AggregateUDF(called) = &expr.func_def
            && let Some(function) = Function::of(called)
        {
            if expr.null_treatment == Some(NullTreatment::RespectNulls) {
                return Err(no_nulls(called.name()).into());
            }
            expr.distinct = function.distinct(expr.distinct)?;
        }
        Ok(PlannerResult::Original(expr))
    }
}

#[derive(Clone, Copy)]
enum Function {
    OneRow,
    MostFrequent,
}

impl Function {
    fn of(called: &Arc<AggregateUDF>) -> Option<Self> {
        let inner = called.inner();
        if inner.is::<Declared>() {
            Some(Self::OneRow)
        } else if inner.is::<MostFrequent>() {
            Some(Self::MostFrequent)
        } else {
            None
        }
    }

    /// Whether only distinct rows are to be looked at.
    fn distinct(self, asked: bool) -> Result<bool> {
        match self {
            Self::MostFrequent if asked => Err(no_distinct().into()),
            _ => Ok(false),
        }
    }
}

fn no_order_by(name: &str) -> FunctionError {
    FunctionError::unsupported(format!("{name} does not take ORDER BY inside its call")).with_hint(
        "Give what decides between rows as arguments behind the value; the greatest is taken.",
    )
}

fn no_nulls(name: &str) -> FunctionError {
    FunctionError::unsupported(format!(
        "{name} does not take RESPECT NULLS: a NULL never survives"
    ))
    .with_hint("Take latest_record with a struct of the columns to keep NULLs.")
}
