//! Lateral joins, whose right side refers to the row of the left one.
//!
//! DataFusion pulls the conditions of the right side up to the join, which is right where that filters
//! and joins, and no more. A left side that is one row of values has these put into the right one, and
//! any other right side is computed for all values of the left one at once.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Filter, Join, LogicalPlan};

use super::computed_once;
use super::dependent::{Around, Names, aliased, as_expressions, joined, projected, unsupported};
use super::pulled_up;
use super::references::{has, has_subquery, references};
use super::substitution::with_values;

/// A join without a lateral side, but for one that DataFusion runs rightly.
///
/// # Errors
/// 0A000 for what cannot be computed for all rows of the left side at once.
pub(super) fn rewrite(join: Join, names: &mut Names) -> Result<Transformed<LogicalPlan>> {
    let is_known = matches!(join.join_type, JoinType::Inner | JoinType::Left);
    let lateral = lateral_rows(&join.right)?;
    // A side that refers to the other one in subqueries alone is not told from others.
    let is_marked = lateral.is_some();
    let rows = lateral.unwrap_or_else(|| join.right.as_ref().clone());
    let all = references(&rows)?.into_iter();
    let is_near = |column: &Column| has(join.left.schema(), column);
    let (near, far): (Vec<Column>, Vec<Column>) = all.partition(is_near);
    if !is_known || !is_marked && near.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    }
    if near.is_empty() {
        let right = Arc::new(rows);
        let join = LogicalPlan::Join(Join { right, ..join });
        return Ok(Transformed::yes(join));
    }
    if join.join_type == JoinType::Inner
        && let Some(values) = one_row(&join.left)?
        && let Some(whole) = of_one_row(&join, &rows, values)?
    {
        return Ok(Transformed::yes(whole));
    }
    let is_whole = is_marked && far.is_empty() && references(&join.left)?.is_empty();
    if is_whole && pulled_up::are_joined(&rows)? && !has_any(&rows, &near)? {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    }
    // It is computed again for its values.
    let left = computed_once(join.left.as_ref().clone())?;
    let around = Around::new(left.clone(), near, names)?;
    let (rows_of_values, keys) = around.join(&rows, names)?;
    let name = names.next("lateral");
    let mut columns: Vec<Expr> = as_expressions(&rows.schema().columns()).collect();
    let mut on = Vec::with_capacity(keys.len());
    for (index, (own, key)) in around.keys().into_iter().zip(keys).enumerate() {
        let key_name = format!("{name}_{index}");
        columns.push(Expr::Column(key).alias(&key_name));
        on.push((own, Expr::Column(Column::new_unqualified(key_name))));
    }
    let right = projected(rows_of_values, columns)?;
    let columns = as_expressions(&join.schema.columns()).collect();
    let condition = conjunction(conditions(&join));
    Ok(Transformed::yes(match condition {
        Some(condition) if join.join_type == JoinType::Inner => {
            let whole = joined(left, right, JoinType::Inner, on, None)?;
            let whole = Arc::new(projected(whole, columns)?);
            LogicalPlan::Filter(Filter::try_new(condition, whole)?)
        }
        Some(condition) if has_subquery(&condition) => return Err(unsupported()),
        condition => projected(joined(left, right, join.join_type, on, condition)?, columns)?,
    }))
}

/// The rows of a side that refers to the other one.
fn lateral_rows(side: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    match side {
        LogicalPlan::Subquery(lateral) => Ok(Some(lateral.subquery.as_ref().clone())),
        LogicalPlan::SubqueryAlias(alias) => {
            let rows = lateral_rows(&alias.input)?;
            rows.map(|rows| aliased(rows, alias.alias.clone()))
                .transpose()
        }
        _ => Ok(None),
    }
}

/// Whether a plan reads columns of these names itself, which DataFusion would not tell from those
/// around.
fn has_any(plan: &LogicalPlan, columns: &[Column]) -> Result<bool> {
    plan.exists(|node| Ok(columns.iter().any(|column| has(node.schema(), column))))
}

/// What a join is on.
fn conditions(join: &Join) -> Vec<Expr> {
    let on = join.on.iter();
    let on = on.map(|(left, right)| left.clone().eq(right.clone()));
    on.chain(join.filter.clone()).collect()
}

/// The values of a plan that is one row, whatever the tables hold.
fn one_row(plan: &LogicalPlan) -> Result<Option<Vec<(Column, Expr)>>> {
    Ok(match plan {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => Some(Vec::new()),
        LogicalPlan::SubqueryAlias(alias) => {
            let columns = alias.schema.columns().into_iter();
            let values = one_row(&alias.input)?;
            values.map(|values| columns.zip(values.into_iter().map(|(_, it)| it)).collect())
        }
        LogicalPlan::Projection(projection) => {
            let Some(own) = one_row(&projection.input)? else {
                return Ok(None);
            };
            let columns = projection.schema.columns().into_iter();
            let mut values = Vec::with_capacity(projection.expr.len());
            for (column, expression) in columns.zip(&projection.expr) {
                let value = expression.clone().unalias().transform(|part| {
                    Ok(match &part {
                        Expr::Column(column) => match own.iter().find(|(own, _)| own == column) {
                            Some((_, value)) => Transformed::yes(value.clone()),
                            None => Transformed::no(part),
                        },
                        _ => Transformed::no(part),
                    })
                });
                let value = value.data()?;
                if value.is_volatile() || has_subquery(&value) {
                    return Ok(None);
                }
                values.push((column, value));
            }
            Some(values)
        }
        _ => None,
    })
}

/// A join of one row of values and rows that refer to it; none where the values cannot be put there.
fn of_one_row(
    join: &Join,
    rows: &LogicalPlan,
    values: Vec<(Column, Expr)>,
) -> Result<Option<LogicalPlan>> {
    let put = with_values(rows.clone(), &|_, column| {
        let mut values = values.iter();
        let (_, value) = values.find(|(own, _)| own == column)?;
        Some(value.clone())
    })?;
    let Some(rows) = put else {
        return Ok(None);
    };
    let own: Vec<Expr> = as_expressions(&rows.schema().columns()).collect();
    let values = values.into_iter();
    let values = values.map(|(column, value)| value.alias_qualified(column.relation, column.name));
    let whole = projected(rows, values.chain(own).collect())?;
    Ok(Some(match conjunction(conditions(join)) {
        Some(condition) => LogicalPlan::Filter(Filter::try_new(condition, Arc::new(whole))?),
        None => whole,
    }))
}
