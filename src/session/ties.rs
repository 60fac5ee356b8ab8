//! `FETCH FIRST n ROWS WITH TIES`: rows that `ORDER BY` does not tell from the last of the first n are there
//! too. DataFusion has no such limit: the rows are numbered and ranked, and those stay whose rank is within.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::error::Result as QueryResult;
use datafusion::functions_window::expr_fn::{rank, row_number};
use datafusion::logical_expr::{
    Distinct, Expr, ExprFunctionExt as _, Limit, LogicalPlan, LogicalPlanBuilder, Projection, Sort,
    lit,
};

use crate::error::{Error, Result};
use crate::sql::with_ties::ROWS_WITH_TIES;

/// The columns of the place and the rank of a row.
const PLACE: &str = "tributary:ties:place";
const RANK: &str = "tributary:ties:rank";

/// The number of rows that a limit with ties is of; none for one without.
pub(super) fn counted(fetch: &Expr) -> Option<&Expr> {
    match fetch {
        Expr::ScalarFunction(call) if call.name() == ROWS_WITH_TIES => call.args.first(),
        _ => None,
    }
}

/// The rows behind some that are skipped, up to a number of them and those like the last one. Without a
/// number, all.
///
/// # Errors
/// 0A000 beside `DISTINCT ON`, of which nothing tells by what the rows are in order.
pub(super) fn limit(skip: i64, count: Option<i64>, input: Arc<LogicalPlan>) -> Result<LogicalPlan> {
    let count = match count {
        Some(count) if count > 0 => count,
        none => return Ok(plain(skip, none, input)),
    };
    let last = skip.saturating_add(count);
    match input.as_ref() {
        LogicalPlan::Sort(sort) => Ok(tied(sort, skip, last)?),
        // Keys that are not selected are taken off above the sort.
        LogicalPlan::Projection(projection) => match projection.input.as_ref() {
            LogicalPlan::Sort(sort) => {
                let rows = Arc::new(tied(sort, skip, last)?);
                let columns = projection.expr.clone();
                let schema = Arc::clone(&projection.schema);
                let projection = Projection::try_new_with_schema(columns, rows, schema)?;
                Ok(LogicalPlan::Projection(projection))
            }
            _ => Ok(plain(skip, None, input)),
        },
        LogicalPlan::Distinct(Distinct::On(_)) => Err(Error::unsupported(
            "FETCH FIRST ... WITH TIES beside DISTINCT ON",
        )
        .with_hint("Select the distinct rows in a subquery of FROM, and put these in order.")),
        // Without a sort no row is told from another.
        _ => Ok(plain(skip, None, input)),
    }
}

fn plain(skip: i64, count: Option<i64>, input: Arc<LogicalPlan>) -> LogicalPlan {
    LogicalPlan::Limit(Limit {
        skip: Some(Box::new(lit(skip))),
        fetch: count.map(|count| Box::new(lit(count))),
        input,
    })
}

/// The rows of a sort behind `skip`, whose equals begin within the first `last`.
fn tied(sort: &Sort, skip: i64, last: i64) -> QueryResult<LogicalPlan> {
    let own = sort.input.schema().columns().into_iter();
    let place = row_number().order_by(sort.expr.clone()).build()?;
    let rank = rank().order_by(sort.expr.clone()).build()?;
    LogicalPlanBuilder::from(sort.input.as_ref().clone())
        .window([place.alias(PLACE), rank.alias(RANK)])?
        .filter(
            column(PLACE)
                .gt(lit(skip))
                .and(column(RANK).lt_eq(lit(last))),
        )?
        .sort(sort.expr.clone())?
        .project(own.map(Expr::Column))?
        .build()
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}
