//! Values that are equal and not the same are one group: the intervals `'1 day'` and `'24 hours'`, the arrays
//! `{0}` and `{-0}`.
//!
//! Arrow tells them apart where rows are grouped or joined. Here they are told apart by their comparable
//! forms, and of the equal ones the first that is met is shown, as PostgreSQL shows it.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::{InSubquery, SetComparison};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, GroupingSet, Join, JoinConstraint, LogicalPlan, Projection,
    Subquery, when,
};

use super::comparable::{are_by_form, form, is_by_form, order_by_form};

/// Before the place of the group whose first value it is.
const FIRST: &str = "tributary:first:";

/// Before the name of the column whose form it is: conditions of a subquery read the column itself, too.
const FORM: &str = "tributary:form:";

/// Has the rows of a plan be one group where their values are equal, and partners in joins.
pub(super) fn by_form(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => group(aggregate),
        LogicalPlan::Distinct(Distinct::All(input)) if has_values_by_form(input.schema()) => {
            let columns = input.schema().columns();
            let columns = columns.into_iter().map(Expr::Column).collect();
            group(Aggregate::try_new(input, columns, Vec::new())?)
        }
        LogicalPlan::Distinct(Distinct::On(mut distinct)) => {
            let schema = Arc::clone(distinct.input.schema());
            let mut is_changed = false;
            for key in &mut distinct.on_expr {
                is_changed |= key_by_form(key, &schema);
            }
            if let Some(order) = &mut distinct.sort_expr {
                is_changed |= order_by_form(order, &schema);
            }
            let plan = LogicalPlan::Distinct(Distinct::On(distinct));
            Ok(Transformed::new_transformed(plan, is_changed))
        }
        LogicalPlan::Join(join) => Ok(join_by_form(join)),
        other => Ok(Transformed::no(other)),
    }
}

/// Puts the form that a key is compared by in its place; answers whether there is one.
pub(super) fn key_by_form(key: &mut Expr, schema: &DFSchema) -> bool {
    let is_by_form = are_by_form([&*key], schema);
    if is_by_form {
        *key = form(std::mem::take(key));
    }
    is_by_form
}

/// `k IN (SELECT ...)` and `k = ANY (SELECT ...)`.
pub(super) fn member_by_form(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expression {
        Expr::InSubquery(member) if are_comparable(&member.expr, &member.subquery, schema) => {
            Transformed::yes(Expr::InSubquery(InSubquery {
                expr: Box::new(form(*member.expr)),
                subquery: forms(member.subquery)?,
                negated: member.negated,
            }))
        }
        Expr::SetComparison(compared)
            if are_comparable(&compared.expr, &compared.subquery, schema) =>
        {
            Transformed::yes(Expr::SetComparison(SetComparison {
                expr: Box::new(form(*compared.expr)),
                subquery: forms(compared.subquery)?,
                ..compared
            }))
        }
        other => Transformed::no(other),
    })
}

fn has_values_by_form(schema: &DFSchema) -> bool {
    let mut types = schema.fields().iter().map(|field| field.data_type());
    types.any(is_by_form)
}

fn are_comparable(value: &Expr, subquery: &Subquery, schema: &DFSchema) -> bool {
    are_by_form([value], schema) && has_values_by_form(subquery.subquery.schema())
}

/// The forms of the values that a subquery gives.
fn forms(subquery: Subquery) -> Result<Subquery> {
    let columns = subquery.subquery.schema().columns().into_iter();
    let forms = columns.map(|column| {
        let name = format!("{FORM}{}", column.name);
        form(Expr::Column(column)).alias(name)
    });
    let forms = forms.collect();
    let plan = Projection::try_new(forms, Arc::clone(&subquery.subquery))?;
    Ok(subquery.with_plan(Arc::new(LogicalPlan::Projection(plan))))
}

/// Joins by the forms of values, in the keys of `USING`, `INTERSECT` and `EXCEPT`.
fn join_by_form(mut join: Join) -> Transformed<LogicalPlan> {
    let (left, right) = (join.left.schema(), join.right.schema());
    let mut is_changed = false;
    for (one, other) in &mut join.on {
        if are_by_form([&*one], left) && are_by_form([&*other], right) {
            *one = form(std::mem::take(one));
            *other = form(std::mem::take(other));
            is_changed = true;
        }
    }
    if is_changed {
        // DataFusion takes the keys of `USING` for columns.
        join.join_constraint = JoinConstraint::On;
    }
    Transformed::new_transformed(LogicalPlan::Join(join), is_changed)
}

/// Groups rows by the forms of their values, under the columns that the plan had.
fn group(aggregate: Aggregate) -> Result<Transformed<LogicalPlan>> {
    let input = aggregate.input.schema();
    let groups = grouping_set_to_exprlist(&aggregate.group_expr)?;
    let groups: Vec<Expr> = groups.into_iter().cloned().collect();
    let by_form: Vec<bool> = groups.iter().map(|it| are_by_form([it], input)).collect();
    if !by_form.contains(&true) {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    }
    let is_set = matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]);
    let keys = aggregate.group_expr.iter().map(|it| grouped(it, input));
    let keys = keys.collect();
    let mut values = aggregate.aggr_expr.clone();
    for (place, key) in groups.iter().enumerate() {
        if by_form.get(place) == Some(&true) {
            let first = first_value_udaf().call(vec![key.clone().unalias()]);
            values.push(first.alias(format!("{FIRST}{place}")));
        }
    }
    let below = Aggregate::try_new(Arc::clone(&aggregate.input), keys, values)?;
    // The columns that were there before stand where they did.
    let columns = below.schema.columns().into_iter().map(Expr::Column);
    let mut shown = Vec::with_capacity(aggregate.schema.fields().len());
    for (place, (column, (qualifier, field))) in columns.zip(aggregate.schema.iter()).enumerate() {
        if by_form.get(place) != Some(&true) {
            shown.push(column);
            continue;
        }
        let first = Expr::Column(Column::from_name(format!("{FIRST}{place}")));
        // A group of all rows has no value.
        let first = match is_set {
            true => when(column.is_not_null(), first).end()?,
            false => first,
        };
        shown.push(first.alias_qualified(qualifier.cloned(), field.name()));
    }
    let below = Arc::new(LogicalPlan::Aggregate(below));
    let shown = Projection::try_new_with_schema(shown, below, Arc::clone(&aggregate.schema))?;
    Ok(Transformed::yes(LogicalPlan::Projection(shown)))
}

/// What rows are grouped by, with the forms that values are compared by in their place.
fn grouped(key: &Expr, input: &DFSchema) -> Expr {
    let all = |keys: &[Expr]| -> Vec<Expr> { keys.iter().map(|it| grouped(it, input)).collect() };
    match key {
        Expr::GroupingSet(GroupingSet::Rollup(keys)) => {
            Expr::GroupingSet(GroupingSet::Rollup(all(keys)))
        }
        Expr::GroupingSet(GroupingSet::Cube(keys)) => {
            Expr::GroupingSet(GroupingSet::Cube(all(keys)))
        }
        Expr::GroupingSet(GroupingSet::GroupingSets(sets)) => {
            let sets = sets.iter().map(|keys| all(keys)).collect();
            Expr::GroupingSet(GroupingSet::GroupingSets(sets))
        }
        key if !are_by_form([key], input) => key.clone(),
        Expr::Alias(alias) => {
            let mut alias = alias.clone();
            *alias.expr = form(std::mem::take(&mut *alias.expr));
            Expr::Alias(alias)
        }
        key => form(key.clone()),
    }
}
