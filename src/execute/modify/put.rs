//! Rows that a change puts into a keyed table: as those of an `INSERT`, of which the latest of each key
//! stays. What is answered of them is computed when it is known which go in.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::divider::{Answers, Divider};
use crate::error::Result;
use crate::execute::query;
use crate::warehouse::Seen;

/// Batches that wait to be put in.
const QUEUE: usize = 2;

/// What is answered of rows that are put in.
pub struct PutAnswer {
    pub(super) plan: LogicalPlan,
    pub(super) rows: PutRows,
}

/// The rows that go in, as a relation that is read when they are known.
#[derive(Clone, Default)]
pub struct PutRows(Arc<Mutex<Vec<RecordBatch>>>);

impl PutRows {
    /// The relation.
    ///
    /// # Errors
    /// What the engine says.
    pub(super) fn relation(&self, columns: &SchemaRef) -> Result<Arc<dyn TableProvider>> {
        let columns = nullable(columns);
        let read = Read {
            columns: Arc::clone(&columns),
            rows: self.clone(),
        };
        Ok(Arc::new(StreamingTable::try_new(
            columns,
            vec![Arc::new(read)],
        )?))
    }

    /// Takes in a batch, which may have more columns than the table.
    fn push(&self, batch: &RecordBatch, columns: &SchemaRef) -> QueryResult<usize> {
        let values = columns.fields().iter().zip(batch.columns());
        let values = values.map(
            |(field, values)| match values.data_type() == field.data_type() {
                true => Ok(Arc::clone(values)),
                false => cast(values, field.data_type()),
            },
        );
        let batch = RecordBatch::try_new(Arc::clone(columns), values.collect::<Result<_, _>>()?)?;
        let bytes = batch.get_array_memory_size();
        self.0.lock().push(batch);
        Ok(bytes)
    }
}

struct Read {
    columns: SchemaRef,
    rows: PutRows,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows that were put in")
    }
}

impl PartitionStream for Read {
    fn schema(&self) -> &SchemaRef {
        &self.columns
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows: Vec<_> = self.rows.0.lock().iter().cloned().map(Ok).collect();
        let columns = Arc::clone(&self.columns);
        Box::pin(RecordBatchStreamAdapter::new(columns, stream::iter(rows)))
    }
}

impl PutAnswer {
    /// Computes the answers of the rows that go in, before they are committed.
    pub(super) fn seen(
        self,
        state: SessionState,
        columns: &SchemaRef,
        returning: SchemaRef,
        answers: Arc<Mutex<Answers>>,
        pool: &Arc<dyn MemoryPool>,
    ) -> Seen {
        let columns = nullable(columns);
        let memory = MemoryConsumer::new("rows that were put in").register(pool);
        Box::new(move |rows| {
            let schema = rows.schema();
            let put = self.rows.clone();
            let kept = Arc::new(memory);
            let last = Arc::clone(&kept);
            let rows = rows.map(move |batch| {
                let batch = batch?;
                kept.try_grow(put.push(&batch, &columns)?)?;
                Ok(batch)
            });
            let answered = async move {
                self.answer(state, returning, &answers).await?;
                last.free();
                Ok::<_, DataFusionError>(None)
            };
            let answered = stream::once(answered);
            let answered = answered.try_filter_map(|none| async move { Ok(none) });
            Box::pin(RecordBatchStreamAdapter::new(schema, rows.chain(answered)))
        })
    }

    async fn answer(
        self,
        state: SessionState,
        returning: SchemaRef,
        answers: &Mutex<Answers>,
    ) -> QueryResult<()> {
        let mut answered = query::stream(state, self.plan).await?;
        while let Some(batch) = answered.try_next().await? {
            let batch = RecordBatch::try_new(Arc::clone(&returning), batch.columns().to_vec())?;
            answers.lock().push(batch)?;
        }
        Ok(())
    }
}

/// The new rows of a change by hand, and those that are put in beside it, of which the latter must be
/// waited for while the former are.
pub(super) fn divided(
    found: SendableRecordBatchStream,
    divider: Divider,
    columns: &SchemaRef,
) -> (SendableRecordBatchStream, SendableRecordBatchStream) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let changed = stream::try_unfold(
        (found, divider, sender),
        |(mut found, mut divider, sender)| {
            async move {
                let Some(batch) = found.try_next().await? else {
                    return Ok(None);
                };
                let divided = divider.divide(&batch)?;
                // Who takes no more has failed, and tells so.
                if let Some(added) = divided.added
                    && sender.send(added).await.is_err()
                {
                    return Ok(None);
                }
                Ok::<_, DataFusionError>(Some((divided.changed, (found, divider, sender))))
            }
        },
    );
    let put = stream::unfold(
        receiver,
        |mut receiver: mpsc::Receiver<RecordBatch>| async move {
            let batch = receiver.recv().await?;
            Some((Ok(batch), receiver))
        },
    );
    (
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(columns), changed)),
        Box::pin(RecordBatchStreamAdapter::new(nullable(columns), put)),
    )
}

/// The columns, without what is said of NULL.
pub(super) fn nullable(columns: &SchemaRef) -> SchemaRef {
    let fields = columns.fields().iter();
    let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
