//! The commits of a table, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use chrono::Utc;
use tokio::sync::OwnedMutexGuard;
use tributary_udfs::interrupt::Interrupt;

use super::super::compaction::{lost_meanwhile, unchanged};
use super::super::entry::{CommitInfo, Entry, EntryKind};
use super::super::participant::{CommitMark, CommitOutcome, Participant, outcome};
use super::super::place::Published;
use super::super::settings::WarehouseSettings;
use super::super::snapshot::Snapshot;
use super::super::staging::Staging;
use super::super::waiting::Waiting;
use super::super::writer::{NewVector, Written};
use super::super::{Commit, deletion_vector};
use super::{Change, Table};
use crate::error::{Error, Result, SqlState};

/// Files of so many bytes together are made durable in one go with the entry of the log.
const SYNCED_WITH_ENTRY: u64 = 1 << 20;

/// So many patches at most come one after the other: who opens the table reads all of them.
const MOST_PATCHES: u64 = 4096;

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

impl Table {
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
        // Who keeps others from committing must not wait for who waits for them.
        let running = match &alone {
            Some(_) => Arc::clone(&self.running).try_read_owned().ok(),
            None => Some(Arc::clone(&self.running).read_owned().await),
        };
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
            // Of a transaction, whoever commits it folds what it comes after.
            if table.place.staging.is_none()
                && table
                    .latest
                    .read()
                    .as_ref()
                    .is_some_and(|it| it.snapshot.patched.is_some())
            {
                table.fold_later(lag);
            }
            if let Some(running) = running {
                table.keep_log(commit.version, interval, running);
            }
        });
        committed
            .await
            .map_err(|error| Error::internal(format!("a commit was cut off: {error}")))?
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
                format!("table {} was dropped", self.called()),
            ));
        }
        if self.place.staging.is_some() {
            // While a change is staged others wait, who must not wait for the disk.
            let files = written.as_ref().map_or(&[][..], |written| &written.files);
            let names = files.iter().map(|file| file.name.clone());
            self.place.make_durable(names.collect()).await?;
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
            Some(current) if self.place.staging.is_none() => {
                self.patch(&mut entry, change, current, files).await?
            }
            // All that a transaction stages becomes one entry in Delta's words.
            Some(current) if current.patched.is_some() => {
                entry.stage();
                false
            }
            Some(_) | None => false,
        };
        if !is_patch {
            let vectors = &put_back.vectors;
            self.describe(
                &mut entry,
                change,
                current.as_deref(),
                info.definition.as_ref(),
                !lost.is_empty(),
                vectors,
            )?;
            entry.add(files)?;
        }
        if let Some(current) = &current
            && !lost.is_empty()
            && !matches!(change, Change::Replace(_) | Change::Restore { .. })
        {
            self.enable_deletion_vectors(&mut entry, current)?;
        }
        let vectors = lost.iter();
        let mut names: Vec<String> = vectors
            .filter_map(|(_, gone)| deletion_vector::path_of(&gone.descriptor))
            .collect();
        names.dedup();
        if self.place.staging.is_none() {
            names.extend(files.iter().map(|file| file.name.clone()));
        }
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
                    self.place.keep(written);
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
                aborted(error.within(format!("table {}", self.called())))
            }
            Published::Unknown(error) => {
                // The participant is in doubt. Whoever finds the entry must find its files.
                for written in written.into_iter().chain([put_back.written]) {
                    written.keep();
                }
                Err(error.within(format!("table {}", self.called())))
            }
        }
    }

    /// The latest version as a change needs it: patches come after others, and all else after a fold.
    async fn ready_for(
        &self,
        change: &Change,
        current: Arc<Snapshot>,
    ) -> Result<(Arc<Snapshot>, Option<OwnedMutexGuard<()>>)> {
        if let (Some(shared), Some(staging)) = (&self.shared, &self.place.staging) {
            return self.ready_to_stage(shared, staging, change, current).await;
        }
        let Some(patched) = &current.patched else {
            return Ok((current, None));
        };
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

    /// The version that a transaction's change comes after. Its first one of a table comes after a version
    /// that is folded and that stays the latest until the change is staged: the lock keeps it so, as
    /// others may commit all the time. What they commit later is looked at when the transaction commits.
    async fn ready_to_stage(
        &self,
        shared: &Self,
        staging: &Staging,
        change: &Change,
        current: Arc<Snapshot>,
    ) -> Result<(Arc<Snapshot>, Option<OwnedMutexGuard<()>>)> {
        if staging.sees_no_other(&self.place.log()) {
            let current = match change {
                // Rows that are added leave alone what patches have changed.
                Change::Append(_) => current,
                // The fold is staged, too: the transaction sees none that others make.
                _ => self.fold_alone(current).await?,
            };
            return Ok((current, None));
        }
        let alone = shared.alone().await;
        shared.fold_alone(shared.latest().await?).await?;
        Ok((self.latest().await?, Some(alone)))
    }

    /// The deletion vectors of a version that comes back, where the log does not have them.
    async fn put_back_by(&self, change: &Change) -> Result<PutBack> {
        let written = Written::none(&self.place);
        let vectors = match change {
            Change::Restore { version, .. } => {
                self.written_vectors(&version.files, &written).await?
            }
            _ => BTreeMap::new(),
        };
        Ok(PutBack { vectors, written })
    }

    /// The time of a commit that follows the current one.
    pub async fn next_time(&self, current: Option<&Snapshot>) -> Result<i64> {
        let last = match current {
            Some(current) => self.committed_at(current).await?,
            None => 0,
        };
        Ok(Utc::now().timestamp_millis().max(last + 1))
    }

    /// How an attempt to commit has ended, after the commit that runs.
    pub async fn outcome(&self, mark: &CommitMark) -> Result<CommitOutcome> {
        let _alone = self.committing.lock().await;
        match self.read_entry(mark.version.unsigned_abs()).await {
            Ok(entry) => Ok(outcome(mark, Some(&entry))),
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => Ok(outcome(mark, None)),
            Err(error) => Err(error.within(format!("table {}", self.called()))),
        }
    }
}
