//! Cuts the work of nested loops to pieces.
//!
//! DataFusion's `NestedLoopJoinExec` compares each batch of its right side with all rows of its left
//! side before it looks up (as of version 55), which for a million rows on the left takes minutes: a
//! thread that hears no cancel request and serves no other client. Here the left side is counted,
//! and the right side comes in pieces that are compared in milliseconds, with a pause after each.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, replace_children_if_necessary,
};
use futures::{TryStreamExt, stream};

/// So many pairs of rows are compared before others have their turn.
const PAIRS: usize = 1 << 20;

/// Puts the counting and the cutting below nested loops.
#[derive(Debug)]
pub(super) struct CutNestedLoops;

impl PhysicalOptimizerRule for CutNestedLoops {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() else {
                return Ok(Transformed::no(plan));
            };
            let left_rows = Arc::new(AtomicUsize::new(0));
            let left = NestedLoopInputExec::new(join.left(), &left_rows, Side::Left);
            let right = NestedLoopInputExec::new(join.right(), &left_rows, Side::Right);
            let children: Vec<Arc<dyn ExecutionPlan>> = vec![Arc::new(left), Arc::new(right)];
            let join = replace_children_if_necessary(Arc::clone(&plan), children)?;
            Ok(Transformed::yes(join))
        })
        .data()
    }

    fn name(&self) -> &str {
        "cut_nested_loops"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Gathered by the join before it asks for the other side: counted.
    Left,
    /// Cut to pieces.
    Right,
}

/// One input of a nested loop.
#[derive(Clone, Debug)]
struct NestedLoopInputExec {
    input: Arc<dyn ExecutionPlan>,
    left_rows: Arc<AtomicUsize>,
    side: Side,
}

impl NestedLoopInputExec {
    fn new(input: &Arc<dyn ExecutionPlan>, left_rows: &Arc<AtomicUsize>, side: Side) -> Self {
        Self {
            input: Arc::clone(input),
            left_rows: Arc::clone(left_rows),
            side,
        }
    }
}

impl DisplayAs for NestedLoopInputExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.side {
            Side::Left => "NestedLoopInputExec: counted",
            Side::Right => "NestedLoopInputExec: in pieces",
        })
    }
}

impl ExecutionPlan for NestedLoopInputExec {
    fn name(&self) -> &'static str {
        "NestedLoopInputExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children
            .pop()
            .ok_or_else(|| DataFusionError::Internal("NestedLoopInputExec has one input".into()))?;
        Ok(Arc::new(Self::new(&input, &self.left_rows, self.side)))
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let left_rows = Arc::clone(&self.left_rows);
        let schema = self.input.schema();
        Ok(match self.side {
            Side::Left => {
                let counted = input.inspect_ok(move |batch| {
                    left_rows.fetch_add(batch.num_rows(), Ordering::Relaxed);
                });
                Box::pin(RecordBatchStreamAdapter::new(schema, counted))
            }
            Side::Right => {
                let pieces = input
                    .map_ok(move |batch| {
                        let rows = PAIRS / left_rows.load(Ordering::Relaxed).max(1);
                        stream::iter(pieces(batch, rows.max(1)).map(Ok)).and_then(pause)
                    })
                    .try_flatten();
                Box::pin(RecordBatchStreamAdapter::new(schema, pieces))
            }
        })
    }
}

/// A batch in slices of so many rows, each with the number of rows before it.
fn pieces(batch: RecordBatch, rows: usize) -> impl Iterator<Item = (usize, RecordBatch)> {
    (0..batch.num_rows()).step_by(rows).map(move |first| {
        let rows = rows.min(batch.num_rows() - first);
        (first, batch.slice(first, rows))
    })
}

/// Lets others run before the second piece and those after it.
async fn pause((first, piece): (usize, RecordBatch)) -> Result<RecordBatch> {
    if first > 0 {
        tokio::task::yield_now().await;
    }
    Ok(piece)
}
