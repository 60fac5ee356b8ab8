//! Where a table lies, and how its files become durable.
//!
//! `object_store` does not sync what it writes to a local disk. A commit must outlive the loss of
//! power, so on a local root this module syncs data files before the commit, and writes the entry
//! of the log itself: to a file of another name, synced, then linked to its name, which exactly one
//! writer can. Other stores are durable when a request is answered, and put the entry if absent.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::runtime::SpawnedTask;
use futures::future::join;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use url::Url;

use super::commits::Commits;
use super::log_tail::LogTail;
use super::readers::Readers;
use super::staging::{StagedStore, Staging};
use super::table_id::TableId;
use super::writer::Written;
use crate::error::{Error, Result};

/// So many files are made durable at once.
const SYNCS: usize = 8;

/// The folder of a table's log.
const LOG: &str = "_delta_log";

/// The folder that all tables lie in.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub url: Url,
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
    /// The folder on this machine, where it is one.
    pub local: Option<PathBuf>,
    /// Where entries of logs go while a transaction keeps them for itself.
    pub staging: Option<Arc<Staging>>,
}

/// The folder of one table.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub url: Url,
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
    pub staging: Option<Arc<Staging>>,
    /// Who reads the table.
    pub readers: Readers,
    /// Who commits to it.
    pub commits: Commits,
    local: Option<LocalPlace>,
}

#[derive(Clone, Debug)]
struct LocalPlace {
    /// The root, the schema's folder and the table's folder.
    folders: [PathBuf; 3],
}

/// How the attempt to write an entry of the log ended.
#[derive(Debug)]
pub(super) enum Published {
    /// The entry is there and durable.
    Yes,
    /// Another writer has written an entry of that version.
    Conflict,
    /// The entry is not there.
    No(Error),
    /// The entry may or may not be there.
    Unknown(Error),
}

impl Root {
    pub fn new(url: &Url, store: Arc<dyn ObjectStore>) -> Result<Self> {
        let invalid = || {
            Error::new(
                crate::error::SqlState::INVALID_PARAMETER_VALUE,
                format!("\"{url}\" cannot be the root of a warehouse"),
            )
        };
        if url.cannot_be_a_base() {
            return Err(invalid());
        }
        let local = match url.scheme() {
            "file" => Some(url.to_file_path().map_err(|()| invalid())?),
            _ => None,
        };
        let path = Path::from_url_path(url.path()).map_err(|_| invalid())?;
        Ok(Self {
            url: url.clone(),
            store,
            path,
            local,
            staging: None,
        })
    }

    /// The root as a transaction sees it.
    pub fn staged(&self, staging: Arc<Staging>) -> Self {
        let store = StagedStore {
            base: Arc::clone(&self.store),
            staging: Arc::clone(&staging),
        };
        Self {
            store: Arc::new(store),
            staging: Some(staging),
            ..self.clone()
        }
    }

    pub fn place(&self, table: &TableId) -> Place {
        let [schema, name] = table.folders();
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend([&schema, &name]);
            // Delta joins file names to the URL, which takes a folder to end with a slash.
            segments.push("");
        }
        let local = self.local.as_ref().map(|root| {
            let folder = root.join(&schema);
            let table = folder.join(&name);
            LocalPlace {
                folders: [root.clone(), folder, table],
            }
        });
        Place {
            url,
            store: Arc::clone(&self.store),
            path: self.path.clone().join(schema).join(name),
            staging: self.staging.clone(),
            readers: Readers::default(),
            commits: Commits::default(),
            local,
        }
    }
}

impl Place {
    /// The path of a file that the log names relative to the table.
    pub fn file(&self, relative: &str) -> Path {
        // A folder of a partition has escapes of its own.
        let parts = Path::parse(relative).unwrap_or_else(|_| Path::from(relative));
        parts
            .parts()
            .fold(self.path.clone(), |path, part| path.join(part))
    }

    /// A path within the table as its log has it; none for one elsewhere.
    pub fn relative(&self, location: &Path) -> Option<String> {
        let parts = location.prefix_match(&self.path)?;
        let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
        Some(parts.join("/"))
    }

    /// The folder of the log.
    pub fn log(&self) -> Path {
        self.path.clone().join(LOG)
    }

    /// The entry of a version.
    pub fn entry(&self, version: u64) -> Path {
        self.log().join(entry_name(version))
    }

    /// The folder on this machine, where it is one.
    pub fn local_folder(&self) -> Option<&PathBuf> {
        self.local.as_ref().map(|local| &local.folders[2])
    }

    /// Makes what files of the table's folder hold durable, and not yet their names.
    async fn sync(&self, names: Vec<String>) -> Result<()> {
        let Some(folder) = self.local_folder() else {
            return Ok(());
        };
        let within = folders_within(folder, &names);
        let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        let files = stream::iter(paths).map(|path| blocking(move || sync(&path)));
        files
            .buffer_unordered(SYNCS)
            .try_for_each(|synced| std::future::ready(synced.map_err(Error::from)))
            .await?;
        for folder in within {
            blocking(move || sync(&folder)).await??;
        }
        Ok(())
    }

    /// Makes files of the table durable.
    pub async fn make_durable(&self, names: Vec<String>) -> Result<()> {
        let Some(local) = self.local.clone().filter(|_| !names.is_empty()) else {
            return Ok(());
        };
        // What is synced at once shares the commits of the file system's journal.
        let (files, names) = join(self.sync(names), blocking(move || local.sync_names())).await;
        files?;
        names?.map_err(Error::from)
    }

    /// The store, for who reads the log.
    pub fn log_store(&self) -> Arc<dyn ObjectStore> {
        // What a transaction has made is not in the folder.
        let local = self.local_folder().filter(|_| self.staging.is_none());
        let folder = local.map(|folder| folder.join(LOG));
        Arc::new(LogTail::new(Arc::clone(&self.store), self.log(), folder))
    }

    /// Makes what was last written to the log's folder durable, as far as it is there.
    pub async fn sync_log(&self, names: Vec<String>) -> Result<()> {
        let names = names.iter().map(|name| format!("{LOG}/{name}")).collect();
        self.sync(names).await?;
        match self.local_folder().map(|folder| folder.join(LOG)) {
            Some(log) => blocking(move || sync(&log)).await?.map_err(Error::from),
            None => Ok(()),
        }
    }

    /// Whether there is an entry of a version. Each statement asks that of each table: on a disk of
    /// this machine it takes a microsecond, less than to have another thread ask.
    pub async fn has_entry(&self, version: u64) -> Result<bool> {
        if self.staging.is_none()
            && let Some(folder) = self.local_folder()
        {
            let entry = folder.join(LOG).join(entry_name(version));
            return Ok(entry.try_exists()?);
        }
        match self.store.head(&self.entry(version)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes these files of the table durable, then writes the entry of a version, unless there is one.
    pub async fn publish(
        &self,
        table: &TableId,
        version: u64,
        entry: Bytes,
        names: Vec<String>,
    ) -> Published {
        if let Some(staging) = &self.staging {
            if let Err(error) = self.make_durable(names).await {
                return Published::No(error);
            }
            // Who reads the log of a table on this machine wants its folder to be there.
            if version == 0
                && let Some(folder) = self.local_folder()
                && let Err(error) = std::fs::create_dir_all(folder)
            {
                return Published::No(error.into());
            }
            return staging.publish(table, self, version, entry).await;
        }
        let _committing = self.commits.begin();
        match self.local.clone() {
            Some(local) => self.publish_locally(local, version, entry, names).await,
            None => self.put(version, entry).await,
        }
    }

    /// Keeps the files of an entry that was published; until a transaction is committed, they are its own.
    pub fn keep(&self, written: Written) {
        match &self.staging {
            Some(staging) => staging.keep(written),
            None => written.keep(),
        }
    }

    async fn publish_locally(
        &self,
        local: LocalPlace,
        version: u64,
        entry: Bytes,
        names: Vec<String>,
    ) -> Published {
        let drafting = {
            let local = local.clone();
            move || local.draft(version, &entry)
        };
        // To have other threads do what one does in one go takes longer than that.
        if names.is_empty() {
            let published = blocking(move || match drafting() {
                Ok(draft) => local.link(draft, version),
                Err(error) => Published::No(error.into()),
            });
            return published.await.unwrap_or_else(Published::Unknown);
        }
        // The entry is nobody's yet: it may be there before its files.
        let (durable, draft) = join(self.make_durable(names), blocking(drafting)).await;
        let draft = match draft {
            Ok(draft) => draft.map_err(Error::from),
            Err(error) => Err(error),
        };
        match durable.and(draft) {
            Ok(draft) => blocking(move || local.link(draft, version))
                .await
                .unwrap_or_else(Published::Unknown),
            Err(error) => Published::No(error),
        }
    }

    async fn put(&self, version: u64, entry: Bytes) -> Published {
        let path = self.entry(version);
        let options = PutOptions::from(PutMode::Create);
        let put = self
            .store
            .put_opts(&path, entry.clone().into(), options)
            .await;
        let error = match put {
            Ok(_) => return Published::Yes,
            Err(error) => error,
        };
        // A request that was sent again after its answer got lost meets its own entry.
        let found = match self.store.get(&path).await {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        match found {
            Ok(found) if found == entry => Published::Yes,
            Ok(_) => Published::Conflict,
            Err(object_store::Error::NotFound { .. }) => Published::No(error.into()),
            Err(_) => Published::Unknown(error.into()),
        }
    }
}

impl LocalPlace {
    /// Makes the names of the table's files durable.
    fn sync_names(&self) -> std::io::Result<()> {
        sync(&self.folders[2])
    }

    /// Writes the entry of a version, under a name that means nothing yet.
    fn draft(&self, version: u64, entry: &[u8]) -> std::io::Result<Draft> {
        let log = self.folders[2].join(LOG);
        if version == 0 {
            std::fs::create_dir_all(&log)?;
        }
        let draft = Draft(log.join(format!(".{}.tmp", uuid::Uuid::new_v4())));
        let mut file = File::create_new(&draft.0)?;
        file.write_all(entry)?;
        file.sync_all()?;
        Ok(draft)
    }

    /// Gives the entry of a version its name, unless there is one.
    fn link(&self, draft: Draft, version: u64) -> Published {
        let log = self.folders[2].join(LOG);
        let linked = std::fs::hard_link(&draft.0, log.join(entry_name(version)));
        drop(draft);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Published::Conflict,
            Err(error) => return Published::No(error.into()),
        }
        let new = if version == 0 { 0 } else { self.folders.len() };
        let folders = self.folders.iter().skip(new).chain([&log]);
        for folder in folders {
            if let Err(error) = sync(folder) {
                return Published::Unknown(error.into());
            }
        }
        Published::Yes
    }
}

/// An entry of a log that has no name of one. It goes with this, once it has been given that or not.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // One that stays behind is an orphan, which is no reason to fail.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The folders of partitions that files lie in, and those that these stand in: they may be new.
fn folders_within(folder: &FilePath, names: &[String]) -> BTreeSet<PathBuf> {
    let parents = names
        .iter()
        .flat_map(|name| FilePath::new(name).ancestors().skip(1));
    let parents = parents.filter(|parent| !parent.as_os_str().is_empty());
    parents.map(|parent| folder.join(parent)).collect()
}

fn sync(path: &FilePath) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

/// The version of an entry of the log, from the name of its file.
pub(super) fn version_of_entry(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

fn entry_name(version: u64) -> String {
    format!("{version:020}.json")
}

/// Runs what blocks on the threads for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    SpawnedTask::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal(format!("a file operation was cut off: {error}")))
}
