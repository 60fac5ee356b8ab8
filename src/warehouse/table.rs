//! One table: its latest version and its commits.

mod change;
mod checkpoint;
mod commit;
mod damage;
mod fold;
mod log_length;
mod look;
mod versions;

pub(super) use change::{Change, Marked, has_deletion_vectors};
pub(super) use checkpoint::LAST_CHECKPOINT;
pub(super) use damage::empty as empty_entry;
pub(super) use versions::DEFINING;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::{DeltaTable, DeltaTableError};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStoreExt as _};
use parking_lot::RwLock;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;

use look::Look;

use super::changed::Changed;
use super::failure::from_delta;
use super::patch::Patch;
use super::place::{Place, version_of_entry};
use super::snapshot::Snapshot;
use super::table_id::TableId;
use super::writer::NewVector;
use crate::error::{Error, Result, SqlState};

/// So many entries of a log are read at once.
const ENTRIES_AT_ONCE: usize = 16;

/// The operation of commits that only move rows.
pub(super) const COMPACTION: &str = "OPTIMIZE";

/// The operation of commits that say in Delta's words what others have changed.
pub(super) const FOLD: &str = "FOLD";

/// The operation of commits that make rows of a query.
pub const REFRESH: &str = "REFRESH";

/// The operation of commits that only tell how far the inputs of the rows were read.
pub const WATERMARK: &str = "WATERMARK";

/// The operation of commits that give columns of rows which a query made other names, or their table other
/// options: they tell how far the inputs were read as the commit before did.
pub const ALTERATION: &str = "ALTER MATERIALIZED VIEW";

/// The parameter of a commit that tells how far the inputs of its rows were read.
pub const READ_TO: &str = "watermark";

/// A table and what is known of its latest version.
pub(super) struct Table {
    pub id: TableId,
    pub place: Place,
    log_store: LogStoreRef,
    /// What messages call it, where that is not the name in its id.
    called: RwLock<Option<String>>,
    latest: RwLock<Option<Latest>>,
    /// The last look whether there is a later one.
    look: Look,
    /// Held by the one who commits.
    committing: Arc<tokio::sync::Mutex<()>>,
    /// Shared by the commits of all tables that wait or run.
    running: Arc<tokio::sync::RwLock<()>>,
    /// What reads logs, of all tables.
    reading: TaskTracker,
    changed: Arc<Changed>,
    dropped: AtomicBool,
    /// Whether somebody waits to fold what patches have changed.
    folding: AtomicBool,
    /// The table as all see it, where this is how a transaction sees it.
    shared: Option<Arc<Self>>,
    /// Held by the one who brings the kernel's log up to the snapshot, and writes checkpoints.
    keeping_log: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone)]
struct Latest {
    /// As the kernel has read it, up to the snapshot's version or one before.
    log: Arc<DeltaTable>,
    snapshot: Arc<Snapshot>,
}

impl Table {
    pub fn new(
        id: TableId,
        place: Place,
        running: Arc<tokio::sync::RwLock<()>>,
        reading: TaskTracker,
        changed: Arc<Changed>,
    ) -> Self {
        let store = Arc::new(PrefixStore::new(
            Arc::clone(&place.store),
            place.path.clone(),
        ));
        let root = place.log_store();
        let log_store = default_logstore(store, root, &place.url, &StorageConfig::default());
        Self {
            id,
            place,
            log_store,
            called: RwLock::default(),
            latest: RwLock::new(None),
            look: Look::default(),
            committing: Arc::default(),
            running,
            reading,
            changed,
            dropped: AtomicBool::new(false),
            keeping_log: Arc::default(),
            folding: AtomicBool::new(false),
            shared: None,
        }
    }

    /// The table as a transaction sees it.
    pub fn over(mut self, shared: Arc<Self>) -> Self {
        self.shared = Some(shared);
        self
    }

    /// Has messages call it by this name.
    pub fn call(&self, called: Option<&str>) {
        if self.called.read().as_deref() != called {
            *self.called.write() = called.map(str::to_owned);
        }
    }

    /// The table, as messages call it.
    pub fn called(&self) -> TableId {
        TableId {
            called: self.called.read().clone(),
            ..self.id.clone()
        }
    }

    /// The latest version. Without news in the log this costs one look for the next entry.
    pub async fn latest(&self) -> Result<Arc<Snapshot>> {
        let known = self.latest.read().clone();
        let Some(known) = known else {
            return self.load().await;
        };
        match self.place.has_entry(known.snapshot.version + 1).await {
            Ok(false) => Ok(known.snapshot),
            Ok(true) => self.advance(known).await,
            Err(error) => Err(error.within(format!("table {}", self.called()))),
        }
    }

    async fn load(&self) -> Result<Arc<Snapshot>> {
        let mut log = DeltaTable::new(Arc::clone(&self.log_store));
        let log = self
            .read_log(None, async move { log.load().await.map(|()| log) })
            .await?;
        let snapshot = Snapshot::read(&log, &self.id, None)?;
        let snapshot = Arc::new(self.with_patches(snapshot).await?);
        self.remember(log, snapshot)
    }

    async fn advance(&self, known: Latest) -> Result<Arc<Snapshot>> {
        if let Some(snapshot) = self.advance_over_patches(&known.snapshot).await? {
            return Ok(snapshot);
        }
        let log = self.read_on(&known.log, None).await?;
        let snapshot = Snapshot::read(&log, &self.id, Some(&known.snapshot))?;
        let snapshot = Arc::new(self.with_patches(snapshot).await?);
        self.remember(log, snapshot)
    }

    /// The latest version, where patches alone have made it of this one: who commits takes them in in a
    /// moment.
    async fn advance_over_patches(&self, known: &Snapshot) -> Result<Option<Arc<Snapshot>>> {
        if known.patched.is_none() {
            return Ok(None);
        }
        let version = known.version + 1;
        let entry = self.read_entry(version).await?;
        if Patch::read(&entry)?.is_none() || !self.take_in(version, &entry)? {
            return Ok(None);
        }
        let latest = self
            .latest
            .read()
            .as_ref()
            .map(|latest| Arc::clone(&latest.snapshot));
        match latest {
            Some(latest) if !self.place.has_entry(latest.version + 1).await? => Ok(Some(latest)),
            _ => Ok(None),
        }
    }

    /// Reads the log on, up to this version.
    async fn read_on(&self, log: &DeltaTable, version: Option<u64>) -> Result<DeltaTable> {
        let mut log = log.clone();
        self.read_log(version, async move {
            log.update_incremental(version).await.map(|()| log)
        })
        .await
    }

    /// Reads the log, up to this version, in a task of its own. The kernel reads it on a thread that waits for tasks of
    /// the runtime, and panics where the runtime goes down meanwhile: who has begun to read must be
    /// waited for, also when its statement was cancelled.
    async fn read_log(
        &self,
        version: Option<u64>,
        reading: impl Future<Output = Result<DeltaTable, DeltaTableError>> + Send + 'static,
    ) -> Result<DeltaTable> {
        let read = self.reading.spawn(reading).await;
        let read =
            read.map_err(|error| Error::internal(format!("reading a log was cut off: {error}")))?;
        match read {
            Ok(log) => Ok(log),
            Err(error) => Err(self.unreadable(error, version).await),
        }
    }

    fn remember(&self, log: DeltaTable, snapshot: Arc<Snapshot>) -> Result<Arc<Snapshot>> {
        let mut latest = self.latest.write();
        // Another task may have seen a later one meanwhile.
        if latest
            .as_ref()
            .is_none_or(|known| known.snapshot.version < snapshot.version)
        {
            *latest = Some(Latest {
                log: Arc::new(log),
                snapshot: Arc::clone(&snapshot),
            });
        }
        Ok(snapshot)
    }

    /// Makes the latest version of the one before and its entry, as the kernel would by reading the log;
    /// tells whether that could be done.
    fn take_in(&self, version: u64, entry: &[u8]) -> Result<bool> {
        let known = self.latest.read().clone();
        let Some(known) = known.filter(|known| known.snapshot.version + 1 >= version) else {
            return Ok(false);
        };
        if known.snapshot.version >= version {
            return Ok(true);
        }
        let Some(snapshot) = known.snapshot.after(version, entry, &self.id)? else {
            return Ok(false);
        };
        let mut latest = self.latest.write();
        if let Some(latest) = &mut *latest
            && latest.snapshot.version < version
        {
            latest.snapshot = Arc::new(snapshot);
        }
        Ok(latest.is_some())
    }

    /// The files of the latest version, as far as it is known.
    pub fn known_files(&self) -> Vec<Path> {
        let latest = self.latest.read();
        let files = latest.iter().flat_map(|latest| &latest.snapshot.files);
        files.map(|file| self.place.file(&file.path)).collect()
    }

    /// Whether the table has a log.
    pub async fn exists(&self) -> Result<bool> {
        if self.latest.read().is_some() {
            return Ok(true);
        }
        Ok(!self.entries().await?.is_empty())
    }

    /// The entries of the log, oldest first.
    pub async fn entries(&self) -> Result<Vec<(u64, ObjectMeta)>> {
        let log = self.place.log();
        let listed: Vec<ObjectMeta> = self.place.store.list(Some(&log)).try_collect().await?;
        let mut entries: Vec<_> = listed
            .into_iter()
            .filter_map(|meta| Some((version_of_entry(meta.location.filename()?)?, meta)))
            .collect();
        entries.sort_by_key(|(version, _)| *version);
        Ok(entries)
    }

    /// The bytes of an entry.
    pub async fn read_entry(&self, version: u64) -> Result<Bytes> {
        let entry = self.place.store.get(&self.place.entry(version)).await?;
        Ok(entry.bytes().await?)
    }

    /// Entries in the order of these versions; some are read at once.
    pub fn read_entries(
        &self,
        versions: impl IntoIterator<Item = u64>,
    ) -> impl Stream<Item = Result<(u64, Bytes)>> {
        stream::iter(versions)
            .map(move |version| async move { Ok((version, self.read_entry(version).await?)) })
            .buffered(ENTRIES_AT_ONCE)
    }

    /// Keeps others from committing to the table.
    pub async fn alone(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.committing).lock_owned().await
    }

    /// Takes in a version that was published, and has its checkpoint written where it is due.
    pub async fn seen(
        self: &Arc<Self>,
        version: i64,
        entry: &[u8],
        checkpoint_interval: NonZeroU64,
    ) {
        self.advance_to(version, entry, &[]).await;
        // Who publishes waits for nobody who waits for that to end; a later commit keeps the log then.
        if let Ok(running) = Arc::clone(&self.running).try_read_owned() {
            self.keep_log(version, checkpoint_interval, running);
        }
    }

    async fn advance_to(&self, version: i64, entry: &[u8], lost: &[(String, NewVector)]) {
        let latest = match self.take_in(version.unsigned_abs(), entry) {
            Ok(true) => Ok(self
                .latest
                .read()
                .as_ref()
                .map(|it| Arc::clone(&it.snapshot))),
            Ok(false) => self.latest().await.map(Some),
            Err(error) => Err(error),
        };
        match latest {
            Ok(Some(latest)) => latest.tell(lost),
            // The table was dropped meanwhile.
            Ok(None) => {}
            // The next one who reads finds the entry.
            Err(error) => {
                tracing::warn!(table = %self.id, %error, "a new version cannot be read back");
            }
        }
    }

    /// Refuses all commits from now on, and waits for the one that runs.
    pub async fn retire(&self) {
        self.dropped.store(true, Ordering::Release);
        let _alone = self.committing.lock().await;
        *self.latest.write() = None;
    }

    pub fn conflict(&self) -> Error {
        Error::new(
            SqlState::SERIALIZATION_FAILURE,
            format!(
                "could not write to table {} because it was changed meanwhile",
                self.called()
            ),
        )
        .with_hint("Run the statement again.")
    }

    fn failed(&self, error: DeltaTableError) -> Error {
        from_delta(error, &self.called())
    }
}
