//! What windows are partitioned and ordered by is computed below them, where it compares what functions
//! answer: `OVER (PARTITION BY abs(a) < 3)`.
//!
//! DataFusion asks of a comparison which values its sides have, and does not know that of functions: it
//! takes rows that it has sorted by it for rows in no order, and refuses its own plan.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection, Window};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// Before the place of what is computed.
const COMPUTED: &str = "tributary:window:";

/// Puts columns in the place of such expressions.
#[derive(Debug)]
pub(super) struct WindowsByColumns;

impl OptimizerRule for WindowsByColumns {
    fn name(&self) -> &str {
        "windows_by_columns"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Window(window) = &plan else {
            return Ok(Transformed::no(plan));
        };
        let mut computed = Vec::new();
        let first = first_place(window.input.schema());
        let windows = window.window_expr.iter();
        let windows = windows.map(|it| by_columns(it, first, &mut computed));
        let windows: Vec<Expr> = windows.collect();
        if computed.is_empty() {
            return Ok(Transformed::no(plan));
        }
        let own = window.input.schema().columns().into_iter();
        let computed = computed.into_iter().zip(first..);
        let computed = computed.map(|(value, place)| value.alias(format!("{COMPUTED}{place}")));
        let below = own.map(Expr::Column).chain(computed);
        let below = LogicalPlanBuilder::from(window.input.as_ref().clone()).project(below)?;
        let above = Window::try_new(windows, Arc::new(below.build()?))?;
        // Without what is computed.
        let columns = plan.schema().iter();
        let columns = columns.map(|column| Expr::Column(Column::from(column)));
        let schema = Arc::clone(plan.schema());
        let above = Arc::new(LogicalPlan::Window(above));
        let above = Projection::try_new_with_schema(columns.collect(), above, schema)?;
        Ok(Transformed::yes(LogicalPlan::Projection(above)))
    }
}

/// The place after those that the input has computed, as it has where a plan is optimized again.
fn first_place(input: &DFSchema) -> usize {
    let names = input.fields().iter().map(|field| field.name());
    let places = names.filter_map(|name| name.strip_prefix(COMPUTED)?.parse::<usize>().ok());
    places.max().map_or(0, |last| last.saturating_add(1))
}

/// A window of the same name, which is partitioned and ordered by columns where that is `computed`.
fn by_columns(window: &Expr, first: usize, computed: &mut Vec<Expr>) -> Expr {
    let (relation, name) = window.qualified_name();
    let Expr::WindowFunction(mut function) = window.clone().unalias() else {
        return window.clone();
    };
    let mut is_changed = false;
    let params = &mut function.params;
    let order = params.order_by.iter_mut();
    let parts = params.partition_by.iter_mut();
    for part in parts.chain(order.map(|key| &mut key.expr)) {
        if !compares_answers(part) {
            continue;
        }
        let known = computed.iter().position(|known| known == part);
        let place = known.unwrap_or_else(|| {
            computed.push(part.clone());
            computed.len() - 1
        });
        let place = first.saturating_add(place);
        *part = Expr::Column(Column::from_name(format!("{COMPUTED}{place}")));
        is_changed = true;
    }
    match is_changed {
        true => Expr::WindowFunction(function).alias_qualified(relation, name),
        false => window.clone(),
    }
}

fn compares_answers(expression: &Expr) -> bool {
    let (mut compares, mut calls) = (false, false);
    let walked = expression.apply(|part| {
        compares |= matches!(part, Expr::BinaryExpr(_) | Expr::Between(_));
        calls |= matches!(part, Expr::ScalarFunction(_));
        Ok(TreeNodeRecursion::Continue)
    });
    walked.is_ok() && compares && calls
}
