//! `EXPLAIN`: how a query will run, and with `ANALYZE` how it ran.

use arrow::datatypes::SchemaRef;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use futures::TryStreamExt;
use std::sync::Arc;

use super::text_rows;
use crate::error::Result;
use crate::session::prepare::text_column;
use crate::session::{Outcome, Session, plan};
use crate::sources::RejectedRows;
use crate::sql::explain::Explain;

/// The column of the answer, named as in Postgres.
pub fn columns() -> SchemaRef {
    text_column("QUERY PLAN")
}

/// Shows the plan of a query; with `ANALYZE`, runs it and adds what each operator counted.
///
/// # Errors
/// What the query says.
pub async fn execute(session: &Session, explain: &Explain) -> Result<Outcome> {
    let rejected = Arc::new(RejectedRows::counting());
    let context = session.statement().collecting(&rejected);
    let mut query = explain.query.clone();
    plan::resolve_names(
        &mut query,
        &context.snapshot,
        &session.settings().search_path.0,
    )?;
    let logical = plan::query(&context, &query).await?;
    let state = context.state;
    let optimized = state.optimize(&logical)?;
    let physical = state
        .query_planner()
        .create_physical_plan(&optimized, &state)
        .await?;
    let mut lines = Vec::new();
    if explain.verbose {
        lines.push("Logical plan:".to_owned());
        lines.extend(
            optimized
                .display_indent()
                .to_string()
                .lines()
                .map(|line| format!("  {line}")),
        );
        lines.push("Physical plan:".to_owned());
    }
    let shown = if explain.analyze {
        let mut rows = execute_stream(Arc::clone(&physical), state.task_ctx())?;
        let started = std::time::Instant::now();
        let mut count = 0;
        while let Some(batch) = rows.try_next().await? {
            count += batch.num_rows();
        }
        for notice in rejected.notices() {
            session.notice(notice);
        }
        let shown = analyzed(&physical, explain.verbose);
        format!(
            "{shown}Rows: {count}\nExecution Time: {:.3} ms\n",
            started.elapsed().as_secs_f64() * 1000.0
        )
    } else {
        displayable(physical.as_ref())
            .indent(explain.verbose)
            .to_string()
    };
    let indent = if explain.verbose { "  " } else { "" };
    lines.extend(shown.lines().map(|line| format!("{indent}{line}")));
    text_rows("EXPLAIN", columns(), vec![lines])
}

fn analyzed(plan: &Arc<dyn ExecutionPlan>, verbose: bool) -> String {
    use datafusion::physical_plan::display::DisplayableExecutionPlan;
    if verbose {
        DisplayableExecutionPlan::with_full_metrics(plan.as_ref())
            .indent(true)
            .to_string()
    } else {
        DisplayableExecutionPlan::with_metrics(plan.as_ref())
            .indent(false)
            .to_string()
    }
}
