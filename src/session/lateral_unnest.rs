//! `FROM t, unnest(t.list)`: rows of a list of the row beside it. DataFusion plans a subquery that
//! refers to that row, and has no join for such a one; here the list is a column of the row, and
//! `Unnest` does the rest.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, JoinType, ScalarValue};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, LogicalPlanBuilder, Unnest, when};
use tributary_udfs::json::{ListRows, is_strict};

use crate::error::Result;

/// The column that is true in rows of lists, and NULL where an outer join keeps a row that has none.
const IS_ROW: &str = "is a row of the list";
/// The relation of the columns of the right side until they have the names that the query sees.
const OWN: &str = "rows of the list";

/// Takes lists of the row beside them apart within that row.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) => match within(&join)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(LogicalPlan::Join(join))),
        },
        other => Ok(Transformed::no(other)),
    });
    Ok(rewritten.data()?)
}

/// What becomes of a join whose right side takes lists of the left one apart, and nothing else.
fn within(join: &Join) -> QueryResult<Option<LogicalPlan>> {
    let keeps_left = match join.join_type {
        JoinType::Inner => false,
        // Which rows an outer join keeps is not known before its condition is.
        JoinType::Left if join.on.is_empty() && is_true(join.filter.as_ref()) => true,
        _ => return Ok(None),
    };
    let Some(mut steps) = steps(&join.right, keeps_left) else {
        return Ok(None);
    };
    let mut left: Vec<Expr> = own_columns(join.left.schema());
    let mut plan = join.left.as_ref().clone();
    let mut own = OwnColumns::default();
    let mut is_unnested = false;
    while let Some(step) = steps.pop() {
        plan = match step {
            Step::Project(expressions) => {
                let is_padded = keeps_left && is_unnested;
                let mut projected = Vec::with_capacity(expressions.len());
                for expression in expressions {
                    let (relation, name) = expression.qualified_name();
                    let is_safe = !is_padded || is_null_without_a_row(&expression);
                    let value = own.of_the_row(expression)?;
                    let value = if is_safe {
                        value
                    } else {
                        of_rows_alone(value)?
                    };
                    projected.push((Column::new(relation, name), value));
                }
                let expressions = own.replace(projected, is_unnested);
                LogicalPlanBuilder::from(plan)
                    .project(left.iter().cloned().chain(expressions))?
                    .build()?
            }
            Step::Unnest(unnest) => {
                is_unnested = true;
                let plan = match keeps_left {
                    true => padded(plan, &unnest, left.len())?,
                    false => LogicalPlanBuilder::from(plan)
                        .unnest_columns_with_options(
                            unnest.exec_columns.clone(),
                            unnest.options.clone(),
                        )?
                        .build()?,
                };
                if keeps_left {
                    left.push(Expr::Column(Column::from_name(IS_ROW)));
                }
                let columns = plan.schema().columns().into_iter().skip(left.len());
                own.0 = columns.map(|column| (column.clone(), column)).collect();
                plan
            }
            Step::Filter(condition) => LogicalPlanBuilder::from(plan)
                .filter(own.of_the_row(condition)?)?
                .build()?,
            Step::Rename(to) => {
                own.rename(to.columns());
                plan
            }
        };
    }
    own.rename(join.right.schema().columns());
    if keeps_left {
        left.pop();
    }
    let right = own
        .0
        .into_iter()
        .map(|(column, place)| Expr::Column(place).alias_qualified(column.relation, column.name));
    plan = LogicalPlanBuilder::from(plan)
        .project(left.into_iter().chain(right))?
        .build()?;
    if keeps_left {
        return Ok(Some(plan));
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

/// The columns of the right side as its steps know them, and where each is beside those of the left.
#[derive(Default)]
struct OwnColumns(Vec<(Column, Column)>);

impl OwnColumns {
    /// An expression over the row beside it and these columns.
    fn of_the_row(&self, expression: Expr) -> QueryResult<Expr> {
        let rewritten = expression.unalias().transform(|part| {
            Ok(match part {
                Expr::OuterReferenceColumn(_, column) => Transformed::yes(Expr::Column(column)),
                Expr::Column(column) => {
                    let place = self.0.iter().find(|(own, _)| *own == column);
                    match place {
                        Some((_, place)) => Transformed::yes(Expr::Column(place.clone())),
                        None => Transformed::no(Expr::Column(column)),
                    }
                }
                other => Transformed::no(other),
            })
        })?;
        Ok(rewritten.data)
    }

    /// Makes these the columns, and answers what is to be projected. Columns that are no lists any
    /// more get names that no column of the left has.
    fn replace(&mut self, projected: Vec<(Column, Expr)>, renames: bool) -> Vec<Expr> {
        let mut expressions = Vec::with_capacity(projected.len());
        self.0.clear();
        for (number, (column, value)) in projected.into_iter().enumerate() {
            let place = match renames {
                true => Column::new(Some(OWN), number.to_string()),
                false => column.clone(),
            };
            let named = value.alias_qualified(place.relation.clone(), place.name.clone());
            expressions.push(named);
            self.0.push((column, place));
        }
        expressions
    }

    fn rename(&mut self, columns: Vec<Column>) {
        for ((own, _), column) in self.0.iter_mut().zip(columns) {
            *own = column;
        }
    }
}

enum Step {
    Project(Vec<Expr>),
    Unnest(Box<Unnest>),
    Filter(Expr),
    Rename(Arc<DFSchema>),
}

/// The steps of such a right side, the last one first.
fn steps(right: &LogicalPlan, keeps_left: bool) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let (mut plan, mut is_lateral, mut has_lists) = (right, false, false);
    loop {
        plan = match plan {
            LogicalPlan::SubqueryAlias(alias) => {
                steps.push(Step::Rename(Arc::clone(&alias.schema)));
                alias.input.as_ref()
            }
            LogicalPlan::Subquery(subquery) => {
                is_lateral = true;
                subquery.subquery.as_ref()
            }
            LogicalPlan::Projection(projection) if is_lateral => {
                steps.push(Step::Project(projection.expr.clone()));
                projection.input.as_ref()
            }
            LogicalPlan::Filter(filter) if is_lateral && !keeps_left => {
                steps.push(Step::Filter(filter.predicate.clone()));
                filter.input.as_ref()
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

/// Takes lists apart, and keeps the rows whose lists have no elements, which [`IS_ROW`] tells. The
/// columns of the left come first, then that one.
fn padded(plan: LogicalPlan, unnest: &Unnest, left: usize) -> QueryResult<LogicalPlan> {
    let columns = plan.schema().columns();
    let mut unnested = unnest.exec_columns.clone();
    let lists = unnested.iter().cloned().map(Expr::Column).collect();
    let is_row = Expr::Column(Column::from_name(IS_ROW));
    unnested.push(Column::from_name(IS_ROW));
    let own = columns.into_iter().map(Expr::Column);
    let plan = LogicalPlanBuilder::from(plan)
        .project(own.chain([ListRows::udf().call(lists).alias(IS_ROW)]))?
        .unnest_columns_with_options(unnested, unnest.options.clone().with_preserve_nulls(true))?
        .build()?;
    let mut columns = own_columns(plan.schema());
    columns.pop();
    columns.insert(left, is_row);
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// Whether an expression over elements of lists is NULL where these are.
fn is_null_without_a_row(expression: &Expr) -> bool {
    match expression {
        Expr::Column(_) => true,
        Expr::Alias(alias) => is_null_without_a_row(&alias.expr),
        Expr::Cast(cast) => is_null_without_a_row(&cast.expr),
        Expr::ScalarFunction(call) if call.func.name() == "get_field" || is_strict(&call.func) => {
            call.args.iter().any(is_null_without_a_row)
        }
        _ => false,
    }
}

/// An expression that is NULL where there is no row of a list.
fn of_rows_alone(value: Expr) -> QueryResult<Expr> {
    let is_row = Expr::Column(Column::from_name(IS_ROW));
    when(is_row, value).end()
}

fn is_true(condition: Option<&Expr>) -> bool {
    match condition {
        None => true,
        Some(Expr::Literal(ScalarValue::Boolean(Some(true)), _)) => true,
        Some(_) => false,
    }
}

fn own_columns(schema: &DFSchema) -> Vec<Expr> {
    schema.columns().into_iter().map(Expr::Column).collect()
}
