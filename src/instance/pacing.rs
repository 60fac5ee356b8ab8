//! Hands a join its probe side in pieces that keep it busy for no longer than moments.
//!
//! A hash join compares a whole batch with all rows of the same keys before it gives its thread back,
//! and where its filter drops every pair, not even an output batch ends that: 8,192 rows of one key
//! against a million are eight billion pairs. How many rows are a moment depends on the other side
//! and on the filter, so that it is found by the clock; the rows of a join do not depend on it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use futures::{Stream, StreamExt};

use crate::unary::Unary;

/// A piece that was worked on for less is followed by a larger one.
const SHORT: Duration = Duration::from_millis(10);
/// A piece that was worked on for longer is followed by a smaller one.
const LONG: Duration = Duration::from_millis(40);
/// The rows of the first piece, and of the smallest.
const LEAST_ROWS: usize = 16;

/// Cuts the batches of its input into pieces.
#[derive(Clone, Debug)]
pub(super) struct InPieces;

impl Unary for InPieces {
    const NAME: &'static str = "PacedExec";

    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        Ok(Box::pin(Paced {
            input: input.execute(partition, context)?,
            rest: None,
            rows: LEAST_ROWS,
            handed: None,
        }))
    }
}

struct Paced {
    input: SendableRecordBatchStream,
    /// What is left of a batch.
    rest: Option<RecordBatch>,
    /// The rows of a piece.
    rows: usize,
    /// When the last piece was handed over, until the next one is asked for.
    handed: Option<Instant>,
}

impl Paced {
    /// Cuts off a piece.
    fn piece(&mut self, batch: RecordBatch) -> RecordBatch {
        self.handed = Some(Instant::now());
        if batch.num_rows() <= self.rows {
            return batch;
        }
        let piece = batch.slice(0, self.rows);
        self.rest = Some(batch.slice(self.rows, batch.num_rows() - self.rows));
        piece
    }
}

impl Stream for Paced {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(handed) = self.handed.take() {
            let busy = handed.elapsed();
            if busy < SHORT {
                self.rows = self.rows.saturating_mul(2);
            } else {
                if busy > LONG {
                    self.rows = (self.rows / 2).max(LEAST_ROWS);
                }
                // Others first: a cancel request among them.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        if let Some(rest) = self.rest.take() {
            return Poll::Ready(Some(Ok(self.piece(rest))));
        }
        let next = ready!(self.input.poll_next_unpin(context));
        Poll::Ready(next.map(|batch| batch.map(|batch| self.piece(batch))))
    }
}

impl RecordBatchStream for Paced {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
