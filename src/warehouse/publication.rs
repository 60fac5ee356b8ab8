//! Publishing what a transaction has staged: the entries that it made for a table become one entry of
//! the table's log.
//!
//! What several tables get is published together or not at all. The entries are written down by who
//! commits, and that they are is the commit; publishing them is repeated until all are in their logs,
//! each known by its id.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::kernel::{Action, Remove};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::OwnedMutexGuard;

use super::deletion_vector::DeletionVector;
use super::entry::{FileAction, commit_info, file_actions};
use super::participant::TRANSACTION_ID;
use super::patch::FOLDED;
use super::place::Published;
use super::snapshot::{Snapshot, own_properties};
use super::staging::{Ended, HeldFiles, StagedLog, Staging, StagingMark};
use super::table::{ALTERATION, DEFINING, REFRESH, Table, WATERMARK, has_deletion_vectors};
use super::table_id::TableId;
use super::{At, Warehouse, cleanup};
use crate::error::{Error, Result, SqlState};

/// The operation of a commit that several statements made.
const SEVERAL: &str = "TRANSACTION";

/// The operations that tell how far the inputs of rows were read. A commit that several of them made is what
/// the first of these is, and tells that as the last of them does.
const OF_QUERIES: [&str; 3] = [REFRESH, ALTERATION, WATERMARK];

/// How many entries of a transaction an entry has taken in.
pub(super) const STAGED_ENTRIES: &str = "stagedEntries";

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

/// What deletion vectors were called before, by the paths of their files, where actions are a fold.
fn names_of_fold(actions: &[Value]) -> Option<HashMap<String, String>> {
    let names = actions.first()?.get("commitInfo")?.get(FOLDED)?;
    serde_json::from_value(names.clone()).ok()
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::internal(format!("a staged entry: {error}"))
}

/// What several entries do to a table together.
#[derive(Default)]
struct Net {
    infos: Vec<Value>,
    protocol: Option<Value>,
    metadata: Option<Value>,
    files: BTreeMap<String, Fate>,
    /// Deletion vectors that patches made and the transaction has folded for itself, by the paths of
    /// their files.
    folded: BTreeMap<String, Folded>,
}

/// A deletion vector of patches in a fold that nobody else sees.
struct Folded {
    /// As the fold has it.
    vector: Value,
    /// As others know it, who may have folded it too.
    was: Value,
}

/// What becomes of a file.
#[derive(Default)]
struct Fate {
    /// The action that takes it out as it was before.
    before: Option<Value>,
    /// The action that puts it in as it is now.
    after: Option<Value>,
    /// Whether the transaction has written it.
    is_new: bool,
}

impl Fate {
    /// The rows and the bytes of a file that the transaction has written and not taken out again.
    fn written(&self) -> Option<(u64, u64)> {
        let add = &self.after.as_ref().filter(|_| self.is_new)?["add"];
        let stats: Option<Value> = serde_json::from_str(add["stats"].as_str()?).ok();
        let rows = stats?["numRecords"].as_u64()?;
        let gone = add["deletionVector"]["cardinality"].as_u64();
        let rows = rows.saturating_sub(gone.unwrap_or_default());
        Some((rows, add["size"].as_u64().unwrap_or_default()))
    }

    /// Whether the file is there with the rows that it had.
    fn is_none(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => {
                before["remove"]
                    .get("deletionVector")
                    .filter(|it| !it.is_null())
                    == after["add"]
                        .get("deletionVector")
                        .filter(|it| !it.is_null())
            }
            (None, None) => true,
            _ => false,
        }
    }
}

impl Net {
    fn of(log: &StagedLog) -> Result<Self> {
        let mut net = Self::default();
        for (entry, _) in &log.entries {
            let lines = entry.split(|byte| *byte == b'\n');
            let lines = lines.filter(|line| !line.is_empty());
            let actions = lines.map(|line| serde_json::from_slice(line).map_err(unreadable));
            let actions: Vec<Value> = actions.collect::<Result<_>>()?;
            if let Some(names) = names_of_fold(&actions) {
                net.fold(&names, &actions)?;
                continue;
            }
            for mut action in actions {
                if let Some(info) = action.get_mut("commitInfo") {
                    net.infos.push(info.take());
                } else if action.get("protocol").is_some() {
                    net.protocol = Some(action);
                } else if action.get("metaData").is_some() {
                    net.metadata = Some(action);
                } else if let Some(path) = action["remove"]["path"].as_str() {
                    let path = path.to_owned();
                    if let Some(folded) = net.folded.get(&path)
                        && let Some(vector) = action["remove"].get_mut("deletionVector")
                        && *vector == folded.vector
                    {
                        *vector = folded.was.clone();
                    }
                    let fate = net.files.entry(path).or_default();
                    // One that this transaction put in was not there before.
                    if fate.after.take().is_none() {
                        fate.before = Some(action);
                    }
                } else if let Some(path) = action["add"]["path"].as_str() {
                    let path = path.to_owned();
                    // What RESTORE puts in was there before, and is not counted.
                    let info = net.infos.last();
                    let writes = info.is_some_and(|it| it["operationMetrics"]["numFiles"] != "0");
                    let fate = net.files.entry(path).or_insert_with(|| Fate {
                        is_new: writes,
                        ..Fate::default()
                    });
                    fate.after = Some(action);
                }
            }
        }
        Ok(net)
    }

    /// Takes in a fold that the transaction has made of what it sees. Nothing has changed by that, but
    /// what deletion vectors are called.
    fn fold(&mut self, names: &HashMap<String, String>, actions: &[Value]) -> Result<()> {
        for action in actions.iter().filter(|action| !action["add"].is_null()) {
            let (path, vector) = (&action["add"]["path"], &action["add"]["deletionVector"]);
            let Action::Add(add) = serde_json::from_value(action.clone()).map_err(unreadable)?
            else {
                continue;
            };
            if let (Some(path), Some(name)) = (path.as_str(), names.get(&add.path)) {
                let was = DeletionVector::of_patch(name.clone(), RoaringBitmap::new());
                let folded = Folded {
                    vector: vector.clone(),
                    was: serde_json::to_value(was.descriptor).map_err(unreadable)?,
                };
                self.folded.insert(path.to_owned(), folded);
            }
        }
        Ok(())
    }

    /// Has deletion vectors of before a fold be called what they are called now.
    fn settle(&mut self, current: &Snapshot) -> Result<()> {
        let there = current.by_path();
        for (path, fate) in &mut self.files {
            let (Some(file), Some(before)) = (there.get(path.as_str()), &mut fate.before) else {
                continue;
            };
            let action = serde_json::from_value(before.clone()).map_err(unreadable)?;
            if let Action::Remove(remove) = action
                && let Some(gone) = &file.gone
                && file.has_lost(remove.deletion_vector.as_ref())
            {
                before["remove"]["deletionVector"] =
                    serde_json::to_value(&gone.descriptor).map_err(unreadable)?;
            }
        }
        Ok(())
    }

    /// Whether rows come.
    fn adds(&self) -> bool {
        self.files.values().any(|fate| fate.after.is_some())
    }

    /// Whether the changes can be made to the version that is current, instead of to their base:
    /// what goes is there, and what comes has its columns.
    fn fits(&self, base: &Snapshot, current: &Snapshot) -> Result<bool> {
        if base.schema.delta != current.schema.delta || !self.keeps_declaration(base, current)? {
            return Ok(false);
        }
        let there = current.by_path();
        for action in self.files.values().filter_map(|fate| fate.before.as_ref()) {
            let action: Action = serde_json::from_value(action.clone()).map_err(unreadable)?;
            let Action::Remove(Remove {
                path,
                deletion_vector,
                ..
            }) = action
            else {
                continue;
            };
            let file = there.get(path.as_str());
            if !file.is_some_and(|file| file.has_lost(deletion_vector.as_ref())) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Leaves out that rows may be gone from files, where others have said so since the base.
    fn leave_out_known(&mut self, base: &Snapshot, current: &Snapshot) -> Result<()> {
        if has_deletion_vectors(current) && self.only_lets_rows_go(base)? {
            (self.protocol, self.metadata) = (None, None);
        }
        Ok(())
    }

    /// Whether the version that is current stays what it is declared as, and can do what it can. Others
    /// may have taken the first rows out of files since the base, which is a feature of tables and no
    /// conflict.
    fn keeps_declaration(&self, base: &Snapshot, current: &Snapshot) -> Result<bool> {
        if self.metadata.is_none() && self.protocol.is_none() {
            let mut features = base.features.iter();
            return Ok(features.all(|feature| current.features.contains(feature)));
        }
        Ok(base.features == current.features
            && base.is_partitioned == current.is_partitioned
            && base.own_properties() == current.own_properties()
            && self.only_lets_rows_go(base)?)
    }

    /// Whether all that is said of the table is that rows may be gone from its files.
    fn only_lets_rows_go(&self, base: &Snapshot) -> Result<bool> {
        let Some(metadata) = self.metadata.as_ref().map(|it| &it["metaData"]) else {
            return Ok(self.protocol.is_none());
        };
        let properties = metadata["configuration"].clone();
        let properties: HashMap<String, String> =
            serde_json::from_value(properties).map_err(unreadable)?;
        Ok(metadata["schemaString"] == json!(base.schema.delta)
            && metadata["partitionColumns"] == json!(base.schema.partitions)
            && own_properties(&properties) == base.own_properties())
    }

    /// The entry.
    fn entry(self, id: &str, entries: usize, timestamp: i64) -> String {
        let mut info = self.info(id, timestamp);
        info[STAGED_ENTRIES] = entries.into();
        let mut lines = vec![json!({"commitInfo": info})];
        lines.extend(self.protocol);
        lines.extend(self.metadata);
        // What came back as it was has not changed.
        let changed = self.files.into_values().filter(|fate| !fate.is_none());
        let (before, after): (Vec<_>, Vec<_>) =
            changed.map(|fate| (fate.before, fate.after)).unzip();
        lines.extend(before.into_iter().flatten());
        lines.extend(after.into_iter().flatten());
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text
    }

    fn info(&self, id: &str, timestamp: i64) -> Value {
        let mut info = self.infos.last().cloned().unwrap_or_default();
        info[TRANSACTION_ID] = id.into();
        info["timestamp"] = timestamp.into();
        if self.infos.len() < 2 {
            return info;
        }
        let mut operations: Vec<&str> = Vec::new();
        for operation in self.infos.iter().filter_map(|it| it["operation"].as_str()) {
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
        let defines = operations
            .iter()
            .find(|it| DEFINING.iter().any(|word| it.starts_with(word)));
        let is_of_query = operations.iter().all(|it| OF_QUERIES.contains(it));
        let refreshes = OF_QUERIES.iter().find(|it| operations.contains(it));
        let refreshes = refreshes.filter(|_| is_of_query);
        info["operation"] = match (defines.or(refreshes), operations.as_slice()) {
            (Some(operation), _) => (*operation).into(),
            (None, [one]) => (*one).into(),
            (None, _) => SEVERAL.into(),
        };
        if operations.len() > 1 {
            info["operationParameters"]["statements"] = operations.join(", ").into();
        }
        // What one statement has written and another one took out again is in no version.
        let written: Vec<_> = self.files.values().filter_map(Fate::written).collect();
        let metrics = &mut info["operationMetrics"];
        metrics["numFiles"] = written.len().to_string().into();
        let rows = written.iter().map(|(rows, _)| rows);
        metrics["numOutputRows"] = rows.sum::<u64>().to_string().into();
        let bytes = written.iter().map(|(_, bytes)| bytes);
        metrics["numOutputBytes"] = bytes.sum::<u64>().to_string().into();
        let appends = self.infos.iter().all(|info| info["isBlindAppend"] == true);
        info["isBlindAppend"] = appends.into();
        info
    }
}
