//! Finds out which of two sides is smaller, where no statistics tell.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

use super::task::Task;
use super::width;

/// Sides of more rows than these are both large, as is one of more bytes: which is smaller is not
/// looked for any further, as what is read of both takes memory.
const MOST_ROWS: usize = 1 << 16;
const MOST_BYTES: usize = 16 << 20;

/// Both sides, with all of their rows.
pub(super) struct Sampled {
    pub(super) left: SendableRecordBatchStream,
    /// The partitions of the right side.
    pub(super) right: Vec<SendableRecordBatchStream>,
    /// Whether the right side has fewer rows, as far as was read.
    pub(super) right_is_smaller: bool,
}

/// The partitions of a side, and what was read of them.
struct Reader {
    partitions: Vec<Partition>,
    /// The partition that is read from next.
    next: usize,
    rows: usize,
    reservation: MemoryReservation,
    /// Whether there was no memory for what was read last.
    is_full: bool,
}

struct Partition {
    /// What is left of it; `None` once it has ended.
    rest: Option<SendableRecordBatchStream>,
    schema: SchemaRef,
    read: Vec<RecordBatch>,
}

impl Reader {
    fn new(streams: Vec<SendableRecordBatchStream>, reservation: MemoryReservation) -> Self {
        let partitions = streams.into_iter().map(|stream| Partition {
            schema: stream.schema(),
            rest: Some(stream),
            read: Vec::new(),
        });
        Self {
            partitions: partitions.collect(),
            next: 0,
            rows: 0,
            reservation,
            is_full: false,
        }
    }

    /// Reads a batch, from one partition after the other; whether there was one.
    async fn read(&mut self) -> Result<bool> {
        for _ in 0..self.partitions.len() {
            self.next = (self.next + 1) % self.partitions.len();
            let partition = &mut self.partitions[self.next];
            let Some(stream) = &mut partition.rest else {
                continue;
            };
            let Some(batch) = stream.next().await.transpose()? else {
                partition.rest = None;
                continue;
            };
            self.rows += batch.num_rows();
            let size = width::size(&batch);
            if self.reservation.try_grow(size).is_err() {
                self.reservation.grow(size);
                self.is_full = true;
            }
            partition.read.push(batch);
            return Ok(true);
        }
        Ok(false)
    }

    /// The partitions from their first row on.
    fn streams(self) -> Vec<SendableRecordBatchStream> {
        let Self {
            partitions,
            reservation,
            ..
        } = self;
        let from_first = partitions.into_iter().map(|partition| {
            let Partition { rest, schema, read } = partition;
            let reserved = reservation.split(read.iter().map(width::size).sum());
            let read = futures::stream::iter(read).map(move |batch| {
                reserved.shrink(width::size(&batch));
                Ok(batch)
            });
            let rest = rest.map(|rest| rest.left_stream());
            let rest = rest.unwrap_or_else(|| futures::stream::empty().right_stream());
            let stream = RecordBatchStreamAdapter::new(schema, read.chain(rest));
            Box::pin(stream) as SendableRecordBatchStream
        });
        from_first.collect()
    }
}

impl Task {
    /// Reads some of both sides, row for row, until one has ended or both are large.
    pub(super) async fn sample(&self) -> Result<Sampled> {
        let left = self.left.execute(0, Arc::clone(&self.context))?;
        let mut left = Reader::new(vec![left], self.reserve_build());
        let mut right = Reader::new(self.right_partitions()?, self.reserve_build());
        let mut right_is_smaller = false;
        let are_large = |left: &Reader, right: &Reader| {
            left.rows.min(right.rows) > MOST_ROWS
                || left.reservation.size().max(right.reservation.size()) > MOST_BYTES
        };
        while !are_large(&left, &right) && !left.is_full && !right.is_full {
            let reads_left = left.rows <= right.rows;
            let reader = if reads_left { &mut left } else { &mut right };
            if !reader.read().await? {
                right_is_smaller = !reads_left;
                break;
            }
        }
        let Some(left) = left.streams().pop() else {
            return internal_err!("similarity join: the left side has no partition");
        };
        Ok(Sampled {
            left,
            right: right.streams(),
            right_is_smaller,
        })
    }
}
