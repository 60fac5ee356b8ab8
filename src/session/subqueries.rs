//! Subqueries that refer to the query around them, in the forms that DataFusion can turn into joins:
//! a subquery that gives a value must be an aggregate, and `EXISTS` and `IN` must stand in a filter.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema as _, Spans, plan_err};
use datafusion::error::Result as QueryResult;
use datafusion::functions_aggregate::expr_fn::{array_agg, count, first_value};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Expr, FetchType, LogicalPlan, LogicalPlanBuilder, SkipType, SortExpr, Subquery, lit, not, when,
};
use datafusion::scalar::ScalarValue;

use super::only_row;
use crate::error::Result;

/// Says such subqueries in forms that can be run.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let around = match &node {
            LogicalPlan::Projection(projection) => Some(Arc::clone(projection.input.schema())),
            _ => None,
        };
        let names = NamePreserver::new(&node);
        let rewritten = node.map_expressions(|expression| {
            let name = names.save(&expression);
            let rewritten =
                expression.transform_up(|part| rewrite_part(part, around.as_deref()))?;
            Ok(match rewritten.transformed {
                true => rewritten.update_data(|expression| name.restore(expression)),
                false => rewritten,
            })
        })?;
        match rewritten.transformed {
            true => rewritten.map_data(LogicalPlan::recompute_schema),
            false => Ok(rewritten),
        }
    });
    Ok(rewritten.data()?)
}

/// `around` are the columns around a part of a projection.
fn rewrite_part(part: Expr, around: Option<&DFSchema>) -> QueryResult<Transformed<Expr>> {
    match (part, around) {
        (Expr::ScalarSubquery(subquery), _) if !subquery.outer_ref_columns.is_empty() => {
            let value = match first_row(&subquery.subquery) {
                Some(first) => first.value(subquery)?,
                None if may_give_rows(&subquery) => only_value(subquery)?,
                None => return Ok(Transformed::no(Expr::ScalarSubquery(subquery))),
            };
            Ok(Transformed::yes(value))
        }
        (Expr::Exists(Exists { subquery, negated }), Some(_)) => {
            let found = exists(subquery)?;
            Ok(Transformed::yes(if negated { not(found) } else { found }))
        }
        (Expr::InSubquery(membership), Some(around)) => match is_among(&membership, around)? {
            Some(found) if membership.negated => Ok(Transformed::yes(not(found))),
            Some(found) => Ok(Transformed::yes(found)),
            None => Ok(Transformed::no(Expr::InSubquery(membership))),
        },
        (other, _) => Ok(Transformed::no(other)),
    }
}

/// The first of some rows.
struct First {
    rows: LogicalPlan,
    value: Expr,
    order: Vec<SortExpr>,
}

impl First {
    /// Its value, as an aggregate.
    fn value(self, subquery: Subquery) -> QueryResult<Expr> {
        let rows = Subquery {
            subquery: Arc::new(self.rows),
            ..subquery
        };
        one_row(rows, first_value(self.value, self.order), |value| value)
    }
}

/// What `SELECT value ... [ORDER BY ...] LIMIT 1` gives.
fn first_row(plan: &LogicalPlan) -> Option<First> {
    let LogicalPlan::Limit(limit) = plan else {
        return None;
    };
    if limit.input.schema().fields().len() != 1 || is_aggregate(&limit.input) {
        return None;
    }
    let (skip, fetch) = (limit.get_skip_type().ok()?, limit.get_fetch_type().ok()?);
    if !matches!(skip, SkipType::Literal(0)) || !matches!(fetch, FetchType::Literal(Some(1))) {
        return None;
    }
    let column = || limit.input.schema().columns().into_iter().next();
    let (rows, value, order) = match limit.input.as_ref() {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => {
            (&sort.input, Expr::Column(column()?), sort.expr.clone())
        }
        LogicalPlan::Projection(projection) => {
            match (projection.input.as_ref(), projection.expr.as_slice()) {
                (LogicalPlan::Sort(sort), [value]) if sort.fetch.is_none() => {
                    (&sort.input, value.clone().unalias(), sort.expr.clone())
                }
                _ => (&limit.input, Expr::Column(column()?), Vec::new()),
            }
        }
        _ => (&limit.input, Expr::Column(column()?), Vec::new()),
    };
    Some(First {
        rows: rows.as_ref().clone(),
        value,
        order,
    })
}

/// Whether a subquery that refers to the query around it may give several rows of it.
fn may_give_rows(subquery: &Subquery) -> bool {
    subquery.subquery.schema().fields().len() == 1
        && subquery.subquery.max_rows() != Some(1)
        && !is_aggregate(&subquery.subquery)
}

fn is_aggregate(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => !aggregate.aggr_expr.is_empty(),
        LogicalPlan::Projection(_) | LogicalPlan::Filter(_) | LogicalPlan::SubqueryAlias(_) => {
            plan.inputs().into_iter().all(is_aggregate)
        }
        _ => false,
    }
}

/// The value of the one row that a subquery gives. Rows are counted where the query around it reads
/// them: that others have several is no error, as in Postgres.
fn only_value(subquery: Subquery) -> QueryResult<Expr> {
    let Some(column) = subquery.subquery.schema().columns().into_iter().next() else {
        return plan_err!("a subquery has no column");
    };
    let values = one_row(subquery, array_agg(Expr::Column(column)), |values| values)?;
    Ok(only_row::FUNCTION.call(vec![values]))
}

/// `EXISTS (subquery)` as a count.
fn exists(subquery: Subquery) -> QueryResult<Expr> {
    one_row(subquery, count(lit(1_i64)), |count| count.gt(lit(0_i64)))
}

/// A subquery of one row: what an aggregate says of its rows.
fn one_row(subquery: Subquery, aggregate: Expr, answer: fn(Expr) -> Expr) -> QueryResult<Expr> {
    let plan = Arc::unwrap_or_clone(subquery.subquery);
    let known = Column::new_unqualified(aggregate.schema_name().to_string());
    let plan = LogicalPlanBuilder::from(plan)
        .aggregate(Vec::<Expr>::new(), [aggregate])?
        .project([answer(Expr::Column(known)).alias("answer")])?
        .build()?;
    Ok(Expr::ScalarSubquery(Subquery {
        subquery: Arc::new(plan),
        ..subquery
    }))
}

/// `value IN (subquery)`: NULL where no row is equal and one may be. None where the value stands
/// within another subquery and refers to what is around that.
fn is_among(membership: &InSubquery, around: &DFSchema) -> QueryResult<Option<Expr>> {
    let value = membership.expr.as_ref();
    if value.contains_outer() || value.exists(|part| Ok(matches!(part, Expr::ScalarSubquery(_))))? {
        return Ok(None);
    }
    let plan = membership.subquery.subquery.as_ref();
    let Some(column) = plan.schema().columns().into_iter().next() else {
        return Ok(None);
    };
    let field = plan.schema().field(0);
    let equal = Expr::Column(column.clone()).eq(as_outer(value.clone(), around)?);
    let found = exists(filtered(&membership.subquery, equal)?)?;
    let mut unknown = value
        .clone()
        .is_null()
        .and(exists(membership.subquery.clone())?);
    if field.is_nullable() {
        let is_null = Expr::Column(column).is_null();
        unknown = unknown.or(exists(filtered(&membership.subquery, is_null)?)?);
    }
    let among = when(found, lit(true))
        .when(unknown, lit(ScalarValue::Boolean(None)))
        .otherwise(lit(false))?;
    Ok(Some(among))
}

/// A subquery's rows for which a condition holds.
fn filtered(subquery: &Subquery, condition: Expr) -> QueryResult<Subquery> {
    let plan = LogicalPlanBuilder::from(subquery.subquery.as_ref().clone())
        .filter(condition)?
        .build()?;
    Ok(Subquery {
        outer_ref_columns: plan.all_out_ref_exprs(),
        subquery: Arc::new(plan),
        spans: Spans::new(),
    })
}

/// An expression over columns around a subquery, as that subquery reads it.
fn as_outer(expression: Expr, around: &DFSchema) -> QueryResult<Expr> {
    let outer = expression.transform(|part| match part {
        Expr::Column(column) => {
            let field = around.field_from_column(&column)?;
            let field = Arc::new(field.as_ref().clone());
            Ok(Transformed::yes(Expr::OuterReferenceColumn(field, column)))
        }
        other => Ok(Transformed::no(other)),
    });
    outer.data()
}
