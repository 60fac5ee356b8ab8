//! Subqueries that refer to the query around them, in the forms that DataFusion can turn into joins:
//! a subquery that gives a value must be an aggregate, and `EXISTS` and `IN` must stand in a filter.
//!
//! There, DataFusion knows of an `IN` whether a row is equal, not whether one may be: that is enough
//! where NULL is as good as false. Everywhere else it is said with both.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{
    Column, DFSchema, DFSchemaRef, ExprSchema as _, JoinType, Spans, plan_err,
};
use datafusion::error::Result as QueryResult;
use datafusion::functions_aggregate::expr_fn::{array_agg, count, first_value};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Expr, FetchType, Join, LogicalPlan, LogicalPlanBuilder, Operator, SkipType,
    SortExpr, Subquery, binary_expr, lit, not, when,
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
        let Transformed {
            data: node,
            transformed: is_other,
            ..
        } = match node {
            LogicalPlan::Join(join) => filter_above(join)?,
            other => Transformed::no(other),
        };
        let place = match &node {
            LogicalPlan::Projection(projection) => {
                Place::Column(Arc::clone(projection.input.schema()))
            }
            LogicalPlan::Filter(filter) => Place::Filter(Arc::clone(filter.input.schema())),
            _ => Place::Other,
        };
        let names = NamePreserver::new(&node);
        let rewritten = node.map_expressions(|expression| {
            let name = names.save(&expression);
            let rewritten = match &place {
                Place::Filter(around) => rewrite_condition(expression, around, true),
                place => rewrite_parts(expression, place),
            }?;
            Ok(match rewritten.transformed {
                true => rewritten.update_data(|expression| name.restore(expression)),
                false => rewritten,
            })
        })?;
        match rewritten.transformed {
            true => rewritten.map_data(LogicalPlan::recompute_schema),
            false => Ok(Transformed::new_transformed(rewritten.data, is_other)),
        }
    });
    Ok(rewritten.data()?)
}

/// Where an expression stands, with the columns around it.
enum Place {
    /// Among the columns of a query.
    Column(DFSchemaRef),
    /// In a filter, which takes `EXISTS` as it is.
    Filter(DFSchemaRef),
    /// Elsewhere.
    Other,
}

/// The condition of an inner join as a filter of its rows, where it has subqueries.
fn filter_above(mut join: Join) -> QueryResult<Transformed<LogicalPlan>> {
    let is_moved = join.join_type == JoinType::Inner
        && join.filter.as_ref().is_some_and(has_predicate_subquery);
    let Some(condition) = join.filter.take_if(|_| is_moved) else {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    };
    let (with_subqueries, others): (Vec<_>, Vec<_>) = split_conjunction_owned(condition)
        .into_iter()
        .partition(has_predicate_subquery);
    join.filter = conjunction(others);
    let filters = conjunction(with_subqueries).unwrap_or_else(|| lit(true));
    let filtered = LogicalPlanBuilder::from(LogicalPlan::Join(join)).filter(filters)?;
    Ok(Transformed::yes(filtered.build()?))
}

fn has_predicate_subquery(expression: &Expr) -> bool {
    let is_one = |part: &Expr| Ok(matches!(part, Expr::InSubquery(_) | Expr::Exists(_)));
    expression.exists(is_one).unwrap_or(false)
}

/// A condition, or a part of it, of which NULL is as good as false. A conjunct becomes a semi join or
/// an anti join that knows of NULL; what stands below an `OR`, a mark join.
fn rewrite_condition(
    condition: Expr,
    around: &DFSchemaRef,
    is_conjunct: bool,
) -> QueryResult<Transformed<Expr>> {
    let place = || Place::Filter(Arc::clone(around));
    if !has_predicate_subquery(&condition) {
        return rewrite_parts(condition, &place());
    }
    match condition {
        Expr::BinaryExpr(BinaryExpr { op, .. }) if matches!(op, Operator::And | Operator::Or) => {
            let is_conjunct = is_conjunct && op == Operator::And;
            let mut parts = operands(condition, op).into_iter().rev();
            let first = parts.next().unwrap_or_else(|| lit(true));
            let mut whole = rewrite_condition(first, around, is_conjunct)?;
            for part in parts {
                let part = rewrite_condition(part, around, is_conjunct)?;
                let is_changed = whole.transformed || part.transformed;
                let both = binary_expr(whole.data, op, part.data);
                whole = Transformed::new_transformed(both, is_changed);
            }
            Ok(whole)
        }
        Expr::Not(inner) => match *inner {
            Expr::InSubquery(membership) => {
                let opposite = InSubquery {
                    negated: !membership.negated,
                    ..membership
                };
                rewrite_condition(Expr::InSubquery(opposite), around, is_conjunct)
            }
            inner => rewrite_parts(not(inner), &place()),
        },
        Expr::InSubquery(membership) => {
            let rewritten = rewrite_parts(*membership.expr, &place())?;
            let membership = InSubquery {
                expr: Box::new(rewritten.data),
                ..membership
            };
            let is_correlated = !membership.subquery.outer_ref_columns.is_empty();
            let other = match membership.negated {
                true if is_correlated => is_surely_not_among(&membership, around)?,
                true if !is_conjunct => is_among(&membership, &place())?.map(not),
                _ => None,
            };
            Ok(match other {
                Some(other) => Transformed::yes(other),
                None => Transformed::new_transformed(
                    Expr::InSubquery(membership),
                    rewritten.transformed,
                ),
            })
        }
        other => rewrite_parts(other, &place()),
    }
}

/// What an operator puts together, the last first. A long chain is no deep recursion.
fn operands(mut condition: Expr, op: Operator) -> Vec<Expr> {
    let mut operands = Vec::new();
    loop {
        match condition {
            Expr::BinaryExpr(part) if part.op == op => {
                operands.push(*part.right);
                condition = *part.left;
            }
            first => {
                operands.push(first);
                return operands;
            }
        }
    }
}

fn rewrite_parts(expression: Expr, place: &Place) -> QueryResult<Transformed<Expr>> {
    expression.transform_up(|part| rewrite_part(part, place))
}

fn rewrite_part(part: Expr, place: &Place) -> QueryResult<Transformed<Expr>> {
    match (part, place) {
        (Expr::ScalarSubquery(subquery), _) if !subquery.outer_ref_columns.is_empty() => {
            let value = match first_row(&subquery.subquery) {
                Some(first) => first.value(subquery)?,
                None if may_give_rows(&subquery) => only_value(subquery)?,
                None => return Ok(Transformed::no(Expr::ScalarSubquery(subquery))),
            };
            Ok(Transformed::yes(value))
        }
        (Expr::Exists(Exists { subquery, negated }), Place::Column(_)) => {
            let found = exists(subquery, place)?;
            Ok(Transformed::yes(if negated { not(found) } else { found }))
        }
        (Expr::InSubquery(membership), Place::Column(_) | Place::Filter(_)) => {
            match is_among(&membership, place)? {
                Some(found) if membership.negated => Ok(Transformed::yes(not(found))),
                Some(found) => Ok(Transformed::yes(found)),
                None => Ok(Transformed::no(Expr::InSubquery(membership))),
            }
        }
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

/// `EXISTS (subquery)`: a mark join in a filter, where it refers to the query around it, else a count.
fn exists(subquery: Subquery, place: &Place) -> QueryResult<Expr> {
    if matches!(place, Place::Filter(_)) && !subquery.outer_ref_columns.is_empty() {
        return Ok(Expr::Exists(Exists::new(subquery, false)));
    }
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

/// `value IN (subquery)`: NULL where no row is equal and one may be. None where that cannot be said.
fn is_among(membership: &InSubquery, place: &Place) -> QueryResult<Option<Expr>> {
    let (Place::Column(around) | Place::Filter(around)) = place else {
        return Ok(None);
    };
    let Some((value, column)) = sides(membership, around)? else {
        return Ok(None);
    };
    let rows = &membership.subquery;
    let found = exists(filtered(rows, column.clone().eq(value))?, place)?;
    let is_null = membership.expr.as_ref().clone().is_null();
    let mut unknown = is_null.and(exists(rows.clone(), place)?);
    if rows.subquery.schema().field(0).is_nullable() {
        unknown = unknown.or(exists(filtered(rows, column.is_null())?, place)?);
    }
    let among = when(found, lit(true))
        .when(unknown, lit(ScalarValue::Boolean(None)))
        .otherwise(lit(false))?;
    Ok(Some(among))
}

/// `value NOT IN (subquery)` where NULL is as good as false: no row is equal, and none may be.
fn is_surely_not_among(membership: &InSubquery, around: &DFSchema) -> QueryResult<Option<Expr>> {
    let Some((value, column)) = sides(membership, around)? else {
        return Ok(None);
    };
    let may_be_equal = Expr::IsNotFalse(Box::new(column.eq(value)));
    let rows = filtered(&membership.subquery, may_be_equal)?;
    Ok(Some(Expr::Exists(Exists::new(rows, true))))
}

/// The value that is looked for, as the subquery reads it, and the subquery's column. None where the
/// value stands within another subquery and refers to what is around that.
fn sides(membership: &InSubquery, around: &DFSchema) -> QueryResult<Option<(Expr, Expr)>> {
    let value = membership.expr.as_ref();
    if value.contains_outer() || value.exists(|part| Ok(matches!(part, Expr::ScalarSubquery(_))))? {
        return Ok(None);
    }
    let columns = membership.subquery.subquery.schema().columns();
    let Some(column) = columns.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some((
        as_outer(value.clone(), around)?,
        Expr::Column(column),
    )))
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
