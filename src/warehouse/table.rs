//! One table: its latest version and its commits.

mod versions;

pub(super) use versions::DEFINING;

use std::collections::HashMap;
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
use super::place::{Place, Published, version_of_entry};
use super::schema::{Protocol, TableSchema};
use super::settings::WarehouseSettings;
use super::snapshot::{DataFile, Snapshot};
use super::table_id::TableId;
use super::waiting::Waiting;
use super::writer::{NewVector, Written};
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
            Err(error) => Err(error.within(format!("table {}", self.id))),
        }
    }

    async fn load(&self) -> Result<Arc<Snapshot>> {
        let mut log = DeltaTable::new(Arc::clone(&self.log_store));
        let log = self
            .read_log(async move { log.load().await.map(|()| log) })
            .await?;
        let snapshot = Arc::new(Snapshot::read(&log, &self.id, None)?);
        self.remember(log, snapshot)
    }

    async fn advance(&self, known: Latest) -> Result<Arc<Snapshot>> {
        let log = self.read_on(&known.log, None).await?;
        let snapshot = Arc::new(Snapshot::read(&log, &self.id, Some(&known.snapshot))?);
        self.remember(log, snapshot)
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
        let Some(snapshot) = known.snapshot.after(version, entry)? else {
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
        let interval = settings.checkpoint_interval;
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
        let version = current.as_ref().map_or(0, |current| current.version + 1);
        let timestamp = self.next_time(current.as_deref()).await?;
        let mark = CommitMark {
            version: i64::try_from(version).unwrap_or(i64::MAX),
            id: uuid::Uuid::new_v4().to_string(),
        };
        let mut entry = Entry::new(info, &mark.id, files, change.kind(), timestamp);
        self.describe(&mut entry, change, current.as_deref(), !lost.is_empty())?;
        if let Some(current) = &current
            && !lost.is_empty()
            && !matches!(change, Change::Replace(_))
        {
            self.enable_deletion_vectors(&mut entry, current)?;
        }
        entry.add(files)?;
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
                match (written, &self.place.staging) {
                    (Some(written), Some(staging)) => staging.keep(written),
                    (Some(written), None) => written.keep(),
                    (None, _) => {}
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
                if let Some(written) = written {
                    written.keep();
                }
                Err(error.within(format!("table {}", self.id)))
            }
        }
    }

    fn describe(
        &self,
        entry: &mut Entry,
        change: &Change,
        current: Option<&Snapshot>,
        has_losses: bool,
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
                let is_there = |file: &Arc<DataFile>| {
                    let gone = file.gone.as_ref().map(|gone| &gone.descriptor);
                    let there = there.get(file.path.as_str());
                    there.is_some_and(|there| there.has_lost(gone))
                };
                let losers = marked.iter().map(|marked| &marked.file);
                if !removed.iter().chain(losers).all(is_there) {
                    return Err(self.conflict());
                }
                removed.iter().try_for_each(|file| entry.remove(file))?;
                marked.iter().try_for_each(|marked| entry.mark(marked))
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
                    let gone = file.gone.as_ref().map(|gone| &gone.descriptor);
                    let found = files.get(file.path.as_str());
                    found.is_some_and(|found| found.has_lost(gone))
                };
                let leave = current.files.iter().filter(|file| !has(&after, file));
                leave.into_iter().try_for_each(|file| entry.remove(file))?;
                let come = version.files.iter().filter(|file| !has(&before, file));
                come.into_iter().try_for_each(|file| entry.put_back(file))
            }
            (Change::Modify { .. } | Change::Compact { .. }, Some(_)) => Err(self.conflict()),
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
fn has_deletion_vectors(version: &Snapshot) -> bool {
    let mut features = version.features.iter();
    features.any(|has| has == deletion_vector::FEATURE)
}
