//! Composite types in a plan: casts and comparisons with NULL as PostgreSQL has them.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;
use tributary_udfs::composites::CompositeKind;

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
        if !snapshot.has_types() && !has_rows(&plan)? {
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
            let rewritten = rewritten.transform_data(|plan| ordered(plan, &expressions))?;
            is_changed |= rewritten.transformed;
            match is_changed {
                true => rewritten.map_data(LogicalPlan::recompute_schema),
                false => Ok(rewritten),
            }
        })
        .data()
    }
}

/// A node that orders rows of composite types by their places.
fn ordered(plan: LogicalPlan, expressions: &Expressions<'_>) -> Result<Transformed<LogicalPlan>> {
    Ok(match plan {
        LogicalPlan::Sort(mut sort) => {
            let is_changed = expressions.order(&mut sort.expr)?;
            Transformed::new_transformed(LogicalPlan::Sort(sort), is_changed)
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
            Transformed::new_transformed(plan, is_changed)
        }
        other => Transformed::no(other),
    })
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
