//! The warehouse: tables and materialized views as Delta Lake tables on an object store.
//!
//! A table is a folder of Parquet files and a log that tells which of them each version has. A
//! write puts files beside those of the current version, then one entry into the log, which is the
//! commit: whoever reads sees the version before it or the one after. The log is Delta Lake's, so
//! that other engines read the same tables.
//!
//! Architecture invariant: the warehouse knows no wire, no source and no catalog. Whoever holds it
//! says which tables there are.

mod bound;
mod changed;
mod changes;
mod cleanup;
mod column_versions;
mod compaction;
mod deletion_vector;
mod entry;
mod failure;
mod few_rows;
mod file_stats;
mod greatest;
mod history;
pub mod key_index;
mod key_indexes;
mod keyed;
mod log_tail;
mod modification;
mod open_tables;
mod page_index;
mod participant;
mod partition;
mod place;
mod places;
mod publication;
mod readers;
mod rewriting;
mod row_cache;
mod scan;
mod schema;
mod settings;
mod snapshot;
mod staging;
pub mod store;
mod table;
mod table_id;
mod tombstones;
mod types;
mod upsert;
mod vacuum;
mod waiting;
mod writer;
mod z_order;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use datafusion::catalog::{Session, TableProvider};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::Expr;
use object_store::ObjectStore;
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;
use url::Url;

pub use changes::{
    CHANGE_SIGN, COMMIT_TIMESTAMP, COMMIT_VERSION, ChangeFeed, commit_timestamp_type,
};
pub use column_versions::VersionedColumn;
pub use compaction::{Compaction, CompactionExtent};
pub use entry::CommitInfo;
pub use greatest::Greatest;
pub use history::HISTORY_SCHEMA;
pub use key_indexes::{Covered, IndexedKey, KeyRow};
pub use keyed::{INTERVAL, Keyed, Merge};
pub use modification::Modification;
pub use participant::{CommitMark, CommitOutcome, Participant};
pub(crate) use partition::check as check_partitions;
pub use places::{FILE_COLUMN, PLACE_COLUMN, Places};
pub use publication::{ChangedTable, DependsOn, OwnRead, Publication, UnpublishedEntry};
pub use readers::Reader;
pub use rewriting::{Alone, Rewriting};
pub use row_cache::RowCache;
pub use settings::WarehouseSettings;
pub use staging::{HeldFiles, StagingMark};
pub use table::{READ_TO, REFRESH, WATERMARK};
pub use table_id::TableId;
pub use upsert::Upserted;
pub use vacuum::{DeadFile, Vacuumed};
pub use waiting::{Waiting, begin_commit};

use crate::error::Result;
use changed::Changed;
use key_indexes::KeyIndexes;
use open_tables::OpenTables;
use place::Root;
use scan::TableScan;
use schema::TableSchema;
use staging::Staging;
use table::{Change, Table};

/// Which version of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The latest.
    Latest,
    /// The one of this number.
    Version(i64),
    /// The latest of this moment.
    Timestamp(DateTime<Utc>),
}

/// What a commit wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The version that it made.
    pub version: i64,
    /// The rows that it wrote.
    pub rows: u64,
    /// The bytes that it wrote.
    pub bytes: u64,
    /// The files that it wrote.
    pub files: usize,
}

/// What a version of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// The version.
    pub version: i64,
    /// The rows, if the log tells.
    pub rows: Option<u64>,
    /// The bytes of its files.
    pub bytes: u64,
    /// Its files.
    pub files: usize,
}

/// The table and version that a relation is a scan of, where it is one of the latest version.
pub fn latest_of(relation: &Arc<dyn TableProvider>) -> Option<(TableId, i64)> {
    let relation: &dyn Any = relation.as_ref();
    relation.downcast_ref::<TableScan>()?.latest()
}

/// Keeps the files of the version that a relation is a scan of as long as the answer is there; none of
/// another relation.
pub fn hold(relation: &Arc<dyn TableProvider>) -> Option<Reader> {
    let relation: &dyn Any = relation.as_ref();
    relation.downcast_ref::<TableScan>().map(TableScan::hold)
}

/// The rows of a scan of a table that filters may want, read at once; none where they bind no key for
/// which there is an index, or rows are too many for that.
///
/// # Errors
/// What reading them says.
pub async fn few_rows(
    relation: &Arc<dyn TableProvider>,
    state: &dyn Session,
    projection: Option<&Vec<usize>>,
    filters: &[Expr],
) -> datafusion::error::Result<Option<RecordBatch>> {
    let relation: &dyn Any = relation.as_ref();
    match relation.downcast_ref::<TableScan>() {
        Some(scan) => scan.few_rows(state, projection, filters).await,
        None => Ok(None),
    }
}

/// All tables below one folder. To be shared by all who read and write them in this process.
pub struct Warehouse {
    root: Root,
    settings: WarehouseSettings,
    opened_at: DateTime<Utc>,
    tables: Mutex<OpenTables>,
    changed: Arc<Changed>,
    /// Shared by the commits that wait or run.
    running: Arc<tokio::sync::RwLock<()>>,
    /// The tasks that read logs.
    reading: TaskTracker,
    /// The warehouse that all share, where this is how a transaction sees it.
    shared: Option<Arc<Self>>,
    indexes: Arc<KeyIndexes>,
}

/// How the rows of a table are told apart and divided among files.
#[derive(Default)]
struct Layout<'a> {
    keyed: Option<(Keyed, Arc<dyn Session>)>,
    partitions: &'a [String],
}

impl Warehouse {
    /// Opens the warehouse below `root`, such as `file:///data/tables` or `s3://bucket/tables`.
    /// `store` is the whole file system or bucket, of which `root` is a folder.
    ///
    /// # Errors
    /// 22023 for a URL that cannot be a folder.
    pub fn open(
        root: &Url,
        store: Arc<dyn ObjectStore>,
        settings: WarehouseSettings,
    ) -> Result<Self> {
        settings.row_cache.account_to(&settings.memory_pool);
        Ok(Self {
            root: Root::new(root, store)?,
            indexes: Arc::new(KeyIndexes::new(&settings)),
            settings,
            opened_at: Utc::now(),
            tables: Mutex::default(),
            changed: Arc::default(),
            running: Arc::default(),
            reading: TaskTracker::new(),
            shared: None,
        })
    }

    /// The warehouse as a transaction sees it.
    fn over(self: &Arc<Self>, staging: Arc<Staging>) -> Self {
        Self {
            root: self.root.staged(staging),
            settings: WarehouseSettings {
                // Checkpoints are of what is published.
                checkpoint_interval: NonZeroU64::MAX,
                ..self.settings.clone()
            },
            opened_at: self.opened_at,
            tables: Mutex::default(),
            changed: Arc::default(),
            running: Arc::default(),
            reading: self.reading.clone(),
            indexes: Arc::clone(&self.indexes),
            shared: Some(Arc::clone(self)),
        }
    }

    fn staging(&self) -> Option<&Staging> {
        self.root.staging.as_deref()
    }

    /// Makes an empty table, as version 0. It is durable on return.
    ///
    /// # Errors
    /// 42P17 without columns, 42701 for a name that is there twice, 0A000 for a type that a table
    /// cannot hold, and what the store says.
    pub async fn create(&self, table: &TableId, schema: SchemaRef) -> Result<Commit> {
        let schema = Arc::new(TableSchema::declare(&schema, false)?);
        let info = CommitInfo::new("CREATE TABLE");
        self.table(table)
            .commit(Change::Create(schema), info, None, None, &self.settings)
            .await
    }

    /// Whether the table is there.
    ///
    /// # Errors
    /// What the store says.
    pub async fn exists(&self, table: &TableId) -> Result<bool> {
        self.read(table).exists().await
    }

    /// Puts these rows, and their schema, in the place of all that the table holds, and creates it
    /// where it does not exist. Readers see the table before or after; on an error nothing has
    /// changed. A future that is dropped leaves it before, or, once the commit has begun, after.
    ///
    /// # Errors
    /// As [`Self::create`], and what the rows say.
    pub async fn replace(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
    ) -> Result<Commit> {
        self.replace_with(table, rows, commit, None).await
    }

    /// [`Self::replace`], and a participant changes with it.
    ///
    /// # Errors
    /// Those of [`Self::replace`], and what the participant says.
    pub async fn replace_with(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        let replaced = self.replace_as(table, None, &[], rows, commit, participant);
        Ok(replaced.await?.0)
    }

    /// [`Self::replace`], with rows that are searched by no other columns than these.
    ///
    /// # Errors
    /// Those of [`Self::replace`].
    pub async fn replace_searched_by(
        &self,
        columns: Vec<String>,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
    ) -> Result<Commit> {
        let settings = WarehouseSettings {
            searched_by: Some(columns),
            ..self.settings.clone()
        };
        let replaced = self.replace_by(&settings, table, Layout::default(), rows, commit, None);
        Ok(replaced.await?.0)
    }

    /// [`Self::replace_with`] for a table whose rows are divided among files by these columns.
    ///
    /// # Errors
    /// Those of [`Self::replace_with`]; 42703, 42701, 42804 and 42P16 for columns that it cannot be
    /// partitioned by, 22023 and 54000 for such values.
    pub async fn replace_partitioned(
        &self,
        table: &TableId,
        partitions: &[String],
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        let replaced = self.replace_as(table, None, partitions, rows, commit, participant);
        Ok(replaced.await?.0)
    }

    /// [`Self::replace_with`] for a keyed table: of the rows of each key the latest stays. No key may
    /// be NULL.
    ///
    /// # Errors
    /// Those of [`Self::replace_with`]; those of [`Keyed::check`].
    pub async fn replace_keyed(
        &self,
        table: &TableId,
        keyed: Keyed,
        session: Arc<dyn Session>,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Upserted> {
        let keyed = Some((keyed, session));
        let (commit, stale) = self
            .replace_as(table, keyed, &[], rows, commit, participant)
            .await?;
        Ok(Upserted {
            commit: Some(commit),
            rows: commit.rows,
            stale,
        })
    }

    async fn replace_as(
        &self,
        table: &TableId,
        keyed: Option<(Keyed, Arc<dyn Session>)>,
        partitions: &[String],
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<(Commit, u64)> {
        let (settings, layout) = (&self.settings, Layout { keyed, partitions });
        self.replace_by(settings, table, layout, rows, commit, participant)
            .await
    }

    async fn replace_by(
        &self,
        settings: &WarehouseSettings,
        table: &TableId,
        Layout { keyed, partitions }: Layout<'_>,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<(Commit, u64)> {
        let table = self.table(table);
        let mapped = table.exists().await? && table.latest().await?.schema.mapped;
        let columns = match &keyed {
            Some((keyed, _)) => keyed.shown(&rows.schema())?,
            None => rows.schema(),
        };
        let schema = TableSchema::declare(&columns, mapped)?;
        let (keyed, session) = keyed.unzip();
        let schema = Arc::new(schema.keyed_by(keyed)?.partitioned_by(partitions)?);
        let files = schema.with_column_versions()?;
        let (rows, stale) = match session {
            Some(session) => upsert::latest(rows, &files, session, settings.upsert_rows)?,
            None => (rows, Arc::default()),
        };
        let place = &table.place;
        let (rows, tombstones) = tombstones::divide(rows, place, &files, settings)?;
        let mut written = writer::write(place, &files, rows, settings).await?;
        tombstones.join(&mut written);
        let commit = table
            .commit(
                Change::Replace(schema),
                commit,
                Some(written),
                participant,
                settings,
            )
            .await?;
        Ok((commit, stale.load(Ordering::Relaxed)))
    }

    /// Adds these rows to the table, column by column in its order. On an error, or when the
    /// future is dropped, nothing has changed.
    ///
    /// # Errors
    /// 42804 for rows of another width, 23502 for NULL in a column that has none, 40001 when the
    /// table got another schema meanwhile, and what the rows or the store say.
    pub async fn append(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
    ) -> Result<Commit> {
        self.append_with(table, rows, commit, None).await
    }

    /// [`Self::append`], and a participant changes with it.
    ///
    /// # Errors
    /// Those of [`Self::append`], and what the participant says.
    pub async fn append_with(
        &self,
        table: &TableId,
        rows: SendableRecordBatchStream,
        commit: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Commit> {
        let table = self.table(table);
        let schema = Arc::clone(&table.latest().await?.schema);
        let written = writer::write(&table.place, &schema, rows, &self.settings).await?;
        table
            .commit(
                Change::Append(schema),
                commit,
                Some(written),
                participant,
                &self.settings,
            )
            .await
    }

    /// Begins to change rows of the latest version.
    ///
    /// # Errors
    /// What the store says.
    pub async fn modify(&self, table: &TableId) -> Result<Modification> {
        let table = self.table(table);
        let snapshot = table.latest().await?;
        Ok(Modification {
            table,
            snapshot,
            settings: self.settings.clone(),
            indexes: Arc::clone(&self.indexes),
            keys: Vec::new(),
            changed: Arc::clone(&self.changed),
        })
    }

    /// Copies the rows of small files, and of files that have lost rows, to larger ones; nothing
    /// where there are none. The copy takes their place by [`Compaction::commit`], until when others
    /// may change the table.
    ///
    /// # Errors
    /// What the store says.
    pub async fn compact(
        &self,
        table: &TableId,
        session: &dyn Session,
        extent: CompactionExtent,
    ) -> Result<Option<Compaction>> {
        let settings = self.settings.clone();
        Compaction::begin(self.table(table), session, extent, settings).await
    }

    /// Whether [`Self::compact`] has something to copy that is due.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_compaction_due(&self, table: &TableId) -> Result<bool> {
        let table = self.table(table);
        if !table.exists().await? {
            return Ok(false);
        }
        let latest = table.latest().await?;
        Ok(compaction::is_due(&latest, &self.settings))
    }

    /// Copies all rows of a table to files in which they lie in the order of a Z-curve over these
    /// columns; nothing where there are none. The copy takes their place by [`Compaction::commit`],
    /// unless others have changed the table until then.
    ///
    /// # Errors
    /// 42703, 42804 and 54000 for columns that cannot be sorted by; what the store says.
    pub async fn z_order(
        &self,
        table: &TableId,
        session: &dyn Session,
        columns: &[String],
    ) -> Result<Option<Compaction>> {
        let settings = self.settings.clone();
        Compaction::along_curve(self.table(table), session, columns, settings).await
    }

    /// Brings the indexes of a table to its latest version, merges what is due, and deletes those
    /// that are by none of these keys.
    ///
    /// # Errors
    /// What reading files that are not covered says; 53200 without memory; what the disk says.
    pub async fn keep_indexes(
        &self,
        table: &TableId,
        session: &dyn Session,
        keys: &[IndexedKey],
    ) -> Result<()> {
        let handle = self.table(table);
        let snapshot = handle.latest().await?;
        let scan = TableScan::new(table.clone(), handle.place.clone(), snapshot)?;
        self.indexes.keep(session, &scan, keys).await
    }

    /// A table whose rows have changed since it was last named here; waits for one.
    pub async fn next_changed(&self) -> TableId {
        self.changed.next().await
    }

    /// Tells of each commit from now on that changes rows the number of the table's object.
    pub fn commits(&self) -> broadcast::Receiver<u32> {
        self.changed.commits()
    }

    /// Deletes the files of a table that no version since `horizon` has, nor one of those that are
    /// to be kept, or only tells which.
    ///
    /// # Errors
    /// 22023 for a version to be kept that is not there; what the store says.
    pub async fn vacuum(
        &self,
        table: &TableId,
        horizon: DateTime<Utc>,
        kept: &BTreeSet<i64>,
        dry_run: bool,
    ) -> Result<Vacuumed> {
        let opened_at = self.opened_at;
        vacuum::vacuum(&self.table(table), horizon, kept, opened_at, dry_run).await
    }

    /// The versions that were the latest at some time since then.
    ///
    /// # Errors
    /// What the store says.
    pub async fn versions_since(
        &self,
        table: &TableId,
        time: DateTime<Utc>,
    ) -> Result<RangeInclusive<i64>> {
        let table = self.read(table);
        let latest = table.latest().await?.version;
        let first = match table.version_until(time).await? {
            Some(version) => version,
            None => table.version_since(time).await?,
        };
        let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
        Ok(number(first)..=number(latest))
    }

    /// Puts what a version of the table holds in the place of what it holds now.
    ///
    /// # Errors
    /// 22023 for a version that the table does not have, or no longer; 0A000 for one of before the
    /// table was replaced.
    pub async fn restore(&self, table: &TableId, at: At, commit: CommitInfo) -> Result<Commit> {
        let table = self.table(table);
        let version = table.snapshot(at).await?;
        table.check_there(&version).await?;
        table.check_defined_since(version.version).await?;
        let change = Change::Restore(version);
        table
            .commit(change, commit, None, None, &self.settings)
            .await
    }

    /// A version of the table for queries, which stays as it is whatever is written later.
    ///
    /// # Errors
    /// 22023 for a version or a time that the table does not have, and what the store says.
    pub async fn scan(&self, table: &TableId, at: At) -> Result<Arc<dyn TableProvider>> {
        Ok(self.scan_version(table, at, &[]).await?.1)
    }

    /// [`Self::scan`], and the number of the version. Rows are found by these keys through
    /// indexes, where there are some.
    ///
    /// # Errors
    /// Those of [`Self::scan`].
    pub async fn scan_version(
        &self,
        table: &TableId,
        at: At,
        keys: &[IndexedKey],
    ) -> Result<(i64, Arc<dyn TableProvider>)> {
        let handle = self.read(table);
        let snapshot = handle.snapshot(at).await?;
        handle.check_there(&snapshot).await?;
        let version = i64::try_from(snapshot.version).unwrap_or(i64::MAX);
        let scan = TableScan::new(table.clone(), handle.place.clone(), snapshot)?;
        let mut scan = scan.by_keys(&self.indexes, keys, &self.changed);
        if at == At::Latest {
            scan = scan.of_latest();
        }
        Ok((version, Arc::new(scan)))
    }

    /// What the commits from one version to another have changed, both included. A time stands for the
    /// first version since then, or the last until then.
    ///
    /// # Errors
    /// 22023 for versions that the table does not have, or no longer; 0A000 where the table got other
    /// columns in between; what the store says.
    pub async fn changes(&self, table: &TableId, from: At, to: At) -> Result<ChangeFeed> {
        changes::changes(&self.table(table), from, to).await
    }

    /// The parameters of the refresh that made the rows of the latest version, or that told of them
    /// last; none where something else has changed them since.
    ///
    /// # Errors
    /// What the store says.
    pub async fn last_refresh(&self, table: &TableId) -> Result<Option<BTreeMap<String, String>>> {
        self.table(table).last_refresh().await
    }

    /// The parameters of the commit that made a version: those of [`CommitInfo`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn parameters(
        &self,
        table: &TableId,
        version: i64,
    ) -> Result<BTreeMap<String, String>> {
        self.read(table).parameters(version).await
    }

    /// The columns of a version.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn schema(&self, table: &TableId, at: At) -> Result<SchemaRef> {
        let snapshot = self.read(table).snapshot(at).await?;
        Ok(Arc::clone(&snapshot.schema.declared))
    }

    /// What makes the latest version keyed.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn keyed(&self, table: &TableId) -> Result<Option<Keyed>> {
        Ok(self.read(table).latest().await?.schema.keyed.clone())
    }

    /// The number of the latest version.
    ///
    /// # Errors
    /// What the store says.
    pub async fn version(&self, table: &TableId) -> Result<i64> {
        Ok(self.size(table, At::Latest).await?.version)
    }

    /// The number of the version that made the rows what they are: later ones only moved them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn data_version(&self, table: &TableId) -> Result<u64> {
        self.read(table).data_version().await
    }

    /// [`Self::data_version`] of what all see by now, whatever a transaction sees.
    ///
    /// # Errors
    /// What the store says.
    pub async fn shared_data_version(&self, table: &TableId) -> Result<u64> {
        let shared = self.shared.as_deref().unwrap_or(self);
        shared.table(table).data_version().await
    }

    /// [`Self::data_version`] without what a transaction has changed itself; none of a table that
    /// began with it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn data_version_before(&self, table: &TableId) -> Result<Option<u64>> {
        let handle = self.read(table);
        Ok(match self.changed_table(table) {
            None => Some(handle.data_version().await?),
            Some(ChangedTable { base: None, .. }) => None,
            Some(ChangedTable {
                base: Some(base), ..
            }) => Some(handle.data_version_until(base.unsigned_abs()).await?),
        })
    }

    /// How much a version holds, from the log alone.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn size(&self, table: &TableId, at: At) -> Result<TableSize> {
        let snapshot = self.read(table).snapshot(at).await?;
        Ok(TableSize {
            version: i64::try_from(snapshot.version).unwrap_or(i64::MAX),
            rows: snapshot.rows(),
            bytes: snapshot.bytes(),
            files: snapshot.files.len(),
        })
    }

    /// The commits of the table, latest first, in the columns of [`HISTORY_SCHEMA`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn history(&self, table: &TableId) -> Result<RecordBatch> {
        history::history(self.read(table).as_ref()).await
    }

    /// How an attempt to commit to the table has ended; waits for the commit that runs.
    ///
    /// # Errors
    /// What the store says.
    pub async fn outcome(&self, table: &TableId, mark: &CommitMark) -> Result<CommitOutcome> {
        self.read(table).outcome(mark).await
    }

    /// Waits until the commits that have begun have ended, also those that nobody waits for any more.
    pub async fn finish_commits(&self) {
        drop(self.running.write().await);
    }

    /// Waits until nothing runs in the warehouse any more, whether or not somebody waits for it: to be
    /// called at the end, when nothing new begins.
    pub async fn rest(&self) {
        self.indexes.stop();
        self.finish_commits().await;
        self.reading.close();
        self.reading.wait().await;
    }

    /// Deletes the files of the table, after the write that runs has ended, and once nobody reads it
    /// any more, which is not waited for. Writes to it fail from now on, for as long as its handle is
    /// kept. A transaction's own tables go when it commits.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remove(&self, table: &TableId) -> Result<()> {
        let table = self.table(table);
        if let Some(staging) = self.staging() {
            staging.drop_table(&table.id, &table.place);
            self.tables.lock().forget(&table.id);
            return Ok(());
        }
        table.retire().await;
        self.indexes.forget(&table.id).await?;
        if table.place.readers.oldest().is_none() {
            return cleanup::remove_table(&table.place).await;
        }
        // What is still read when the server ends is removed by the next start.
        tokio::spawn(async move {
            table.place.readers.none().await;
            if let Err(error) = cleanup::remove_table(&table.place).await {
                tracing::warn!(
                    "the files of {}, which was dropped, stay behind: {error}",
                    table.id
                );
            }
        });
        Ok(())
    }

    /// Keeps the files of a version of a table as long as the answer is there.
    pub fn hold(&self, table: &TableId, version: i64) -> Reader {
        let readers = &self.read(table).place.readers;
        readers.begin(version.unsigned_abs())
    }

    /// Deletes the folders of tables whose number is not in `keep`; tells how many there were. To
    /// be called when the catalog is open and nothing writes.
    ///
    /// # Errors
    /// What the store says.
    pub async fn clean(&self, keep: &HashSet<u32>) -> Result<usize> {
        self.indexes.clean(keep).await?;
        cleanup::remove_unknown(&self.root, keep).await
    }

    /// Deletes files that belong to no version of the table and were written before this warehouse
    /// was opened: the rest of writes that a crash cut off. Tells how many there were.
    ///
    /// # Errors
    /// What the store says.
    pub async fn remove_orphans(&self, table: &TableId) -> Result<usize> {
        cleanup::remove_orphans(self.table(table).as_ref(), self.opened_at).await
    }

    /// A table to be read: what a transaction has not changed is read with all others, unless it
    /// reads what was there when it began.
    fn read(&self, id: &TableId) -> Arc<Table> {
        match &self.shared {
            Some(shared) if !self.has_staged(id) && !self.has_frozen(id) => shared.table(id),
            _ => self.table(id),
        }
    }

    fn table(&self, id: &TableId) -> Arc<Table> {
        let open = || {
            let running = Arc::clone(&self.running);
            let changed = Arc::clone(&self.changed);
            let reading = self.reading.clone();
            Table::new(id.clone(), self.root.place(id), running, reading, changed)
        };
        self.tables.lock().get(id, self.settings.idle_tables, open)
    }
}

impl fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "warehouse at {}", self.root.url)
    }
}

#[cfg(test)]
mod tests;
