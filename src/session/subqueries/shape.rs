//! How many rows a subquery gives, and in which form they are asked for.

use std::sync::Arc;

use datafusion::common::{Column, Spans, plan_err};
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::{array_agg, count, first_value, max, min};
use datafusion::logical_expr::expr::SetQuantifier;
use datafusion::logical_expr::{
    Aggregate, Distinct, DistinctOn, Expr, FetchType, Filter, LogicalPlan, Operator, Projection,
    SkipType, SortExpr, Subquery, binary_expr, lit, when,
};
use datafusion::scalar::ScalarValue;

/// Whether a plan gives one row, of whatever rows it reads.
pub(super) fn gives_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        LogicalPlan::Projection(projection) => gives_one_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => gives_one_row(&alias.input),
        LogicalPlan::Sort(sort) => gives_one_row(&sort.input),
        LogicalPlan::Window(window) => gives_one_row(&window.input),
        _ => false,
    }
}

/// Whether a plan gives no more than one row for each row around it.
pub(in crate::session) fn gives_few_rows(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => gives_few_rows(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => gives_few_rows(&alias.input),
        LogicalPlan::Sort(sort) => gives_few_rows(&sort.input),
        LogicalPlan::Filter(filter) => gives_few_rows(&filter.input),
        LogicalPlan::Limit(limit) => {
            let fetch = limit.get_fetch_type();
            matches!(fetch, Ok(FetchType::Literal(Some(0 | 1)))) || gives_few_rows(&limit.input)
        }
        other => gives_one_row(other),
    }
}

/// The rows of a subquery of which only matters whether there are any: no order, and no limit that
/// leaves one.
pub(super) fn without_order(plan: &LogicalPlan) -> Result<LogicalPlan> {
    Ok(match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => without_order(&sort.input)?,
        LogicalPlan::Limit(limit)
            if matches!(limit.get_skip_type()?, SkipType::Literal(0))
                && matches!(
                    limit.get_fetch_type()?,
                    FetchType::Literal(None | Some(1..))
                ) =>
        {
            without_order(&limit.input)?
        }
        LogicalPlan::Projection(projection) => LogicalPlan::Projection(Projection::try_new(
            projection.expr.clone(),
            Arc::new(without_order(&projection.input)?),
        )?),
        other => other.clone(),
    })
}

/// The first of some rows, `SELECT value ... [ORDER BY ...] LIMIT 1`, as an aggregate.
pub(super) fn first_row(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Limit(limit) = plan else {
        return Ok(None);
    };
    let (skip, fetch) = (limit.get_skip_type()?, limit.get_fetch_type()?);
    if !matches!(skip, SkipType::Literal(0)) || !matches!(fetch, FetchType::Literal(Some(1))) {
        return Ok(None);
    }
    let column = || only_column(&limit.input);
    let (rows, value, order): (_, _, Vec<SortExpr>) = match limit.input.as_ref() {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => {
            (&sort.input, column()?, sort.expr.clone())
        }
        LogicalPlan::Projection(projection) => {
            match (projection.input.as_ref(), projection.expr.as_slice()) {
                (LogicalPlan::Sort(sort), [value]) if sort.fetch.is_none() => {
                    (&sort.input, value.clone().unalias(), sort.expr.clone())
                }
                _ => (&limit.input, column()?, Vec::new()),
            }
        }
        _ => (&limit.input, column()?, Vec::new()),
    };
    if gives_one_row(rows) {
        return Ok(None);
    }
    of_all(rows.as_ref().clone(), first_value(value, order), |value| {
        Ok(value)
    })
    .map(Some)
}

/// All values of a subquery, as a list.
pub(super) fn all_values(plan: LogicalPlan) -> Result<LogicalPlan> {
    let values = array_agg(only_column(&plan)?);
    of_all(plan, values, Ok)
}

/// Whether a subquery gives rows, as a value.
pub(super) fn any_rows(plan: LogicalPlan) -> Result<LogicalPlan> {
    of_all(plan, count(lit(1_i64)), |count| Ok(count.gt(lit(0_i64))))
}

/// Whether a subquery gives no rows, as a value.
pub(super) fn no_rows(plan: LogicalPlan) -> Result<LogicalPlan> {
    of_all(plan, count(lit(1_i64)), |count| Ok(count.eq(lit(0_i64))))
}

/// What `value operator ANY (subquery)` or `ALL` is, as a value: NULL where a row leaves it open.
pub(super) fn comparison(
    plan: LogicalPlan,
    value: Expr,
    operator: Operator,
    quantifier: &SetQuantifier,
) -> Result<LogicalPlan> {
    let holds = binary_expr(value, operator, only_column(&plan)?);
    let degree = when(holds.clone(), lit(2_i32))
        .when(holds.is_null(), lit(1_i32))
        .otherwise(lit(0_i32))?;
    let unknown = || lit(ScalarValue::Boolean(None));
    match quantifier {
        SetQuantifier::Any => of_all(plan, max(degree), |best| {
            when(best.clone().eq(lit(2_i32)), lit(true))
                .when(best.eq(lit(1_i32)), unknown())
                .otherwise(lit(false))
        }),
        SetQuantifier::All => of_all(plan, min(degree), |worst| {
            when(worst.clone().eq(lit(0_i32)), lit(false))
                .when(worst.eq(lit(1_i32)), unknown())
                .otherwise(lit(true))
        }),
    }
}

/// What an aggregate says of all rows.
fn of_all(
    plan: LogicalPlan,
    aggregate: Expr,
    answer: impl FnOnce(Expr) -> Result<Expr>,
) -> Result<LogicalPlan> {
    let known = Column::new_unqualified(aggregate.schema_name().to_string());
    let rows = Aggregate::try_new(Arc::new(plan), Vec::new(), vec![aggregate])?;
    let answer = answer(Expr::Column(known))?.alias("answer");
    let answers = Projection::try_new(vec![answer], Arc::new(LogicalPlan::Aggregate(rows)))?;
    Ok(LogicalPlan::Projection(answers))
}

/// The one column of a subquery.
pub(super) fn only_column(plan: &LogicalPlan) -> Result<Expr> {
    match plan.schema().columns().into_iter().next() {
        Some(column) => Ok(Expr::Column(column)),
        None => plan_err!("a subquery has no column"),
    }
}

/// The rows for which a condition holds.
pub(super) fn filtered(plan: &LogicalPlan, condition: Expr) -> Result<LogicalPlan> {
    let filter = Filter::try_new(condition, Arc::new(plan.clone()))?;
    Ok(LogicalPlan::Filter(filter))
}

/// A plan as a subquery of an expression.
pub(in crate::session) fn subquery(plan: LogicalPlan) -> Subquery {
    Subquery {
        outer_ref_columns: plan.all_out_ref_exprs(),
        subquery: Arc::new(plan),
        spans: Spans::new(),
    }
}

/// A node over other rows.
pub(in crate::session) fn over(node: LogicalPlan, input: LogicalPlan) -> Result<LogicalPlan> {
    let LogicalPlan::Distinct(Distinct::On(distinct)) = node else {
        return node.with_new_exprs(node.expressions(), vec![input]);
    };
    // DataFusion takes no expressions for one that has an order.
    let distinct = DistinctOn::try_new(
        distinct.on_expr,
        distinct.select_expr,
        distinct.sort_expr,
        Arc::new(input),
    )?;
    Ok(LogicalPlan::Distinct(Distinct::On(distinct)))
}
