//! A join that one partition leads, as its build side does not fit into memory, or as there is only
//! one partition to search for.
//!
//! A build side that does not fit is kept on disk and read in chunks that do, with their indexes.
//! The right side is searched for in the first chunk as it comes, and written to disk for the
//! others. Whatever the number of chunks, each piece of it is searched for on all threads; the
//! other partitions give out nothing, since a chunk can only go once all have done with it, and
//! who takes the rows may have stopped to take those of any one partition.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::common::{JoinSide, internal_err, resources_err};
use datafusion::error::Result;
use datafusion::execution::SpillFile;
use datafusion::physical_plan::{
    EmptyRecordBatchStream, ExecutionPlan, SendableRecordBatchStream, SpillManager,
};
use futures::StreamExt;

use super::bitmap::Bitmap;
use super::blocks::Blocks;
use super::built::Built;
use super::gather::is_memory;
use super::pieces::Pieces;
use super::task::{Rows, Task};
use super::width;

/// What one partition does for all.
pub(super) struct Lead {
    /// Whether the sides are exchanged.
    pub(super) swapped: bool,
    pub(super) chunks: Chunks,
    /// The rows of all partitions of the right side.
    pub(super) right: SendableRecordBatchStream,
}

/// The build side, chunk after chunk.
pub(super) enum Chunks {
    /// It is one that is in memory.
    Whole(Option<Arc<Built>>),
    /// On disk.
    Spilled {
        rows: SendableRecordBatchStream,
        /// Rows that were read and did not fit.
        carried: VecDeque<RecordBatch>,
        /// How many rows fit the last time.
        fitting: usize,
    },
}

impl Chunks {
    pub(super) fn whole(built: Arc<Built>) -> Self {
        Self::Whole(Some(built))
    }

    /// Writes the build side to disk: what was read of it, and the rest.
    pub(super) async fn spill(
        task: &Task,
        read: Vec<RecordBatch>,
        mut rest: SendableRecordBatchStream,
    ) -> Result<Self> {
        let spill = spill_manager(task, &task.left);
        let mut file = spill.create_in_progress_file("SimilarityJoinBuild")?;
        for batch in read {
            file.append_batch(&batch)?;
        }
        while let Some(batch) = rest.next().await.transpose()? {
            if batch.num_rows() > 0 {
                file.append_batch(&batch)?;
            }
        }
        let Some(file) = file.finish()? else {
            return internal_err!("similarity join: no rows to spill");
        };
        Ok(Self::Spilled {
            rows: spill.read_spill_as_stream(file, None)?,
            carried: VecDeque::new(),
            fitting: usize::MAX,
        })
    }

    /// The next chunk, with its indexes. The one before must have been dropped.
    async fn next(&mut self, task: &Task) -> Result<Option<Arc<Built>>> {
        match self {
            Self::Whole(built) => Ok(built.take()),
            Self::Spilled {
                rows,
                carried,
                fitting,
            } => next_chunk(task, rows, carried, fitting).await,
        }
    }
}

async fn next_chunk(
    task: &Task,
    rows: &mut SendableRecordBatchStream,
    carried: &mut VecDeque<RecordBatch>,
    fitting: &mut usize,
) -> Result<Option<Arc<Built>>> {
    let mut chunk = Vec::new();
    let mut count = 0;
    let mut reservation = task.reserve_build();
    while count < *fitting {
        let batch = match carried.pop_front() {
            Some(batch) => batch,
            None => match rows.next().await.transpose()? {
                Some(batch) => batch,
                None => break,
            },
        };
        let room = *fitting - count;
        let batch = if batch.num_rows() > room {
            carried.push_front(batch.slice(room, batch.num_rows() - room));
            batch.slice(0, room)
        } else {
            batch
        };
        count += batch.num_rows();
        let fits = reservation.try_grow(width::size(&batch)).is_ok();
        chunk.push(batch);
        if !fits {
            break;
        }
    }
    while count > 0 {
        // What a search takes is held back while the chunk is built.
        let size: usize = chunk.iter().map(width::size).sum();
        let search = task.reserve("SimilarityJoinProbe");
        let built = match reservation
            .try_resize(size)
            .and_then(|()| search.try_grow(size))
        {
            Ok(()) => task.build(chunk.clone(), reservation).await,
            Err(error) => Err(error),
        };
        match built {
            Ok(built) => {
                *fitting = count;
                return Ok(Some(Arc::new(built)));
            }
            Err(error) if is_memory(&error) && count > 1 => {
                count /= 2;
                cut(&mut chunk, count, carried);
                reservation = task.reserve_build();
            }
            Err(error) if is_memory(&error) => {
                return resources_err!(
                    "similarity join: the memory limit leaves no room for a single row of {size} bytes and what searches it: {error}"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Keeps the first rows of a chunk, and carries the others over.
fn cut(chunk: &mut Vec<RecordBatch>, rows: usize, carried: &mut VecDeque<RecordBatch>) {
    let mut kept = 0;
    let batches = std::mem::take(chunk);
    let mut over = Vec::new();
    for batch in batches {
        let room = batch.num_rows().min(rows - kept);
        if room > 0 {
            chunk.push(batch.slice(0, room));
        }
        if room < batch.num_rows() {
            over.push(batch.slice(room, batch.num_rows() - room));
        }
        kept += room;
    }
    for batch in over.into_iter().rev() {
        carried.push_front(batch);
    }
}

fn spill_manager(task: &Task, side: &Arc<dyn ExecutionPlan>) -> SpillManager {
    let environment = task.context.runtime_env();
    SpillManager::new(environment, task.metrics.spill.clone(), side.schema())
}

impl Task {
    /// Runs the whole join.
    pub(super) async fn lead(&self, lead: Lead, rows: &Rows) -> Result<()> {
        let Lead {
            mut chunks, right, ..
        } = lead;
        let once = matches!(chunks, Chunks::Whole(_));
        let spill = spill_manager(self, &self.right);
        let mut replayed: Option<Arc<dyn SpillFile>> = None;
        let mut first = Some(right);
        // Which rows of each piece of the right side found a partner in any chunk.
        let mut matched: Vec<Arc<Bitmap>> = Vec::new();
        let matched_reservation = self.reserve("SimilarityJoinMatched");
        while let Some(built) = chunks.next(self).await? {
            let reservation = Arc::new(self.reserve("SimilarityJoinProbe"));
            let mut file = match (&first, once) {
                (Some(_), false) => Some(spill.create_in_progress_file("SimilarityJoinProbe")?),
                _ => None,
            };
            let mut pieces = self.pieces(&mut first, &spill, replayed.as_ref())?;
            let mut at = 0;
            while let Some(piece) = pieces.next().await? {
                if let Some(file) = &mut file {
                    file.append_batch(&piece)?;
                }
                let count = piece.num_rows();
                let mut probe = self.probe(&built, piece, &reservation).await?;
                if let Some(matched) = matched.get(at) {
                    probe.matched = Arc::clone(matched);
                } else if !once && self.join.marks(JoinSide::Right) {
                    matched_reservation.try_grow(Bitmap::size(count))?;
                    matched.push(Arc::clone(&probe.matched));
                }
                at += 1;
                let probe = Arc::new(probe);
                let blocks = Arc::new(Blocks::new(probe.blocks(&built)));
                self.search_on_all_threads(&built, &probe, &blocks, rows)
                    .await?;
                if once {
                    self.send_remaining(JoinSide::Right, &probe.side.rows, &probe.matched, rows)
                        .await?;
                }
            }
            if let Some(mut file) = file {
                replayed = file.finish()?;
            }
            self.send_remaining(JoinSide::Left, &built.side.rows, &built.visited, rows)
                .await?;
        }
        if !once && self.join.marks(JoinSide::Right) {
            let mut pieces = self.pieces(&mut first, &spill, replayed.as_ref())?;
            for matched in &matched {
                if let Some(piece) = pieces.next().await? {
                    self.send_remaining(JoinSide::Right, &piece, matched, rows)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// The right side: as it comes the first time, from disk after that.
    fn pieces(
        &self,
        first: &mut Option<SendableRecordBatchStream>,
        spill: &SpillManager,
        replayed: Option<&Arc<dyn SpillFile>>,
    ) -> Result<Pieces> {
        let rows = match (first.take(), replayed) {
            (Some(right), _) => return Ok(self.cut_up(right)),
            (None, Some(file)) => spill.read_spill_as_stream(Arc::clone(file), None)?,
            (None, None) => Box::pin(EmptyRecordBatchStream::new(self.right.schema())),
        };
        Ok(Pieces::as_written(
            rows,
            self.reserve("SimilarityJoinPieces"),
        ))
    }
}
