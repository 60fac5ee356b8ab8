//! Puts rows into keyed tables and materialized views. A row without a key goes to
//! `tributary.rejected_rows`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::{and, filter_record_batch, is_not_null, not};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::physical_plan::EmptyRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::super::constraints::Constraints;
use super::super::rejected::{self, Keep, Rejections, row_as_json};
use super::super::{partitioned, replacement, table_id};
use crate::catalog::Object;
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, LockGuard};
use crate::sources::{Numbering, RejectedRow};
use crate::warehouse::{Arrival, Beside, CommitInfo, Keyed, Latest, Participant, Upserted};

/// Rows that take the place of others, and what the order tells in which they come.
pub struct Arriving {
    /// The rows.
    pub rows: SendableRecordBatchStream,
    /// What their order tells of those that have no versions.
    pub arrival: Arrival,
}

impl From<SendableRecordBatchStream> for Arriving {
    fn from(rows: SendableRecordBatchStream) -> Self {
        Self {
            rows,
            arrival: Arrival::Tells,
        }
    }
}

/// What has become of rows that were put into a keyed table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// Those with a key.
    pub upserted: Upserted,
    /// How many have none.
    pub rejected: u64,
}

impl Put {
    /// What the client is told of the rows that were left out.
    pub fn notices(&self) -> Vec<Error> {
        let mut notices = Vec::new();
        let rows = |count| if count == 1 { "row" } else { "rows" };
        let stale = self.upserted.stale;
        if stale > 0 {
            notices.push(Error::new(
                SqlState::SUCCESSFUL_COMPLETION,
                overtaken(stale),
            ));
        }
        let rejected = self.rejected;
        if rejected > 0 {
            let message = format!("{rejected} {} without a key left out", rows(rejected));
            notices.push(
                Error::new(SqlState::WARNING, message)
                    .with_hint("All of them are in tributary.rejected_rows."),
            );
        }
        notices
    }
}

/// That rows were left out since others are later.
pub fn overtaken(rows: u64) -> String {
    let (rows_are, are) = match rows {
        1 => ("row", "is"),
        _ => ("rows", "are"),
    };
    format!("{rows} {rows_are} left out that {are} not later than what is known of the key")
}

/// Has a refresh tell of rows that were left out since others of their keys stay; `arrival` is what told
/// which, where they have no versions.
///
/// # Errors
/// Options that cannot be.
pub fn tell_of_overtaken(
    record: &mut RefreshRecord,
    object: &Object,
    rows: u64,
    arrival: Arrival,
) -> Result<()> {
    let Some(keyed) = super::of(object)?.filter(|keyed| rows > 0 && !keyed.has_history()) else {
        // A history has all that is not there twice.
        return Ok(());
    };
    if !keyed.versions.is_empty() || arrival == Arrival::Tells {
        record.rows_overtaken += rows;
        return Ok(());
    }
    let counted = if rows == 1 { "row" } else { "rows" };
    let message = format!(
        "{}: {rows} {counted} left out, since the query gives several of a key and nothing tells the latest",
        object.name
    );
    record.warn(vec![
        Error::new(SqlState::WARNING, message).with_hint(
            "Say with version_column which row of a key is the latest, or have the query give one row of each.",
        ),
    ]);
    Ok(())
}

/// Puts rows into a keyed table, in one commit. The `guard` keeps others from changing it.
///
/// # Errors
/// Those of [`Constraints::check`], and what the rows or the store say.
pub async fn upsert(
    instance: &Arc<Instance>,
    state: &SessionState,
    table: &Arc<Object>,
    rows: SendableRecordBatchStream,
    operation: &'static str,
    guard: LockGuard,
) -> Result<Put> {
    replacement::settle(&instance.catalog, &instance.warehouse, table.oid).await?;
    let modification = instance.warehouse.modify(&table_id(table)).await?;
    let constraints = Constraints::without_keys(state, table)?;
    let participant = constraints.participant(instance, state, None, Some(guard));
    let (rows, rejected) = let_in(instance, state, table, rows)?;
    let session = Arc::new(state.clone());
    let info = CommitInfo::new(operation);
    // Nothing is changed by hand beside the rows.
    let beside = Constraints::of_merged(state, table, None)?.map(|seen| Beside {
        changed: Box::pin(EmptyRecordBatchStream::new(Arc::clone(&table.schema))),
        gone: Arc::default(),
        seen: Some(seen),
    });
    let upserted = modification
        .upsert_beside(session, rows, beside, info, Some(participant))
        .await?;
    Ok(Put {
        upserted,
        rejected: rejected.load(Ordering::Relaxed),
    })
}

/// The rows that may be put into a keyed table, as it keeps them: those that have a key and satisfy its
/// other constraints; and how many have no key, once they have ended. These are rejected.
///
/// # Errors
/// What planning a check says.
pub fn let_in(
    instance: &Arc<Instance>,
    state: &SessionState,
    table: &Arc<Object>,
    rows: SendableRecordBatchStream,
) -> Result<(SendableRecordBatchStream, Arc<AtomicU64>)> {
    let Some(keyed) = super::of(table)? else {
        return Err(Error::internal(format!("{} has no key", table.name)));
    };
    let constraints = Constraints::without_keys(state, table)?;
    let (rejections, writer) = rejected::begin(instance, table, Keep::All, None);
    let (rows, rejected) = with_keys(rows, table, &keyed, rejections)?;
    let rows = writer.precede(rows);
    let rows = rows.map(move |batch| constraints.check(&batch?));
    let schema = Arc::clone(&table.schema);
    let rows = RecordBatchStreamAdapter::new(schema, rows);
    Ok((Box::pin(rows), rejected))
}

/// Puts rows into a keyed object whose rows are a query's, in one commit.
///
/// # Errors
/// What the rows and the store say.
pub async fn add(
    instance: &Instance,
    state: &SessionState,
    object: &Object,
    rows: SendableRecordBatchStream,
    rejections: Rejections,
    info: CommitInfo,
    participant: Option<Arc<dyn Participant>>,
) -> Result<Put> {
    let Some(keyed) = super::of(object)? else {
        return Err(Error::internal(format!("{} has no key", object.name)));
    };
    let (rows, rejected) = with_keys(rows, object, &keyed, rejections)?;
    let modification = instance.warehouse.modify(&table_id(object)).await?;
    let session = Arc::new(state.clone());
    let upserted = modification
        .upsert(session, rows, info, participant)
        .await?;
    Ok(Put {
        upserted,
        rejected: rejected.load(Ordering::Relaxed),
    })
}

/// Puts rows in the place of all that an object holds: of a keyed one, the latest of each key.
///
/// # Errors
/// What the rows and the store say.
pub async fn replace(
    instance: &Instance,
    state: &SessionState,
    object: &Object,
    Arriving { rows, arrival }: Arriving,
    rejections: Rejections,
    info: CommitInfo,
    participant: Option<Arc<dyn Participant>>,
) -> Result<Put> {
    let (warehouse, table) = (&instance.warehouse, table_id(object));
    let Some(keyed) = super::of(object)? else {
        drop(rejections);
        let commit = warehouse
            .replace_partitioned(&table, &partitioned::of(object)?, rows, info, participant)
            .await?;
        let upserted = Upserted {
            commit: Some(commit),
            rows: commit.rows,
            stale: 0,
        };
        return Ok(Put {
            upserted,
            rejected: 0,
        });
    };
    let (rows, rejected) = with_keys(rows, object, &keyed, rejections)?;
    let latest = Latest {
        arrival,
        ..Latest::of(keyed, Arc::new(state.clone()))
    };
    let upserted = warehouse
        .replace_keyed(&table, latest, rows, info, participant)
        .await?;
    Ok(Put {
        upserted,
        rejected: rejected.load(Ordering::Relaxed),
    })
}

/// The rows that have a key, and how many have none, once they have ended. These are rejected.
///
/// # Errors
/// 42703 for a key whose columns the rows do not have.
pub fn with_keys(
    rows: SendableRecordBatchStream,
    object: &Object,
    keyed: &Keyed,
    rejections: Rejections,
) -> Result<(SendableRecordBatchStream, Arc<AtomicU64>)> {
    let schema = rows.schema();
    let key = keyed
        .key
        .iter()
        .map(|name| Ok((schema.index_of(name)?, name.clone())));
    let filter = Arc::new(KeyFilter {
        object: object.name.to_string(),
        key: key.collect::<Result<_>>()?,
        rejections,
        rejected: Arc::default(),
    });
    let rejected = Arc::clone(&filter.rejected);
    let rows = rows.then(move |batch| {
        let filter = Arc::clone(&filter);
        async move { filter.apply(batch?).await.map_err(DataFusionError::from) }
    });
    Ok((
        Box::pin(RecordBatchStreamAdapter::new(schema, rows)),
        rejected,
    ))
}

struct KeyFilter {
    object: String,
    /// The columns of the key, with their names.
    key: Vec<(usize, String)>,
    rejections: Rejections,
    rejected: Arc<AtomicU64>,
}

impl KeyFilter {
    async fn apply(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let columns = self.key.iter().map(|(index, _)| batch.column(*index));
        if columns.clone().all(|column| column.null_count() == 0) {
            return Ok(batch);
        }
        let mut has_key = BooleanArray::from(vec![true; batch.num_rows()]);
        for column in columns {
            has_key = and(&has_key, &is_not_null(column)?)?;
        }
        let without = filter_record_batch(&batch, &not(&has_key)?)?;
        let count = without.num_rows();
        self.rejected.fetch_add(count as u64, Ordering::Relaxed);
        for row in 0..count {
            self.rejections
                .send(self.rejected_row(&without, row)?)
                .await;
        }
        Ok(filter_record_batch(&batch, &has_key)?)
    }

    fn rejected_row(&self, rows: &RecordBatch, row: usize) -> Result<RejectedRow> {
        let missing = self
            .key
            .iter()
            .find(|(index, _)| rows.column(*index).is_null(row));
        let column = missing.map(|(_, name)| name.clone()).unwrap_or_default();
        Ok(RejectedRow {
            source: String::new(),
            file: String::new(),
            row: 0,
            reason: format!(
                "column \"{column}\" of the unique key of {} is NULL",
                self.object
            ),
            column_name: Some(column),
            value: None,
            sqlstate: SqlState::NOT_NULL_VIOLATION,
            record: row_as_json(rows, row)?,
            numbering: Numbering::Rows,
            remedy: None,
        })
    }
}
