//! Running a plan, and what it took.

use std::sync::Arc;

use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};

use crate::error::Result;

/// The state for plans that find keys in tables, NULL like any other value.
///
/// While a hash join runs, DataFusion tells the scan of its other side which values it has, so that
/// the scan skips what has none of them. It leaves out NULL there, also where NULL equals NULL, and
/// row groups of nothing but NULL would be skipped.
pub fn keeping_nulls(state: &SessionState) -> SessionState {
    let mut state = state.clone();
    let options = state.config_mut().options_mut();
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    state
}

/// What running plans took.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    plans: Vec<Arc<dyn ExecutionPlan>>,
}

impl Measured {
    /// Runs a plan.
    ///
    /// # Errors
    /// What planning says; later batches speak for themselves.
    pub async fn run(
        &mut self,
        state: &SessionState,
        plan: &LogicalPlan,
    ) -> Result<SendableRecordBatchStream> {
        let physical = state.create_physical_plan(plan).await?;
        self.plans.push(Arc::clone(&physical));
        Ok(execute_stream(physical, state.task_ctx())?)
    }

    /// Rows that were read of the inputs.
    pub fn rows_read(&self) -> u64 {
        let rows = |plan: &dyn ExecutionPlan| match plan.children().is_empty() {
            true => plan
                .metrics()
                .and_then(|metrics| metrics.output_rows())
                .unwrap_or(0),
            false => 0,
        };
        self.sum(&rows)
    }

    /// Bytes that were written to disk for lack of memory.
    pub fn spilled(&self) -> u64 {
        self.sum(&|plan| {
            plan.metrics()
                .and_then(|metrics| metrics.spilled_bytes())
                .unwrap_or(0)
        })
    }

    fn sum(&self, of: &dyn Fn(&dyn ExecutionPlan) -> usize) -> u64 {
        fn walk(plan: &dyn ExecutionPlan, of: &dyn Fn(&dyn ExecutionPlan) -> usize) -> usize {
            let below = plan.children().into_iter();
            of(plan) + below.map(|child| walk(child.as_ref(), of)).sum::<usize>()
        }
        let all = self.plans.iter().map(|plan| walk(plan.as_ref(), of));
        all.sum::<usize>() as u64
    }
}
