//! `EXCEPT ALL` and `INTERSECT ALL`, which count: a row that is there three times, and once on the
//! other side, stays twice, or once. DataFusion keeps all of them or none.
//!
//! Both sides number the copies of each row, and a copy is held against that of its number.

use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::error::Result as QueryResult;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{
    Distinct, Expr, ExprFunctionExt as _, Join, LogicalPlan, LogicalPlanBuilder,
};

use crate::error::Result;

/// The column that numbers the copies of a row.
const COPY: &str = "number of the copy";

/// Has `EXCEPT ALL` and `INTERSECT ALL` count.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) if is_of_multisets(&join) => Ok(Transformed::yes(counting(join)?)),
        other => Ok(Transformed::no(other)),
    });
    Ok(rewritten.data()?)
}

/// Whether a join is what DataFusion makes of such an operator: one on all columns, in which NULL is
/// NULL, of rows that may be there several times.
fn is_of_multisets(join: &Join) -> bool {
    let left = join.left.schema().fields().len();
    matches!(join.join_type, JoinType::LeftAnti | JoinType::LeftSemi)
        && join.null_equality == NullEquality::NullEqualsNull
        && join.filter.is_none()
        && join.on.len() == left
        && join.right.schema().fields().len() == left
        && !matches!(join.left.as_ref(), LogicalPlan::Distinct(Distinct::All(_)))
        && !is_numbered(&join.left)
}

/// A plan is finished again once its parameters are bound.
fn is_numbered(plan: &LogicalPlan) -> bool {
    let mut fields = plan.schema().fields().iter();
    fields.any(|field| field.name().starts_with(COPY))
}

fn counting(join: Join) -> QueryResult<LogicalPlan> {
    let own = join.left.schema().columns();
    let (left, right): (Vec<Expr>, Vec<Expr>) = join.on.into_iter().unzip();
    let numbered = |plan: &LogicalPlan, columns: &[Expr], side: &str| {
        let name = format!("{COPY} {side}");
        let number = row_number().partition_by(columns.to_vec()).build()?;
        let all = plan.schema().columns().into_iter().map(Expr::Column);
        LogicalPlanBuilder::from(plan.clone())
            .window(vec![number.clone()])?
            .project(all.chain([
                Expr::Column(Column::from_name(number.schema_name().to_string())).alias(&name),
            ]))?
            .build()
    };
    let mut on_left = left.clone();
    on_left.push(Expr::Column(Column::from_name(format!("{COPY} left"))));
    let mut on_right = right.clone();
    on_right.push(Expr::Column(Column::from_name(format!("{COPY} right"))));
    let columns = |expressions: Vec<Expr>| {
        let columns = expressions
            .into_iter()
            .filter_map(|expression| match expression {
                Expr::Column(column) => Some(column),
                _ => None,
            });
        columns.collect::<Vec<_>>()
    };
    LogicalPlanBuilder::from(numbered(&join.left, &left, "left")?)
        .join_detailed(
            numbered(&join.right, &right, "right")?,
            join.join_type,
            (columns(on_left), columns(on_right)),
            None,
            NullEquality::NullEqualsNull,
        )?
        .project(own.into_iter().map(Expr::Column))?
        .build()
}
