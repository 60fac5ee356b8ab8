//! Reads the build side, and chooses by what fits into memory how the join runs.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

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
use super::columns::put_together;
use super::keys::Keys;
use super::lead::{Chunks, Lead};
use super::probe::Probe;
use super::sample::Sampled;
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
    Streamed {
        built: Arc<Built>,
        /// The partitions of the right side, where some of their rows were read already.
        right: Vec<StreamCell>,
    },
    /// The rows of all partitions are there too, and searched for by whichever is free.
    Collected {
        built: Arc<Built>,
        probe: Arc<Probe>,
        blocks: Arc<Blocks>,
        _reservation: MemoryReservation,
    },
    /// One partition does everything, on all threads.
    Led(Handed<Lead>),
}

/// Hands something to who asks first.
pub(super) struct Handed<T>(Mutex<Option<T>>);

/// A partition's rows.
pub(super) type StreamCell = Handed<SendableRecordBatchStream>;

impl<T> Handed<T> {
    pub(super) fn new(handed: T) -> Self {
        Self(Mutex::new(Some(handed)))
    }

    pub(super) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> fmt::Debug for Handed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handed")
    }
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
        if !self.sampled {
            let left = self.left.execute(0, Arc::clone(&self.context))?;
            return self.build_from(left, None, false).await;
        }
        let Sampled {
            left,
            right,
            right_is_smaller,
        } = self.sample().await?;
        if !right_is_smaller {
            return self.build_from(left, Some(right), false).await;
        }
        let swapped = self.swapped()?;
        let schema = self.right.schema();
        let build = Box::pin(RecordBatchStreamAdapter::new(schema, select_all(right)));
        swapped.build_from(build, Some(vec![left]), true).await
    }

    /// Reads and builds the left side. `right` has the partitions of the other, where they run.
    async fn build_from(
        &self,
        mut left: SendableRecordBatchStream,
        right: Option<Vec<SendableRecordBatchStream>>,
        swapped: bool,
    ) -> Result<BuildSide> {
        let read = self.read(&mut left).await?;
        let error = match read.stopped {
            Some(error) => {
                drop(read.reservation);
                error
            }
            None => match self.build(read.batches.clone(), read.reservation).await {
                Ok(built) => {
                    let built = Arc::new(built);
                    return match right {
                        _ if self.mirror => self.gather_right(built).await,
                        // There is one partition to search for.
                        Some(right) if swapped => {
                            self.led(Chunks::whole(built), Some(right), swapped)
                        }
                        right => Ok(BuildSide::Streamed {
                            built,
                            right: right.into_iter().flatten().map(Handed::new).collect(),
                        }),
                    };
                }
                Err(error) => error,
            },
        };
        if !is_memory(&error) || !self.context.runtime_env().disk_manager.tmp_files_enabled() {
            return Err(error);
        }
        let chunks = Chunks::spill(self, read.batches, left).await?;
        self.led(chunks, right, swapped)
    }

    fn led(
        &self,
        chunks: Chunks,
        right: Option<Vec<SendableRecordBatchStream>>,
        swapped: bool,
    ) -> Result<BuildSide> {
        let right = match right {
            Some(right) => right,
            None => self.right_partitions()?,
        };
        Ok(BuildSide::Led(Handed::new(Lead {
            swapped,
            chunks,
            right: self.as_one(right),
        })))
    }

    /// Reads the right side too, which may have the same texts.
    async fn gather_right(&self, built: Arc<Built>) -> Result<BuildSide> {
        let mut right = self.as_one(self.right_partitions()?);
        let read = self.read(&mut right).await?;
        let schema = self.right.schema();
        if read.stopped.is_some() {
            drop(read.reservation);
            return Ok(self.searched_as_it_comes(built, read.batches, right));
        }
        let (join, built_side) = (Arc::clone(&self.join), Arc::clone(&built));
        let (reservation, batches) = (read.reservation, read.batches.clone());
        let cancellation = self.cancellation.clone();
        let gathered = blocking(move || {
            // Until the batches go, their rows are there twice.
            reservation.try_grow(reservation.size())?;
            let rows = put_together(&schema, &batches, &cancellation)?;
            let probe = Probe::new(&join, &built_side, rows, true, &reservation, &cancellation)?;
            Ok((probe, reservation))
        })
        .await;
        let (probe, reservation) = match gathered {
            Err(error) if is_memory(&error) => {
                return Ok(self.searched_as_it_comes(built, read.batches, right));
            }
            gathered => gathered?,
        };
        drop(read.batches);
        let blocks = Arc::new(Blocks::new(probe.blocks(&built)));
        Ok(BuildSide::Collected {
            built,
            probe: Arc::new(probe),
            blocks,
            _reservation: reservation,
        })
    }

    /// Where the right side does not fit beside the index: what was read of it is searched for
    /// first, then the rest as it comes.
    fn searched_as_it_comes(
        &self,
        built: Arc<Built>,
        read: Vec<RecordBatch>,
        rest: SendableRecordBatchStream,
    ) -> BuildSide {
        let read = futures::stream::iter(read.into_iter().map(Ok));
        let right = RecordBatchStreamAdapter::new(self.right.schema(), read.chain(rest));
        BuildSide::Led(Handed::new(Lead {
            swapped: false,
            chunks: Chunks::whole(built),
            right: Box::pin(right),
        }))
    }

    /// The partitions of the right side.
    pub(super) fn right_partitions(&self) -> Result<Vec<SendableRecordBatchStream>> {
        let partitions = self.right.output_partitioning().partition_count();
        (0..partitions)
            .map(|partition| self.right.execute(partition, Arc::clone(&self.context)))
            .collect()
    }

    /// The rows of all partitions of the right side.
    fn as_one(&self, partitions: Vec<SendableRecordBatchStream>) -> SendableRecordBatchStream {
        let schema = self.right.schema();
        let partitions = select_all(partitions);
        Box::pin(RecordBatchStreamAdapter::new(schema, partitions))
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
        let (join, cancellation) = (&self.join, &self.cancellation);
        let size = reservation.size();
        reservation.try_grow(size)?;
        let rows = put_together(&self.left.schema(), batches, cancellation)?;
        let text = join.text(&rows, JoinSide::Left, cancellation)?;
        let gathering = Side::build_size(rows.num_rows(), &text, !join.on.is_empty())
            + text.get_array_memory_size();
        reservation.try_grow(gathering)?;
        let (keys, groups) = if join.on.is_empty() {
            (None, None)
        } else {
            let columns = join.keys(&rows, JoinSide::Left, cancellation)?;
            let types: Vec<_> = columns.iter().map(|key| key.data_type().clone()).collect();
            let mut keys = Keys::new(&types, self.null_equality)?;
            let groups = keys.add(&columns, cancellation)?;
            reservation.try_grow(keys.size())?;
            (Some(keys), Some(groups))
        };
        let threads = self.context.session_config().target_partitions();
        let side = Side::new(rows, &text, groups.as_deref(), threads, cancellation)?;
        reservation.shrink(gathering.saturating_sub(side.size()));
        let partitions = self.right.output_partitioning().partition_count();
        let built = Built::new(
            &join.similarity,
            side,
            keys,
            partitions,
            threads,
            reservation,
            cancellation,
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
