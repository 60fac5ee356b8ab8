//! One table: its latest version and its commits.

mod fold;
mod versions;

pub(super) use versions::DEFINING;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use chrono::Utc;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::{DeltaTable, DeltaTableError, checkpoints};
use futures::TryStreamExt as _;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStoreExt as _};
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard};
use tokio_util::task::TaskTracker;
use tributary_udfs::interrupt::Interrupt;

use super::Commit;
use super::changed::Changed;
use super::compaction::{lost_meanwhile, unchanged};
use super::deletion_vector;
use super::entry::{CommitInfo, Entry, EntryKind};
use super::failure::from_delta;
use super::participant::{CommitMark, CommitOutcome, Participant, outcome};
use super::patch::Patch;
use super::place::{Place, Published, version_of_entry};
use super::schema::{Protocol, TableSchema};
use super::settings::WarehouseSettings;
use super::snapshot::{DataFile, Snapshot};
use super::table_id::TableId;
use super::waiting::Waiting;
use super::writer::{NewFile, NewVector, Written};
use crate::error::{Error, Result, SqlState};

/// The file of a log that tells of its last checkpoint.
pub(super) const LAST_CHECKPOINT: &str = "_last_checkpoint";

/// So many actions of a checkpoint may be written for each commit since the one before. To write them
/// takes a fraction of what a commit does; a reader has so many fewer entries to read.
const CHECKPOINT_ACTIONS_A_COMMIT: u64 = 256;

/// Files of so many bytes together are made durable in one go with the entry of the log.
const SYNCED_WITH_ENTRY: u64 = 1 << 20;

/// The operation of commits that only move rows.
pub(super) const COMPACTION: &str = "OPTIMIZE";

/// The operation of commits that say in Delta's words what others have changed.
pub(super) const FOLD: &str = "FOLD";

/// So many patches at most come one after the other: who opens the table reads all of them.
const MOST_PATCHES: u64 = 4096;

/// The operation of commits that make rows of a query.
pub const REFRESH: &str = "REFRESH";

/// The operation of commits that only tell how far the inputs of the rows were read.
pub const WATERMARK: &str = "WATERMARK";

/// The parameter of a commit that tells how far the inputs of its rows were read.
pub const READ_TO: &str = "watermark";

/// A table and what is known of its latest version.
pub(super) struct Table {
    pub id: TableId,
    pub place: Place,
    log_store: LogStoreRef,
    latest: RwLock<Option<Latest>>,
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

/// What a commit does to the table.
pub(super) enum Change {
    /// Makes the table.
    Create(Arc<TableSchema>),
    /// Puts files in the place of all others.
    Replace(Arc<TableSchema>),
    /// Puts files in the place of those of this version, which is the latest.
    Rewrite(Arc<TableSchema>, u64),
    /// Has all files read by this schema.
    Reshape(Arc<TableSchema>),
    /// Adds files, which were written for this schema.
    Append(Arc<TableSchema>),
    /// Takes files out, and adds files, which were written for this schema.
    Modify {
        schema: Arc<TableSchema>,
        removed: Vec<Arc<DataFile>>,
        marked: Vec<Marked>,
    },
    /// The same as a patch.
    Patch {
        schema: Arc<TableSchema>,
        removed: Vec<Arc<DataFile>>,
        /// The rows that files lose.
        lost: Vec<(Arc<DataFile>, Arc<RoaringBitmap>)>,
    },
    /// Puts what a version holds in the place of all.
    Restore(Arc<Snapshot>),
    /// Puts copies of files in their place.
    Compact {
        schema: Arc<TableSchema>,
        replaced: Vec<Arc<DataFile>>,
        /// Whether the rows of the copies come in the order of those of the files.
        in_order: bool,
    },
}

impl Change {
    fn marked(&self) -> &[Marked] {
        match self {
            Self::Modify { marked, .. } => marked,
            Self::Create(_)
            | Self::Replace(_)
            | Self::Rewrite(..)
            | Self::Reshape(_)
            | Self::Append(_)
            | Self::Patch { .. }
            | Self::Restore(_)
            | Self::Compact { .. } => &[],
        }
    }

    fn kind(&self) -> EntryKind {
        match self {
            Self::Append(_) => EntryKind::Append,
            Self::Compact { .. } => EntryKind::Compaction,
            Self::Create(_)
            | Self::Replace(_)
            | Self::Rewrite(..)
            | Self::Reshape(_)
            | Self::Restore(_)
            | Self::Patch { .. }
            | Self::Modify { .. } => EntryKind::Change,
        }
    }
}

/// A commit that was made.
struct Made {
    commit: Commit,
    /// What the log has of it.
    entry: Bytes,
    /// The files that have got a deletion vector.
    lost: Vec<(String, NewVector)>,
}

/// What a version needs to come back.
struct PutBack {
    /// Deletion vectors, by the paths of their files.
    vectors: BTreeMap<String, NewVector>,
    written: Written,
}

/// A file that loses some rows, and all rows of it that are gone then.
pub(super) struct Marked {
    pub file: Arc<DataFile>,
    pub gone: NewVector,
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
            latest: RwLock::new(None),
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

    /// The latest version. Without news in the log this costs one look for the next entry.
    pub async fn latest(&self) -> Result<Arc<Snapshot>> {
        let known = self.latest.read().clone();
        let Some(known) = known else {
            return self.load().await;
        };
        match self.place.has_entry(known.snapshot.version + 1).await {
            Ok(false) => Ok(known.snapshot),
            Ok(true) => self.advance(known).await,
            Err(error) => Err(error.within(format!("table {}", self.id))),
        }
    }

    async fn load(&self) -> Result<Arc<Snapshot>> {
        let mut log = DeltaTable::new(Arc::clone(&self.log_store));
        let log = self
            .read_log(async move { log.load().await.map(|()| log) })
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
        self.read_log(async move { log.update_incremental(version).await.map(|()| log) })
            .await
    }

    /// Reads the log in a task of its own. The kernel reads it on a thread that waits for tasks of
    /// the runtime, and panics where the runtime goes down meanwhile: who has begun to read must be
    /// waited for, also when its statement was cancelled.
    async fn read_log(
        &self,
        reading: impl Future<Output = Result<DeltaTable, DeltaTableError>> + Send + 'static,
    ) -> Result<DeltaTable> {
        let read = self.reading.spawn(reading).await;
        read.map_err(|error| Error::internal(format!("reading a log was cut off: {error}")))?
            .map_err(|error| self.failed(error))
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

    /// [`Self::commit_alone`], which waits until nobody else commits to the table.
    pub async fn commit(
        self: &Arc<Self>,
        change: Change,
        info: CommitInfo,
        written: Option<Written>,
        participant: Option<Arc<dyn Participant>>,
        settings: &WarehouseSettings,
    ) -> Result<Commit> {
        self.commit_alone(change, info, written, participant, settings, None)
            .await
    }

    /// Commits a change with these files; `alone` keeps others from committing to the table, where that
    /// began before. Once begun it runs to its end, whoever waits for it, and a
    /// statement that is interrupted when its entry is on the way to the log gets its answer.
    pub async fn commit_alone(
        self: &Arc<Self>,
        change: Change,
        mut info: CommitInfo,
        written: Option<Written>,
        participant: Option<Arc<dyn Participant>>,
        settings: &WarehouseSettings,
        alone: Option<OwnedMutexGuard<()>>,
    ) -> Result<Commit> {
        // What a transaction has staged is taken back as long as it is not committed: its statements
        // may yet wait for others, and must hear that they are to end.
        info.is_part |= self.place.staging.is_some();
        let table = Arc::clone(self);
        let (interval, lag) = (settings.checkpoint_interval, settings.fold_lag);
        let running = Arc::clone(&self.running).read_owned().await;
        let (waiting, committed) = Waiting::new(Interrupt::current().filter(|_| !info.is_part));
        tokio::spawn(async move {
            let _alone = match alone {
                Some(alone) => alone,
                None => table.alone().await,
            };
            // A statement that was cancelled while it waited for others has not begun.
            if waiting.is_gone() {
                return;
            }
            let published = table
                .publish(&change, &info, written, participant.as_deref(), &waiting)
                .await;
            let made = match published {
                Ok(made) => made,
                Err(error) => return waiting.answer(Err(error)),
            };
            let Made {
                commit,
                entry,
                lost,
            } = made;
            table.advance_to(commit.version, &entry, &lost).await;
            if change.kind() != EntryKind::Compaction {
                table.changed.add(&table.id);
            }
            waiting.answer(Ok(commit));
            if table
                .latest
                .read()
                .as_ref()
                .is_some_and(|it| it.snapshot.patched.is_some())
            {
                table.fold_later(lag);
            }
            table.keep_log(commit.version, interval, running);
        });
        committed
            .await
            .map_err(|error| Error::internal(format!("a commit was cut off: {error}")))?
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
        let running = Arc::clone(&self.running).read_owned().await;
        self.keep_log(version, checkpoint_interval, running);
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

    /// Every so many commits, reads the log up to this version, so that who must read it on has few
    /// entries to read, and writes a checkpoint where one is due. Nobody waits for that, but for
    /// another one who does the same, and the end of the server, for as long as it is `running`.
    fn keep_log(
        self: &Arc<Self>,
        version: i64,
        checkpoint_interval: NonZeroU64,
        running: OwnedRwLockReadGuard<()>,
    ) {
        let version = version.unsigned_abs();
        if !(version + 1).is_multiple_of(checkpoint_interval.get()) {
            return;
        }
        let table = Arc::clone(self);
        tokio::spawn(async move {
            let _running = running;
            let _alone = table.keeping_log.lock().await;
            if let Err(error) = table.read_and_checkpoint(version).await {
                tracing::warn!(table = %table.id, %error, "no checkpoint was written");
            }
        });
    }

    async fn read_and_checkpoint(&self, version: u64) -> Result<()> {
        let Some(known) = self.latest.read().clone() else {
            return Ok(());
        };
        let log = match known.log.version() < Some(version) {
            true => Arc::new(self.read_on(&known.log, Some(version)).await?),
            false => known.log,
        };
        if let Some(latest) = &mut *self.latest.write()
            && latest.log.version() < log.version()
        {
            latest.log = Arc::clone(&log);
        }
        let version = log.version().unwrap_or(version);
        match self.is_checkpoint_due(version + 1).await {
            true => self.checkpoint(&log, version).await,
            false => Ok(()),
        }
    }

    /// Makes the commit.
    async fn publish(
        &self,
        change: &Change,
        info: &CommitInfo,
        mut written: Option<Written>,
        participant: Option<&dyn Participant>,
        waiting: &Waiting<Commit>,
    ) -> Result<Made> {
        if self.dropped.load(Ordering::Acquire) {
            return Err(Error::new(
                SqlState::UNDEFINED_TABLE,
                format!("table {} was dropped", self.id),
            ));
        }
        let current = match self.exists().await? {
            true => Some(self.latest().await?),
            false => None,
        };
        let (current, _alone) = match current {
            Some(current) => {
                let (current, alone) = self.ready_for(change, current).await?;
                (Some(current), alone)
            }
            None => (None, None),
        };
        if let (
            Change::Compact {
                replaced, in_order, ..
            },
            Some(current),
            Some(copies),
        ) = (change, &current, &mut written)
        {
            if !in_order && !unchanged(replaced, current) {
                return Err(self.conflict());
            }
            let lost = lost_meanwhile(replaced, current, &copies.files, &self.place).await?;
            let lost = lost.ok_or_else(|| self.conflict())?;
            copies.lose(&self.place, lost).await?;
        }
        let files = written.as_ref().map_or(&[][..], |written| &written.files);
        let marked = change.marked().iter();
        let marked = marked.map(|marked| (marked.file.path.clone(), marked.gone.clone()));
        let new = files
            .iter()
            .filter_map(|file| Some((file.name.clone(), file.gone.clone()?)));
        let lost: Vec<(String, NewVector)> = marked.chain(new).collect();
        let put_back = self.put_back_by(change).await?;
        let lost: Vec<_> = lost.into_iter().chain(put_back.vectors.clone()).collect();
        let version = current.as_ref().map_or(0, |current| current.version + 1);
        let timestamp = self.next_time(current.as_deref()).await?;
        let mark = CommitMark {
            version: i64::try_from(version).unwrap_or(i64::MAX),
            id: uuid::Uuid::new_v4().to_string(),
        };
        let mut entry = Entry::new(info, &mark.id, files, change.kind(), timestamp);
        let is_patch = match &current {
            Some(current) => self.patch(&mut entry, change, current, files).await?,
            None => false,
        };
        if !is_patch {
            let vectors = &put_back.vectors;
            self.describe(
                &mut entry,
                change,
                current.as_deref(),
                !lost.is_empty(),
                vectors,
            )?;
            entry.add(files)?;
        }
        if let Some(current) = &current
            && !lost.is_empty()
            && !matches!(change, Change::Replace(_))
        {
            self.enable_deletion_vectors(&mut entry, current)?;
        }
        let vectors = lost.iter();
        let mut names: Vec<String> = vectors
            .filter_map(|(_, gone)| deletion_vector::path_of(&gone.descriptor))
            .collect();
        names.dedup();
        names.extend(files.iter().map(|file| file.name.clone()));
        let commit = Commit {
            version: mark.version,
            rows: written.as_ref().map_or(0, Written::rows),
            bytes: written.as_ref().map_or(0, Written::bytes),
            files: files.len(),
        };
        // What takes long is done while the statement can be cancelled yet.
        if commit.bytes > SYNCED_WITH_ENTRY {
            self.place.make_durable(std::mem::take(&mut names)).await?;
        }
        if let Some(participant) = participant {
            participant.prepare(&mark).await?;
        }
        let aborted = |error| {
            if let Some(participant) = participant {
                participant.aborted(&mark);
            }
            Err(error)
        };
        // A participant may take long to prepare. Who was told that the statement was cancelled
        // meanwhile must not find it done.
        if let Err(error) = waiting.begin() {
            return aborted(error);
        }
        let entry = entry.into_bytes();
        let published = self
            .place
            .publish(&self.id, version, entry.clone(), names)
            .await;
        match published {
            Published::Yes => {
                if let Some(participant) = participant {
                    participant.committed(&mark);
                }
                for written in written.into_iter().chain([put_back.written]) {
                    match &self.place.staging {
                        Some(staging) => staging.keep(written),
                        None => written.keep(),
                    }
                }
                Ok(Made {
                    commit,
                    entry,
                    lost,
                })
            }
            Published::Conflict => {
                waiting.release();
                aborted(self.conflict())
            }
            Published::No(error) => {
                waiting.release();
                aborted(error.within(format!("table {}", self.id)))
            }
            Published::Unknown(error) => {
                // The participant is in doubt. Whoever finds the entry must find its files.
                for written in written.into_iter().chain([put_back.written]) {
                    written.keep();
                }
                Err(error.within(format!("table {}", self.id)))
            }
        }
    }

    /// The latest version as a change needs it: patches come after others, and all else after a fold.
    /// What a transaction stages comes after a version that is folded: the lock keeps it so.
    async fn ready_for(
        &self,
        change: &Change,
        current: Arc<Snapshot>,
    ) -> Result<(Arc<Snapshot>, Option<OwnedMutexGuard<()>>)> {
        let Some(patched) = &current.patched else {
            return Ok((current, None));
        };
        if let Some(shared) = &self.shared {
            let alone = shared.alone().await;
            shared.fold_alone(shared.latest().await?).await?;
            let current = self.latest().await?;
            return match current.patched {
                None => Ok((current, Some(alone))),
                // The transaction sees no version since.
                Some(_) => Err(self.conflict()),
            };
        }
        let is_patch = match change {
            Change::Patch { .. } | Change::Append(_) | Change::Compact { in_order: true, .. } => {
                current.version - patched.since < MOST_PATCHES
            }
            _ => false,
        };
        match is_patch {
            true => Ok((current, None)),
            false => Ok((self.fold_alone(current).await?, None)),
        }
    }

    /// Makes the entry a patch, where the change is one, or copies files that other engines do not know
    /// yet; tells whether it is one.
    async fn patch(
        &self,
        entry: &mut Entry,
        change: &Change,
        current: &Snapshot,
        files: &[NewFile],
    ) -> Result<bool> {
        let since = current.patched.as_ref().map(|patched| patched.since);
        let (schema, removed, lost) = match (change, since) {
            (
                Change::Patch {
                    schema,
                    removed,
                    lost,
                },
                _,
            ) => (schema, removed.as_slice(), lost.as_slice()),
            (
                Change::Compact {
                    schema, replaced, ..
                },
                Some(_),
            ) => (schema, replaced.as_slice(), &[][..]),
            (Change::Append(schema), Some(_)) => (schema, &[][..], &[][..]),
            _ => return Ok(false),
        };
        let there = current.by_path();
        let losers = lost.iter().map(|(file, _)| file);
        let mut known = removed.iter().chain(losers).map(|file| {
            let there = there.get(file.path.as_str());
            match change {
                // They may have lost rows since: it is their present form that goes.
                Change::Compact { .. } => there.is_some(),
                _ => there.is_some_and(|there| there.is_as(file)),
            }
        });
        if !current.schema.is_stored_as(schema) || !known.all(|it| it) {
            return Err(self.conflict());
        }
        current
            .read_vectors(lost.iter().map(|(file, _)| file.path.as_str()), &self.place)
            .await?;
        entry.patch(
            since.unwrap_or(current.version),
            files,
            removed.iter().map(|file| file.path.as_str()),
            lost.iter()
                .map(|(file, rows)| (file.path.as_str(), rows.as_ref())),
        )?;
        Ok(true)
    }

    /// The deletion vectors of a version that comes back, where the log does not have them.
    async fn put_back_by(&self, change: &Change) -> Result<PutBack> {
        let written = Written::none(&self.place);
        let vectors = match change {
            Change::Restore(version) => self.written_vectors(&version.files, &written).await?,
            _ => BTreeMap::new(),
        };
        Ok(PutBack { vectors, written })
    }

    fn describe(
        &self,
        entry: &mut Entry,
        change: &Change,
        current: Option<&Snapshot>,
        has_losses: bool,
        vectors: &BTreeMap<String, NewVector>,
    ) -> Result<()> {
        let protocol = |schema: &TableSchema| {
            let mut protocol = schema.protocol();
            let features = current.map(|current| current.features.as_slice());
            keep_features(&mut protocol, features.unwrap_or_default());
            protocol.is_partitioned |= current.is_some_and(|current| current.is_partitioned);
            if has_losses {
                keep_features(&mut protocol, &[deletion_vector::FEATURE.to_owned()]);
            }
            protocol
        };
        match (change, current) {
            (Change::Create(schema) | Change::Replace(schema), None) => {
                entry.set_schema(schema, &protocol(schema), None)
            }
            (Change::Create(_), Some(_)) => Err(Error::new(
                SqlState::DUPLICATE_TABLE,
                format!("the folder of table {} is not empty", self.id),
            )),
            (Change::Rewrite(_, version), Some(current)) if current.version != *version => {
                Err(self.conflict())
            }
            (Change::Reshape(schema), Some(current)) => {
                let mut protocol = schema.protocol();
                keep_features(&mut protocol, &current.features);
                protocol.is_partitioned |= current.is_partitioned;
                entry.set_schema(schema, &protocol, Some(&current.id))
            }
            (Change::Replace(schema) | Change::Rewrite(schema, _), Some(current)) => {
                if current.schema.delta != schema.delta
                    || current.schema.declared != schema.declared
                    || current.schema.keyed != schema.keyed
                    || current.schema.partitions != schema.partitions
                    || (has_losses && !has_deletion_vectors(current))
                {
                    entry.set_schema(schema, &protocol(schema), Some(&current.id))?;
                }
                current.files.iter().try_for_each(|file| entry.remove(file))
            }
            (
                Change::Modify {
                    schema,
                    removed,
                    marked,
                },
                Some(current),
            ) if current.schema.is_stored_as(schema) => {
                let there = current.by_path();
                let as_it_is = |file: &Arc<DataFile>| {
                    let there = there.get(file.path.as_str());
                    let there = there.filter(|there| there.is_as(file));
                    there.ok_or_else(|| self.conflict())
                };
                for file in removed {
                    entry.remove(as_it_is(file)?)?;
                }
                for Marked { file, gone } in marked {
                    entry.remove(as_it_is(file)?)?;
                    entry.put_back(file, Some(&gone.descriptor))?;
                }
                Ok(())
            }
            (
                Change::Compact {
                    schema, replaced, ..
                },
                Some(current),
            ) if current.schema.is_stored_as(schema) => {
                // They may have lost rows since: it is their present form that goes.
                let there = current.by_path();
                replaced.iter().try_for_each(|file| {
                    let there = there.get(file.path.as_str());
                    entry.remove(there.ok_or_else(|| self.conflict())?)
                })
            }
            (Change::Restore(version), Some(current)) => {
                if !version.schema.is_stored_as(&current.schema) {
                    return Err(
                        Error::unsupported("RESTORE to a version with other columns")
                            .with_hint("Read it with VERSION AS OF, and insert what fits."),
                    );
                }
                let (before, after) = (current.by_path(), version.by_path());
                let has = |files: &HashMap<&str, &Arc<DataFile>>, file: &DataFile| {
                    let found = files.get(file.path.as_str());
                    found.is_some_and(|found| found.is_as(file))
                };
                let leave = current.files.iter().filter(|file| !has(&after, file));
                leave.into_iter().try_for_each(|file| entry.remove(file))?;
                let come = version.files.iter().filter(|file| !has(&before, file));
                come.into_iter()
                    .try_for_each(|file| entry.put_back(file, file.vector(vectors)))
            }
            (Change::Modify { .. } | Change::Patch { .. } | Change::Compact { .. }, Some(_)) => {
                Err(self.conflict())
            }
            (_, None) => Err(Error::new(
                SqlState::UNDEFINED_TABLE,
                format!("table {} has no data folder", self.id),
            )),
            (Change::Append(schema), Some(current)) => {
                if current.schema.is_stored_as(schema) {
                    Ok(())
                } else {
                    Err(self.conflict())
                }
            }
        }
    }

    /// Lets the table have deletion vectors, unless it may already.
    fn enable_deletion_vectors(&self, entry: &mut Entry, current: &Snapshot) -> Result<()> {
        if has_deletion_vectors(current) {
            return Ok(());
        }
        let mut protocol = current.schema.protocol();
        keep_features(&mut protocol, &current.features);
        protocol.is_partitioned |= current.is_partitioned;
        protocol.features.push(deletion_vector::FEATURE.to_owned());
        entry.set_schema(&current.schema, &protocol, Some(&current.id))
    }

    /// The time of a commit that follows the current one.
    pub async fn next_time(&self, current: Option<&Snapshot>) -> Result<i64> {
        let last = match current {
            Some(Snapshot {
                time: Some(last), ..
            }) => *last,
            Some(current) => match self.time_of(current.version, None).await {
                Ok(last) => last,
                // Only a checkpoint has that version: another engine has cleaned up the log.
                Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => 0,
                Err(error) => return Err(error),
            },
            None => 0,
        };
        Ok(Utc::now().timestamp_millis().max(last + 1))
    }

    /// Whether a checkpoint pays, after so many commits. It is as large as what it tells of: the files,
    /// and those that have gone lately, which where rows are changed all the time are many more.
    async fn is_checkpoint_due(&self, commits: u64) -> bool {
        let path = self.place.log().join(LAST_CHECKPOINT);
        let Ok(found) = self.place.store.get(&path).await else {
            return true;
        };
        let Ok(bytes) = found.bytes().await else {
            return true;
        };
        let told: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match (told["version"].as_u64(), told["size"].as_u64()) {
            (Some(version), Some(size)) => {
                commits.saturating_sub(version + 1) >= size / CHECKPOINT_ACTIONS_A_COMMIT
            }
            _ => true,
        }
    }

    async fn checkpoint(&self, log: &DeltaTable, version: u64) -> Result<()> {
        checkpoints::create_checkpoint(log, None)
            .await
            .map_err(|error| self.failed(error))?;
        let name = format!("{version:020}.checkpoint.parquet");
        self.place
            .sync_log(vec![name, LAST_CHECKPOINT.to_owned()])
            .await
    }

    /// How an attempt to commit has ended, after the commit that runs.
    pub async fn outcome(&self, mark: &CommitMark) -> Result<CommitOutcome> {
        let _alone = self.committing.lock().await;
        match self.read_entry(mark.version.unsigned_abs()).await {
            Ok(entry) => Ok(outcome(mark, Some(&entry))),
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => Ok(outcome(mark, None)),
            Err(error) => Err(error.within(format!("table {}", self.id))),
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
                self.id
            ),
        )
        .with_hint("Run the statement again.")
    }

    fn failed(&self, error: DeltaTableError) -> Error {
        from_delta(error, &self.id)
    }
}

/// A table never loses a feature, for older versions may need it.
fn keep_features(protocol: &mut Protocol, features: &[String]) {
    for feature in features {
        if !protocol.features.contains(feature) {
            protocol.features.push(feature.clone());
        }
    }
}

/// Whether rows of a version's files may be gone.
pub(super) fn has_deletion_vectors(version: &Snapshot) -> bool {
    let mut features = version.features.iter();
    features.any(|has| has == deletion_vector::FEATURE)
}
