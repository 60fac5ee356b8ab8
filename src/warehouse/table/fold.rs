//! Folding: what patches have changed comes into the log in Delta's words, for other engines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::deletion_vector::{self, DeletionVector};
use super::super::entry::{CommitInfo, Entry, EntryKind, commit_info};
use super::super::patch::Patch;
use super::super::place::Published;
use super::super::snapshot::{DataFile, Snapshot};
use super::super::writer::{NewVector, Written};
use super::{FOLD, Table};
use crate::error::{Error, Result, SqlState};

/// What is not folded, since it cannot be, is tried again after twice the time, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What the names of our engine begin with in a log.
const ENGINE: &str = "tributary/";

impl Table {
    /// A version that was read from the log as other engines read it, with what patches have changed
    /// since.
    pub(super) async fn with_patches(&self, snapshot: Snapshot) -> Result<Snapshot> {
        let mut last = snapshot.version;
        let first = loop {
            let Some(entry) = self.entry(last).await? else {
                return Ok(snapshot);
            };
            if let Some(patch) = Patch::read(&entry)? {
                break patch.since + 1;
            }
            let info = commit_info(&entry).unwrap_or_default();
            let is_ours = || {
                info["engineInfo"]
                    .as_str()
                    .is_some_and(|it| it.starts_with(ENGINE))
            };
            // Other engines may have written after a patch.
            match last.checked_sub(1).filter(|_| !is_ours()) {
                Some(before) => last = before,
                None => return Ok(snapshot.knowing(&info)),
            }
        };
        let mut snapshot = snapshot;
        for version in first..=last {
            let Some(entry) = self.entry(version).await? else {
                continue;
            };
            let Some(patch) = Patch::read(&entry)? else {
                continue;
            };
            let losers = patch.lost.keys().map(String::as_str);
            snapshot.read_vectors(losers, &self.place).await?;
            let patched = snapshot.patched_by(snapshot.version, patch, &self.id)?;
            snapshot = patched.ok_or_else(|| Error::internal("vectors that were read are gone"))?;
        }
        if last < snapshot.version {
            snapshot.time = None;
        }
        Ok(snapshot)
    }

    /// The bytes of an entry, where it is there.
    async fn entry(&self, version: u64) -> Result<Option<bytes::Bytes>> {
        match self.read_entry(version).await {
            Ok(entry) => Ok(Some(entry)),
            // Another engine has cleaned up the log.
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Folds what patches have changed, if anything.
    ///
    /// # Errors
    /// What the store says.
    pub async fn fold(&self) -> Result<()> {
        let _running = Arc::clone(&self.running).read_owned().await;
        let _alone = self.alone().await;
        if self.dropped.load(Ordering::Acquire) || !self.exists().await? {
            return Ok(());
        }
        let latest = self.latest().await?;
        self.fold_alone(latest).await?;
        Ok(())
    }

    /// [`Self::fold`] for who keeps others from committing, also where that is a transaction.
    ///
    /// # Errors
    /// What the store says.
    pub async fn settle(&self) -> Result<()> {
        if !self.exists().await? || self.latest().await?.patched.is_none() {
            return Ok(());
        }
        match &self.shared {
            Some(shared) => shared.fold().await,
            None => self.fold_alone(self.latest().await?).await.map(drop),
        }
    }

    /// Folds what patches have changed after so long.
    pub(super) fn fold_later(self: &Arc<Self>, lag: Duration) {
        if self.folding.swap(true, Ordering::AcqRel) {
            return;
        }
        let table = Arc::clone(self);
        tokio::spawn(async move {
            let mut wait = lag;
            loop {
                tokio::time::sleep(wait).await;
                table.folding.store(false, Ordering::Release);
                let Err(error) = table.fold().await else {
                    return;
                };
                tracing::warn!(table = %table.id, %error, "other engines do not see what changed");
                if table.folding.swap(true, Ordering::AcqRel) {
                    return;
                }
                wait = (wait * 2).min(LONGEST_WAIT.max(lag));
            }
        });
    }

    /// [`Self::fold`] for who keeps others from committing: the latest version and the one after.
    pub async fn fold_alone(&self, current: Arc<Snapshot>) -> Result<Arc<Snapshot>> {
        let Some(patched) = &current.patched else {
            return Ok(current);
        };
        let changed = current.files.iter().filter(|file| {
            patched.new.contains(&file.path) || patched.before.contains_key(&file.path)
        });
        let changed: Vec<Arc<DataFile>> = changed.cloned().collect();
        let written = Written::none(&self.place);
        let vectors = self.written_vectors(&changed, &written).await?;
        let version = current.version + 1;
        let timestamp = self.next_time(Some(&current)).await?;
        let id = uuid::Uuid::new_v4().to_string();
        let info = CommitInfo::new(FOLD);
        let mut entry = Entry::new(&info, &id, &[], EntryKind::Change, timestamp);
        let was: BTreeMap<&str, &str> = changed
            .iter()
            .filter_map(|file| Some((file.path.as_str(), file.gone.as_ref()?.patched()?)))
            .collect();
        entry.folded(&was);
        patched
            .before
            .values()
            .try_for_each(|file| entry.remove(file))?;
        for file in &changed {
            entry.put_back(file, file.vector(&vectors))?;
        }
        let entry = entry.into_bytes();
        let names = vectors
            .values()
            .filter_map(|gone| deletion_vector::path_of(&gone.descriptor));
        let mut names: Vec<String> = names.collect();
        names.dedup();
        let published = self
            .place
            .publish(&self.id, version, entry.clone(), names)
            .await;
        match published {
            Published::Yes => written.keep(),
            Published::Conflict => return Err(self.conflict()),
            Published::No(error) => return Err(error.within(format!("table {}", self.id))),
            Published::Unknown(error) => {
                // Whoever finds the entry must find its files.
                written.keep();
                return Err(error.within(format!("table {}", self.id)));
            }
        }
        let lost: Vec<(String, NewVector)> = vectors.into_iter().collect();
        let version = i64::try_from(version).unwrap_or(i64::MAX);
        self.advance_to(version, &entry, &lost).await;
        self.latest().await
    }

    /// Writes those deletion vectors of files that patches have made; answers them by the paths of
    /// their files.
    pub(super) async fn written_vectors(
        &self,
        files: &[Arc<DataFile>],
        written: &Written,
    ) -> Result<BTreeMap<String, NewVector>> {
        let of_patches = |file: &&Arc<DataFile>| {
            let gone = file.gone.as_ref();
            gone.is_some_and(|gone| gone.patched().is_some())
        };
        let files: Vec<_> = files.iter().filter(of_patches).collect();
        let rows = files
            .iter()
            .filter_map(|file| file.gone.as_ref()?.told().cloned());
        let vectors = written.write_vectors(&self.place, rows.collect()).await?;
        let paths = files.into_iter().map(|file| file.path.clone());
        Ok(paths.zip(vectors).collect())
    }
}

impl DataFile {
    /// The deletion vector of a file as the log is to have it, where those that patches have made are
    /// these.
    pub(super) fn vector<'a>(
        &'a self,
        written: &'a BTreeMap<String, NewVector>,
    ) -> Option<&'a deltalake_core::kernel::DeletionVectorDescriptor> {
        match written.get(&self.path) {
            Some(gone) => Some(&gone.descriptor),
            None => self
                .gone
                .as_ref()
                .map(|gone: &DeletionVector| &gone.descriptor),
        }
    }
}
