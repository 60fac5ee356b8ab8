//! Folding: what patches have changed comes into the log in Delta's words, for other engines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::deletion_vector::{self, DeletionVector};
use super::super::entry::{CommitInfo, Entry, EntryKind, STAGED_ENTRIES, commit_info};
use super::super::patch::Patch;
use super::super::place::Published;
use super::super::snapshot::{DataFile, Snapshot};
use super::super::staging::Staging;
use super::super::writer::{NewVector, Written};
use super::{FOLD, Table};
use crate::error::{Error, Result, SqlState};

/// What is not folded, since it cannot be, is tried again after twice the time, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Nothing is folded more often.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

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
            // What a transaction has committed may come to the log after a patch.
            let is_staged = !info[STAGED_ENTRIES].is_null();
            let is_ours = || {
                info["engineInfo"]
                    .as_str()
                    .is_some_and(|it| it.starts_with(ENGINE))
            };
            // Other engines may have written after a patch.
            match last.checked_sub(1).filter(|_| is_staged || !is_ours()) {
                Some(before) => last = before,
                None => return Ok(snapshot.knowing(&info)),
            }
        };
        let mut snapshot = snapshot;
        for version in first..=last {
            let Some(entry) = self.entry(version).await? else {
                return Err(self.not_there(snapshot.version));
            };
            let Some(patch) = Patch::read(&entry)? else {
                continue;
            };
            let losers = patch.lost.keys().map(String::as_str);
            match snapshot.read_vectors(losers, &self.place).await {
                Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => {
                    return Err(self.not_there(snapshot.version));
                }
                read => read?,
            }
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

    fn not_there(&self, version: u64) -> Error {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!(
                "version {version} of table {} is no longer there",
                self.called()
            ),
        )
        .with_detail("Entries of its log, or files of the versions before it, are deleted.")
    }

    /// Folds what patches have changed, if anything. Once begun it runs to its end, whoever waits.
    ///
    /// # Errors
    /// What the store says.
    pub async fn fold(self: &Arc<Self>) -> Result<()> {
        let table = Arc::clone(self);
        let folded = tokio::spawn(async move {
            let _alone = table.alone().await;
            // Who waits for the commits that run may wait for one that waits for this.
            let _running = Arc::clone(&table.running).try_read_owned().ok();
            if table.dropped.load(Ordering::Acquire) || !table.exists().await? {
                return Ok(());
            }
            let latest = table.latest().await?;
            table.fold_alone(latest).await.map(drop)
        });
        folded.await.map_err(cut_off)?
    }

    /// [`Self::fold`], which waits for nobody where there is nothing to fold.
    ///
    /// # Errors
    /// What the store says.
    pub async fn fold_patches(self: &Arc<Self>) -> Result<()> {
        match self.exists().await? && self.latest().await?.patched.is_some() {
            true => self.fold().await,
            false => Ok(()),
        }
    }

    /// [`Self::fold`] for who keeps others from committing, also where that is a transaction.
    ///
    /// # Errors
    /// What the store says.
    pub async fn settle(&self) -> Result<()> {
        if !self.exists().await? || self.latest().await?.patched.is_none() {
            return Ok(());
        }
        let sees_no_other = |staging: &Arc<Staging>| staging.sees_no_other(&self.place.log());
        match &self.shared {
            Some(shared) if !self.place.staging.as_ref().is_some_and(sees_no_other) => {
                shared.fold().await
            }
            _ => self.fold_alone(self.latest().await?).await.map(drop),
        }
    }

    /// Folds what patches have changed after so long.
    pub(super) fn fold_later(self: &Arc<Self>, lag: Duration) {
        if self.folding.swap(true, Ordering::AcqRel) {
            return;
        }
        let table = Arc::clone(self);
        tokio::spawn(async move {
            let mut wait = lag.max(SHORTEST_WAIT);
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
        let (place, table, bytes) = (self.place.clone(), self.id.clone(), entry.clone());
        // Whoever finds the entry must find its files, also where nobody waits for it any more.
        let publishing = tokio::spawn(async move {
            let published = place.publish(&table, version, bytes, names).await;
            if let Published::Yes | Published::Unknown(_) = &published {
                place.keep(written);
            }
            published
        });
        match publishing.await.map_err(cut_off)? {
            Published::Yes => {}
            Published::Conflict => return Err(self.conflict()),
            Published::No(error) | Published::Unknown(error) => {
                return Err(error.within(format!("table {}", self.called())));
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

fn cut_off(error: tokio::task::JoinError) -> Error {
    Error::internal(format!("a fold was cut off: {error}"))
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
