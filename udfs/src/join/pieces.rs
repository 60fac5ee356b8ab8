//! The rows of a stream, in pieces worth searching for.

use std::collections::VecDeque;

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;

use super::width;

/// How many bytes a piece may have, unless one row has more.
const PIECE_BYTES: usize = 16 << 20;

/// Small batches are put together and large ones taken apart, so that each piece has about as many
/// rows as a batch should have.
pub(super) struct Pieces {
    stream: SendableRecordBatchStream,
    /// How many rows a piece has; 0 for as many as they come.
    rows: usize,
    /// Rows that were read and not given out.
    read: VecDeque<RecordBatch>,
    ended: bool,
    /// The memory that a piece and what it is made of take.
    reservation: MemoryReservation,
}

impl Pieces {
    pub(super) fn new(
        stream: SendableRecordBatchStream,
        rows: usize,
        reservation: MemoryReservation,
    ) -> Self {
        Self {
            stream,
            rows: rows.max(1),
            read: VecDeque::new(),
            ended: false,
            reservation,
        }
    }

    /// Pieces that were written to disk, as they were.
    pub(super) fn as_written(
        stream: SendableRecordBatchStream,
        reservation: MemoryReservation,
    ) -> Self {
        let mut pieces = Self::new(stream, 1, reservation);
        pieces.rows = 0;
        pieces
    }

    /// The next rows, at least one.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if self.rows == 0 {
            return self.read().await;
        }
        let mut parts = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        self.reservation.free();
        while rows < self.rows && bytes < PIECE_BYTES {
            let Some(batch) = self.read().await? else {
                break;
            };
            let room = self.rows - rows;
            let size = width::size(&batch);
            // Until the next piece, beside which the batch that it was cut from may be kept.
            self.reservation.try_grow(size)?;
            let each = size.div_ceil(batch.num_rows());
            let room = room.min((PIECE_BYTES / each.max(1)).max(1));
            if batch.num_rows() > room {
                self.read
                    .push_front(batch.slice(room, batch.num_rows() - room));
                parts.push(batch.slice(0, room));
                rows += room;
                bytes += room * each;
            } else {
                rows += batch.num_rows();
                bytes += batch.num_rows() * each;
                parts.push(batch);
            }
        }
        match parts.as_slice() {
            [] => Ok(None),
            [piece] => Ok(Some(piece.clone())),
            [first, ..] => {
                self.reservation.try_grow(bytes)?;
                Ok(Some(concat_batches(first.schema_ref(), &parts)?))
            }
        }
    }

    /// A batch with rows.
    async fn read(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(batch) = self.read.pop_front() {
            return Ok(Some(batch));
        }
        while !self.ended {
            match self.stream.next().await.transpose()? {
                None => self.ended = true,
                Some(batch) if batch.num_rows() > 0 => return Ok(Some(batch)),
                Some(_) => {}
            }
        }
        Ok(None)
    }
}
