//! Where the values of a query's columns come from, column to column, from its logical plan.
//!
//! A value comes from a column where the column stands in the expression that computes it. What
//! only decides which rows there are (filters, join keys, grouping without output) or in which
//! order they are met (ORDER BY, PARTITION BY, FILTER) does not count.
//!
//! DataFusion's planner replaces a view by its plan as soon as it scans it
//! (`LogicalPlanBuilder::scan` asks `TableProvider::get_logical_plan`), and an alias that a user
//! gave to a subquery looks the same afterwards. To trace to a view itself, plan the query over
//! [`ColumnsOnly`] in the view's place.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, JoinType, LogicalPlan, RecursiveQuery, Subquery, TableType,
};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Error, Result};
use crate::sql::time_travel;

/// That a column of a query has values from a column of a relation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnLineage {
    /// The column of the query.
    pub output: String,
    /// The relation, named as in the query; of a version of a table, the table.
    pub source_table: TableReference,
    /// The column of the relation.
    pub source_column: String,
}

/// The lineage of every column of a plan's output, in the order of the columns. A column without
/// sources (a constant, a count) does not appear.
///
/// # Errors
/// A plan whose columns cannot be resolved, which the planner would not make.
pub fn lineage(plan: &LogicalPlan) -> Result<Vec<ColumnLineage>> {
    let origins = Tracer::default().trace(plan)?;
    Ok(plan
        .schema()
        .fields()
        .iter()
        .zip(origins)
        .flat_map(|(field, origins)| {
            origins.into_iter().map(|(table, column)| ColumnLineage {
                output: field.name().clone(),
                source_table: table,
                source_column: column,
            })
        })
        .collect())
}

/// The columns that one value comes from.
type Origins = BTreeSet<(TableReference, String)>;

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
struct Tracer {
    /// The columns around a subquery, innermost last.
    outer: Vec<(Arc<DFSchema>, Vec<Origins>)>,
    /// What is known so far of the recursive queries around.
    recursive: HashMap<String, Vec<Origins>>,
}

impl Tracer {
    /// The origins of each column that a plan gives.
    fn trace(&mut self, plan: &LogicalPlan) -> Result<Vec<Origins>> {
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
                    .map(|field| Origins::from([(table.clone(), field.name().clone())]))
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
                self.trace_all(&node.input, &node.select_expr)
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
            | LogicalPlan::Filter(_)
            | LogicalPlan::Sort(_)
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
            Expr::Exists(_) => Ok(()),
            Expr::AggregateFunction(function) => {
                let arguments = &function.params.args;
                self.each(arguments, schema, input, found)
            }
            Expr::WindowFunction(function) => {
                let arguments = &function.params.args;
                self.each(arguments, schema, input, found)
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

    fn each(
        &mut self,
        expressions: &[Expr],
        schema: &Arc<DFSchema>,
        input: &Input<'_>,
        found: &mut Origins,
    ) -> Result<()> {
        expressions
            .iter()
            .try_for_each(|expression| self.expression(expression, schema, input, found))
    }

    /// A subquery's values, which may come from the columns around it.
    fn subquery(
        &mut self,
        subquery: &Subquery,
        schema: &Arc<DFSchema>,
        input: &Input<'_>,
        found: &mut Origins,
    ) -> Result<()> {
        self.outer
            .push((Arc::clone(schema), input.origins.to_vec()));
        let origins = self.trace(&subquery.subquery);
        self.outer.pop();
        found.extend(origins?.into_iter().flatten());
        Ok(())
    }
}

fn merge(into: &mut [Origins], from: Vec<Origins>) {
    for (into, from) in into.iter_mut().zip(from) {
        into.extend(from);
    }
}

/// The table whose version a name may stand for.
fn base_table(name: &TableReference) -> TableReference {
    let Some((base, _)) = time_travel::decode(name.table()) else {
        return name.clone();
    };
    match (name.catalog(), name.schema()) {
        (Some(catalog), Some(schema)) => TableReference::full(catalog, schema, base),
        (_, Some(schema)) => TableReference::partial(schema, base),
        _ => TableReference::bare(base),
    }
}

/// A relation of which only the columns are known: queries over it can be planned, not run.
#[derive(Debug)]
pub struct ColumnsOnly(pub SchemaRef);

#[async_trait]
impl TableProvider for ColumnsOnly {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Err(Error::internal("a relation known by its columns alone was scanned").into())
    }
}

#[cfg(test)]
mod tests;
