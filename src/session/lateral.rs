//! `FROM t, jsonb_each(t.document)`: rows that a function gives for each row of what stands before it.
//!
//! DataFusion joins with a subquery that refers to the row around it only where that is a relation of
//! its own. A function's rows are a list that is unnested, so that such a join is the rows of the
//! left, each with its list, unnested.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, ScalarValue, TableReference};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{
    Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Projection, Unnest,
};
use tributary_udfs::json::RowsOrNull;

use crate::error::Result;

/// Says such joins as lists that are unnested.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) => match unnested(&join)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(LogicalPlan::Join(join))),
        },
        other => Ok(Transformed::no(other)),
    });
    Ok(rewritten.data()?)
}

/// The rows of a function: lists, what unnests them, and the columns that become of them.
struct Rows<'a> {
    lists: &'a Projection,
    unnest: &'a Unnest,
    /// From the function's own to those that the query sees.
    columns: Vec<&'a Projection>,
    /// The name by which the query knows them.
    alias: Option<&'a TableReference>,
}

/// What a join's right side is, where it is a function of the left.
fn rows(right: &LogicalPlan) -> Option<Rows<'_>> {
    let (alias, subquery) = match right {
        LogicalPlan::SubqueryAlias(alias) => (Some(&alias.alias), alias.input.as_ref()),
        other => (None, other),
    };
    let LogicalPlan::Subquery(subquery) = subquery else {
        return None;
    };
    let mut columns = Vec::new();
    let mut node = subquery.subquery.as_ref();
    loop {
        match node {
            LogicalPlan::Projection(projection) => {
                columns.push(projection);
                node = &projection.input;
            }
            LogicalPlan::Unnest(unnest) => {
                let LogicalPlan::Projection(lists) = unnest.input.as_ref() else {
                    return None;
                };
                let LogicalPlan::EmptyRelation(empty) = lists.input.as_ref() else {
                    return None;
                };
                columns.reverse();
                return empty.produce_one_row.then_some(Rows {
                    lists,
                    unnest,
                    columns,
                    alias,
                });
            }
            _ => return None,
        }
    }
}

fn unnested(join: &Join) -> QueryResult<Option<LogicalPlan>> {
    let Some(rows) = rows(&join.right) else {
        return Ok(None);
    };
    let keeps_left = match join.join_type {
        JoinType::Inner => false,
        // Which rows an outer join keeps is not known before its condition is.
        JoinType::Left if join.on.is_empty() && is_true(join.filter.as_ref()) => true,
        _ => return Ok(None),
    };
    let left = || join.left.schema().columns().into_iter().map(Expr::Column);
    let mut lists = Vec::with_capacity(rows.lists.expr.len());
    for list in &rows.lists.expr {
        let list = within(list.clone())?;
        lists.push(match (keeps_left, list) {
            (true, Expr::Alias(alias)) => {
                RowsOrNull::udf().call(vec![*alias.expr]).alias(alias.name)
            }
            (_, list) => list,
        });
    }
    let options = rows.unnest.options.clone().with_preserve_nulls(keeps_left);
    let mut plan = LogicalPlanBuilder::from(Arc::clone(&join.left))
        .project(left().chain(lists))?
        .unnest_columns_with_options(rows.unnest.exec_columns.clone(), options)?;
    let mut columns = Vec::new();
    for projection in &rows.columns {
        let mut next = Vec::with_capacity(projection.expr.len());
        for expression in &projection.expr {
            let known: &[(Column, Expr)] = &columns;
            next.push(replaced(within(expression.clone())?, known)?);
        }
        let names = projection.schema.columns();
        columns = names.into_iter().zip(next).collect();
    }
    let alias = rows.alias.cloned();
    let right = columns.into_iter().map(|(column, value)| {
        let qualifier = alias.clone().or(column.relation);
        value.unalias().alias_qualified(qualifier, column.name)
    });
    plan = plan.project(left().chain(right))?;
    let mut conditions: Vec<Expr> = join
        .on
        .iter()
        .map(|(left, right)| left.clone().eq(right.clone()))
        .collect();
    conditions.extend(join.filter.clone().filter(|filter| !is_true(Some(filter))));
    for condition in conditions {
        plan = plan.filter(condition)?;
    }
    Ok(Some(plan.build()?))
}

fn is_true(condition: Option<&Expr>) -> bool {
    match condition {
        None => true,
        Some(Expr::Literal(ScalarValue::Boolean(Some(true)), _)) => true,
        Some(_) => false,
    }
}

/// An expression over columns around a subquery, as these are read beside its own.
fn within(expression: Expr) -> QueryResult<Expr> {
    let own = expression.transform(|part| match part {
        Expr::OuterReferenceColumn(_, column) => Ok(Transformed::yes(Expr::Column(column))),
        other => Ok(Transformed::no(other)),
    });
    own.data()
}

/// An expression over columns that are computed below it.
fn replaced(expression: Expr, columns: &[(Column, Expr)]) -> QueryResult<Expr> {
    let own = expression.transform(|part| match &part {
        Expr::Column(column) => match columns.iter().find(|(known, _)| known == column) {
            Some((_, value)) => Ok(Transformed::yes(value.clone().unalias())),
            None => Ok(Transformed::no(part)),
        },
        _ => Ok(Transformed::no(part)),
    });
    own.data()
}
