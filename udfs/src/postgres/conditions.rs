//! What is known of rows by the filters that they have passed.

use std::collections::{HashMap, HashSet};

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, JoinType, TableReference};
use datafusion::error::Result;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Whether a condition says the same however often it is computed, of the rows of its own query.
pub(super) fn can_be_repeated(condition: &Expr) -> bool {
    let is_other = |part: &Expr| {
        matches!(
            part,
            Expr::ScalarSubquery(_)
                | Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
        )
    };
    let is_other = condition.exists(|part| Ok(is_other(part)));
    !is_other.unwrap_or(true) && !condition.is_volatile()
}

/// Whether a condition can be looked at before another one without reading rows of other relations, which
/// would keep it from where its own are read.
pub(super) fn are_of_same_rows(before: &Expr, condition: &Expr) -> bool {
    can_be_repeated(before) && relations(before).is_subset(&relations(condition))
}

fn relations(expression: &Expr) -> HashSet<Option<&TableReference>> {
    let columns = expression.column_refs().into_iter();
    columns.map(|column| column.relation.as_ref()).collect()
}

/// The conditions that the rows of a plan have passed, from the first on.
pub(super) fn known_of(plan: &LogicalPlan) -> Result<Vec<Expr>> {
    match plan {
        LogicalPlan::Filter(filter) => {
            let mut known = known_of(&filter.input)?;
            let own = split_conjunction(&filter.predicate).into_iter();
            known.extend(own.filter(|it| can_be_repeated(it)).cloned());
            Ok(known)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let (inner, outer) = (alias.input.schema(), &alias.schema);
            let columns = inner.columns().into_iter().zip(outer.columns());
            under_names(known_of(&alias.input)?, &columns.collect())
        }
        LogicalPlan::Projection(projection) => {
            let outer = projection.schema.columns();
            let columns = projection.expr.iter().zip(outer);
            let columns = columns.filter_map(|(expression, outer)| match expression {
                Expr::Column(inner) => Some((inner.clone(), outer)),
                Expr::Alias(alias) => match alias.expr.as_ref() {
                    Expr::Column(inner) => Some((inner.clone(), outer)),
                    _ => None,
                },
                _ => None,
            });
            under_names(known_of(&projection.input)?, &columns.collect())
        }
        LogicalPlan::Sort(sort) => known_of(&sort.input),
        LogicalPlan::Join(join) => match join.join_type {
            JoinType::Inner => {
                let mut known = known_of(&join.left)?;
                known.extend(known_of(&join.right)?);
                Ok(known)
            }
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => known_of(&join.left),
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti => known_of(&join.right),
            _ => Ok(Vec::new()),
        },
        _ => Ok(Vec::new()),
    }
}

/// Conditions over the columns that a node gives out: those whose columns it gives.
fn under_names(known: Vec<Expr>, columns: &HashMap<Column, Column>) -> Result<Vec<Expr>> {
    let known = known.into_iter().filter(|condition| {
        let read = condition.column_refs();
        read.iter().all(|column| columns.contains_key(column))
    });
    let renamed = known.map(|condition| {
        let renamed = condition.transform(|part| match &part {
            Expr::Column(column) => Ok(match columns.get(column) {
                Some(outer) => Transformed::yes(Expr::Column(outer.clone())),
                None => Transformed::no(part),
            }),
            _ => Ok(Transformed::no(part)),
        });
        renamed.data()
    });
    renamed.collect()
}
