//! Composite types in a plan: casts and comparisons with NULL as PostgreSQL has them.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::rewrite_parts;

use super::expressions::Expressions;
use super::matched;
use crate::catalog::pg_catalog::StatementCatalog;
use crate::session::places;

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
        if !snapshot.has_types() && !has_rows(&plan)? {
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
            let rewritten = rewrite_parts(plan, |part| expressions.rewrite(part))?
                .transform_data(|plan| places::ordered(plan, &|row| expressions.place(row)))?
                .transform_data(|plan| match plan {
                    LogicalPlan::Union(union) => matched::unite(union, &expressions),
                    other => Ok(Transformed::no(other)),
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

/// Whether a plan has values of the type of a relation's rows, which need no type that users have made.
fn has_rows(plan: &LogicalPlan) -> Result<bool> {
    let is_row = |data_type: &DataType| CompositeKind::of(data_type).is_some();
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= node
            .schema()
            .fields()
            .iter()
            .any(|it| is_row(it.data_type()));
        node.apply_expressions(|expression| {
            found |= expression.exists(|part| {
                Ok(matches!(part, Expr::Cast(cast) if is_row(cast.field.data_type())))
            })?;
            Ok(stop_if(found))
        })?;
        Ok(stop_if(found))
    })?;
    Ok(found)
}

fn stop_if(found: bool) -> TreeNodeRecursion {
    match found {
        true => TreeNodeRecursion::Stop,
        false => TreeNodeRecursion::Continue,
    }
}
