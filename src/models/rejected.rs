//! Rows that did not make it into a table, kept beside it in a table of their own.
//!
//! The view `tributary.rejected_rows` is all of these tables together. Rejected rows are committed
//! just before the rows that were accepted: no load is ever seen without its rejected rows.

mod known;
mod recomputed;
mod row_json;

pub use recomputed::Staying;
pub use row_json::row_as_json;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, Utc};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::catalog::system::rejected_rows_schema;
use crate::catalog::{Object, system};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::sources::RejectedRow;
use crate::warehouse::{CommitInfo, TableId};

/// Rejected rows that wait to be written; who rejects more waits.
const QUEUE: usize = 1024;

/// Rejected rows of one batch.
const BATCH: usize = 1024;

/// The table of the rows that were rejected on their way into `object`.
pub fn table_id(object: &Object) -> TableId {
    TableId::new(object.oid, system::SYSTEM_SCHEMA, "rejected_rows")
}

/// How the rows of a load replace or join those rejected before.
#[derive(Debug)]
pub enum Keep {
    /// The load reads everything: what was rejected before is void.
    Latest,
    /// The load adds rows.
    All,
    /// The load reads rows again: it adds those that are not known yet.
    New,
    /// The load computes some rows again: it adds those of these to what stays of others.
    Staying(Staying),
}

/// Where one load's rejected rows go.
#[derive(Clone)]
pub struct Rejections(mpsc::Sender<RejectedRow>);

impl Rejections {
    /// Those of a load that has no rows.
    pub fn none() -> Self {
        Self(mpsc::channel(1).0)
    }

    /// The channel, for the sources.
    pub fn sender(&self) -> mpsc::Sender<RejectedRow> {
        self.0.clone()
    }

    /// Takes a row, waiting for room. A row for which nobody waits any more ends with its load.
    pub async fn send(&self, row: RejectedRow) {
        if self.0.send(row).await.is_err() {
            tracing::debug!("a load ended before its rejected rows were taken");
        }
    }
}

/// Writes a load's rejected rows as they come.
pub struct Writer {
    // Dropped first: a load that fails must not look finished to the task.
    task: AbortOnDropHandle<Result<()>>,
    finish: oneshot::Sender<()>,
}

/// Begins to take the rejected rows of a load into `object`.
pub fn begin(
    instance: &Arc<Instance>,
    object: &Object,
    keep: Keep,
    refresh_id: Option<u64>,
) -> (Rejections, Writer) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (finish, finished) = oneshot::channel();
    let rows = rows(receiver, finished, object.name.to_string(), refresh_id);
    let task = tokio::spawn(write(Arc::clone(instance), table_id(object), keep, rows));
    (
        Rejections(sender),
        Writer {
            finish,
            task: AbortOnDropHandle::new(task),
        },
    )
}

impl Writer {
    /// The load's rows, which end only after the rejected ones were committed.
    pub fn precede(self, rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let schema = rows.schema();
        let commit = stream::once(self.commit()).try_filter_map(|()| async { Ok(None) });
        Box::pin(RecordBatchStreamAdapter::new(schema, rows.chain(commit)))
    }

    async fn commit(self) -> DataFusionResult<()> {
        // The task may have failed already, and tells so itself.
        let _ = self.finish.send(());
        let written = self
            .task
            .await
            .map_err(|error| Error::internal(format!("writing rejected rows: {error}")))?;
        written.map_err(DataFusionError::from)
    }
}

async fn write(
    instance: Arc<Instance>,
    table: TableId,
    keep: Keep,
    rows: SendableRecordBatchStream,
) -> Result<()> {
    let schema = rows.schema();
    let mut rows = rows.peekable();
    let none = std::pin::Pin::new(&mut rows).peek().await.is_none();
    let may_change = match &keep {
        Keep::Latest => true,
        Keep::All | Keep::New => false,
        Keep::Staying(staying) => staying.some_go,
    };
    if none && !may_change {
        return Ok(());
    }
    let exists = instance.warehouse.exists(&table).await?;
    let is_void = !exists && matches!(keep, Keep::Latest);
    if none && is_void {
        return Ok(());
    }
    let mut rows: SendableRecordBatchStream =
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), rows));
    let replacing = match keep {
        Keep::New if exists => {
            let unknown = known::without_known(&instance, &table, rows).await?;
            let mut unknown = unknown.peekable();
            if std::pin::Pin::new(&mut unknown).peek().await.is_none() {
                return Ok(());
            }
            rows = Box::pin(RecordBatchStreamAdapter::new(schema, unknown));
            false
        }
        Keep::All | Keep::New => false,
        Keep::Latest => true,
        Keep::Staying(staying) => {
            let all = stream::iter(staying.rows.clone().into_iter().map(Ok)).chain(rows);
            // What stays is in memory until it is written.
            let all = all.chain(stream::once(async move {
                drop(staying);
                Ok(RecordBatch::new_empty(rejected_rows_schema()))
            }));
            rows = Box::pin(RecordBatchStreamAdapter::new(schema, all));
            true
        }
    };
    if replacing {
        instance
            .warehouse
            .replace(&table, rows, CommitInfo::new("REJECT"))
            .await?;
        return Ok(());
    }
    if !exists {
        match instance
            .warehouse
            .create(&table, rejected_rows_schema())
            .await
        {
            // Another load was faster.
            Err(error)
                if [SqlState::DUPLICATE_TABLE, SqlState::SERIALIZATION_FAILURE]
                    .contains(&error.sqlstate()) => {}
            created => drop(created?),
        }
    }
    instance
        .warehouse
        .append(&table, rows, CommitInfo::new("REJECT"))
        .await?;
    Ok(())
}

/// The channel's rows as batches, until the load is finished and the channel is empty.
fn rows(
    receiver: mpsc::Receiver<RejectedRow>,
    finished: oneshot::Receiver<()>,
    object: String,
    refresh_id: Option<u64>,
) -> SendableRecordBatchStream {
    let batches = stream::unfold(
        (receiver, Some(finished)),
        move |(mut receiver, mut finished)| {
            let object = object.clone();
            async move {
                let mut rows = Vec::new();
                if let Some(finish) = &mut finished {
                    tokio::select! {
                        biased;
                        taken = receiver.recv_many(&mut rows, BATCH) => if taken == 0 { finished = None },
                        _ = finish => finished = None,
                    }
                }
                if finished.is_none() && rows.is_empty() {
                    while rows.len() < BATCH
                        && let Ok(row) = receiver.try_recv()
                    {
                        rows.push(row);
                    }
                    if rows.is_empty() {
                        return None;
                    }
                }
                let batch =
                    batch(&rows, &object, refresh_id, Utc::now()).map_err(DataFusionError::from);
                Some((batch, (receiver, finished)))
            }
        },
    );
    Box::pin(RecordBatchStreamAdapter::new(
        rejected_rows_schema(),
        batches,
    ))
}

fn batch(
    rows: &[RejectedRow],
    object: &str,
    refresh_id: Option<u64>,
    at: DateTime<Utc>,
) -> Result<RecordBatch> {
    let text = |value: fn(&RejectedRow) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<StringArray>())
    };
    // A row that an expectation rejected comes from no file.
    let count = rows.len();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(
            TimestampMicrosecondArray::from(vec![at.timestamp_micros(); count])
                .with_timezone("UTC"),
        ),
        Arc::new(StringArray::from(vec![object; count])),
        text(|row| Some(row.source.as_str()).filter(|source| !source.is_empty())),
        text(|row| Some(row.file.as_str()).filter(|file| !file.is_empty())),
        Arc::new(
            rows.iter()
                .map(|row| (row.row > 0).then_some(row.row))
                .collect::<Int64Array>(),
        ),
        text(|row| row.column_name.as_deref()),
        text(|row| row.value.as_deref()),
        text(|row| Some(&row.reason)),
        text(|row| Some(row.sqlstate.0)),
        text(|row| Some(&row.record)),
        Arc::new(Int64Array::from(vec![
            refresh_id.and_then(|id| {
                i64::try_from(id).ok()
            });
            count
        ])),
    ];
    Ok(RecordBatch::try_new(rejected_rows_schema(), columns)?)
}
