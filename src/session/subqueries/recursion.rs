//! Recursive queries for all values that they refer to: the rows that are read of the step before have
//! the value that they are of, and so a step is one of all values at once.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, RecursiveQuery, TableScan};

use super::dependent::{Around, Dependent, Names, as_expressions, projected};

/// The rows of the step before, with the values that they are of.
#[derive(Clone)]
pub(super) struct Step {
    /// What the query calls them.
    own_name: String,
    /// The rows, whose last columns are the values.
    rows: LogicalPlan,
    /// How many values there are.
    values: usize,
}

impl Step {
    /// Whether a scan is of these rows, without the values.
    pub(super) fn is(&self, scan: &TableScan) -> bool {
        scan.table_name.schema().is_none() && scan.table_name.table() == self.own_name
    }

    /// Whether a plan reads these rows.
    pub(super) fn is_read_by(&self, plan: &LogicalPlan) -> Result<bool> {
        let mut is_read = false;
        plan.apply(|node| {
            is_read |= matches!(node, LogicalPlan::TableScan(scan) if self.is(scan));
            Ok(match is_read {
                true => TreeNodeRecursion::Stop,
                false => TreeNodeRecursion::Continue,
            })
        })?;
        Ok(is_read)
    }

    /// The rows in the place of a scan of them.
    pub(super) fn read(&self, scan: &TableScan, names: &mut Names) -> Result<Dependent> {
        let name = names.next("step");
        let columns = self.rows.schema().columns();
        let own = columns.len().saturating_sub(self.values);
        let mut values = Vec::with_capacity(self.values);
        let mut expressions = Vec::with_capacity(columns.len());
        for (relation, field) in scan.projected_schema.iter() {
            let column = columns.iter().find(|column| column.name == *field.name());
            let column = column
                .cloned()
                .unwrap_or_else(|| Column::from_name(field.name()));
            expressions.push(Expr::Column(column).alias_qualified(relation.cloned(), field.name()));
        }
        for (index, value) in columns.into_iter().skip(own).enumerate() {
            let value_name = format!("{name}_{index}");
            expressions.push(Expr::Column(value).alias(&value_name));
            values.push(Column::from_name(value_name));
        }
        Ok((projected(self.rows.clone(), expressions)?, values))
    }
}

impl Around {
    /// What a recursive query gives for each of the values.
    ///
    /// # Errors
    /// Those of [`Self::join`].
    pub(super) fn recursive(&self, query: &RecursiveQuery, names: &mut Names) -> Result<Dependent> {
        let name = names.next("recursive");
        let value_name = |index: usize| format!("{name}_{index}");
        let own = query.static_term.schema().columns();
        let (first, values) = self.join(&query.static_term, names)?;
        let named = values.into_iter().enumerate();
        let named = named.map(|(index, value)| Expr::Column(value).alias(value_name(index)));
        let first = projected(first, as_expressions(&own).chain(named).collect())?;
        let count = first.schema().fields().len() - own.len();
        let schema = Arc::clone(first.schema().inner());
        let step = CteWorkTable::new(&name, schema);
        let step = LogicalPlanBuilder::scan(&name, provider_as_source(Arc::new(step)), None)?;
        let within = self.reading(Step {
            own_name: query.name.clone(),
            rows: step.build()?,
            values: count,
        });
        let (next, values) = within.join(&query.recursive_term, names)?;
        let columns = query
            .recursive_term
            .schema()
            .columns()
            .into_iter()
            .zip(&own);
        let columns = columns.map(|(column, own)| {
            Expr::Column(column).alias_qualified(own.relation.clone(), &own.name)
        });
        let named = values.into_iter().enumerate();
        let named = named.map(|(index, value)| Expr::Column(value).alias(value_name(index)));
        let next = projected(next, columns.chain(named).collect())?;
        let all = RecursiveQuery::try_new(
            name.clone(),
            Arc::new(first),
            Arc::new(next),
            query.is_distinct,
        )?;
        let all = LogicalPlan::RecursiveQuery(all);
        let values = all.schema().columns().into_iter().skip(own.len()).collect();
        Ok((all, values))
    }
}
