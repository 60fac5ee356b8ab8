//! From a plan to the origins of its columns and of its rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, JoinType, LogicalPlan, RecursiveQuery, Subquery, TableType,
};

use super::Through;
use crate::error::Result;
use crate::sql::{table_changes, time_travel};

/// A column that another one comes from, or depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub table: TableReference,
    pub column: String,
    pub through: Through,
}

/// The columns that one value comes from or depends on.
type Origins = BTreeSet<Origin>;

/// A plan's output columns, for those within that refer to them.
struct Input<'a> {
    schema: &'a DFSchema,
    origins: &'a [Origins],
}

impl Input<'_> {
    fn of(&self, column: &Column) -> Option<&Origins> {
        let index = self.schema.maybe_index_of_column(column)?;
        self.origins.get(index)
    }
}

#[derive(Default)]
pub(super) struct Tracer {
    /// The columns around a subquery, innermost last.
    outer: Vec<(Arc<DFSchema>, Vec<Origins>)>,
    /// What is known so far of the recursive queries around.
    recursive: HashMap<String, Vec<Origins>>,
    /// What decides which rows there are, and their order.
    rows: Origins,
}

impl Tracer {
    /// What decides on the rows of the plans that were traced.
    pub(super) fn rows(self) -> Origins {
        self.rows
    }

    /// The origins of each column that a plan gives.
    pub(super) fn trace(&mut self, plan: &LogicalPlan) -> Result<Vec<Origins>> {
        match plan {
            LogicalPlan::TableScan(scan) => {
                if let Some(known) = self.recursive.get(scan.table_name.table())
                    && scan.source.table_type() == TableType::Temporary
                {
                    let all = scan.source.schema();
                    let projected = scan.projection.clone();
                    let indices = projected.unwrap_or_else(|| (0..all.fields().len()).collect());
                    let column = |index: usize| known.get(index).cloned().unwrap_or_default();
                    return Ok(indices.into_iter().map(column).collect());
                }
                let table = base_table(&scan.table_name);
                let fields = scan.projected_schema.fields().iter();
                Ok(fields
                    .map(|field| {
                        Origins::from([Origin {
                            table: table.clone(),
                            column: field.name().clone(),
                            through: Through::Value,
                        }])
                    })
                    .collect())
            }
            LogicalPlan::Projection(node) => self.trace_all(&node.input, &node.expr),
            LogicalPlan::Window(node) => {
                let mut origins = self.trace(&node.input)?;
                let computed = self.expressions(&node.input, &origins, &node.window_expr)?;
                origins.extend(computed);
                Ok(origins)
            }
            LogicalPlan::Aggregate(node) => self.trace_aggregate(node),
            LogicalPlan::Join(node) => self.trace_join(node),
            LogicalPlan::Union(node) => {
                let mut origins = vec![Origins::new(); node.schema.fields().len()];
                for input in &node.inputs {
                    merge(&mut origins, self.trace(input)?);
                }
                Ok(origins)
            }
            LogicalPlan::Distinct(Distinct::On(node)) => {
                let input = self.trace(&node.input)?;
                self.decide(&node.input, &input, &node.on_expr, Through::GroupBy)?;
                let order = node.sort_expr.iter().flatten();
                let order = order.map(|sort| &sort.expr);
                self.decide(&node.input, &input, order, Through::Sort)?;
                self.expressions(&node.input, &input, &node.select_expr)
            }
            LogicalPlan::Filter(node) => {
                let input = self.trace(&node.input)?;
                self.decide(&node.input, &input, [&node.predicate], Through::Filter)?;
                Ok(input)
            }
            LogicalPlan::Sort(node) => {
                let input = self.trace(&node.input)?;
                let order = node.expr.iter().map(|sort| &sort.expr);
                self.decide(&node.input, &input, order, Through::Sort)?;
                Ok(input)
            }
            LogicalPlan::Unnest(node) => {
                let input = self.trace(&node.input)?;
                let column = |index: &usize| input.get(*index).cloned().unwrap_or_default();
                Ok(node.dependency_indices.iter().map(column).collect())
            }
            LogicalPlan::Values(node) => {
                let none = LogicalPlan::default();
                let mut origins = vec![Origins::new(); node.schema.fields().len()];
                for row in &node.values {
                    merge(&mut origins, self.expressions(&none, &[], row)?);
                }
                Ok(origins)
            }
            LogicalPlan::RecursiveQuery(node) => self.trace_recursive(node),
            LogicalPlan::Subquery(node) => self.trace(&node.subquery),
            LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Distinct(Distinct::All(_)) => match plan.inputs().first() {
                Some(input) => self.trace(input),
                None => Ok(Vec::new()),
            },
            LogicalPlan::Extension(_) => self.trace_by_name(plan),
            LogicalPlan::EmptyRelation(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::DescribeTable(_) => {
                Ok(vec![Origins::new(); plan.schema().fields().len()])
            }
        }
    }

    fn trace_all(&mut self, input: &LogicalPlan, expressions: &[Expr]) -> Result<Vec<Origins>> {
        let origins = self.trace(input)?;
        self.expressions(input, &origins, expressions)
    }

    fn trace_aggregate(&mut self, node: &Aggregate) -> Result<Vec<Origins>> {
        let input = self.trace(&node.input)?;
        let groups: Vec<Expr> = grouping_set_to_exprlist(&node.group_expr)?
            .into_iter()
            .cloned()
            .collect();
        self.decide(&node.input, &input, &groups, Through::GroupBy)?;
        let mut origins = self.expressions(&node.input, &input, &groups)?;
        // Grouping sets add a column that tells which of the sets a row belongs to.
        let columns = node.schema.fields().len();
        origins.resize(columns.saturating_sub(node.aggr_expr.len()), Origins::new());
        origins.extend(self.expressions(&node.input, &input, &node.aggr_expr)?);
        Ok(origins)
    }

    fn trace_join(&mut self, node: &Join) -> Result<Vec<Origins>> {
        let left = self.trace(&node.left)?;
        let right = self.trace(&node.right)?;
        let (of_left, of_right): (Vec<&Expr>, Vec<&Expr>) =
            node.on.iter().map(|(left, right)| (left, right)).unzip();
        self.decide(&node.left, &left, of_left, Through::Join)?;
        self.decide(&node.right, &right, of_right, Through::Join)?;
        if let Some(filter) = &node.filter {
            let schema = Arc::new(node.left.schema().join(node.right.schema())?);
            let both: Vec<Origins> = left.iter().chain(&right).cloned().collect();
            let input = Input {
                schema: &schema,
                origins: &both,
            };
            let mut found = Origins::new();
            self.expression(filter, &schema, &input, &mut found)?;
            self.rows.extend(through(found, Through::Join));
        }
        let mut origins = match node.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => left,
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => right,
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                left.into_iter().chain(right).collect()
            }
        };
        // A mark join adds whether there was a match.
        origins.resize(node.schema.fields().len(), Origins::new());
        Ok(origins)
    }

    /// Repeats the recursive term until it adds no origin.
    fn trace_recursive(&mut self, node: &RecursiveQuery) -> Result<Vec<Origins>> {
        let mut known = self.trace(&node.static_term)?;
        let hidden = self.recursive.remove(&node.name);
        loop {
            self.recursive.insert(node.name.clone(), known.clone());
            let mut next = known.clone();
            merge(&mut next, self.trace(&node.recursive_term)?);
            if next == known {
                break;
            }
            known = next;
        }
        self.recursive.remove(&node.name);
        if let Some(hidden) = hidden {
            self.recursive.insert(node.name.clone(), hidden);
        }
        Ok(known)
    }

    /// For operators of our own, which pass columns on under their names.
    fn trace_by_name(&mut self, plan: &LogicalPlan) -> Result<Vec<Origins>> {
        let mut origins = vec![Origins::new(); plan.schema().fields().len()];
        for input in plan.inputs() {
            let of_input = self.trace(input)?;
            let input = Input {
                schema: input.schema(),
                origins: &of_input,
            };
            for (column, origins) in plan.schema().columns().iter().zip(&mut origins) {
                origins.extend(input.of(column).into_iter().flatten().cloned());
            }
        }
        Ok(origins)
    }

    /// Takes what expressions over an input stand on for what decides on the rows.
    fn decide<'e>(
        &mut self,
        input: &LogicalPlan,
        origins: &[Origins],
        expressions: impl IntoIterator<Item = &'e Expr>,
        how: Through,
    ) -> Result<()> {
        let schema = input.schema();
        let input = Input { schema, origins };
        let mut found = Origins::new();
        self.each(expressions, schema, &input, &mut found)?;
        self.rows.extend(through(found, how));
        Ok(())
    }

    fn expressions(
        &mut self,
        input: &LogicalPlan,
        origins: &[Origins],
        expressions: &[Expr],
    ) -> Result<Vec<Origins>> {
        let schema = input.schema();
        expressions
            .iter()
            .map(|expression| {
                let mut found = Origins::new();
                let input = Input { schema, origins };
                self.expression(expression, schema, &input, &mut found)?;
                Ok(found)
            })
            .collect()
    }

    fn expression(
        &mut self,
        expression: &Expr,
        schema: &Arc<DFSchema>,
        input: &Input<'_>,
        found: &mut Origins,
    ) -> Result<()> {
        match expression {
            Expr::Column(column) => {
                found.extend(input.of(column).into_iter().flatten().cloned());
                Ok(())
            }
            Expr::OuterReferenceColumn(_, column) => {
                let origins =
                    self.outer.iter().rev().find_map(|(schema, origins)| {
                        Input { schema, origins }.of(column).cloned()
                    });
                found.extend(origins.into_iter().flatten());
                Ok(())
            }
            Expr::ScalarSubquery(subquery) => self.subquery(subquery, schema, input, found),
            Expr::InSubquery(node) => {
                self.expression(&node.expr, schema, input, found)?;
                self.subquery(&node.subquery, schema, input, found)
            }
            Expr::SetComparison(node) => {
                self.expression(&node.expr, schema, input, found)?;
                self.subquery(&node.subquery, schema, input, found)
            }
            Expr::Exists(node) => {
                // Which columns it selects does not matter.
                let (_, rows) = self.within(&node.subquery, schema, input)?;
                found.extend(rows);
                Ok(())
            }
            Expr::AggregateFunction(function) => {
                let params = &function.params;
                self.each(&params.args, schema, input, found)?;
                let mut aside = |expressions: Vec<&Expr>, how| {
                    self.aside(expressions, schema, input, found, how)
                };
                aside(
                    params.filter.iter().map(AsRef::as_ref).collect(),
                    Through::Filter,
                )?;
                aside(
                    params.order_by.iter().map(|sort| &sort.expr).collect(),
                    Through::Sort,
                )
            }
            Expr::WindowFunction(function) => {
                let params = &function.params;
                self.each(&params.args, schema, input, found)?;
                let order = params.order_by.iter().map(|sort| &sort.expr);
                let window = params.partition_by.iter().chain(order).collect();
                let filter = params.filter.iter().map(AsRef::as_ref).collect();
                self.aside(window, schema, input, found, Through::Window)?;
                self.aside(filter, schema, input, found, Through::Filter)
            }
            Expr::Case(case) => {
                let compared = case.expr.iter().map(AsRef::as_ref);
                let conditions = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
                let conditions = compared.chain(conditions).collect();
                self.aside(conditions, schema, input, found, Through::Conditional)?;
                let values = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
                let values = values.chain(case.else_expr.iter().map(AsRef::as_ref));
                self.each(values, schema, input, found)
            }
            _ => {
                let mut result = Ok(());
                expression.apply_children(|child| {
                    result = self.expression(child, schema, input, found);
                    Ok(match result {
                        Ok(()) => TreeNodeRecursion::Continue,
                        Err(_) => TreeNodeRecursion::Stop,
                    })
                })?;
                result
            }
        }
    }

    /// Expressions that only decide on a value.
    fn aside(
        &mut self,
        expressions: Vec<&Expr>,
        schema: &Arc<DFSchema>,
        input: &Input<'_>,
        found: &mut Origins,
        how: Through,
    ) -> Result<()> {
        let mut aside = Origins::new();
        self.each(expressions, schema, input, &mut aside)?;
        found.extend(through(aside, how));
        Ok(())
    }

    fn each<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = &'e Expr>,
        schema: &Arc<DFSchema>,
        input: &Input<'_>,
        found: &mut Origins,
    ) -> Result<()> {
        expressions
            .into_iter()
            .try_for_each(|expression| self.expression(expression, schema, input, found))
    }

    /// A subquery's values, which may come from the columns around it, and what decides on its rows.
    fn subquery(
        &mut self,
        subquery: &Subquery,
        schema: &Arc<DFSchema>,
        input: &Input<'_>,
        found: &mut Origins,
    ) -> Result<()> {
        let (columns, rows) = self.within(subquery, schema, input)?;
        found.extend(columns.into_iter().flatten());
        found.extend(rows);
        Ok(())
    }

    /// The origins of a subquery's columns, and those of its rows: they are of no matter for the
    /// rows of the query around it but through what the subquery stands in.
    fn within(
        &mut self,
        subquery: &Subquery,
        schema: &Arc<DFSchema>,
        input: &Input<'_>,
    ) -> Result<(Vec<Origins>, Origins)> {
        self.outer
            .push((Arc::clone(schema), input.origins.to_vec()));
        let around = std::mem::take(&mut self.rows);
        let columns = self.trace(&subquery.subquery);
        let rows = std::mem::replace(&mut self.rows, around);
        self.outer.pop();
        Ok((columns?, rows))
    }
}

/// The origins as those of something that only decides.
fn through(origins: Origins, how: Through) -> Origins {
    let origins = origins.into_iter();
    origins
        .map(|origin| Origin {
            through: how,
            ..origin
        })
        .collect()
}

fn merge(into: &mut [Origins], from: Vec<Origins>) {
    for (into, from) in into.iter_mut().zip(from) {
        into.extend(from);
    }
}

/// The table whose version a name may stand for.
fn base_table(name: &TableReference) -> TableReference {
    let changes = table_changes::decode(name.table());
    let version = time_travel::decode(name.table());
    let Some(base) = changes
        .map(|call| call.table)
        .or(version.map(|(base, _)| base))
    else {
        return name.clone();
    };
    match (name.catalog(), name.schema()) {
        (Some(catalog), Some(schema)) => TableReference::full(catalog, schema, base),
        (_, Some(schema)) => TableReference::partial(schema, base),
        _ => TableReference::bare(base),
    }
}
