//! Subqueries in the condition of a join, which DataFusion takes in filters alone.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Filter, Join, LogicalPlan, lit};

use super::dependent::{Names, as_expressions, projected};
use super::references::{has, has_dependent_subquery, references, subquery_of};
use super::rewrite_node;
use crate::error::Error;

/// A join whose condition has no subqueries but such that are the same for all rows: of an inner join
/// they are a filter above it, of an outer join a column of the side that they are about, the smallest part
/// of the condition with them where all of it is about both.
///
/// # Errors
/// 0A000 for subqueries of an outer join that are about both sides.
pub(super) fn rewrite(join: Join, names: &mut Names) -> Result<Transformed<LogicalPlan>> {
    let is_moved = match &join.filter {
        Some(filter) => has_dependent_subquery(filter)?,
        None => false,
    };
    if !is_moved {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    }
    let mut moved = Vec::new();
    let mut others = Vec::new();
    for condition in split_conjunction_owned(join.filter.clone().unwrap_or_else(|| lit(true))) {
        match has_dependent_subquery(&condition)? {
            true => moved.push(condition),
            false => others.push(condition),
        }
    }
    if join.join_type == JoinType::Inner {
        let mut join = join;
        join.filter = conjunction(others);
        let filter = conjunction(moved).unwrap_or_else(|| lit(true));
        let filter = Filter::try_new(filter, Arc::new(LogicalPlan::Join(join)))?;
        return Ok(Transformed::yes(LogicalPlan::Filter(filter)));
    }
    let columns = join.schema.columns();
    let (mut left, mut right) = (join.left.as_ref().clone(), join.right.as_ref().clone());
    for condition in moved {
        let read = columns_around(&condition)?;
        let is_of = |side: &LogicalPlan| read.iter().all(|column| has(side.schema(), column));
        let name = names.next("condition");
        let side = match (is_of(&join.right), is_of(&join.left)) {
            (true, _) => &mut right,
            (_, true) => &mut left,
            _ => {
                others.push(beside(condition, [&mut left, &mut right], names)?);
                continue;
            }
        };
        *side = with_column(side, condition, &name, names)?;
        others.push(Expr::Column(Column::new_unqualified(name)));
    }
    let joined = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        join.on,
        conjunction(others),
        join.join_type,
        join.join_constraint,
        join.null_equality,
        join.null_aware,
    )?;
    let columns = as_expressions(&columns).collect();
    Ok(Transformed::yes(projected(
        LogicalPlan::Join(joined),
        columns,
    )?))
}

/// A condition about both sides, whose parts with subqueries are columns of the sides that they are about.
fn beside(condition: Expr, sides: [&mut LogicalPlan; 2], names: &mut Names) -> Result<Expr> {
    let [left, right] = sides;
    let placed = condition.transform_down(|part| {
        if !has_dependent_subquery(&part)? {
            return Ok(Transformed::new(part, false, TreeNodeRecursion::Jump));
        }
        let read = columns_around(&part)?;
        let is_of = |side: &LogicalPlan| read.iter().all(|column| has(side.schema(), column));
        let side = match (is_of(&*right), is_of(&*left)) {
            (true, _) => &mut *right,
            (_, true) => &mut *left,
            _ if subquery_of(&part).is_some() => {
                let what = "a subquery on both sides in the condition of an outer join";
                return Err(Error::unsupported(what).into());
            }
            _ => return Ok(Transformed::no(part)),
        };
        let name = names.next("value");
        *side = with_column(side, part, &name, names)?;
        let column = Expr::Column(Column::new_unqualified(name));
        Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
    })?;
    Ok(placed.data)
}

/// Rows with one more column.
fn with_column(
    rows: &LogicalPlan,
    value: Expr,
    name: &str,
    names: &mut Names,
) -> Result<LogicalPlan> {
    let mut columns: Vec<Expr> = as_expressions(&rows.schema().columns()).collect();
    columns.push(value.alias(name));
    Ok(rewrite_node(projected(rows.clone(), columns)?, names)?.data)
}

/// The columns of the join that a condition and the subqueries in it read.
fn columns_around(condition: &Expr) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = condition.column_refs().into_iter().cloned().collect();
    condition.apply(|part| {
        if let Some(subquery) = subquery_of(part) {
            columns.extend(references(&subquery.subquery)?);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(columns)
}
