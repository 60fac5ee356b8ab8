//! Enums in a plan: casts, comparisons and orders as PostgreSQL has them.

use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::AnalyzerRule;
use tributary_udfs::rewrite_parts;

use super::expressions::Expressions;
use super::retyped;
use crate::catalog::pg_catalog::StatementCatalog;
use crate::session::places;

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
            let expressions = Expressions {
                snapshot: &snapshot,
                path: &path,
                schema: &places::columns_below(&plan)?,
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
    rewrite_parts(plan, |part| expressions.rewrite(part))?
        .transform_data(|plan| places::ordered(plan, &|value| expressions.place(value)))?
        .transform_data(|plan| match plan {
            LogicalPlan::Join(join) => {
                let (left, right): (&DFSchema, &DFSchema) =
                    (join.left.schema(), join.right.schema());
                for (own, other) in &join.on {
                    expressions.check_joined((own, left), (other, right))?;
                }
                Ok(Transformed::no(LogicalPlan::Join(join)))
            }
            LogicalPlan::Union(union) => retyped::unite(union, expressions),
            other => Ok(Transformed::no(other)),
        })
}
