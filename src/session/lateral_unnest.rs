//! `FROM t, unnest(t.list)`: rows of a list of the row beside it. DataFusion plans a subquery that
//! refers to that row, and has no join for such a one; here the list is a column of the row, and
//! `Unnest` does the rest.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, JoinType};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, LogicalPlanBuilder, Unnest};

use crate::error::Result;

/// Takes lists of the row beside them apart within that row.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) if join.join_type == JoinType::Inner => match within(&join)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(LogicalPlan::Join(join))),
        },
        other => Ok(Transformed::no(other)),
    });
    Ok(rewritten.data()?)
}

/// What becomes of a join whose right side takes lists of the left one apart, and nothing else.
fn within(join: &Join) -> QueryResult<Option<LogicalPlan>> {
    let Some(mut steps) = steps(&join.right) else {
        return Ok(None);
    };
    let left: Vec<Expr> = own_columns(join.left.schema());
    let mut plan = join.left.as_ref().clone();
    while let Some(step) = steps.pop() {
        plan = match step {
            Step::Project(expressions) => {
                let expressions = expressions.into_iter().map(of_the_row);
                let expressions = expressions.collect::<QueryResult<Vec<_>>>()?;
                LogicalPlanBuilder::from(plan)
                    .project(left.iter().cloned().chain(expressions))?
                    .build()?
            }
            Step::Unnest(unnest) => {
                let lists = unnest.exec_columns.clone();
                LogicalPlanBuilder::from(plan)
                    .unnest_columns_with_options(lists, unnest.options.clone())?
                    .build()?
            }
            Step::Rename(to) => {
                let width = left.len();
                let from = plan.schema().columns().into_iter().skip(width);
                let renamed = from.zip(to.iter()).map(|(from, (relation, field))| {
                    Expr::Column(from).alias_qualified(relation.cloned(), field.name())
                });
                LogicalPlanBuilder::from(plan)
                    .project(left.iter().cloned().chain(renamed))?
                    .build()?
            }
        };
    }
    // What is joined on speaks of both sides, all of whose columns are here.
    let mut conditions: Vec<Expr> = join
        .on
        .iter()
        .map(|(left, right)| left.clone().eq(right.clone()))
        .collect();
    conditions.extend(join.filter.clone());
    for condition in conditions {
        plan = LogicalPlanBuilder::from(plan).filter(condition)?.build()?;
    }
    Ok(Some(plan))
}

enum Step {
    Project(Vec<Expr>),
    Unnest(Box<Unnest>),
    Rename(Arc<DFSchema>),
}

/// The steps of such a right side, the last one first.
fn steps(right: &LogicalPlan) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let (mut plan, mut is_lateral, mut has_lists) = (right, false, false);
    loop {
        plan = match plan {
            LogicalPlan::SubqueryAlias(alias) => {
                steps.push(Step::Rename(Arc::clone(&alias.schema)));
                alias.input.as_ref()
            }
            LogicalPlan::Subquery(subquery) if !is_lateral => {
                is_lateral = true;
                subquery.subquery.as_ref()
            }
            LogicalPlan::Projection(projection) if is_lateral => {
                steps.push(Step::Project(projection.expr.clone()));
                projection.input.as_ref()
            }
            LogicalPlan::Unnest(unnest) if is_lateral && !has_lists => {
                has_lists = true;
                steps.push(Step::Unnest(Box::new(unnest.clone())));
                unnest.input.as_ref()
            }
            LogicalPlan::EmptyRelation(empty)
                if is_lateral && has_lists && empty.produce_one_row =>
            {
                return Some(steps);
            }
            _ => return None,
        };
    }
}

fn own_columns(schema: &DFSchema) -> Vec<Expr> {
    schema.columns().into_iter().map(Expr::Column).collect()
}

/// An expression over the row beside it, as one over its own; it keeps its name.
fn of_the_row(expression: Expr) -> QueryResult<Expr> {
    let name = expression.schema_name().to_string();
    let rewritten = expression.transform(|part| {
        Ok(match part {
            Expr::OuterReferenceColumn(_, column) => Transformed::yes(Expr::Column(column)),
            other => Transformed::no(other),
        })
    })?;
    Ok(match rewritten.transformed {
        true => rewritten.data.alias(name),
        false => rewritten.data,
    })
}
