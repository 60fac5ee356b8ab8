//! Accounts the memory that windows hold.
//!
//! DataFusion's windows keep rows without asking the memory pool (as of version 55), so they would
//! grow beyond any limit until the system ends the process. Here a window's input is counted as it
//! comes, and its output as it goes. `WindowAggExec` gathers all of its input, puts it together to one
//! batch and computes on that: what was counted is held until the end. `BoundedWindowAggExec` keeps
//! the rows that it has not answered yet, and those before them that its frames reach back to.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::common::ScalarValue;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{WindowFrameBound, WindowFrameUnits};
use datafusion::physical_expr::window::WindowExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, replace_children_if_necessary};
use futures::StreamExt;
use parking_lot::Mutex;

use crate::unary::{Unary, UnaryExec};

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
            let (kept, expressions, input) =
                if let Some(window) = plan.downcast_ref::<WindowAggExec>() {
                    (Kept::Everything, window.window_expr(), window.input())
                } else if let Some(window) = plan.downcast_ref::<BoundedWindowAggExec>() {
                    let expressions = window.window_expr();
                    let rows = expressions
                        .iter()
                        .map(|expression| reach(expression.as_ref()));
                    let rows = rows.max().unwrap_or(0);
                    (Kept::Reach(rows), expressions, window.input())
                } else {
                    return Ok(Transformed::no(plan));
                };
            let held = Arc::new(Held {
                kept,
                computed_columns: expressions.len(),
                begun: Mutex::default(),
            });
            let counting = WindowMemory {
                held: Arc::clone(&held),
                side: Side::Input,
            };
            let counted = Arc::new(UnaryExec::new(Arc::clone(input), counting));
            let window = replace_children_if_necessary(Arc::clone(&plan), vec![counted])?;
            let holding = WindowMemory {
                held,
                side: Side::Output,
            };
            let whole = UnaryExec::new(window, holding);
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

/// How many rows before the current one the frame of a window reaches back to.
fn reach(expression: &dyn WindowExpr) -> usize {
    let frame = expression.get_window_frame();
    match (&frame.units, &frame.start_bound) {
        (WindowFrameUnits::Rows, WindowFrameBound::Preceding(ScalarValue::UInt64(Some(rows)))) => {
            usize::try_from(*rows).unwrap_or(usize::MAX)
        }
        _ => 0,
    }
}

/// What a window keeps of the rows that it has answered.
#[derive(Clone, Copy, Debug)]
enum Kept {
    /// All of them, until the last one was taken.
    Everything,
    /// So many.
    Reach(usize),
}

/// What both sides of a window share.
#[derive(Debug)]
struct Held {
    kept: Kept,
    computed_columns: usize,
    /// The accounts of the partitions that are about to begin.
    begun: Mutex<Vec<(usize, Arc<Account>)>>,
}

/// What the window of one partition was given and has answered.
#[derive(Debug)]
struct Account {
    kept: Kept,
    reservation: MemoryReservation,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    given: usize,
    given_bytes: usize,
    answered: usize,
}

impl Account {
    fn give(&self, rows: usize, bytes: usize) -> Result<()> {
        let mut counted = self.rows.lock();
        counted.given += rows;
        counted.given_bytes += bytes;
        self.reservation.try_resize(counted.held_bytes(self.kept))
    }

    fn answer(&self, rows: usize) {
        let mut counted = self.rows.lock();
        counted.answered += rows;
        let held = counted.held_bytes(self.kept);
        self.reservation.resize(held.min(self.reservation.size()));
    }
}

impl Rows {
    fn held_bytes(&self, kept: Kept) -> usize {
        let Kept::Reach(reach) = kept else {
            return self.given_bytes;
        };
        let waiting = self.given.saturating_sub(self.answered);
        let held = waiting + self.answered.min(reach);
        // A row is taken for as large as they are on the average.
        let share = held as f64 / self.given.max(1) as f64;
        (self.given_bytes as f64 * share) as usize
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Below the window: what it is given is counted.
    Input,
    /// Above it: what it no longer keeps is given back.
    Output,
}

/// Counts the batches that pass.
#[derive(Clone, Debug)]
struct WindowMemory {
    held: Arc<Held>,
    side: Side,
}

impl Unary for WindowMemory {
    const NAME: &'static str = "WindowMemoryExec";

    fn display(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side {
            Side::Input => f.write_str("WindowMemoryExec: counts"),
            Side::Output => f.write_str("WindowMemoryExec: holds"),
        }
    }

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        match self.side {
            Side::Output => self.hold(input, partition, context),
            Side::Input => self.count(input, partition, context),
        }
    }
}

impl WindowMemory {
    fn hold(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let consumer = MemoryConsumer::new("the rows of a window");
        let account = Arc::new(Account {
            kept: self.held.kept,
            reservation: consumer.register(context.memory_pool()),
            rows: Mutex::default(),
        });
        // The window opens its input before this call is back.
        let begun = (partition, Arc::clone(&account));
        self.held.begun.lock().push(begun);
        let output = input.execute(partition, context)?;
        let held = output.inspect(move |batch| {
            if let Ok(batch) = batch {
                account.answer(batch.num_rows());
            }
        });
        let schema = input.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, held)))
    }

    fn count(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let account = {
            let mut begun = self.held.begun.lock();
            let place = begun.iter().position(|(of, _)| *of == partition);
            place.map(|place| begun.swap_remove(place).1)
        };
        let schema = input.schema();
        let input = input.execute(partition, context)?;
        let computed = COMPUTED * self.held.computed_columns;
        let counted = input.map(move |batch| {
            let batch = batch?;
            if let Some(account) = &account {
                let rows = batch.num_rows();
                account.give(rows, COPIES * size_of(&batch)? + computed * rows)?;
            }
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, counted)))
    }
}

/// What the rows of a batch take, without what they share their buffers with.
fn size_of(batch: &RecordBatch) -> Result<usize> {
    batch.columns().iter().try_fold(0, |size, column| {
        Ok(size + column.to_data().get_slice_memory_size()?)
    })
}
