//! Composite types in a plan: casts and comparisons with NULL as PostgreSQL has them.

use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::optimizer::AnalyzerRule;

use super::expressions::Expressions;
use crate::catalog::pg_catalog::StatementCatalog;

/// Before what looks at enums, which attributes may be of.
#[derive(Debug, Default)]
pub struct CompositeTypes;

impl AnalyzerRule for CompositeTypes {
    fn name(&self) -> &str {
        "composite_types"
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
            let names = NamePreserver::new(&plan);
            let rewritten = plan.map_expressions(|expression| {
                let name = names.save(&expression);
                let rewritten =
                    expression.transform_up(|expression| expressions.rewrite(expression))?;
                Ok(rewritten.update_data(|expression| name.restore(expression)))
            })?;
            is_changed |= rewritten.transformed;
            match is_changed {
                true => rewritten.map_data(LogicalPlan::recompute_schema),
                false => Ok(rewritten),
            }
        })
        .data()
    }
}
