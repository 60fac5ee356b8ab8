//! Puts rows into a keyed table: of the rows of each key the latest stays, or the latest value of each
//! column, whatever the order, the batches and the repetitions that they arrive in.

mod beside;
mod by_column;
mod columns;
mod history;
mod order;
mod stored;
mod unique;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tributary_udfs::postgres::comparable_type;

use self::beside::ByHand;
pub use self::beside::{Beside, Seen};
use self::order::Order;
use self::stored::Stored;
use self::unique::{HashKeys, Once, Unique};
use super::column_versions::with_column_versions;
use super::key_index::KeyHasher;
use super::modification::Modification;
use super::schema::TableSchema;
use super::{Commit, CommitInfo, Keyed, Participant};
use crate::error::{Error, Result};

/// Rows are handed on in pieces of so many, so that they are encoded while others are looked up.
const PIECE_ROWS: usize = 1 << 16;

/// What the order in which rows arrive tells of those that have no versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Of the rows of a key, the one that comes later is later.
    Tells,
    /// Nothing: a deletion counts as later than a row, and the greater row as later than the other.
    TellsNothing,
}

/// How the latest row of each key is told.
pub struct Latest {
    /// What a key is, and a version.
    pub keyed: Keyed,
    /// What tells where there are no versions.
    pub arrival: Arrival,
    /// Where rows are sorted that do not fit into memory.
    pub session: Arc<dyn Session>,
}

impl Latest {
    /// By versions, or by the order of arrival.
    pub fn of(keyed: Keyed, session: Arc<dyn Session>) -> Self {
        Self {
            keyed,
            arrival: Arrival::Tells,
            session,
        }
    }
}

/// What has become of the rows that were put into a keyed table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    /// The commit, if one was needed.
    pub commit: Option<Commit>,
    /// The rows that are the latest of their keys now, or what was merged of them, with those that
    /// tell of a deletion. Where all rows are kept, those that were not there.
    pub rows: u64,
    /// The rows that are not, for the table or the others had a later one, or the same one. Where
    /// columns are merged, the keys that nothing was added to.
    pub stale: u64,
}

impl Modification {
    /// Puts rows into a keyed table, in one commit: those that are later than what it has of their
    /// keys take the place of that. No key may be NULL.
    ///
    /// # Errors
    /// Those of [`Self::commit`].
    pub async fn upsert(
        self,
        session: Arc<dyn Session>,
        rows: SendableRecordBatchStream,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Upserted> {
        self.upsert_beside(session, rows, None, info, participant)
            .await
    }

    /// [`Self::upsert`], in the commit of a change by hand where there is one: rows are held against
    /// the table as it is without those that the change takes out of it. Those that it deletes or
    /// changes count as deletions of their versions ([`Self::remembered`]).
    ///
    /// # Errors
    /// Those of [`Self::commit`]; 21000 for a row with the key of one that is changed by hand.
    pub async fn upsert_beside(
        self,
        session: Arc<dyn Session>,
        rows: SendableRecordBatchStream,
        beside: Option<Beside>,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Upserted> {
        let schema = Arc::clone(&self.snapshot.schema);
        let Some(keyed) = &schema.keyed else {
            return Err(Error::internal(format!(
                "table {} has no key",
                self.table.id
            )));
        };
        let files = schema.with_column_versions()?;
        let rows = with_column_versions(rows, &files);
        let order = Arc::new(Order::new(keyed, &files.declared, Arrival::Tells)?);
        let key = keyed.indexed();
        let covered = self.covered_anyhow(session.as_ref(), &key).await?;
        let covered = Arc::new(covered);
        let (mut changed, mut by_hand, mut seen) = (None, None, None);
        let mut gone = Arc::default();
        if let Some(beside) = beside {
            let pool = &session.runtime_env().memory_pool;
            let keys = ByHand::new(Arc::clone(&covered), Arc::clone(&order), pool);
            let keys = Arc::new(keys);
            changed = Some(keys.noted(beside.changed, &files));
            by_hand = Some(keys);
            (gone, seen) = (beside.gone, beside.seen);
        }
        let stored = Stored {
            scan: self.table_scan()?.with_column_versions()?,
            session: Arc::clone(&session),
            order: Arc::clone(&order),
            covered: Arc::clone(&covered),
            tombstones: self
                .snapshot
                .files
                .iter()
                .map(|file| file.is_tombstones())
                .collect(),
            deleted: Arc::clone(&self.deleted),
            by_hand,
            gone: Arc::clone(&gone),
            stale: Arc::default(),
            anew: Arc::default(),
        };
        let stale = Arc::clone(&stored.stale);
        let new_rows = Arc::new(covered.new_rows(order.columns.clone()));
        let anew = Arc::clone(&stored.anew);
        let hash: Arc<HashKeys> = Arc::new(move |keys| covered.hash_keys(keys));
        let unique = Unique::new(
            order,
            Arc::clone(&files),
            hash,
            session.task_ctx(),
            rows,
            Arc::clone(&stale),
            self.settings.upsert_rows,
        );
        let written = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&written);
        let latest = stream::try_unfold((unique, stored), |(mut unique, stored)| async move {
            match unique.next().await? {
                Some(chunk) => {
                    let latest = stored.latest(chunk).await?;
                    Ok::<_, Error>(Some((latest, (unique, stored))))
                }
                None => Ok(None),
            }
        });
        let latest = latest.inspect_ok(move |rows| {
            count.fetch_add(rows.num_rows() as u64, Ordering::Relaxed);
        });
        let mut rows = in_pieces(&files, latest);
        if let Some(seen) = seen {
            rows = seen(rows);
        }
        if let Some(changed) = changed {
            // New rows are looked up when all that is changed by hand is known.
            let declared = Arc::clone(&files.declared);
            let all = stream::select(changed, rows);
            rows = Box::pin(RecordBatchStreamAdapter::new(declared, all));
        }
        let commit = self
            .commit_telling(session, rows, gone, info, participant, Some(new_rows))
            .await?;
        Ok(Upserted {
            commit,
            rows: written.load(Ordering::Relaxed) - anew.load(Ordering::Relaxed),
            stale: stale.load(Ordering::Relaxed),
        })
    }
}

impl Modification {
    /// What stays of the rows of each key, of rows that are put together into the keyed table, as a
    /// relation that can be read once, with the columns that data files have; and how many others there
    /// were, once it was read. Where columns are merged, a key may have a deletion beside its row.
    ///
    /// # Errors
    /// Columns that are not the table's.
    pub fn latest(
        &self,
        rows: SendableRecordBatchStream,
        session: Arc<dyn Session>,
    ) -> Result<(Arc<dyn TableProvider>, Arc<AtomicU64>)> {
        let files = self.snapshot.schema.with_column_versions()?;
        let most = self.settings.upsert_rows;
        let context = session.task_ctx();
        let (rows, stale) = latest(rows, &files, context, most, Arrival::Tells)?;
        let once = Once::new(Arc::clone(&files.declared), rows);
        let table = StreamingTable::try_new(Arc::clone(&files.declared), vec![Arc::new(once)])?;
        Ok((Arc::new(table), stale))
    }
}

/// What stays of the rows of each key, as files have them, and how many others there were, once they
/// have ended.
pub(super) fn latest(
    rows: SendableRecordBatchStream,
    files: &Arc<TableSchema>,
    context: Arc<TaskContext>,
    chunk_rows: usize,
    arrival: Arrival,
) -> Result<(SendableRecordBatchStream, Arc<AtomicU64>)> {
    let stale = Arc::new(AtomicU64::new(0));
    let Some(keyed) = &files.keyed else {
        return Ok((rows, stale));
    };
    let rows = with_column_versions(rows, files);
    let order = Arc::new(Order::new(keyed, &files.declared, arrival)?);
    let key = order.columns.key.iter().map(|index| {
        let field = files.declared.field(*index);
        let data_type = comparable_type(field.data_type());
        Arc::new(field.clone().with_data_type(data_type))
    });
    let secret = uuid::Uuid::new_v4().as_u64_pair().into();
    let hasher = KeyHasher::new(&key.collect::<Vec<_>>(), secret);
    let hash: Arc<HashKeys> = Arc::new(move |keys| hasher.hash(keys));
    let unique = Unique::new(
        Arc::clone(&order),
        Arc::clone(files),
        hash,
        context,
        rows,
        Arc::clone(&stale),
        chunk_rows,
    );
    let latest = stream::try_unfold((unique, order), |(mut unique, order)| async move {
        let Some(chunk) = unique.next().await? else {
            return Ok::<_, Error>(None);
        };
        let rows = match order.history {
            Some(_) => order.only_intervals(chunk)?,
            None => chunk.rows,
        };
        Ok(Some((rows, (unique, order))))
    });
    Ok((in_pieces(files, latest), stale))
}

fn in_pieces(
    files: &TableSchema,
    rows: impl futures::Stream<Item = Result<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    let pieces = rows.map(|batch| match batch {
        Ok(batch) => {
            let starts = (0..batch.num_rows()).step_by(PIECE_ROWS);
            let pieces = starts.map(|start| {
                let length = PIECE_ROWS.min(batch.num_rows() - start);
                Ok(batch.slice(start, length))
            });
            stream::iter(pieces.collect::<Vec<_>>())
        }
        Err(error) => stream::iter(vec![Err(DataFusionError::from(error))]),
    });
    Box::pin(RecordBatchStreamAdapter::new(
        Arc::clone(&files.declared),
        pieces.flatten(),
    ))
}
