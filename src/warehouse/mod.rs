//! The warehouse: tables and materialized views as Delta Lake tables on an object store.
//!
//! A table is a folder of Parquet files and a log that tells which of them each version has. A
//! write puts files beside those of the current version, then one entry into the log, which is the
//! commit: whoever reads sees the version before it or the one after. The log is Delta Lake's, so
//! that other engines read the same tables.
//!
//! Architecture invariant: the warehouse knows no wire, no source and no catalog. Whoever holds it
//! says which tables there are.

mod changed;
mod cleanup;
mod compaction;
mod deletion_vector;
mod entry;
mod failure;
mod file_stats;
mod history;
mod modification;
mod open_tables;
mod participant;
mod place;
mod places;
mod scan;
mod schema;
mod settings;
mod snapshot;
pub mod store;
mod table;
mod table_id;
mod types;
mod vacuum;
mod writer;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use datafusion::catalog::{Session, TableProvider};
use datafusion::execution::SendableRecordBatchStream;
use object_store::ObjectStore;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use url::Url;

pub use compaction::{Compaction, CompactionExtent};
pub use entry::CommitInfo;
pub use history::HISTORY_SCHEMA;
pub use modification::Modification;
pub use participant::{CommitMark, CommitOutcome, Participant};
pub use places::{FILE_COLUMN, PLACE_COLUMN, Places};
pub use settings::WarehouseSettings;
pub use table_id::TableId;
pub use vacuum::DeadFile;

use crate::error::Result;
use changed::Changed;
use open_tables::OpenTables;
use place::Root;
use scan::TableScan;
use schema::TableSchema;
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
        Ok(Self {
            root: Root::new(root, store)?,
            settings,
            opened_at: Utc::now(),
            tables: Mutex::default(),
            changed: Arc::default(),
            running: Arc::default(),
            reading: TaskTracker::new(),
        })
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
        self.table(table).exists().await
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
        let table = self.table(table);
        let mapped = table.exists().await? && table.latest().await?.schema.mapped;
        let schema = Arc::new(TableSchema::declare(&rows.schema(), mapped)?);
        let written = writer::write(&table.place, &schema, rows, &self.settings).await?;
        table
            .commit(
                Change::Replace(schema),
                commit,
                Some(written),
                participant,
                &self.settings,
            )
            .await
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

    /// A table whose rows have changed since it was last named here; waits for one.
    pub async fn next_changed(&self) -> TableId {
        self.changed.next().await
    }

    /// Tells of each commit from now on that changes rows.
    pub fn commits(&self) -> watch::Receiver<()> {
        self.changed.commits()
    }

    /// Deletes the files of a table that no version of the last `retention` has, or only tells which.
    ///
    /// # Errors
    /// What the store says.
    pub async fn vacuum(
        &self,
        table: &TableId,
        retention: Duration,
        dry_run: bool,
    ) -> Result<Vec<DeadFile>> {
        vacuum::vacuum(&self.table(table), retention, self.opened_at, dry_run).await
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
        Ok(self.scan_version(table, at).await?.1)
    }

    /// [`Self::scan`], and the number of the version.
    ///
    /// # Errors
    /// Those of [`Self::scan`].
    pub async fn scan_version(
        &self,
        table: &TableId,
        at: At,
    ) -> Result<(i64, Arc<dyn TableProvider>)> {
        let handle = self.table(table);
        let snapshot = handle.snapshot(at).await?;
        handle.check_there(&snapshot).await?;
        let version = i64::try_from(snapshot.version).unwrap_or(i64::MAX);
        let scan = TableScan::new(table.clone(), handle.place.clone(), snapshot)?;
        Ok((version, Arc::new(scan)))
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
        self.table(table).parameters(version).await
    }

    /// The columns of a version.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn schema(&self, table: &TableId, at: At) -> Result<SchemaRef> {
        let snapshot = self.table(table).snapshot(at).await?;
        Ok(Arc::clone(&snapshot.schema.declared))
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
        self.table(table).data_version().await
    }

    /// How much a version holds, from the log alone.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn size(&self, table: &TableId, at: At) -> Result<TableSize> {
        let snapshot = self.table(table).snapshot(at).await?;
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
        history::history(self.table(table).as_ref()).await
    }

    /// How an attempt to commit to the table has ended; waits for the commit that runs.
    ///
    /// # Errors
    /// What the store says.
    pub async fn outcome(&self, table: &TableId, mark: &CommitMark) -> Result<CommitOutcome> {
        self.table(table).outcome(mark).await
    }

    /// Waits until the commits that have begun have ended, also those that nobody waits for any more.
    pub async fn finish_commits(&self) {
        drop(self.running.write().await);
    }

    /// Waits until nothing runs in the warehouse any more, whether or not somebody waits for it: to be
    /// called at the end, when nothing new begins.
    pub async fn rest(&self) {
        self.finish_commits().await;
        self.reading.close();
        self.reading.wait().await;
    }

    /// Deletes the files of the table, after the write that runs has ended. Writes to it fail from
    /// now on, for as long as its handle is kept; queries that still read it may.
    ///
    /// # Errors
    /// What the store says.
    pub async fn drop(&self, table: &TableId) -> Result<()> {
        let table = self.table(table);
        table.retire().await;
        cleanup::remove_table(&table.place).await
    }

    /// Deletes the folders of tables whose number is not in `keep`; tells how many there were. To
    /// be called when the catalog is open and nothing writes.
    ///
    /// # Errors
    /// What the store says.
    pub async fn clean(&self, keep: &HashSet<u32>) -> Result<usize> {
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
