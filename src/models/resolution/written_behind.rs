//! Records that are written while the engine resolves them already: reading is not held up by who
//! encodes them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::exec_datafusion_err;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::stream;
use tokio::sync::mpsc;

/// How many batches wait at most.
const WAITING: usize = 128;

/// What takes the records that are to be written.
pub struct WrittenBehind {
    sender: mpsc::Sender<Message>,
    memory: MemoryReservation,
}

enum Message {
    /// A batch, with the memory that it takes until it is written.
    Rows {
        batch: RecordBatch,
        _memory: MemoryReservation,
    },
    /// There are no more.
    End,
}

impl WrittenBehind {
    /// What takes records of this schema, and gives them to who writes.
    pub fn new(schema: SchemaRef, pool: &Arc<dyn MemoryPool>) -> (Self, SendableRecordBatchStream) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let rows = stream::unfold(Some(receiver), async |receiver| {
            let mut receiver = receiver?;
            match receiver.recv().await {
                Some(Message::Rows { batch, .. }) => Some((Ok(batch), Some(receiver))),
                Some(Message::End) => None,
                // What was written so far must not be taken for all of them.
                None => Some((Err(exec_datafusion_err!("records were left unread")), None)),
            }
        });
        let rows = RecordBatchStreamAdapter::new(schema, rows);
        let memory = MemoryConsumer::new("records that are to be written").register(pool);
        (Self { sender, memory }, Box::pin(rows))
    }

    /// Has a batch written, which waits for its turn.
    pub async fn put(&self, batch: RecordBatch) {
        let memory = self.memory.new_empty();
        if memory.try_resize(batch.get_array_memory_size()).is_err() {
            // Without memory for what waits, nothing does.
            drop(self.sender.reserve_many(WAITING).await);
        }
        let rows = Message::Rows {
            batch,
            _memory: memory,
        };
        self.send(rows).await;
    }

    /// Tells that these were all.
    pub async fn end(self) {
        self.send(Message::End).await;
    }

    async fn send(&self, message: Message) {
        // Where writing has failed nobody takes it, and who writes tells why.
        drop(self.sender.send(message).await);
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};
    use datafusion::error::Result;
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use futures::{StreamExt, TryStreamExt};

    use super::*;

    fn batch(number: i64) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![number]));
        RecordBatch::try_from_iter([("number", column)]).unwrap()
    }

    async fn written(bytes: usize, ends: bool) -> Result<Vec<RecordBatch>> {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes));
        let (behind, rows) = WrittenBehind::new(batch(0).schema(), &pool);
        let reading = async {
            for number in 0..1000 {
                behind.put(batch(number)).await;
            }
            if ends {
                behind.end().await;
            }
        };
        let ((), rows) = tokio::join!(reading, rows.collect::<Vec<_>>());
        assert_eq!(pool.reserved(), 0);
        rows.into_iter().collect()
    }

    #[tokio::test]
    async fn all_are_written_in_their_order_however_little_memory_there_is() {
        let expected: Vec<RecordBatch> = (0..1000).map(batch).collect();
        for bytes in [0, 1000, 1 << 20] {
            assert_eq!(written(bytes, true).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn what_was_not_read_to_the_end_is_not_taken_for_all() {
        let error = written(1 << 20, false).await.unwrap_err().to_string();
        assert!(error.contains("left unread"), "{error}");
    }

    #[tokio::test]
    async fn who_reads_does_not_wait_for_who_has_given_up_writing() {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(0));
        let (behind, rows) = WrittenBehind::new(batch(0).schema(), &pool);
        drop(rows);
        for number in 0..1000 {
            behind.put(batch(number)).await;
        }
        behind.end().await;
        let (_, rows) = WrittenBehind::new(batch(0).schema(), &pool);
        assert!(rows.try_collect::<Vec<_>>().await.is_err());
    }
}
