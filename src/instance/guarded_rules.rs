//! Keeps some of DataFusion's rules from plans whose rows they would change.
//!
//! A join that takes NULL for equal to NULL says so of all its keys. `extract_equijoin_predicate` would
//! add to them what a filter compares by `=`, which NULLs do not pass, and `eliminate_cross_join` would
//! put the keys of several joins into one, of which only one may be of that kind. It would also forget a key of
//! a join that reads several relations of one of its sides: where it joins these one by one, none has the key.
//!
//! `common_sub_expression_eliminate` would take a window that is computed twice out of its operator, and
//! have it computed where no rows stand around a row. It would also take a moment with a time zone for the same
//! one without: to DataFusion, literals of both are equal by their values alone.
//!
//! `push_down_filter` moves what reads no columns below an aggregate. One that has a group of all rows
//! has it also where there are none, so that it would be answered though the condition is false.
//!
//! `propagate_empty_relation` would have the one branch of a union that has rows answer columns of the
//! union's names, whatever its own are.
//!
//! `extract_leaf_expressions` and `push_down_leaf_projections` have attributes of rows read further below, with
//! the columns that are wanted beside them; where a projection gives one of these the name of another, or its
//! own without its relation's, they would fail, or take the column below for what has its name above.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{NullEquality, SchemaError};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, GroupingSet, LogicalPlan, Projection};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;

type Rule = Arc<dyn OptimizerRule + Send + Sync>;

/// DataFusion's rules, with these guarded.
pub(super) fn optimizer_rules() -> Vec<Rule> {
    let rules = Optimizer::new().rules.into_iter();
    rules
        .map(|rule| match rule.name() {
            "common_sub_expression_eliminate" => Guarded::by(rule, would_mix_values),
            "extract_equijoin_predicate" => Guarded::by(rule, would_mix_keys),
            "eliminate_cross_join" => Arc::new(BelowKeys(rule)),
            "push_down_filter" => Guarded::by(rule, decides_on_whole_groups),
            "propagate_empty_relation" => Arc::new(NamedBranch(rule)),
            "extract_leaf_expressions" | "push_down_leaf_projections" => Arc::new(NamedApart(rule)),
            _ => rule,
        })
        .collect()
}

/// A rule that is kept from some plans.
#[derive(Debug)]
struct Guarded {
    rule: Rule,
    is_refused: fn(&LogicalPlan) -> bool,
}

impl Guarded {
    fn by(rule: Rule, is_refused: fn(&LogicalPlan) -> bool) -> Rule {
        Arc::new(Self { rule, is_refused })
    }
}

impl OptimizerRule for Guarded {
    fn name(&self) -> &str {
        self.rule.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.rule.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        match (self.is_refused)(&plan) {
            true => Ok(Transformed::no(plan)),
            false => self.rule.rewrite(plan, config),
        }
    }
}

/// A rule that takes joins apart, kept from those whose keys it would lose or mix: what is below them, and
/// apart from them, it may change.
#[derive(Debug)]
struct BelowKeys(Rule);

impl BelowKeys {
    fn within(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if !would_lose_keys(&plan) {
            return self.0.rewrite(plan, config);
        }
        let plan = plan.map_children(|input| self.within(input, config))?;
        match plan.transformed {
            true => plan.map_data(LogicalPlan::recompute_schema),
            false => Ok(plan),
        }
    }
}

impl OptimizerRule for BelowKeys {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        self.within(plan, config)
    }
}

/// A rule that leaves of a union the one branch that has rows: its columns get the union's names first.
#[derive(Debug)]
struct NamedBranch(Rule);

impl OptimizerRule for NamedBranch {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        match only_branch(&plan)? {
            Some(branch) => Ok(Transformed::yes(branch)),
            None => self.0.rewrite(plan, config),
        }
    }
}

/// A rule that puts columns beside others: a plan in which two of them would have one name stays as it is, and so
/// does one in which a name is another value's further up.
#[derive(Debug)]
struct NamedApart(Rule);

impl OptimizerRule for NamedApart {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        // Nodes by themselves are rewritten only where they are projections.
        if self.apply_order().is_some() && !matches!(plan, LogicalPlan::Projection(_)) {
            return self.0.rewrite(plan, config);
        }
        match self.0.rewrite(plan.clone(), config) {
            Err(error) if is_of_names(&error) => Ok(Transformed::no(plan)),
            Ok(rewritten) if rewritten.transformed && gives_names_anew(&plan)? => {
                Ok(Transformed::no(plan))
            }
            rewritten => rewritten,
        }
    }
}

/// Whether a projection within a plan gives a value the name of a column below it that is another one. What the
/// plan itself gives has no columns above that could be taken for others.
fn gives_names_anew(plan: &LogicalPlan) -> Result<bool> {
    let mut is_given = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Projection(projection) = node
            && !std::ptr::eq(node, plan)
        {
            let below = projection.input.schema().fields();
            let mut named = projection.schema.fields().iter().zip(&projection.expr);
            is_given = named.any(|(field, value)| {
                let is_own = matches!(bare(value), Expr::Column(it) if it.name == *field.name());
                !is_own && below.iter().any(|it| it.name() == field.name())
            });
        }
        Ok(match is_given {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(is_given)
}

/// A value without the names that it is given.
fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Alias(alias) => bare(&alias.expr),
        other => other,
    }
}

/// Whether a plan failed since columns in it have one name.
fn is_of_names(error: &DataFusionError) -> bool {
    use SchemaError::{AmbiguousReference, DuplicateQualifiedField, DuplicateUnqualifiedField};
    match error.find_root() {
        DataFusionError::SchemaError(error, _) => matches!(
            error.as_ref(),
            AmbiguousReference { .. }
                | DuplicateQualifiedField { .. }
                | DuplicateUnqualifiedField { .. }
        ),
        _ => false,
    }
}

/// The only branch of a union that may have rows, with the names of the union's columns.
fn only_branch(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Union(union) = plan else {
        return Ok(None);
    };
    let mut filled = union.inputs.iter().filter(|input| match input.as_ref() {
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        _ => true,
    });
    let (Some(branch), None) = (filled.next(), filled.next()) else {
        return Ok(None);
    };
    let columns = branch.schema().columns().into_iter();
    let columns = columns.zip(plan.schema().iter());
    let named = columns.map(|(column, (relation, field))| {
        Expr::Column(column).alias_qualified(relation.cloned(), field.name())
    });
    let schema = Arc::clone(plan.schema());
    let named = Projection::try_new_with_schema(named.collect(), Arc::clone(branch), schema)?;
    Ok(Some(LogicalPlan::Projection(named)))
}

/// Whether a join has a condition beside keys of which NULLs are equal.
fn would_mix_keys(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Join(join) => {
            join.null_equality == NullEquality::NullEqualsNull && join.filter.is_some()
        }
        _ => false,
    }
}

/// Whether parts of a plan would be taken for each other that are not the same.
fn would_mix_values(plan: &LogicalPlan) -> bool {
    has_windows_twice(plan) || has_moments_of_two_types(plan)
}

/// Whether a node has one moment as literals with a time zone and without.
fn has_moments_of_two_types(plan: &LogicalPlan) -> bool {
    let mut has_some = false;
    let walked = plan.apply_with_subqueries(|node| {
        let (mut with_zone, mut without) = (HashSet::new(), HashSet::new());
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::Literal(ScalarValue::TimestampMicrosecond(moment, zone), _) = part {
                    match zone {
                        Some(_) => with_zone.insert(*moment),
                        None => without.insert(*moment),
                    };
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        has_some = !with_zone.is_disjoint(&without);
        Ok(match has_some {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    });
    has_some || walked.is_err()
}

/// Whether windows that stand upon each other compute one thing twice.
fn has_windows_twice(plan: &LogicalPlan) -> bool {
    let mut has_some = false;
    let walked = plan.apply_with_subqueries(|node| {
        has_some = computes_twice(node);
        Ok(match has_some {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    });
    has_some || walked.is_err()
}

fn computes_twice(plan: &LogicalPlan) -> bool {
    let mut seen = HashSet::new();
    let mut node = plan;
    while let LogicalPlan::Window(window) = node {
        if window
            .window_expr
            .iter()
            .any(|it| !seen.insert(without_name(it)))
        {
            return true;
        }
        node = window.input.as_ref();
    }
    false
}

fn without_name(expression: &Expr) -> &Expr {
    match expression {
        Expr::Alias(alias) => without_name(&alias.expr),
        other => other,
    }
}

/// Whether a condition that reads no columns stands above groups that may be of no rows, or one that is
/// another each time above any groups or windows.
fn decides_on_whole_groups(plan: &LogicalPlan) -> bool {
    let mut conditions = Vec::new();
    let mut node = plan;
    while let LogicalPlan::Filter(filter) = node {
        conditions.extend(split_conjunction(&filter.predicate));
        node = filter.input.as_ref();
    }
    let is_of_none = match node {
        LogicalPlan::Aggregate(aggregate) => has_group_of_all(&aggregate.group_expr),
        LogicalPlan::Window(_) => false,
        _ => return false,
    };
    conditions.iter().any(|condition| {
        condition.column_refs().is_empty() && (is_of_none || condition.is_volatile())
    })
}

fn has_group_of_all(groups: &[Expr]) -> bool {
    let is_empty_set = |group: &Expr| match group {
        Expr::GroupingSet(GroupingSet::GroupingSets(sets)) => sets.iter().any(Vec::is_empty),
        Expr::GroupingSet(GroupingSet::Rollup(_) | GroupingSet::Cube(_)) => true,
        _ => false,
    };
    groups.iter().all(is_empty_set)
}

/// Whether a join has a key that would not be one of several joins in its place.
fn would_lose_keys(plan: &LogicalPlan) -> bool {
    let is_one = |node: &LogicalPlan| match node {
        LogicalPlan::Join(join) => {
            let mut sides = join.on.iter().flat_map(|(left, right)| [left, right]);
            join.null_equality == NullEquality::NullEqualsNull || sides.any(reads_several)
        }
        _ => false,
    };
    plan.exists(|node| Ok(is_one(node))).unwrap_or(true)
}

/// Whether an expression may read columns of several relations.
fn reads_several(expression: &Expr) -> bool {
    let columns = expression.column_refs();
    let mut relations = columns.iter().map(|column| column.relation.as_ref());
    match relations.next() {
        Some(None) => columns.len() > 1,
        Some(first) => relations.any(|other| other != first),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::plan;
    use crate::sql::{Statement, parse_one};
    use crate::test_server::{begin, block_on, open, run};

    #[test]
    fn tables_of_a_subquery_are_joined_by_what_they_are_compared_with() {
        block_on(a_subquery_of_two_tables);
    }

    async fn a_subquery_of_two_tables() {
        let folder = tempfile::tempdir().unwrap();
        let session = begin(&open(folder.path()).await);
        run(
            &session,
            "CREATE TABLE a (x INT, y INT); CREATE TABLE b (x INT, s TEXT);
             CREATE TABLE c (y INT, z INT);",
        )
        .await;
        let sql = "SELECT (SELECT b.s FROM public.b, public.c
                           WHERE b.x = a.x AND c.y = a.y AND c.z <> a.x) FROM public.a";
        let Statement::Query(query) = parse_one(sql).unwrap() else {
            panic!("{sql} is no query");
        };
        let context = session.statement();
        let plan = plan::query(&context, &query).await.unwrap();
        let plan = context.state.optimize(&plan).unwrap();
        let mut joins = 0;
        plan.apply(|node| {
            if let LogicalPlan::Join(join) = node {
                joins += 1;
                assert!(!join.on.is_empty(), "{}", plan.display_indent());
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
        assert!(joins > 2, "{}", plan.display_indent());
    }
}
