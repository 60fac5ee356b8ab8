//! Where a cursor stands among the rows of its query, and how it gets elsewhere.
//!
//! What counts as a move backwards, and where a move past either end leaves the cursor, is as in
//! PostgreSQL's `DoPortalRunFetch` (`pquery.c`).

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::stream::{RecordBatchReceiverStream, RecordBatchStreamAdapter};
use futures::StreamExt;
use tokio::sync::OwnedMutexGuard;
use tributary_udfs::interrupt::RaisedOnDrop;

use crate::error::{Error, Result, SqlState};
use crate::execute::query::Planned;
use crate::session::Notices;
use crate::sql::fetch::Direction;

/// Batches that the query may be ahead of what is fetched.
const BATCHES_AHEAD: usize = 1;

/// Where a cursor stands.
pub struct Position {
    source: Source,
    /// All rows read so far where the cursor goes backwards too, else the last batch of them.
    batches: Vec<RecordBatch>,
    /// The rows before the first of `batches`.
    dropped: u64,
    /// The rows read from the query.
    read: u64,
    /// The number of rows of the query, once it has ended.
    total: Option<u64>,
    /// 0 before the first row, `n` on row `n`, one more than there are rows after the last.
    at: u64,
    is_scrollable: bool,
    kept: MemoryReservation,
}

enum Source {
    Planned(Box<Planned>, Arc<Notices>),
    Running(SendableRecordBatchStream, RaisedOnDrop),
    Ended,
    Failed,
}

/// The last step of a move, whose rows are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// So many rows on; `None` is to the end.
    Forward(Option<u64>),
    /// So many rows back; `None` is to the start.
    Backward(Option<u64>),
}

impl Position {
    /// Before the first row of a query.
    pub fn new(planned: Planned, notices: Arc<Notices>, is_scrollable: bool) -> Self {
        let pool = &planned.state.runtime_env().memory_pool;
        let kept = MemoryConsumer::new("cursor").register(pool);
        Self {
            source: Source::Planned(Box::new(planned), notices),
            batches: Vec::new(),
            dropped: 0,
            read: 0,
            total: None,
            at: 0,
            is_scrollable,
            kept,
        }
    }

    /// Whether an error has ended it.
    pub fn has_failed(&self) -> bool {
        matches!(self.source, Source::Failed)
    }

    /// Ends it: an error leaves no cursor that could go on.
    pub fn fail(&mut self) {
        self.source = Source::Failed;
        self.batches.clear();
        self.kept.free();
    }

    /// Goes where the last step of `direction` begins.
    ///
    /// # Errors
    /// 55000 for going back where the cursor cannot; what the query says.
    pub async fn approach(&mut self, direction: Direction, moves: bool) -> Result<Run> {
        let run = match direction {
            Direction::Forward(None) => Run::Forward(None),
            Direction::Backward(None) => Run::Backward(None),
            Direction::Forward(Some(count)) => run(count),
            Direction::Backward(Some(count)) => run(-count),
            Direction::Absolute(0) => {
                self.rewind()?;
                return Ok(Run::Forward(Some(0)));
            }
            Direction::Absolute(row @ 1..) => {
                let before = row.unsigned_abs() - 1;
                if before < self.at {
                    self.rewind()?;
                }
                self.skip(Some(before - self.passed().min(before))).await?;
                return Ok(Run::Forward(Some(1)));
            }
            Direction::Absolute(row) => {
                self.skip(None).await?;
                self.back(Some(row.unsigned_abs() - 1))?;
                return Ok(Run::Backward(Some(1)));
            }
            Direction::Relative(rows @ 1..) => {
                self.skip(Some(rows.unsigned_abs() - 1)).await?;
                return Ok(Run::Forward(Some(1)));
            }
            Direction::Relative(0) => Run::Forward(Some(0)),
            Direction::Relative(rows) => {
                self.back(Some(rows.unsigned_abs() - 1))?;
                return Ok(Run::Backward(Some(1)));
            }
        };
        if matches!(run, Run::Forward(Some(0)) | Run::Backward(Some(0))) {
            // The row at hand is given once more.
            if self.is_on_row() && !moves {
                self.back(Some(1))?;
                return Ok(Run::Forward(Some(1)));
            }
            if matches!(direction, Direction::Backward(_)) && !moves && !self.is_scrollable {
                return Err(only_forward());
            }
            return Ok(Run::Forward(Some(0)));
        }
        Ok(run)
    }

    /// Goes somewhere without giving rows; answers the count that `MOVE` tells.
    ///
    /// # Errors
    /// Those of [`Self::approach`].
    pub async fn go(&mut self, direction: Direction) -> Result<u64> {
        match self.approach(direction, true).await? {
            Run::Forward(Some(0)) => match direction {
                Direction::Absolute(_) => Ok(0),
                _ => Ok(u64::from(self.is_on_row())),
            },
            Run::Forward(count) => self.skip(count).await,
            Run::Backward(None) => {
                let passed = self.passed() - u64::from(self.is_on_row());
                self.rewind()?;
                Ok(passed)
            }
            Run::Backward(count) => self.back(count).map(|(_, rows)| rows),
        }
    }

    /// The rows of a last step backwards, the nearest first.
    ///
    /// # Errors
    /// 55000 where the cursor cannot go back.
    pub fn rows_back(&mut self, count: Option<u64>) -> Result<Vec<RecordBatch>> {
        let (first, rows) = self.back(count)?;
        let mut given = Vec::new();
        let mut end = self.read;
        for batch in self.batches.iter().rev() {
            let start = end - rows_of(batch);
            let (from, to) = (first.max(start), (first + rows).min(end));
            if from < to {
                let indices = UInt64Array::from_iter_values((from - start..to - start).rev());
                let columns = batch.columns().iter();
                let columns = columns.map(|column| take(column, &indices, None));
                let columns = columns.collect::<Result<Vec<ArrayRef>, _>>()?;
                let options = RecordBatchOptions::new().with_row_count(Some(indices.len()));
                let schema = batch.schema();
                given.push(RecordBatch::try_new_with_options(
                    schema, columns, &options,
                )?);
            }
            end = start;
        }
        Ok(given)
    }

    /// The next rows, at most `most`; none at the end, behind which it then stands.
    async fn next(&mut self, most: u64) -> PlanResult<Option<RecordBatch>> {
        loop {
            if self.total.is_some_and(|total| self.at > total) {
                return Ok(None);
            }
            if let Some(rows) = self.at_hand(most) {
                self.at += rows_of(&rows);
                return Ok(Some(rows));
            }
            match self.pull().await? {
                Some(batch) => self.keep(batch)?,
                None => {
                    self.total = Some(self.read);
                    self.at = self.read + 1;
                }
            }
        }
    }

    /// The rows after the one that it stands on, as far as their batch is here.
    fn at_hand(&self, most: u64) -> Option<RecordBatch> {
        let mut start = self.dropped;
        for batch in &self.batches {
            let end = start + rows_of(batch);
            if self.at < end {
                let offset = usize::try_from(self.at - start).ok()?;
                let length = usize::try_from((end - self.at).min(most)).ok()?;
                return Some(batch.slice(offset, length));
            }
            start = end;
        }
        None
    }

    fn keep(&mut self, batch: RecordBatch) -> PlanResult<()> {
        if self.is_scrollable {
            let grown = self.kept.try_grow(batch.get_array_memory_size());
            grown.inspect_err(|_| self.source = Source::Failed)?;
        } else {
            self.dropped = self.read;
            self.batches.clear();
        }
        self.read += rows_of(&batch);
        self.batches.push(batch);
        Ok(())
    }

    /// The next batch of the query, which begins to run with the first.
    async fn pull(&mut self) -> PlanResult<Option<RecordBatch>> {
        // Whoever stops waiting in between leaves a cursor that has failed.
        let source = std::mem::replace(&mut self.source, Source::Failed);
        let (mut rows, work) = match source {
            Source::Planned(planned, notices) => run_ahead(*planned, notices),
            Source::Running(rows, work) => (rows, work),
            Source::Ended => {
                self.source = Source::Ended;
                return Ok(None);
            }
            Source::Failed => return Err(Error::internal("a cursor has failed before").into()),
        };
        let batch = rows.next().await.transpose()?;
        self.source = match batch {
            Some(_) => Source::Running(rows, work),
            None => Source::Ended,
        };
        Ok(batch)
    }

    /// Goes forwards; answers over how many rows.
    async fn skip(&mut self, count: Option<u64>) -> Result<u64> {
        let mut skipped = 0;
        while count.is_none_or(|count| skipped < count) {
            let left = count.map_or(u64::MAX, |count| count - skipped);
            match self.next(left).await? {
                Some(rows) => skipped += rows_of(&rows),
                None => break,
            }
        }
        Ok(skipped)
    }

    /// Goes backwards; answers the rows before the first of those that it went over, and their count.
    fn back(&mut self, count: Option<u64>) -> Result<(u64, u64)> {
        if count == Some(0) {
            return Ok((0, 0));
        }
        if !self.is_scrollable {
            return Err(only_forward());
        }
        let before = self.at.saturating_sub(1);
        let rows = count.map_or(before, |count| count.min(before));
        self.at = match count {
            Some(count) if count <= before => self.at - count,
            _ => 0,
        };
        Ok((before - rows, rows))
    }

    fn rewind(&mut self) -> Result<()> {
        if self.at > 0 && !self.is_scrollable {
            return Err(only_forward());
        }
        self.at = 0;
        Ok(())
    }

    /// The rows up to the one that it stands on.
    fn passed(&self) -> u64 {
        self.total.map_or(self.at, |total| self.at.min(total))
    }

    fn is_on_row(&self) -> bool {
        self.at > 0 && self.total.is_none_or(|total| self.at <= total)
    }
}

/// The rows of a last step forwards, as they are asked for. The cursor is free for others when the
/// last of them was given.
pub fn rows_on(
    position: OwnedMutexGuard<Position>,
    schema: SchemaRef,
    count: Option<u64>,
) -> SendableRecordBatchStream {
    let start = (count != Some(0)).then_some((position, count));
    let rows = futures::stream::try_unfold(start, |state| async move {
        let Some((mut position, left)) = state else {
            return Ok::<_, DataFusionError>(None);
        };
        let Some(rows) = position.next(left.unwrap_or(u64::MAX)).await? else {
            return Ok(None);
        };
        let left = left.map(|left| left - rows_of(&rows));
        let state = (left != Some(0)).then_some((position, left));
        Ok(Some((rows, state)))
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

/// Runs a query in a task of its own: its work outlives the statement that began it, and ends with
/// the cursor.
fn run_ahead(planned: Planned, notices: Arc<Notices>) -> (SendableRecordBatchStream, RaisedOnDrop) {
    let work = RaisedOnDrop::default();
    let schema = Arc::clone(&planned.schema);
    let mut builder = RecordBatchReceiverStream::builder(schema, BATCHES_AHEAD);
    let sender = builder.tx();
    work.0.within(|| {
        builder.spawn(async move {
            let mut rows = planned.rows(notices).await?;
            while let Some(batch) = rows.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        });
    });
    (builder.build(), work)
}

fn run(count: i64) -> Run {
    match count {
        0.. => Run::Forward(Some(count.unsigned_abs())),
        _ => Run::Backward(Some(count.unsigned_abs())),
    }
}

fn rows_of(batch: &RecordBatch) -> u64 {
    batch.num_rows() as u64
}

fn only_forward() -> Error {
    Error::new(
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        "cursor can only scan forward",
    )
    .with_hint("Declare it with SCROLL option to enable backward scan.")
}
