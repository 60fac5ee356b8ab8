//! Enums in a plan: casts, comparisons and orders as PostgreSQL has them.

use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Distinct, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use super::expressions::Expressions;
use super::retyped;
use crate::catalog::pg_catalog::StatementCatalog;

/// Before DataFusion finds common types: casts read and check labels, values are ordered as their type
/// declares them, and the type is kept where DataFusion would lose it.
#[derive(Debug, Default)]
pub struct EnumTypes;

impl AnalyzerRule for EnumTypes {
    fn name(&self) -> &str {
        "enum_types"
    }

    fn analyze(&self, plan: LogicalPlan, options: &ConfigOptions) -> Result<LogicalPlan> {
        // A plan without a catalog has no types of users'.
        let Ok(sources) = StatementCatalog::of(options) else {
            return Ok(plan);
        };
        let snapshot = sources.snapshot();
        if !snapshot.has_types() {
            return Ok(plan);
        }
        let path = sources.search_path();
        let mut is_changed = false;
        plan.transform_up_with_subqueries(|plan| {
            let mut schema = merge_schema(&plan.inputs());
            // A plan that was optimized before has scans that filter.
            if let LogicalPlan::TableScan(scan) = &plan {
                let (name, columns) = (scan.table_name.clone(), scan.source.schema());
                schema.merge(&DFSchema::try_from_qualified_schema(name, &columns)?);
            }
            let expressions = Expressions {
                snapshot: &snapshot,
                path: &path,
                schema: &schema,
            };
            let columns = retyped::wanted(&plan, &expressions)?;
            let rewritten = rewritten(plan, &expressions)?;
            is_changed |= rewritten.transformed;
            let rewritten = match is_changed {
                true => rewritten.map_data(LogicalPlan::recompute_schema)?,
                false => rewritten,
            };
            let rewritten = rewritten.transform_data(|plan| retyped::project(plan, columns))?;
            is_changed |= rewritten.transformed;
            Ok(rewritten)
        })
        .data()
    }
}

fn rewritten(plan: LogicalPlan, expressions: &Expressions<'_>) -> Result<Transformed<LogicalPlan>> {
    let names = NamePreserver::new(&plan);
    let rewritten = plan.map_expressions(|expression| {
        let name = names.save(&expression);
        let rewritten = expression.transform_up(|expression| expressions.rewrite(expression))?;
        Ok(rewritten.update_data(|expression| name.restore(expression)))
    })?;
    rewritten.transform_data(|plan| match plan {
        LogicalPlan::Sort(mut sort) => {
            let is_changed = expressions.order(&mut sort.expr)?;
            let plan = LogicalPlan::Sort(sort);
            Ok(Transformed::new_transformed(plan, is_changed))
        }
        LogicalPlan::Distinct(Distinct::On(mut on)) => {
            let mut is_changed = match &mut on.sort_expr {
                Some(order) => expressions.order(order)?,
                None => false,
            };
            // What rows are told apart by is what they are ordered by.
            for expression in &mut on.on_expr {
                is_changed |= expressions.place(expression)?;
            }
            let plan = LogicalPlan::Distinct(Distinct::On(on));
            Ok(Transformed::new_transformed(plan, is_changed))
        }
        LogicalPlan::Join(join) => {
            let (left, right): (&DFSchema, &DFSchema) = (join.left.schema(), join.right.schema());
            for (own, other) in &join.on {
                expressions.check_joined((own, left), (other, right))?;
            }
            Ok(Transformed::no(LogicalPlan::Join(join)))
        }
        LogicalPlan::Union(union) => retyped::unite(union, expressions),
        other => Ok(Transformed::no(other)),
    })
}
