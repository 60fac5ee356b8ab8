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
mod change_scan;
mod changed;
mod changes;
mod cleanup;
mod column_versions;
mod commits;
mod compaction;
mod deletion_vector;
mod entry;
mod failure;
mod few_rows;
mod file_pruning;
mod file_stats;
mod files_scan;
mod forgotten;
mod greatest;
mod history;
pub mod key_index;
mod key_indexes;
mod key_lookup;
mod keyed;
mod log_tail;
mod modification;
mod moves;
mod net_changes;
mod open_tables;
mod page_index;
mod participant;
mod partition;
mod patch;
mod place;
mod places;
mod pooled_cache;
mod publication;
mod readers;
mod restoring;
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
mod upkeep;
mod upsert;
mod vacuum;
mod waiting;
mod writer;
mod writes;
mod z_order;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use datafusion::catalog::{Session, TableProvider};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use object_store::ObjectStore;
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;
use url::Url;

pub use change_scan::{CHANGE_SIGN, COMMIT_TIMESTAMP, COMMIT_VERSION, commit_timestamp_type};
pub use changes::ChangeFeed;
pub use column_versions::VersionedColumn;
pub use compaction::{Compaction, CompactionExtent};
pub use entry::CommitInfo;
pub use greatest::Greatest;
pub use history::HISTORY_SCHEMA;
pub use key_indexes::{Covered, IndexedKey, KeyRow};
pub use key_lookup::LookUpKeys;
pub use keyed::{INTERVAL, Keyed, Merge};
pub use modification::Modification;
pub use moves::Moves;
pub use participant::{CommitMark, CommitOutcome, Participant};
pub(crate) use partition::check as check_partitions;
pub use places::{FILE_COLUMN, PLACE_COLUMN, Places};
pub use publication::{ChangedTable, DependsOn, OwnRead, Publication, UnpublishedEntry};
pub use readers::Reader;
pub use restoring::Earlier;
pub use rewriting::{Alone, Rewriting};
pub use row_cache::RowCache;
pub use settings::WarehouseSettings;
pub use staging::{HeldFiles, StagingMark};
pub use table::{ALTERATION, READ_TO, REFRESH, WATERMARK};
pub use table_id::TableId;
pub use upsert::{Arrival, Beside, Latest, Seen, Upserted};
pub use vacuum::{DeadFile, DeadFiles, Vacuumed};
pub use waiting::{Waiting, begin_commit};

use crate::error::Result;
use changed::Changed;
use key_indexes::KeyIndexes;
use open_tables::OpenTables;
use place::Root;
use scan::TableScan;
use staging::Staging;
use table::Table;

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

/// How many rows the version has that a relation is a scan of, those that are gone too; none of another
/// relation, or where a file does not tell.
pub fn rows_of(relation: &Arc<dyn TableProvider>) -> Option<u64> {
    let relation: &dyn Any = relation.as_ref();
    relation.downcast_ref::<TableScan>()?.snapshot().rows()
}

/// Keeps the files of the version that a relation is a scan of as long as the answer is there; none of
/// another relation.
pub fn hold(relation: &Arc<dyn TableProvider>) -> Option<Reader> {
    let relation: &dyn Any = relation.as_ref();
    relation.downcast_ref::<TableScan>().map(TableScan::hold)
}

/// The rows of a scan of a table that filters may want, whose parameters stand for these values, read at
/// once; none where they bind no key for which there is an index, or rows are too many for that.
///
/// # Errors
/// What reading them says.
pub async fn few_rows(
    relation: &Arc<dyn TableProvider>,
    state: &dyn Session,
    projection: Option<&Vec<usize>>,
    filters: &[Expr],
    parameters: &[ScalarValue],
) -> datafusion::error::Result<Option<RecordBatch>> {
    let relation: &dyn Any = relation.as_ref();
    match relation.downcast_ref::<TableScan>() {
        Some(scan) => {
            let read = scan.few_rows(state, projection, filters, parameters);
            read.await
        }
        None => Ok(None),
    }
}

/// All tables below one folder. To be shared by all who read and write them in this process.
pub struct Warehouse {
    root: Root,
    settings: WarehouseSettings,
    opened_at: DateTime<Utc>,
    /// The same by a clock that cannot be set.
    opened: Instant,
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
            opened: Instant::now(),
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
            opened: self.opened,
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

    /// Whether the table is there.
    ///
    /// # Errors
    /// What the store says.
    pub async fn exists(&self, table: &TableId) -> Result<bool> {
        self.read(table).exists().await
    }

    /// Tells of each commit from now on that changes rows the number of the table's object.
    pub fn commits(&self) -> broadcast::Receiver<u32> {
        self.changed.commits()
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

    /// The parameters of the commit that made a version: those of [`CommitInfo`]; of a fold, which changes
    /// nothing, those of the commit before.
    ///
    /// # Errors
    /// What the store says.
    pub async fn parameters(
        &self,
        table: &TableId,
        version: i64,
    ) -> Result<BTreeMap<String, String>> {
        Ok(self.told_by(table, version).await?.1)
    }

    /// [`Self::parameters`], with the number of the version whose commit has them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn told_by(
        &self,
        table: &TableId,
        version: i64,
    ) -> Result<(i64, BTreeMap<String, String>)> {
        self.read(table).told_by(version).await
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
        let latest = self.read(table).latest().await?;
        Ok(i64::try_from(latest.version).unwrap_or(i64::MAX))
    }

    /// Whether a version is the latest. What another engine has committed within the last moment may not
    /// be seen yet.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_latest(&self, table: &TableId, version: i64) -> Result<bool> {
        self.read(table).is_latest(version.unsigned_abs()).await
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

    /// [`Self::version`] without what a transaction has changed itself; none of a table that began with it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn version_before(&self, table: &TableId) -> Result<Option<i64>> {
        match self.changed_table(table) {
            None => self.version(table).await.map(Some),
            Some(changed) => Ok(changed.base),
        }
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

    /// The commits of the table, latest first and so many at most, in the columns of [`HISTORY_SCHEMA`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn history(&self, table: &TableId, most: usize) -> Result<RecordBatch> {
        history::history(self.read(table).as_ref(), most).await
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
        let tables = self.tables.lock().all();
        for table in tables {
            if let Err(error) = table.fold_patches().await {
                tracing::warn!(table = %table.id, %error, "other engines do not see what changed last");
            }
        }
        self.finish_commits().await;
        self.reading.close();
        self.reading.wait().await;
    }

    /// Keeps the files of a version of a table as long as the answer is there.
    pub fn hold(&self, table: &TableId, version: i64) -> Reader {
        let readers = &self.read(table).place.readers;
        readers.begin(version.unsigned_abs())
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
            let table = Table::new(id.clone(), self.root.place(id), running, reading, changed);
            match &self.shared {
                Some(shared) => table.over(shared.table(id)),
                None => table,
            }
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
