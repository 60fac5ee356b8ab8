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
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, replace_children_if_necessary};
use futures::{TryStreamExt, stream};

use crate::unary::{Unary, UnaryExec};

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
            let left = NestedLoopInput::before(join.left(), &left_rows, Side::Left);
            let right = NestedLoopInput::before(join.right(), &left_rows, Side::Right);
            let join = replace_children_if_necessary(Arc::clone(&plan), vec![left, right])?;
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

/// What is done with one input of a nested loop.
#[derive(Clone, Debug)]
struct NestedLoopInput {
    left_rows: Arc<AtomicUsize>,
    side: Side,
}

impl NestedLoopInput {
    fn before(
        input: &Arc<dyn ExecutionPlan>,
        left_rows: &Arc<AtomicUsize>,
        side: Side,
    ) -> Arc<dyn ExecutionPlan> {
        let left_rows = Arc::clone(left_rows);
        Arc::new(UnaryExec::new(Arc::clone(input), Self { left_rows, side }))
    }
}

impl Unary for NestedLoopInput {
    const NAME: &'static str = "NestedLoopInputExec";

    fn display(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.side {
            Side::Left => "NestedLoopInputExec: counted",
            Side::Right => "NestedLoopInputExec: in pieces",
        })
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let schema = input.schema();
        let input = input.execute(partition, context)?;
        let left_rows = Arc::clone(&self.left_rows);
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
