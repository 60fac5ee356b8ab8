//! Leaves the latest row of each key in a stream, or what is merged of its rows; of any length, in
//! bounded memory.
//!
//! A stream that fits into one chunk is looked through in memory. A longer one is sorted by its keys
//! first, which spills, so that rows of a key come one after the other.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{ArrayRef, RecordBatch, UInt32Array, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{EmptyRecordBatchStream, ExecutionPlan as _};
use futures::StreamExt as _;
use futures::stream;
use parking_lot::Mutex;

use super::order::Order;
use crate::error::{Error, Result};
use crate::warehouse::place::blocking;
use crate::warehouse::schema::TableSchema;
use crate::warehouse::writer::as_stored;

/// The bytes of a chunk, about.
const CHUNK_BYTES: usize = 128 << 20;

/// A chunk is in memory as it came, in one piece, and as what is left of it.
const COPIES: usize = 3;

/// So few rows are looked through in less time than another thread takes to begin.
const FEW_ROWS: usize = 64;

/// The column with the number of a row among those that have arrived.
const ARRIVAL: &str = "tributary:arrival";

/// Hashes the keys of rows.
pub(super) type HashKeys = dyn Fn(&[ArrayRef]) -> Result<Vec<u128>> + Send + Sync;

/// Rows of which no two have one key; where they are merged column by column, a row that tells of a
/// deletion may come before that of its key.
pub(super) struct Chunk {
    pub rows: RecordBatch,
    /// The hashes of their keys.
    pub hashes: Vec<u128>,
}

/// The latest rows of the keys of a stream.
pub(super) struct Unique {
    order: Arc<Order>,
    schema: Arc<TableSchema>,
    hash: Arc<HashKeys>,
    context: Arc<TaskContext>,
    rows: SendableRecordBatchStream,
    is_sorted: bool,
    has_ended: bool,
    /// What stays so far of the key that the next rows may have.
    held: Option<RecordBatch>,
    /// Counts the rows that are left out.
    left_out: Arc<AtomicU64>,
    memory: MemoryReservation,
    /// The rows of a chunk, about.
    chunk_rows: usize,
}

impl Unique {
    pub fn new(
        order: Arc<Order>,
        schema: Arc<TableSchema>,
        hash: Arc<HashKeys>,
        context: Arc<TaskContext>,
        rows: SendableRecordBatchStream,
        left_out: Arc<AtomicU64>,
        chunk_rows: usize,
    ) -> Self {
        let memory = MemoryConsumer::new("latest rows").register(context.memory_pool());
        Self {
            order,
            schema,
            hash,
            context,
            rows,
            is_sorted: false,
            has_ended: false,
            held: None,
            left_out,
            memory,
            chunk_rows,
        }
    }

    /// The next chunk. No key of it is in another one.
    pub async fn next(&mut self) -> Result<Option<Chunk>> {
        if self.has_ended {
            return Ok(None);
        }
        let mut batches = self.gather().await?;
        if !self.has_ended && !self.is_sorted {
            self.sort(batches)?;
            batches = self.gather().await?;
        }
        let batches: Vec<RecordBatch> = self.held.take().into_iter().chain(batches).collect();
        let Some(first) = batches.first() else {
            return Ok(None);
        };
        let (schema, order, hash) = (
            first.schema(),
            Arc::clone(&self.order),
            Arc::clone(&self.hash),
        );
        let is_last = self.has_ended;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let work = move || {
            let rows = concat_batches(&schema, &batches)?;
            drop(batches);
            let hashes = hash(&order.key(&rows))?;
            let (rows, mut hashes, left_out) = order.reduce(rows, hashes)?;
            // The last key may go on.
            let ended = match (is_last, hashes.last()) {
                (false, Some(last)) => {
                    let same = hashes.iter().rev().take_while(|hash| *hash == last);
                    hashes.len() - same.count()
                }
                _ => hashes.len(),
            };
            let held: UInt32Array = (ended..rows.num_rows())
                .map(|row| u32::try_from(row).ok())
                .collect();
            let held = match held.is_empty() {
                true => None,
                false => Some(take_record_batch(&rows, &held)?),
            };
            hashes.truncate(ended);
            let rows = rows.slice(0, ended);
            Ok::<_, Error>((Chunk { rows, hashes }, held, left_out))
        };
        let (chunk, held, left_out) = match rows <= FEW_ROWS {
            true => work()?,
            false => blocking(work).await??,
        };
        self.held = held;
        self.left_out.fetch_add(left_out, Ordering::Relaxed);
        Ok(Some(chunk))
    }

    /// The batches of a chunk, or what is left.
    async fn gather(&mut self) -> Result<Vec<RecordBatch>> {
        self.memory.free();
        let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
        while rows < self.chunk_rows && bytes < CHUNK_BYTES {
            let Some(batch) = self.rows.next().await.transpose()? else {
                self.has_ended = true;
                break;
            };
            let batch = match self.is_sorted {
                true => batch,
                false => as_stored(&batch, &self.schema)?,
            };
            rows += batch.num_rows();
            bytes += size_of_batch(&batch)?;
            batches.push(batch);
            // Where memory is short, chunks are small.
            if self.memory.try_resize(COPIES * bytes).is_err() {
                break;
            }
        }
        Ok(batches)
    }

    /// Goes on with the rows that were gathered and all others, sorted by their keys.
    fn sort(&mut self, gathered: Vec<RecordBatch>) -> Result<()> {
        self.is_sorted = true;
        self.memory.free();
        let schema = Arc::clone(&self.schema);
        let rest: SendableRecordBatchStream =
            Box::pin(EmptyRecordBatchStream::new(self.rows.schema()));
        let rest = std::mem::replace(&mut self.rows, rest);
        let rest = rest.map(move |batch| Ok(as_stored(&batch?, &schema)?));
        let rows = stream::iter(VecDeque::from(gathered).into_iter().map(Ok)).chain(rest);
        let columns = Arc::clone(&self.schema.declared);
        let width = columns.fields().len();
        let mut next: u64 = 0;
        let numbered = numbered_schema(&columns);
        let schema = Arc::clone(&numbered);
        let rows = rows.map(move |batch: Result<RecordBatch, DataFusionError>| {
            let batch = batch?;
            let end = next + batch.num_rows() as u64;
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(UInt64Array::from_iter_values(next..end)));
            next = end;
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        });
        let rows = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&numbered), rows));
        let rows = Once::new(Arc::clone(&numbered), rows);
        let plan = StreamingTableExec::try_new(
            Arc::clone(&numbered),
            vec![Arc::new(rows)],
            None,
            Vec::new(),
            false,
            None,
        )?;
        let sorted = self.order.columns.key.iter().chain([&width]).map(|index| {
            let column = Column::new(numbered.field(*index).name(), *index);
            PhysicalSortExpr::new_default(Arc::new(column))
        });
        let ordering = LexOrdering::new(sorted)
            .ok_or_else(|| Error::internal("a key has no columns to sort by"))?;
        let sorted =
            SortExec::new(ordering, Arc::new(plan)).execute(0, Arc::clone(&self.context))?;
        let own: Vec<usize> = (0..width).collect();
        let nullable = Arc::new(Schema::new(numbered.fields()[..width].to_vec()));
        let sorted = sorted.map(move |batch| Ok(batch?.project(&own)?));
        self.rows = Box::pin(RecordBatchStreamAdapter::new(nullable, sorted));
        Ok(())
    }
}

fn numbered_schema(columns: &SchemaRef) -> SchemaRef {
    let own = columns.fields().iter();
    let own = own.map(|field| field.as_ref().clone().with_nullable(true));
    let arrival = Field::new(ARRIVAL, DataType::UInt64, false);
    Arc::new(Schema::new(own.chain([arrival]).collect::<Vec<_>>()))
}

/// The bytes of a batch's own rows, also where it is a part of a larger one.
pub(super) fn size_of_batch(batch: &RecordBatch) -> Result<usize> {
    let sizes = batch
        .columns()
        .iter()
        .map(|column| column.to_data().get_slice_memory_size());
    Ok(sizes.sum::<Result<usize, _>>()?)
}

/// A stream as a plan, which can be run once.
pub(super) struct Once {
    schema: SchemaRef,
    rows: Mutex<Option<SendableRecordBatchStream>>,
}

impl Once {
    pub fn new(schema: SchemaRef, rows: SendableRecordBatchStream) -> Self {
        let rows = Mutex::new(Some(rows));
        Self { schema, rows }
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows to be put in")
    }
}

impl PartitionStream for Once {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        match self.rows.lock().take() {
            Some(rows) => rows,
            None => Box::pin(EmptyRecordBatchStream::new(Arc::clone(&self.schema))),
        }
    }
}
