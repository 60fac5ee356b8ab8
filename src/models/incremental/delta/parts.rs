//! What deltas are put together of.

use std::sync::Arc;

use datafusion::common::{Column, DFSchema, JoinType, NullEquality};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{
    Expr, Join, JoinConstraint, LogicalPlan, LogicalPlanBuilder, Projection,
};

use super::{Delta, Traced};

pub(super) fn plan_of(delta: Delta) -> Option<LogicalPlan> {
    match delta {
        Delta::Keys(plan) => Some(*plan),
        Delta::Nothing | Delta::Everything(_) => None,
    }
}

pub(super) fn map(
    delta: Delta,
    change: impl FnOnce(LogicalPlan) -> Traced<LogicalPlan>,
) -> Traced<Delta> {
    Ok(match delta {
        Delta::Keys(plan) => Delta::Keys(Box::new(change(*plan)?)),
        other => other,
    })
}

pub(super) fn keys(plan: LogicalPlan, columns: &[Column]) -> Traced<Delta> {
    Ok(Delta::Keys(Box::new(select(plan, columns)?)))
}

/// These columns of a plan, by their names.
pub(in crate::models::incremental) fn select(
    plan: LogicalPlan,
    columns: &[Column],
) -> QueryResult<LogicalPlan> {
    let columns = columns.iter().cloned().map(Expr::Column).collect();
    Projection::try_new(columns, Arc::new(plan)).map(LogicalPlan::Projection)
}

/// The columns of a plan under other names, by their places.
pub(in crate::models::incremental) fn rename(
    plan: LogicalPlan,
    names: &[Column],
) -> Traced<LogicalPlan> {
    let own = plan.schema().columns();
    let renamed = own.into_iter().zip(names).map(|(column, name)| {
        Expr::Column(column).alias_qualified(name.relation.clone(), name.name.clone())
    });
    Ok(Projection::try_new(renamed.collect(), Arc::new(plan)).map(LogicalPlan::Projection)?)
}

/// The rows of all of these plans.
pub(super) fn all_of(plans: Vec<LogicalPlan>, columns: &[Column]) -> Traced<Delta> {
    let mut plans = plans.into_iter();
    let Some(first) = plans.next() else {
        return Ok(Delta::Nothing);
    };
    let mut all = LogicalPlanBuilder::from(first);
    for plan in plans {
        all = all.union(plan)?;
    }
    Ok(Delta::Keys(Box::new(rename(all.build()?, columns)?)))
}

/// The rows of a plan whose values of these expressions are among those of another plan, NULL like any
/// other value.
pub(in crate::models::incremental) fn semi_join(
    plan: LogicalPlan,
    by: &[Expr],
    among: LogicalPlan,
) -> QueryResult<LogicalPlan> {
    let pairs = by.iter().cloned().zip(among.schema().columns());
    let on = pairs.map(|(left, right)| (left, Expr::Column(right)));
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(plan),
        Arc::new(among),
        on.collect(),
        None,
        JoinType::LeftSemi,
        JoinConstraint::On,
        NullEquality::NullEqualsNull,
        false,
    )?))
}

/// The columns of an input that are at the places of these of its node.
pub(in crate::models::incremental) fn below(
    schema: &DFSchema,
    input: &DFSchema,
    columns: &[Column],
) -> QueryResult<Vec<Column>> {
    let own = columns.iter().map(|column| {
        let index = schema.index_of_column(column)?;
        Ok(Column::from(input.qualified_field(index)))
    });
    own.collect()
}

pub(super) fn add_columns<'a>(
    columns: &mut Vec<Column>,
    expressions: impl IntoIterator<Item = &'a Expr>,
) {
    for expression in expressions {
        // A stable order: the plan of the same query is the same each time.
        let mut read: Vec<&Column> = expression.column_refs().into_iter().collect();
        read.sort();
        for column in read {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
    }
}

/// How a part of a plan is called, without what it reads.
pub(super) fn described(node: &LogicalPlan) -> String {
    match node {
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.is_empty() => {
            "an aggregate without GROUP BY".to_owned()
        }
        LogicalPlan::Aggregate(_) => "GROUP BY".to_owned(),
        LogicalPlan::Window(window) => {
            let functions = window.window_expr.iter();
            let mut names = functions.filter_map(|it| match it.clone().unalias() {
                Expr::WindowFunction(function) => Some(function.fun.name().to_owned()),
                _ => None,
            });
            format!("the window function {}()", names.next().unwrap_or_default())
        }
        LogicalPlan::Join(join) => format!("a {} join", join.join_type),
        LogicalPlan::TableScan(scan) => scan.table_name.to_string(),
        LogicalPlan::SubqueryAlias(alias) => alias.alias.to_string(),
        LogicalPlan::RecursiveQuery(_) => "WITH RECURSIVE".to_owned(),
        LogicalPlan::Unnest(_) => "unnest".to_owned(),
        other => {
            let shown = other.display().to_string();
            let first = shown.split([':', ' ']).next();
            first.unwrap_or_default().to_owned()
        }
    }
}

/// What a node computes, as who wrote the query knows it; none of what is no function of many rows.
pub(super) fn written(expression: &Expr) -> Option<String> {
    match expression.clone().unalias() {
        Expr::AggregateFunction(call) => {
            let (name, params) = (call.func.name(), &call.params);
            let is_of_rows = name == "count"
                && !params.distinct
                && matches!(params.args.as_slice(), [Expr::Literal(value, _)] if !value.is_null());
            let arguments: Vec<String> = match is_of_rows {
                true => vec!["*".to_owned()],
                false => params.args.iter().map(argument).collect(),
            };
            let distinct = if params.distinct { "DISTINCT " } else { "" };
            Some(format!("{name}({distinct}{})", arguments.join(", ")))
        }
        Expr::WindowFunction(call) => {
            let arguments: Vec<String> = call.params.args.iter().map(argument).collect();
            let name = call.fun.name();
            Some(format!("{name}({}) OVER (...)", arguments.join(", ")))
        }
        _ => None,
    }
}

/// An argument: what is more than a column or a value, the optimizer may have put in other words.
fn argument(expression: &Expr) -> String {
    match expression {
        Expr::Column(column) if column.relation.is_some() => column.name.clone(),
        // To the type that the function takes.
        Expr::Cast(cast) => argument(&cast.expr),
        Expr::Literal(value, _) => match value.try_as_str() {
            Some(Some(text)) => format!("'{text}'"),
            _ => value.to_string(),
        },
        _ => "...".to_owned(),
    }
}
