//! Which versions a table has, and what its log tells of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use deltalake_core::DeltaTable;
use object_store::{ObjectMeta, ObjectStoreExt as _};

use super::super::At;
use super::super::entry::commit_info;
use super::super::snapshot::Snapshot;
use super::{ALTERATION, COMPACTION, FOLD, REFRESH, Table, WATERMARK};
use crate::error::{Error, Result, SqlState};

/// What the operations of commits begin with that give a table its definition.
pub const DEFINING: [&str; 2] = ["CREATE TABLE", "ALTER TABLE"];

/// Commits that follow each other at once are given times that are ahead of the clock by no more than this.
const AHEAD: TimeDelta = TimeDelta::milliseconds(1_000);

/// What is so long ago is a statement's present, where nothing better is known.
const PRESENT: TimeDelta = TimeDelta::milliseconds(60_000);

impl Table {
    /// The version that `at` stands for.
    pub async fn snapshot(&self, at: At) -> Result<Arc<Snapshot>> {
        let latest = self.latest().await?;
        let version = match at {
            At::Latest => return Ok(latest),
            At::Version(version) => self.existing(version, &latest).await?,
            At::Timestamp(time) => self.version_at(time, &latest).await?,
        };
        if version == latest.version {
            return Ok(latest);
        }
        let mut log = DeltaTable::new(Arc::clone(&self.log_store));
        let log = self
            .read_log(Some(version), async move {
                log.load_version(version).await.map(|()| log)
            })
            .await?;
        let snapshot = Snapshot::read(&log, &self.id, Some(&latest))?;
        Ok(Arc::new(self.with_patches(snapshot).await?))
    }

    /// Whether the files of a version are there: those that only old versions have may have been
    /// deleted since.
    pub async fn check_there(&self, version: &Snapshot) -> Result<()> {
        let latest = self.latest().await?;
        if latest.version == version.version {
            return Ok(());
        }
        let (kept, wanted) = (latest.paths(), version.paths());
        for path in wanted.difference(&kept) {
            match self.place.store.head(&self.place.file(path)).await {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => {
                    let number = version.version;
                    return Err(Error::new(
                        SqlState::INVALID_PARAMETER_VALUE,
                        format!(
                            "version {number} of table {} is no longer there",
                            self.called()
                        ),
                    )
                    .with_detail("VACUUM has deleted its files."));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The version that made the rows what they are in the latest one: those after it only moved them.
    pub async fn data_version(&self) -> Result<u64> {
        let latest = self.latest().await?.version;
        self.data_version_until(latest).await
    }

    /// The version that made the rows what they are in this one.
    pub async fn data_version_until(&self, mut version: u64) -> Result<u64> {
        while version > 0 {
            let entry = match self.read_entry(version).await {
                Ok(entry) => entry,
                // Another engine has cleaned up the log.
                Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => break,
                Err(error) => return Err(error),
            };
            let keeps_rows =
                |operation: &String| [COMPACTION, FOLD, WATERMARK].contains(&&**operation);
            if !operation(&entry).as_ref().is_some_and(keeps_rows) {
                break;
            }
            version -= 1;
        }
        Ok(version)
    }

    /// The parameters of the commit that made the rows of the latest version, or told of them last;
    /// none where it was no refresh.
    pub async fn last_refresh(&self) -> Result<Option<BTreeMap<String, String>>> {
        let mut version = self.latest().await?.version;
        loop {
            let entry = match self.read_entry(version).await {
                Ok(entry) => entry,
                // Another engine has cleaned up the log.
                Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => return Ok(None),
                Err(error) => return Err(error),
            };
            match (operation(&entry).as_deref(), version.checked_sub(1)) {
                (Some(REFRESH | WATERMARK | ALTERATION), _) => return Ok(Some(parameters(&entry))),
                (Some(COMPACTION | FOLD), Some(before)) => version = before,
                _ => return Ok(None),
            }
        }
    }

    /// The first version after this one that may have given the table another definition.
    pub async fn defined_since(&self, version: u64) -> Result<Option<u64>> {
        let latest = self.latest().await?.version;
        for later in version + 1..=latest {
            let entry = self.read_entry(later).await?;
            if operation(&entry).is_some_and(|it| DEFINING.iter().any(|word| it.starts_with(word)))
            {
                return Ok(Some(later));
            }
        }
        Ok(None)
    }

    /// The number of a version and the parameters of the commit that made it; of a fold, which changes
    /// nothing, those of the version before.
    pub async fn told_by(&self, version: i64) -> Result<(i64, BTreeMap<String, String>)> {
        let mut number = u64::try_from(version).map_err(|_| {
            Error::internal(format!("table {} has no version {version}", self.called()))
        })?;
        loop {
            let entry = self.read_entry(number).await?;
            match number.checked_sub(1) {
                Some(before) if operation(&entry).as_deref() == Some(FOLD) => number = before,
                _ => {
                    let told_by = i64::try_from(number).unwrap_or(i64::MAX);
                    return Ok((told_by, parameters(&entry)));
                }
            }
        }
    }

    /// When the commit of an entry was made, in milliseconds of the epoch.
    pub(super) async fn time_of(&self, version: u64, meta: Option<&ObjectMeta>) -> Result<i64> {
        let entry = self.read_entry(version).await?;
        let told = commit_info(&entry).and_then(|info| info["timestamp"].as_i64());
        Ok(told
            .or(meta.map(|meta| meta.last_modified.timestamp_millis()))
            .unwrap_or_default())
    }

    /// When a version was committed, in milliseconds of the epoch; 0 where nothing tells of it any more.
    pub(super) async fn committed_at(&self, version: &Snapshot) -> Result<i64> {
        if let Some(time) = version.time {
            return Ok(time);
        }
        match self.time_of(version.version, None).await {
            // Only a checkpoint has that version: another engine has cleaned up the log.
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_FILE => Ok(0),
            time => time,
        }
    }

    /// Whether a time is the present of who asks for it, and the latest version said to be later: then the
    /// clock was set back since, and the times of commits, which never decrease, go on from the old one.
    pub async fn is_overtaken(&self, time: DateTime<Utc>, latest: &Snapshot) -> Result<bool> {
        let now = Utc::now();
        let is_present = time <= now && time > now - PRESENT;
        let ahead = (now + AHEAD).timestamp_millis();
        Ok(is_present && self.committed_at(latest).await? > ahead)
    }

    async fn existing(&self, version: i64, latest: &Snapshot) -> Result<u64> {
        let entries = self.entries().await?;
        let first = self.first_version(&entries).await?;
        u64::try_from(version)
            .ok()
            .filter(|version| (first..=latest.version).contains(version))
            .ok_or_else(|| {
                Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("table {} has no version {version}", self.called()),
                )
                .with_detail(format!("It has versions {first} to {}.", latest.version))
            })
    }

    /// How many of the first entries were committed at this time, in milliseconds of the epoch, or
    /// before.
    pub(super) async fn committed_by(
        &self,
        time: i64,
        entries: &[(u64, ObjectMeta)],
    ) -> Result<usize> {
        // Times of commits never decrease, so the last one is found by halving.
        let (mut before, mut after) = (0, entries.len());
        while before < after {
            let middle = usize::midpoint(before, after);
            let (version, meta) = &entries[middle];
            if self.time_of(*version, Some(meta)).await? <= time {
                before = middle + 1;
            } else {
                after = middle;
            }
        }
        Ok(before)
    }

    /// The first version that was committed at this time or after; the next one to come where there
    /// is none.
    pub async fn version_since(&self, time: DateTime<Utc>) -> Result<u64> {
        let entries = self.entries().await?;
        let before = self
            .committed_by(time.timestamp_millis() - 1, &entries)
            .await?;
        let since = entries.get(before).map(|(version, _)| *version);
        let last = entries.last().map_or(0, |(version, _)| *version);
        Ok(since.unwrap_or(last + 1))
    }

    /// The last version that was committed at this time or before; none where all are later.
    pub async fn version_until(&self, time: DateTime<Utc>) -> Result<Option<u64>> {
        let entries = self.entries().await?;
        let before = self.committed_by(time.timestamp_millis(), &entries).await?;
        let last = before.checked_sub(1).and_then(|last| entries.get(last));
        Ok(last.map(|(version, _)| *version))
    }

    /// The last version that was committed at that time or before. What a table will hold is not known,
    /// so a time to come has no version, unless the clock was set back and it is that of a commit.
    async fn version_at(&self, time: DateTime<Utc>, latest: &Snapshot) -> Result<u64> {
        let none = || {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("table {} has no version of {time}", self.called()),
            )
        };
        let last = DateTime::from_timestamp_millis(self.committed_at(latest).await?);
        if time > last.unwrap_or_default().max(Utc::now()) {
            return Err(none()
                .with_detail("That time is yet to come.")
                .with_hint("Leave out TIMESTAMP AS OF to read the latest version."));
        }
        if self.is_overtaken(time, latest).await? {
            return Ok(latest.version);
        }
        let mut entries = self.entries().await?;
        let first = self.first_version(&entries).await?;
        entries.retain(|(version, _)| (first..=latest.version).contains(version));
        let before = self.committed_by(time.timestamp_millis(), &entries).await?;
        if let Some((version, _)) = before.checked_sub(1).and_then(|last| entries.get(last)) {
            return Ok(*version);
        }
        let first = match entries.first() {
            Some((version, meta)) => self.time_of(*version, Some(meta)).await?,
            None => 0,
        };
        let first = DateTime::from_timestamp_millis(first).unwrap_or_default();
        Err(none().with_detail(format!("Its first version is of {first}.")))
    }
}

/// The parameters of an entry.
fn parameters(entry: &[u8]) -> BTreeMap<String, String> {
    let info = commit_info(entry).unwrap_or_default();
    let parameters = info["operationParameters"].as_object();
    parameters
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The operation of an entry.
fn operation(entry: &[u8]) -> Option<String> {
    let info = commit_info(entry)?;
    info["operation"].as_str().map(str::to_owned)
}
