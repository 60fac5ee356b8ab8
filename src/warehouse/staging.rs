//! What a transaction has written to tables and nobody else sees yet.
//!
//! Data files lie beside those of the table from the start, as those of any write. The entries of the
//! log, which make files part of the table, are kept in memory: the transaction reads its tables
//! through a store that shows these entries after those of the log, and hides what others have
//! committed to the same table since its first change of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use parking_lot::Mutex;

use super::cleanup;
use super::place::{Place, Published, version_of_entry};
use super::table_id::TableId;
use super::writer::Written;
use crate::error::{Error, SqlState};

/// How many bytes the entries of one transaction may have.
const MAX_BYTES: usize = 64 << 20;

/// What a transaction has written.
#[derive(Debug, Default)]
pub(super) struct Staging {
    /// What its entries have as their id, each in its table's log.
    id: String,
    /// The last versions that the transaction sees of tables, by the folders of their logs.
    frozen: BTreeMap<Path, u64>,
    writes: Mutex<Writes>,
}

#[derive(Debug, Default)]
struct Writes {
    /// By the folder of the log.
    logs: BTreeMap<Path, StagedLog>,
    /// The files, which are deleted when this is dropped.
    files: Vec<Written>,
    /// The tables that began in this transaction, whatever became of them.
    begun: Vec<Place>,
    /// Tables that are to be dropped with the commit.
    dropped: Vec<TableId>,
    held: Option<Arc<HeldFiles>>,
}

/// Files of a transaction that no version of a table has, for those who read them after its end. They
/// are deleted when this is dropped.
#[derive(Debug, Default)]
pub struct HeldFiles(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    files: Vec<Written>,
    /// Tables that began and ended in the transaction.
    tables: Vec<Place>,
}

impl HeldFiles {
    pub(super) fn take_in(&self, written: Written) {
        self.0.lock().files.push(written);
    }

    pub(super) fn take_in_table(&self, place: Place) {
        self.0.lock().tables.push(place);
    }
}

impl Drop for HeldFiles {
    fn drop(&mut self) {
        let tables = std::mem::take(&mut self.0.get_mut().tables);
        if tables.is_empty() {
            return;
        }
        // Without a runtime the process ends, and the next one knows no such tables.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                for place in tables {
                    if let Err(error) = cleanup::remove_table(&place).await {
                        tracing::warn!("the folder {} stays behind: {error}", place.path);
                    }
                }
            });
        }
    }
}

/// The entries of a table's log that are not published.
#[derive(Clone, Debug)]
pub(super) struct StagedLog {
    pub table: TableId,
    pub place: Place,
    /// The version of the first entry.
    pub first: u64,
    pub entries: Vec<(Bytes, DateTime<Utc>)>,
    /// The bytes of the entries.
    bytes: usize,
}

/// How far a transaction had come, to go back to.
#[derive(Debug)]
pub struct StagingMark {
    logs: BTreeMap<Path, StagedLog>,
    files: usize,
    dropped: usize,
}

/// What ends with a transaction.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub files: Vec<Written>,
    pub begun: Vec<Place>,
    pub dropped: Vec<TableId>,
    /// Who takes the files that no version has.
    pub held: Option<Arc<HeldFiles>>,
}

impl Staging {
    pub fn new(frozen: BTreeMap<Path, u64>) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            frozen,
            writes: Mutex::default(),
        }
    }

    /// What tells the transaction from all others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the transaction has changed the table of this log.
    pub fn has(&self, log: &Path) -> bool {
        self.writes.lock().logs.contains_key(log)
    }

    /// Whether the transaction sees no later version of the table of this log than one that is set.
    pub fn freezes(&self, log: &Path) -> bool {
        self.frozen.contains_key(log)
    }

    /// Whether the transaction does not see what others commit to the table of this log.
    pub fn sees_no_other(&self, log: &Path) -> bool {
        self.has(log) || self.freezes(log)
    }

    /// The logs that have entries.
    pub fn logs(&self) -> Vec<StagedLog> {
        self.writes.lock().logs.values().cloned().collect()
    }

    /// Takes an entry as the version of a table's log, unless that is there.
    pub async fn publish(
        &self,
        table: &TableId,
        place: &Place,
        version: u64,
        entry: Bytes,
    ) -> Published {
        let log = place.log();
        if !self.has(&log) {
            match place.store.head(&place.entry(version)).await {
                // So is a version that others have made since the transaction's snapshot.
                Err(object_store::Error::NotFound { .. }) => {}
                Ok(_) => return Published::Conflict,
                Err(error) => return Published::No(error.into()),
            }
        }
        let mut writes = self.writes.lock();
        let bytes: usize = writes.logs.values().map(|log| log.bytes).sum();
        if bytes + entry.len() > MAX_BYTES {
            let message = "the transaction changes too many files";
            return Published::No(
                Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, message)
                    .with_hint("Commit more often."),
            );
        }
        if version == 0 {
            writes.begun.push(place.clone());
        }
        let staged = writes.logs.entry(log).or_insert_with(|| StagedLog {
            table: table.clone(),
            place: place.clone(),
            first: version,
            entries: Vec::new(),
            bytes: 0,
        });
        if staged.first + staged.entries.len() as u64 != version {
            return Published::Conflict;
        }
        staged.bytes += entry.len();
        staged.entries.push((entry, Utc::now()));
        Published::Yes
    }

    /// Keeps files until the transaction ends.
    pub fn keep(&self, written: Written) {
        self.writes.lock().files.push(written);
    }

    /// Drops a table with the commit.
    pub fn drop_table(&self, table: &TableId, place: &Place) {
        let mut writes = self.writes.lock();
        writes.logs.remove(&place.log());
        writes.dropped.push(table.clone());
    }

    pub fn mark(&self) -> StagingMark {
        let writes = self.writes.lock();
        StagingMark {
            logs: writes.logs.clone(),
            files: writes.files.len(),
            dropped: writes.dropped.len(),
        }
    }

    /// Takes back what was written since; files that were written are deleted.
    pub fn roll_back_to(&self, mark: &StagingMark) {
        let mut writes = self.writes.lock();
        writes.logs = mark.logs.clone();
        writes.files.truncate(mark.files);
        writes.dropped.truncate(mark.dropped);
    }

    /// Takes all out, for the transaction ends.
    pub fn end(&self) -> Ended {
        let writes = std::mem::take(&mut *self.writes.lock());
        Ended {
            files: writes.files,
            begun: writes.begun,
            dropped: writes.dropped,
            held: writes.held,
        }
    }

    /// Has somebody hold the files that no version has when the transaction ends.
    pub fn hold(&self) -> Arc<HeldFiles> {
        Arc::clone(self.writes.lock().held.get_or_insert_default())
    }

    /// The entry of a log that is not published.
    fn entry(&self, location: &Path) -> Option<(Bytes, DateTime<Utc>)> {
        let (log, name) = split(location)?;
        let writes = self.writes.lock();
        let staged = writes.logs.get(&log)?;
        let place = version_of_entry(name)?.checked_sub(staged.first)?;
        staged.entries.get(usize::try_from(place).ok()?).cloned()
    }

    /// Whether a file of the store is none of the transaction's: it came to the log of a table after
    /// the transaction began to change that.
    fn hides(&self, location: &Path) -> bool {
        let Some((log, name)) = split(location) else {
            return false;
        };
        let writes = self.writes.lock();
        let first = writes.logs.get(&log).map(|staged| staged.first);
        let frozen = self.frozen.get(&log).map(|last| last + 1);
        let Some(first) = first.or(frozen) else {
            return false;
        };
        // What names the last checkpoint may name one of a later version.
        let version = name.get(..20).and_then(|digits| digits.parse::<u64>().ok());
        version.is_none_or(|version| version >= first)
    }

    /// The entries of logs below a folder whose paths come after `offset`: who follows a log asks for few
    /// of many.
    fn listed(&self, prefix: Option<&Path>, offset: Option<&Path>) -> Vec<ObjectMeta> {
        let writes = self.writes.lock();
        let mut found = Vec::new();
        for (log, staged) in &writes.logs {
            if prefix.is_some_and(|prefix| !log.prefix_matches(prefix)) {
                continue;
            }
            let first = found.len();
            for (place, (entry, at)) in staged.entries.iter().enumerate().rev() {
                let location = staged.place.entry(staged.first + place as u64);
                if offset.is_some_and(|offset| location <= *offset) {
                    break;
                }
                found.push(ObjectMeta {
                    location,
                    last_modified: *at,
                    size: entry.len() as u64,
                    e_tag: None,
                    version: None,
                });
            }
            found[first..].reverse();
        }
        found
    }
}

/// The folder that a file lies in, and its name.
fn split(location: &Path) -> Option<(Path, &str)> {
    let (folder, name) = location.as_ref().rsplit_once('/')?;
    Some((Path::from(folder), name))
}

/// The tables' store as a transaction sees it.
#[derive(Debug)]
pub(super) struct StagedStore {
    pub base: Arc<dyn ObjectStore>,
    pub staging: Arc<Staging>,
}

impl fmt::Display for StagedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a transaction over {}", self.base)
    }
}

fn not_found(location: &Path) -> object_store::Error {
    object_store::Error::NotFound {
        path: location.to_string(),
        source: "a later version than the transaction sees".into(),
    }
}

#[async_trait]
impl ObjectStore for StagedStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.base.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.base.put_multipart_opts(location, options).await
    }

    async fn get_opts(
        &self,
        location: &Path,
        options: GetOptions,
    ) -> object_store::Result<GetResult> {
        if let Some((entry, _)) = self.staging.entry(location) {
            let memory = InMemory::new();
            memory.put(location, entry.into()).await?;
            return memory.get_opts(location, options).await;
        }
        if self.staging.hides(location) {
            return Err(not_found(location));
        }
        self.base.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.base.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let staging = Arc::clone(&self.staging);
        let staged = self.staging.listed(prefix, None).into_iter().map(Ok);
        let base = self.base.list(prefix).try_filter(move |file| {
            let shows = !staging.hides(&file.location);
            async move { shows }
        });
        // Each log's staged entries come after those of the store.
        base.chain(stream::iter(staged.collect::<Vec<_>>())).boxed()
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let staging = Arc::clone(&self.staging);
        let staged = self.staging.listed(prefix, Some(offset));
        let base = self.base.list_with_offset(prefix, offset);
        let base = base.try_filter(move |file| {
            let shows = !staging.hides(&file.location);
            async move { shows }
        });
        base.chain(stream::iter(staged.into_iter().map(Ok))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        let mut listed = self.base.list_with_delimiter(prefix).await?;
        listed
            .objects
            .retain(|file| !self.staging.hides(&file.location));
        let within = self
            .staging
            .listed(prefix, None)
            .into_iter()
            .filter(|file| split(&file.location).map(|(folder, _)| folder) == prefix.cloned());
        listed.objects.extend(within);
        Ok(listed)
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.base.copy_opts(from, to, options).await
    }
}
