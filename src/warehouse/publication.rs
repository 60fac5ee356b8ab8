//! Publishing what a transaction has staged: the entries that it made for a table become one entry of
//! the table's log.
//!
//! What several tables get is published together or not at all. The entries are written down by who
//! commits, and that they are is the commit; publishing them is repeated until all are in their logs,
//! each known by its id.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;

use super::entry::{FileAction, STAGED_ENTRIES, commit_info, file_actions};
use super::net_changes::Net;
use super::participant::TRANSACTION_ID;
use super::place::Published;
use super::staging::{Ended, HeldFiles, StagedLog, Staging, StagingMark};
use super::table::Table;
use super::table_id::TableId;
use super::{At, Warehouse, cleanup};
use crate::error::{Result, SqlState};

/// An entry of a table's log that is to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpublishedEntry {
    /// The table.
    pub table: TableId,
    /// The version that it makes.
    pub version: i64,
    /// What tells it from other entries.
    pub id: String,
    /// Its bytes.
    pub entry: String,
}

/// A table that a transaction has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTable {
    /// The table.
    pub table: TableId,
    /// The version that the changes are made to; none for a table that is new.
    pub base: Option<i64>,
}

/// How far a transaction has read a table that it has changed itself. Its versions get their numbers
/// when it is committed, and others may come before them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRead {
    /// The transaction.
    pub transaction: String,
    /// The version that its changes are made to; none for a table that is new.
    pub base: Option<i64>,
    /// The version that it has read, as it counts them.
    pub version: i64,
}

/// Which rows of a table decide on those that a transaction has put into it: where others have changed
/// such rows meanwhile, it cannot be committed. Rows that it has taken out are among them at any rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependsOn {
    /// None.
    Nothing,
    /// Those that may have the same keys.
    Keys,
    /// All: the rows are those of a query, and what is there already was left as it is.
    AllRows,
}

/// Entries that are ready, of tables that nobody else commits to meanwhile.
pub struct Publication {
    entries: Vec<UnpublishedEntry>,
    _alone: Vec<OwnedMutexGuard<()>>,
}

impl Publication {
    /// The entries.
    pub fn entries(&self) -> &[UnpublishedEntry] {
        &self.entries
    }

    /// Takes the entries of new tables out, which may be published before the commit: nobody knows
    /// these tables.
    pub fn split_new(&mut self) -> Vec<UnpublishedEntry> {
        let entries = std::mem::take(&mut self.entries);
        let (new, old) = entries.into_iter().partition(|entry| entry.version == 0);
        self.entries = old;
        new
    }
}

impl Warehouse {
    /// The warehouse as a transaction sees it that has written nothing yet. What is written to it
    /// stays the transaction's own until [`Self::prepare_publication`]. Of `frozen` tables it sees no
    /// version after these.
    pub fn begin_transaction(
        self: &Arc<Self>,
        frozen: impl Iterator<Item = (TableId, i64)>,
    ) -> Self {
        let frozen = frozen.map(|(table, version)| {
            let log = self.root.place(&table).log();
            (log, version.unsigned_abs())
        });
        self.over(Arc::new(Staging::new(frozen.collect())))
    }

    /// Has [`Self::finish_commits`] wait until this is dropped.
    pub async fn keep_running(&self) -> tokio::sync::OwnedRwLockReadGuard<()> {
        Arc::clone(&self.running).read_owned().await
    }

    /// Whether a transaction has changed a table.
    pub fn has_staged(&self, table: &TableId) -> bool {
        let log = || self.root.place(table).log();
        let staging = self.staging();
        staging.is_some_and(|staging| staging.has(&log()))
    }

    /// The files of a transaction that no version will have, to be held after its end by whoever reads
    /// them.
    pub fn hold_files(&self) -> Option<Arc<HeldFiles>> {
        self.staging().map(Staging::hold)
    }

    /// Whether a transaction reads a table as it was at some version, whatever is committed since.
    pub fn has_frozen(&self, table: &TableId) -> bool {
        let log = || self.root.place(table).log();
        let staging = self.staging();
        staging.is_some_and(|staging| staging.freezes(&log()))
    }

    /// What a transaction has changed of a table, if anything.
    pub fn changed_table(&self, table: &TableId) -> Option<ChangedTable> {
        let mut changed = self.changed_tables().into_iter();
        changed.find(|changed| changed.table == *table)
    }

    /// How far a transaction has read a table, at a version as it counts them; none where it has not
    /// changed it.
    pub fn own_read(&self, table: &TableId, version: i64) -> Option<OwnRead> {
        let transaction = self.staging()?.id().to_owned();
        let base = self.changed_table(table)?.base;
        Some(OwnRead {
            transaction,
            base,
            version,
        })
    }

    /// The version of the table that has what a transaction has read: within it, as it counts them,
    /// and after its commit the one that this made. None where it made none that has all of this and
    /// nothing else: others came before it, it changed the table again, or the log is gone.
    ///
    /// # Errors
    /// What the store says.
    pub async fn version_of(&self, table: &TableId, read: &OwnRead) -> Result<Option<i64>> {
        if self.staging().is_some_and(|it| it.id() == read.transaction) {
            return Ok(Some(read.version));
        }
        let base = read.base.unwrap_or(-1);
        let made = base + 1;
        let entry = match self.read(table).read_entry(made.unsigned_abs()).await {
            Ok(entry) => entry,
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => return Ok(None),
            Err(error) => return Err(error.within(format!("table {table}"))),
        };
        let has_all = commit_info(&entry).is_some_and(|info| {
            info[TRANSACTION_ID] == read.transaction.as_str()
                && info[STAGED_ENTRIES] == read.version - base
        });
        Ok(has_all.then_some(made))
    }

    /// The tables that a transaction has changed.
    pub fn changed_tables(&self) -> Vec<ChangedTable> {
        let logs = self.staging().map(|staging| staging.logs());
        let changed = logs.into_iter().flatten().map(|log| ChangedTable {
            base: log
                .first
                .checked_sub(1)
                .and_then(|it| i64::try_from(it).ok()),
            table: log.table,
        });
        changed.collect()
    }

    /// How far a transaction has come.
    pub fn mark(&self) -> StagingMark {
        self.staging()
            .map_or_else(|| Staging::default().mark(), Staging::mark)
    }

    /// Takes back what a transaction has written since.
    pub fn roll_back_to(&self, mark: &StagingMark) {
        if let Some(staging) = self.staging() {
            staging.roll_back_to(mark);
        }
        // What is known of the tables is what they were.
        *self.tables.lock() = Default::default();
    }

    /// Makes ready what a transaction has staged: one entry for each table, at the version that is
    /// next. `depends_on` tells what its new rows in a table depend on.
    ///
    /// # Errors
    /// 40001 where another commit has changed the same rows, or the columns; what the store says.
    pub async fn prepare_publication(
        &self,
        transaction: &Self,
        depends_on: impl Fn(&TableId) -> DependsOn,
    ) -> Result<Publication> {
        let (mut logs, id) = match transaction.staging() {
            Some(staging) => (staging.logs(), staging.id()),
            None => (Vec::new(), ""),
        };
        // All who commit to several tables wait for them in one order.
        logs.sort_by(|left, right| {
            let key = |log: &StagedLog| (log.table.oid, log.table.to_string());
            key(left).cmp(&key(right))
        });
        let mut publication = Publication {
            entries: Vec::with_capacity(logs.len()),
            _alone: Vec::with_capacity(logs.len()),
        };
        for log in logs {
            let table = self.table(&log.table);
            publication._alone.push(table.alone().await);
            // The entry is in Delta's words, so that all before it must be.
            if table.exists().await? {
                table.fold_alone(table.latest().await?).await?;
            }
            let depends_on = depends_on(&log.table);
            publication
                .entries
                .push(ready(&table, &log, id, depends_on).await?);
        }
        Ok(publication)
    }

    /// Publishes an entry that decides whether the transaction is committed.
    ///
    /// # Errors
    /// 40001 where another writer was faster; what the store says.
    pub async fn publish_deciding(&self, entry: &UnpublishedEntry) -> Result<()> {
        let table = self.table(&entry.table);
        let bytes = Bytes::from(entry.entry.clone());
        let published = table
            .place
            .publish(&table.id, version(entry), bytes, Vec::new())
            .await;
        match published {
            Published::Yes => {
                let (bytes, interval) = (entry.entry.as_bytes(), self.settings.checkpoint_interval);
                table.seen(entry.version, bytes, interval).await;
                self.changed.add(&table.id);
                Ok(())
            }
            Published::Conflict => Err(table.conflict()),
            Published::No(error) | Published::Unknown(error) => {
                Err(error.within(format!("table {}", table.called())))
            }
        }
    }

    /// Publishes an entry that is committed already, unless it is in the log. Where another engine
    /// has taken its version meanwhile, it takes the next one.
    ///
    /// # Errors
    /// What the store says; then it is to be tried again.
    pub async fn publish_committed(&self, entry: &UnpublishedEntry) -> Result<()> {
        let table = self.table(&entry.table);
        let mut at = version(entry);
        loop {
            match table.read_entry(at).await {
                Ok(found) if is_entry(&found, &entry.id) => break,
                Ok(_) => at += 1,
                Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => {
                    let bytes = Bytes::from(entry.entry.clone());
                    let published = table.place.publish(&table.id, at, bytes, Vec::new());
                    match published.await {
                        Published::Yes => break,
                        // Another one has helped, or another engine has written.
                        Published::Conflict => {}
                        Published::No(error) | Published::Unknown(error) => {
                            return Err(error.within(format!("table {}", table.called())));
                        }
                    }
                }
                Err(error) => return Err(error.within(format!("table {}", table.called()))),
            }
        }
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let interval = self.settings.checkpoint_interval;
        table.seen(at, entry.entry.as_bytes(), interval).await;
        self.changed.add(&table.id);
        Ok(())
    }

    /// Ends a transaction. Where it is committed, the files of the entries that were published stay,
    /// and tables that it dropped go; where not, all that it wrote goes.
    pub async fn end_transaction(
        &self,
        transaction: &Self,
        published: Option<&[UnpublishedEntry]>,
    ) {
        let Some(ended) = transaction.staging().map(Staging::end) else {
            return;
        };
        let Ended {
            files,
            begun,
            dropped,
            held,
        } = ended;
        let entries = published.unwrap_or_default();
        let kept: BTreeSet<String> = entries.iter().flat_map(kept_files).collect();
        for written in files {
            written.keep_only(&kept);
            if let Some(held) = &held {
                held.take_in(written);
            }
        }
        let there: BTreeSet<_> = entries
            .iter()
            .map(|entry| self.root.place(&entry.table).path)
            .collect();
        // What does not outlive the transaction reads nothing after a failure.
        let held = held.filter(|_| published.is_some());
        let mut standing = BTreeSet::new();
        for place in begun.into_iter().filter(|it| !there.contains(&it.path)) {
            if let Some(held) = &held {
                standing.insert(place.path.clone());
                held.take_in_table(place);
            } else if let Err(error) = cleanup::remove_table(&place).await {
                tracing::warn!("the folder {} stays behind: {error}", place.path);
            }
        }
        if published.is_none() {
            return;
        }
        for table in dropped {
            let removed = match standing.contains(&self.root.place(&table).path) {
                true => self.indexes.forget(&table).await,
                false => self.remove(&table).await,
            };
            if let Err(error) = removed {
                tracing::warn!("the files of {table}, which was dropped, stay behind: {error}");
            }
        }
    }
}

fn version(entry: &UnpublishedEntry) -> u64 {
    entry.version.unsigned_abs()
}

fn is_entry(found: &[u8], id: &str) -> bool {
    commit_info(found).is_some_and(|info| info[TRANSACTION_ID] == id)
}

/// The files and deletion vectors that an entry puts in.
fn kept_files(entry: &UnpublishedEntry) -> Vec<String> {
    let mut kept = Vec::new();
    for action in file_actions(entry.entry.as_bytes()).into_iter().flatten() {
        if let FileAction::Added { path, vector } = action {
            kept.push(path);
            kept.extend(vector);
        }
    }
    kept
}

/// One entry in the place of those that a transaction staged for a table.
async fn ready(
    table: &Table,
    log: &StagedLog,
    id: &str,
    depends_on: DependsOn,
) -> Result<UnpublishedEntry> {
    let mut net = Net::of(log)?;
    let current = match table.exists().await? {
        true => Some(table.latest().await?),
        false => None,
    };
    let next = current.as_ref().map_or(0, |current| current.version + 1);
    match (&current, log.first) {
        (None, 0) => {}
        (Some(_), first) if next == first => {}
        (Some(current), first) if first > 0 => {
            let at = At::Version(i64::try_from(first - 1).unwrap_or(i64::MAX));
            let base = table.snapshot(at).await?;
            net.settle(current)?;
            net.leave_out_known(&base, current)?;
            // To move rows, or to fold what was there, changes none.
            let is_touched = match depends_on {
                DependsOn::Nothing => false,
                DependsOn::Keys if !net.adds() => false,
                DependsOn::Keys | DependsOn::AllRows => table.data_version().await? >= first,
            };
            if is_touched || !net.fits(&base, current)? {
                return Err(table.conflict());
            }
        }
        _ => return Err(table.conflict()),
    }
    let timestamp = table.next_time(current.as_deref()).await?;
    Ok(UnpublishedEntry {
        table: table.id.clone(),
        version: i64::try_from(next).unwrap_or(i64::MAX),
        entry: net.entry(id, log.entries.len(), timestamp),
        id: id.to_owned(),
    })
}
