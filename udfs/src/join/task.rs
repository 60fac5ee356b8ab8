//! One partition of a join, from the build side to the last row.

use std::sync::{Arc, OnceLock};

use arrow::record_batch::RecordBatch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{JoinSide, NullEquality};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::metrics::RecordOutput;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::future::try_join_all;
use tokio::sync::mpsc::Sender;

use super::bitmap::Bitmap;
use super::blocks::Blocks;
use super::built::Built;
use super::cancellation::Cancellation;
use super::definition::Join;
use super::gather::{BuildSide, Handed, Shared};
use super::metrics::Metrics;
use super::output::Remaining;
use super::pieces::Pieces;
use super::probe::Probe;
use super::prober::Prober;
use super::width;

/// What a partition needs to run.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) join: Arc<Join>,
    pub(super) null_equality: NullEquality,
    pub(super) left: Arc<dyn ExecutionPlan>,
    pub(super) right: Arc<dyn ExecutionPlan>,
    /// Whether both sides may have the same texts, so that each pair need be looked at only once.
    pub(super) mirror: bool,
    /// Whether the smaller of both sides is built, as some of their rows tell.
    pub(super) sampled: bool,
    pub(super) partition: usize,
    pub(super) context: Arc<TaskContext>,
    pub(super) metrics: Metrics,
    pub(super) shared: Arc<Shared>,
    /// How the build side is searched, once that is known.
    pub(super) strategy: Arc<OnceLock<&'static str>>,
    pub(super) cancellation: Cancellation,
}

/// Where the rows of a partition go.
pub(super) type Rows = Sender<Result<RecordBatch>>;

/// Ends the work on other threads when the partition's task is dropped.
struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Task {
    /// Sends all rows of the partition.
    pub(super) async fn run(self, rows: Rows) -> Result<()> {
        let _cancel = CancelOnDrop(self.cancellation.clone());
        let side = self.shared.build_side(&self).await?;
        match side.as_ref() {
            BuildSide::Streamed { built, right } => {
                let right = right.get(self.partition).and_then(Handed::take);
                self.stream(built, right, &rows).await
            }
            BuildSide::Collected {
                built,
                probe,
                blocks,
                ..
            } => self.share(built, probe, blocks, &rows).await,
            BuildSide::Led(lead) => match lead.take() {
                Some(lead) if lead.swapped => self.swapped()?.lead(lead, &rows).await,
                Some(lead) => self.lead(lead, &rows).await,
                None => Ok(()),
            },
        }
    }

    /// Searches for the rows of the partition as they come.
    async fn stream(
        &self,
        built: &Arc<Built>,
        right: Option<SendableRecordBatchStream>,
        rows: &Rows,
    ) -> Result<()> {
        if built.side.rows.num_rows() > 0 || self.join.marks(JoinSide::Right) {
            let right = match right {
                Some(right) => right,
                None => {
                    let context = Arc::clone(&self.context);
                    self.right.execute(self.partition, context)?
                }
            };
            let mut pieces = self.cut_up(right);
            let reservation = Arc::new(self.reserve("SimilarityJoinProbe"));
            while let Some(piece) = pieces.next().await? {
                let probe = Arc::new(self.probe(built, piece, &reservation).await?);
                let blocks = Arc::new(Blocks::new(probe.blocks(built)));
                self.search(built, &probe, &blocks, rows).await?;
                self.send_remaining(JoinSide::Right, &probe.side.rows, &probe.matched, rows)
                    .await?;
            }
        }
        if built.finish_partition() {
            self.send_remaining(JoinSide::Left, &built.side.rows, &built.visited, rows)
                .await?;
        }
        Ok(())
    }

    /// Does a share of the search for rows that are all there.
    async fn share(
        &self,
        built: &Arc<Built>,
        probe: &Arc<Probe>,
        blocks: &Arc<Blocks>,
        rows: &Rows,
    ) -> Result<()> {
        self.search(built, probe, blocks, rows).await?;
        if built.finish_partition() {
            self.send_remaining(JoinSide::Left, &built.side.rows, &built.visited, rows)
                .await?;
            self.send_remaining(JoinSide::Right, &probe.side.rows, &probe.matched, rows)
                .await?;
        }
        Ok(())
    }

    /// The rows of the right side in pieces.
    pub(super) fn cut_up(&self, right: SendableRecordBatchStream) -> Pieces {
        let reservation = self.reserve("SimilarityJoinPieces");
        Pieces::new(right, self.join.batch_size, reservation)
    }

    /// Gathers rows of the right side, which takes the place of what was gathered before.
    pub(super) async fn probe(
        &self,
        built: &Arc<Built>,
        piece: RecordBatch,
        reservation: &Arc<MemoryReservation>,
    ) -> Result<Probe> {
        reservation.try_resize(width::size(&piece))?;
        let (join, built) = (Arc::clone(&self.join), Arc::clone(built));
        let (reservation, cancellation) = (Arc::clone(reservation), self.cancellation.clone());
        blocking(move || Probe::new(&join, &built, piece, false, &reservation, &cancellation)).await
    }

    /// Searches on as many threads as there may be.
    pub(super) async fn search_on_all_threads(
        &self,
        built: &Arc<Built>,
        probe: &Arc<Probe>,
        blocks: &Arc<Blocks>,
        rows: &Rows,
    ) -> Result<()> {
        let threads = self.context.session_config().target_partitions();
        let threads = threads.min(blocks.len()).max(1);
        let searches = (0..threads).map(|_| self.search(built, probe, blocks, rows));
        try_join_all(searches).await?;
        Ok(())
    }

    /// Searches block after block, until there are no more.
    pub(super) async fn search(
        &self,
        built: &Arc<Built>,
        probe: &Arc<Probe>,
        blocks: &Arc<Blocks>,
        rows: &Rows,
    ) -> Result<()> {
        let mut prober = Prober::new(
            Arc::clone(&self.join),
            Arc::clone(built),
            Arc::clone(probe),
            Arc::clone(blocks),
            self.cancellation.clone(),
            self.metrics.counts.clone(),
            self.reserve("SimilarityJoinSearch"),
        );
        let time = self.metrics.baseline.elapsed_compute().clone();
        loop {
            let (time, cancellation) = (time.clone(), self.cancellation.clone());
            let (returned, batch) = blocking(move || {
                let _timer = time.timer();
                let batch = cancellation.watching(|| prober.step())?;
                Ok((prober, batch))
            })
            .await?;
            prober = returned;
            match batch {
                Some(batch) => self.send(batch, rows).await?,
                None => return Ok(()),
            }
        }
    }

    /// Sends what a side gives out once all partners are known.
    pub(super) async fn send_remaining(
        &self,
        side: JoinSide,
        from: &RecordBatch,
        matched: &Bitmap,
        rows: &Rows,
    ) -> Result<()> {
        if Remaining::of(self.join.join_type, side).is_none() {
            return Ok(());
        }
        let count = width::rows(self.join.batch_size, width::widest(from));
        let join_type = self.join.join_type;
        let output = &self.join.output;
        for batch in output.remaining(join_type, side, from, matched, count) {
            self.send(batch?, rows).await?;
        }
        Ok(())
    }

    async fn send(&self, batch: RecordBatch, rows: &Rows) -> Result<()> {
        let batch = batch.record_output(&self.metrics.baseline);
        rows.send(Ok(batch))
            .await
            .map_err(|_| DataFusionError::Execution("nobody takes the rows any more".to_string()))
    }

    /// The same partition with the sides exchanged.
    pub(super) fn swapped(&self) -> Result<Self> {
        Ok(Self {
            join: Arc::new(self.join.swapped()?),
            left: Arc::clone(&self.right),
            right: Arc::clone(&self.left),
            ..self.clone()
        })
    }

    /// A reservation of memory, of nothing yet.
    pub(super) fn reserve(&self, name: &str) -> MemoryReservation {
        MemoryConsumer::new(format!("{name}[{}]", self.partition))
            .register(self.context.memory_pool())
    }
}

/// Runs work on a thread where it may take long.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    SpawnedTask::spawn_blocking(work)
        .join_unwind()
        .await
        .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
}
