//! The deltas of what brings rows together: GROUP BY, and windows.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable as _, GroupingSet, LogicalPlan, Projection, Window,
};

use super::parts::{add_columns, all_of, described, map, select, semi_join, written};
use super::{Delta, Deltas, Obstacle, Traced};
use crate::instance::has_equals;

impl Deltas {
    pub(super) fn of_aggregate(&self, aggregate: &Aggregate, columns: &[Column]) -> Traced<Delta> {
        let groups = &aggregate.group_expr;
        let has_sets = has_sets(aggregate);
        if !has_sets && grouping_set_to_exprlist(groups)?.len() != groups.len() {
            return Err(Obstacle::new(
                described(&LogicalPlan::Aggregate(aggregate.clone())),
                "it names a column twice",
            ));
        }
        // What tells groups apart, in each of several groupings.
        let common: Vec<Expr> = match has_sets {
            true => {
                let places = 0..grouping_set_to_exprlist(groups)?.len();
                let common = places.filter_map(|place| in_all_sets(aggregate, place));
                common.cloned().map(Expr::unalias).collect()
            }
            false => groups.clone(),
        };
        let mut computed = Vec::with_capacity(columns.len());
        let mut is_chosen = false;
        for column in columns {
            let index = aggregate.schema.index_of_column(column)?;
            let value = grouped(aggregate, index);
            // Two that are chosen may be of different rows.
            let may_be_chosen = !is_chosen && !common.is_empty();
            is_chosen |= value.is_none();
            let value = value.or_else(|| chosen(aggregate, index).filter(|_| may_be_chosen));
            let Some(value) = value else {
                let reason = match has_sets {
                    true => format!(
                        "the column \"{}\" is not in each of its groupings",
                        column.name
                    ),
                    false => {
                        let place = index.checked_sub(groups.len());
                        let computed = place.and_then(|place| aggregate.aggr_expr.get(place));
                        let written = computed.and_then(written);
                        let name = written.unwrap_or_else(|| column.name.clone());
                        format!("the key's column \"{name}\" is not grouped by")
                    }
                };
                let node = described(&LogicalPlan::Aggregate(aggregate.clone()));
                return Err(Obstacle::new(node, reason));
            };
            computed.push(value.clone());
        }
        let named = |plan: LogicalPlan, expressions: &[Expr], names: &[Column]| {
            let named = expressions.iter().zip(names).map(|(expression, column)| {
                let plain = expression.clone().unalias();
                plain.alias_qualified(column.relation.clone(), column.name.clone())
            });
            Projection::try_new(named.collect(), Arc::new(plan)).map(LogicalPlan::Projection)
        };
        let mut read = Vec::new();
        add_columns(&mut read, &computed);
        if !is_chosen {
            let delta = self.of(&aggregate.input, &read)?;
            return map(delta, |plan| Ok(named(plan, &computed, columns)?));
        }
        let mut found = Vec::new();
        add_columns(&mut read, &common);
        match self.of(&aggregate.input, &read)? {
            Delta::Nothing => {}
            Delta::Keys(plan) => found.push(named(*plan, &computed, columns)?),
            everything @ Delta::Everything(_) => return Ok(everything),
        }
        let mut read = Vec::new();
        add_columns(&mut read, &common);
        match self.of(&aggregate.input, &read)? {
            Delta::Nothing => {}
            Delta::Keys(plan) => {
                let changed = named(*plan, &common, &numbered(common.len()))?;
                let all = semi_join(aggregate.input.as_ref().clone(), &common, changed)?;
                found.push(named(all, &computed, columns)?);
            }
            everything @ Delta::Everything(_) => return Ok(everything),
        }
        all_of(found, columns)
    }

    pub(super) fn of_window(&self, window: &Window, columns: &[Column]) -> Traced<Delta> {
        let node = || described(&LogicalPlan::Window(window.clone()));
        let input = window.input.schema();
        if let Some(own) = columns.iter().find(|column| !input.has_column(column)) {
            let place = window.schema.index_of_column(own)?;
            let place = place.checked_sub(input.fields().len());
            let computed = place.and_then(|place| window.window_expr.get(place));
            let name = computed.and_then(written);
            let name = name.unwrap_or_else(|| own.name.clone());
            return Err(Obstacle::new(
                node(),
                format!("the key's column \"{name}\" is computed by it"),
            ));
        }
        let own = partition_of(window);
        if columns.iter().all(|column| own.contains(column)) {
            return self.of(&window.input, columns);
        }
        let partition = partitioned_by(window);
        if partition.is_empty() {
            return Err(Obstacle::new(
                node(),
                "it is not partitioned by the key, so that each row depends on all others",
            ));
        }
        let mut read = Vec::new();
        add_columns(&mut read, &partition);
        let mut both = columns.to_vec();
        add_columns(&mut both, &partition);
        let changed = self.of(&window.input, &both)?;
        let partitions = self.of(&window.input, &read)?;
        let mut found = Vec::new();
        for delta in [&changed, &partitions] {
            if let Delta::Everything(_) = delta {
                return Ok(delta.clone());
            }
        }
        if let Delta::Keys(plan) = changed {
            found.push(select(*plan, columns)?);
        }
        if let Delta::Keys(plan) = partitions {
            let names = numbered(partition.len()).into_iter();
            let named = partition.iter().zip(names).map(|(expression, name)| {
                let expression = expression.clone();
                expression.alias_qualified(name.relation, name.name)
            });
            let named = Projection::try_new(named.collect(), Arc::new(*plan))?;
            let of_partitions = semi_join(
                window.input.as_ref().clone(),
                &partition,
                LogicalPlan::Projection(named),
            )?;
            found.push(select(of_partitions, columns)?);
        }
        all_of(found, columns)
    }
}

/// The expression that a column of an aggregate has the value of, where it is grouped by that: so has what
/// a choice of one of the group's values gives, as those of `DISTINCT ON` are.
pub(in crate::models::incremental) fn grouped(
    aggregate: &Aggregate,
    index: usize,
) -> Option<&Expr> {
    let groups = &aggregate.group_expr;
    if has_sets(aggregate) {
        return in_all_sets(aggregate, index);
    }
    if index < groups.len() {
        return groups.get(index);
    }
    let value = chosen(aggregate, index)?;
    let group = groups.iter().find(|group| value == *group)?;
    // Equal values that are not the same are one group, and one of them is chosen.
    let data_type = group.get_type(aggregate.input.schema()).ok()?;
    (!has_equals(&data_type)).then_some(group)
}

/// Whether an aggregate has several groupings: `GROUPING SETS`, `ROLLUP` or `CUBE`.
fn has_sets(aggregate: &Aggregate) -> bool {
    let mut groups = aggregate.group_expr.iter();
    groups.any(|group| matches!(group, Expr::GroupingSet(_)))
}

/// The expression that a column has the value of, if each grouping has it. Of `ROLLUP` and `CUBE` by
/// themselves one has none: it is of all rows.
fn in_all_sets(aggregate: &Aggregate, index: usize) -> Option<&Expr> {
    let all = grouping_set_to_exprlist(&aggregate.group_expr).ok()?;
    let expression = *all.get(index)?;
    let [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] = aggregate.group_expr.as_slice()
    else {
        return None;
    };
    let is_in_all = sets.iter().all(|set| set.contains(expression));
    is_in_all.then_some(expression)
}

/// The expression of whose values in a group a column of an aggregate is one.
fn chosen(aggregate: &Aggregate, index: usize) -> Option<&Expr> {
    // Of several groupings, a column before it tells which one a row is of.
    let computed = aggregate.aggr_expr.len();
    let groups = aggregate.schema.fields().len().checked_sub(computed)?;
    let place = index.checked_sub(groups)?;
    let mut expression = aggregate.aggr_expr.get(place)?;
    while let Expr::Alias(alias) = expression {
        expression = &alias.expr;
    }
    let Expr::AggregateFunction(function) = expression else {
        return None;
    };
    let chooses = ["first_value", "last_value", "max", "min"].contains(&function.func.name());
    // Of a group whose rows are filtered none may be left, and then NULL is none of its values.
    match chooses && function.params.filter.is_none() {
        true => function.params.args.first(),
        false => None,
    }
}

/// Whether a column of an aggregate is one of the equal values by whose form the groups are told apart.
pub(in crate::models::incremental) fn is_one_of(
    aggregate: &Aggregate,
    index: usize,
    group: &Expr,
) -> bool {
    let group = match group {
        Expr::Alias(alias) => alias.expr.as_ref(),
        other => other,
    };
    match (group, chosen(aggregate, index)) {
        (Expr::ScalarFunction(form), Some(value)) => {
            form.func.name() == "comparable" && form.args.first() == Some(value)
        }
        _ => false,
    }
}

/// What all functions of a window are partitioned by.
fn partitioned_by(window: &Window) -> Vec<Expr> {
    let mut common: Option<Vec<Expr>> = None;
    for expression in &window.window_expr {
        let Expr::WindowFunction(function) = expression.clone().unalias() else {
            return Vec::new();
        };
        let mut by = function.params.partition_by;
        if let Some(common) = common {
            by.retain(|expression| common.contains(expression));
        }
        common = Some(by);
    }
    common.unwrap_or_default()
}

/// The columns among these.
pub(in crate::models::incremental) fn partition_of(window: &Window) -> Vec<Column> {
    let by = partitioned_by(window).into_iter();
    let columns = by.filter_map(|expression| match expression {
        Expr::Column(column) => Some(column),
        _ => None,
    });
    columns.collect()
}

/// Names that no column of a query has.
pub(super) fn numbered(count: usize) -> Vec<Column> {
    let numbers = 0..count;
    numbers
        .map(|number| Column::new(Some("tributary:keys"), format!("k{number}")))
        .collect()
}
