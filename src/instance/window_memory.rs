//! Accounts the memory that windows hold.
//!
//! DataFusion's `WindowAggExec` gathers all of its input, puts it together to one batch and computes
//! on that, without asking the memory pool (as of version 55): a large partition would grow beyond
//! any limit until the system ends the process. Here its input is counted as it comes, and what was
//! counted is held until its output was taken. `BoundedWindowAggExec` keeps what its frame needs and
//! is not counted.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, replace_children_if_necessary,
};
use futures::StreamExt;
use parking_lot::Mutex;

/// The gathered input and the one batch that is made of it are there at the same time.
const COPIES: usize = 2;

/// About what a row takes of a computed column.
const COMPUTED: usize = 16;

/// Puts the counting around windows.
#[derive(Debug)]
pub(super) struct AccountWindows;

impl PhysicalOptimizerRule for AccountWindows {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let Some(window) = plan.downcast_ref::<WindowAggExec>() else {
                return Ok(Transformed::no(plan));
            };
            let held = Arc::new(Held {
                computed_columns: window.window_expr().len(),
                reservations: Mutex::default(),
            });
            let input = Arc::clone(window.input());
            let counted = Arc::new(WindowMemoryExec::new(input, Arc::clone(&held), Side::Input));
            let window = replace_children_if_necessary(Arc::clone(&plan), vec![counted])?;
            let whole = WindowMemoryExec::new(window, held, Side::Output);
            Ok(Transformed::yes(Arc::new(whole) as _))
        })
        .data()
    }

    fn name(&self) -> &str {
        "account_windows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What both sides of a window share.
#[derive(Debug)]
struct Held {
    computed_columns: usize,
    /// Of each partition that is about to begin.
    reservations: Mutex<Vec<(usize, Arc<MemoryReservation>)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Below the window: what it is given is counted.
    Input,
    /// Above it: what was counted is given back when its output ends.
    Output,
}

/// Passes batches on.
#[derive(Clone, Debug)]
struct WindowMemoryExec {
    input: Arc<dyn ExecutionPlan>,
    held: Arc<Held>,
    side: Side,
    properties: Arc<PlanProperties>,
}

impl WindowMemoryExec {
    fn new(input: Arc<dyn ExecutionPlan>, held: Arc<Held>, side: Side) -> Self {
        Self {
            properties: Arc::clone(input.properties()),
            input,
            held,
            side,
        }
    }
}

impl DisplayAs for WindowMemoryExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side {
            Side::Input => f.write_str("WindowMemoryExec: counts"),
            Side::Output => f.write_str("WindowMemoryExec: holds"),
        }
    }
}

impl ExecutionPlan for WindowMemoryExec {
    fn name(&self) -> &'static str {
        "WindowMemoryExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
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
            .ok_or_else(|| DataFusionError::Internal("WindowMemoryExec has one input".into()))?;
        Ok(Arc::new(Self::new(
            input,
            Arc::clone(&self.held),
            self.side,
        )))
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
        match self.side {
            Side::Output => self.hold(partition, context),
            Side::Input => self.count(partition, context),
        }
    }
}

impl WindowMemoryExec {
    fn hold(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let consumer = MemoryConsumer::new("the rows of a window");
        let reservation = Arc::new(consumer.register(context.memory_pool()));
        // The window opens its input before this call is back.
        self.held
            .reservations
            .lock()
            .push((partition, Arc::clone(&reservation)));
        let output = self.input.execute(partition, context)?;
        let held = output.inspect(move |_| {
            let _ = &reservation;
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.input.schema(),
            held,
        )))
    }

    fn count(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let reservation = {
            let mut waiting = self.held.reservations.lock();
            let place = waiting.iter().position(|(of, _)| *of == partition);
            place.map(|place| waiting.swap_remove(place).1)
        };
        let input = self.input.execute(partition, context)?;
        let computed = COMPUTED * self.held.computed_columns;
        let counted = input.map(move |batch| {
            let batch = batch?;
            if let Some(reservation) = &reservation {
                let computed = computed * batch.num_rows();
                reservation.try_grow(COPIES * size_of(&batch)? + computed)?;
            }
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.input.schema(),
            counted,
        )))
    }
}

/// What the rows of a batch take, without what they share their buffers with.
fn size_of(batch: &RecordBatch) -> Result<usize> {
    batch.columns().iter().try_fold(0, |size, column| {
        Ok(size + column.to_data().get_slice_memory_size()?)
    })
}
