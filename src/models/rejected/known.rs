//! Rejected rows that are known already: a source that is read again rejects them again.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::catalog::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::instance::{Instance, Reading};
use crate::warehouse::{At, TableId};

/// The columns that tell when a row was rejected, and nothing of the row: the first and the last.
const OF_THE_LOAD: usize = 2;

/// What is known of a row: a hash of its columns.
type Mark = [u8; 16];

/// Rows of a table of rejected rows.
struct Known {
    marks: HashSet<Mark>,
    _memory: MemoryReservation,
}

/// Those of the rows that a table has none like of.
///
/// # Errors
/// What reading the table says; 53200 where it has too many rows to remember.
pub(super) async fn without_known(
    instance: &Arc<Instance>,
    table: &TableId,
    rows: SendableRecordBatchStream,
) -> Result<SendableRecordBatchStream> {
    let relation = instance.warehouse.scan(table, At::Latest).await?;
    let known = Known::read(instance, relation).await?;
    let schema = rows.schema();
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let marks = marks(&batch)?;
        let is_new: Vec<bool> = marks.iter().map(|it| !known.marks.contains(it)).collect();
        Ok::<_, DataFusionError>(filter_record_batch(&batch, &is_new.into())?)
    });
    let rows = rows.try_filter(|batch| std::future::ready(batch.num_rows() > 0));
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
}

impl Known {
    async fn read(instance: &Arc<Instance>, relation: Arc<dyn TableProvider>) -> Result<Self> {
        let settings = &instance.configuration.session;
        let state = instance.statement(settings, Reading::Rows).state;
        let pool = &state.runtime_env().memory_pool;
        let memory = MemoryConsumer::new("rows that were rejected before").register(pool);
        let plan = relation.scan(&state, None, &[], None).await?;
        let mut rows = execute_stream(plan, state.task_ctx())?;
        let mut found = HashSet::new();
        while let Some(batch) = rows.try_next().await? {
            // The set keeps room for about as many more.
            memory.try_grow(2 * size_of::<Mark>() * batch.num_rows())?;
            found.extend(marks(&batch)?);
        }
        Ok(Self {
            marks: found,
            _memory: memory,
        })
    }
}

/// A mark of each row: the same for rows that are the same, whenever they were rejected.
fn marks(batch: &RecordBatch) -> Result<Vec<Mark>> {
    let count = batch.num_columns().saturating_sub(OF_THE_LOAD);
    let columns = || batch.columns().iter().skip(1).take(count);
    let unexpected = |of: &DataType| Error::internal(format!("a rejected row has a {of}"));
    let mut marks = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mut hash = Sha256::new();
        for column in columns() {
            if column.is_null(row) {
                hash.update([0]);
                continue;
            }
            hash.update([1]);
            match column.data_type() {
                DataType::Utf8 => {
                    let text = column.as_string::<i32>().value(row);
                    hash.update((text.len() as u64).to_le_bytes());
                    hash.update(text);
                }
                DataType::Int64 => {
                    hash.update(column.as_primitive::<Int64Type>().value(row).to_le_bytes());
                }
                other => return Err(unexpected(other)),
            }
        }
        let mut mark = Mark::default();
        let digest = hash.finalize();
        mark.iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        marks.push(mark);
    }
    Ok(marks)
}
