//! Reads the build side, and chooses by what fits into memory how the join runs.

use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use datafusion::common::JoinSide;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlanProperties, SendableRecordBatchStream};
use futures::StreamExt;
use futures::stream::select_all;
use tokio::sync::OnceCell;

use super::blocks::Blocks;
use super::built::Built;
use super::keys::Keys;
use super::lead::{Chunks, Lead, LeadCell};
use super::probe::Probe;
use super::side::Side;
use super::task::{Task, blocking};
use super::width;

/// More rows or bytes than these are taken in chunks, even where memory would be there: the places
/// of rows have 32 bits, and the offsets of Arrow's texts.
const MOST_ROWS: usize = 1 << 30;
const MOST_BYTES: usize = 1 << 30;

/// How the join runs.
#[derive(Debug)]
pub(super) enum BuildSide {
    /// Each partition searches for its own rows as they come.
    Streamed(Arc<Built>),
    /// The rows of all partitions are there too, and searched for by whichever is free.
    Collected {
        built: Arc<Built>,
        probe: Arc<Probe>,
        blocks: Arc<Blocks>,
        _reservation: MemoryReservation,
    },
    /// One partition does everything, within the memory that there is.
    Led(LeadCell),
}

/// What the partitions of a join share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    side: OnceCell<Result<Arc<BuildSide>, Arc<DataFusionError>>>,
}

impl Shared {
    /// The build side; the first partition that asks reads it.
    pub(super) async fn build_side(&self, task: &Task) -> Result<Arc<BuildSide>> {
        let side = self
            .side
            .get_or_init(|| async { Ok(Arc::new(task.gather().await.map_err(Arc::new)?)) })
            .await;
        match side {
            Ok(side) => Ok(Arc::clone(side)),
            Err(error) => Err(DataFusionError::Shared(Arc::clone(error))),
        }
    }
}

/// Rows read from a stream, and the memory that they take.
struct Read {
    batches: Vec<RecordBatch>,
    reservation: MemoryReservation,
    /// Why the stream was not read to its end.
    stopped: Option<DataFusionError>,
}

impl Task {
    async fn gather(&self) -> Result<BuildSide> {
        let time = self.metrics.build_time.clone();
        let _timer = time.timer();
        let mut left = self.left.execute(0, Arc::clone(&self.context))?;
        let read = self.read(&mut left).await?;
        let error = match read.stopped {
            Some(error) => {
                drop(read.reservation);
                error
            }
            None => match self.build(read.batches.clone(), read.reservation).await {
                Ok(built) => return self.gather_right(Arc::new(built)).await,
                Err(error) => error,
            },
        };
        if !is_memory(&error) || !self.context.runtime_env().disk_manager.tmp_files_enabled() {
            return Err(error);
        }
        let chunks = Chunks::spill(self, read.batches, left).await?;
        let right = self.right()?;
        Ok(BuildSide::Led(LeadCell::new(Lead { chunks, right })))
    }

    /// Reads the right side too, where it may have the same texts.
    async fn gather_right(&self, built: Arc<Built>) -> Result<BuildSide> {
        if !self.mirror {
            return Ok(BuildSide::Streamed(built));
        }
        let mut right = self.right()?;
        let read = self.read(&mut right).await?;
        let schema = self.right.schema();
        if read.stopped.is_some() {
            // What was read is searched for first, then the rest as it comes.
            drop(read.reservation);
            let read = futures::stream::iter(read.batches.into_iter().map(Ok));
            let right = RecordBatchStreamAdapter::new(schema, read.chain(right));
            return Ok(BuildSide::Led(LeadCell::new(Lead {
                chunks: Chunks::whole(built),
                right: Box::pin(right),
            })));
        }
        let (join, built_side) = (Arc::clone(&self.join), Arc::clone(&built));
        let reservation = read.reservation;
        reservation.try_grow(reservation.size())?;
        let probe = blocking(move || {
            let rows = concat_batches(&schema, &read.batches)?;
            Probe::new(&join, &built_side, rows, true)
        })
        .await?;
        reservation.try_resize(probe.size())?;
        let blocks = Arc::new(Blocks::new(probe.blocks(&built)));
        Ok(BuildSide::Collected {
            built,
            probe: Arc::new(probe),
            blocks,
            _reservation: reservation,
        })
    }

    /// The rows of all partitions of the right side.
    fn right(&self) -> Result<SendableRecordBatchStream> {
        let partitions = self.right.output_partitioning().partition_count();
        let streams = (0..partitions)
            .map(|partition| self.right.execute(partition, Arc::clone(&self.context)))
            .collect::<Result<Vec<_>>>()?;
        let streams = select_all(streams);
        let schema = self.right.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, streams)))
    }

    /// Reads a stream, as far as memory allows.
    async fn read(&self, stream: &mut SendableRecordBatchStream) -> Result<Read> {
        let mut read = Read {
            batches: Vec::new(),
            reservation: self.reserve_build(),
            stopped: None,
        };
        let (mut rows, mut bytes) = (0, 0);
        while let Some(batch) = stream.next().await.transpose()? {
            if batch.num_rows() == 0 {
                continue;
            }
            rows += batch.num_rows();
            let size = width::size(&batch);
            bytes += size;
            read.batches.push(batch);
            read.stopped = match read.reservation.try_grow(size) {
                Err(error) => Some(error),
                Ok(()) if rows > MOST_ROWS || bytes > MOST_BYTES => {
                    Some(DataFusionError::ResourcesExhausted(format!(
                        "similarity join: {rows} rows of {bytes} bytes are too many for one chunk"
                    )))
                }
                Ok(()) => continue,
            };
            break;
        }
        Ok(read)
    }

    /// Builds the indexes over rows whose memory is reserved. Twice that is taken on the way.
    pub(super) async fn build(
        &self,
        batches: Vec<RecordBatch>,
        reservation: MemoryReservation,
    ) -> Result<Built> {
        let task = self.clone();
        let built = blocking(move || task.build_blocking(&batches, reservation)).await?;
        self.metrics.build_rows.add(built.side.rows.num_rows());
        self.metrics.build_texts.add(built.side.texts.len());
        if let Some(strategy) = built.strategy() {
            // A plan that is run again keeps the strategy of its first run.
            let _ = self.strategy.set(strategy);
        }
        Ok(built)
    }

    fn build_blocking(
        &self,
        batches: &[RecordBatch],
        reservation: MemoryReservation,
    ) -> Result<Built> {
        let join = &self.join;
        let size = reservation.size();
        reservation.try_grow(size)?;
        let rows = concat_batches(&self.left.schema(), batches)?;
        let text = join.text(&rows, JoinSide::Left)?;
        let gathering = Side::build_size(rows.num_rows(), &text, !join.on.is_empty());
        reservation.try_grow(gathering)?;
        let (keys, groups) = if join.on.is_empty() {
            (None, None)
        } else {
            let columns = join.keys(&rows, JoinSide::Left)?;
            let types: Vec<_> = columns.iter().map(|key| key.data_type().clone()).collect();
            let mut keys = Keys::new(&types, self.null_equality)?;
            let groups = keys.add(&columns)?;
            reservation.try_grow(keys.size())?;
            (Some(keys), Some(groups))
        };
        let threads = self.context.session_config().target_partitions();
        let side = Side::new(rows, &text, groups.as_deref(), threads)?;
        reservation.shrink(gathering.saturating_sub(side.size()));
        let partitions = self.right.output_partitioning().partition_count();
        let built = Built::new(
            &join.similarity,
            side,
            keys,
            partitions,
            threads,
            reservation,
            &self.cancellation,
        )?;
        // The batches that the rows were put together from go now.
        built.release(size);
        Ok(built)
    }

    /// A reservation for rows that are kept, and could be kept on disk instead.
    pub(super) fn reserve_build(&self) -> MemoryReservation {
        MemoryConsumer::new(format!("SimilarityJoinBuild[{}]", self.partition))
            .with_can_spill(true)
            .register(self.context.memory_pool())
    }
}

/// Whether an error says that there is not enough memory.
pub(super) fn is_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}
