//! How far back a log goes: old entries are deleted once a checkpoint tells what they came to.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use object_store::{ObjectMeta, ObjectStoreExt as _};

use super::super::At;
use super::Table;
use crate::error::Result;

/// What a whole checkpoint's file is called after its version.
const WHOLE: &str = ".checkpoint.parquet";

/// A checkpoint, or a part of one.
pub(super) struct Checkpoint {
    pub version: u64,
    file: ObjectMeta,
}

impl Checkpoint {
    fn of(file: ObjectMeta) -> Option<Self> {
        let (digits, rest) = file.location.filename()?.split_at_checked(20)?;
        let version = digits.parse().ok()?;
        rest.starts_with(".checkpoint.")
            .then_some(Self { version, file })
    }

    fn is_whole(&self) -> bool {
        let name = self.file.location.filename();
        name.is_some_and(|name| name.ends_with(WHOLE) && name.len() == 20 + WHOLE.len())
    }
}

impl Table {
    /// The checkpoints of the log, and the parts of those in several files, oldest first.
    pub(super) async fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        let log = self.place.log();
        let listed: Vec<ObjectMeta> = self.place.store.list(Some(&log)).try_collect().await?;
        let mut found: Vec<_> = listed.into_iter().filter_map(Checkpoint::of).collect();
        found.sort_by_key(|checkpoint| checkpoint.version);
        Ok(found)
    }

    /// The first version that can be read, of a log with these entries.
    pub(in crate::warehouse) async fn first_version(
        &self,
        entries: &[(u64, ObjectMeta)],
    ) -> Result<u64> {
        match entries.first() {
            None | Some((0, _)) => Ok(0),
            Some((first, _)) => {
                let checkpoints = self.checkpoints().await?;
                let mut versions = checkpoints.iter().map(|checkpoint| checkpoint.version);
                Ok(versions.find(|version| version >= first).unwrap_or(*first))
            }
        }
    }

    /// Deletes the entries before the version that was the latest at `horizon`, as far as a checkpoint
    /// stands for them, and neither one of the versions that are to be kept nor the commit that made the
    /// latest rows is among them; tells how many. Versions before that checkpoint cannot be read, or told
    /// of, any more.
    ///
    /// # Errors
    /// What the store says.
    pub(in crate::warehouse) async fn shorten_log(
        &self,
        horizon: DateTime<Utc>,
        kept: &BTreeSet<i64>,
    ) -> Result<usize> {
        let entries = self.entries().await?;
        let old = self
            .committed_by(horizon.timestamp_millis(), &entries)
            .await?;
        let Some((then, _)) = old.checked_sub(1).and_then(|last| entries.get(last)) else {
            return Ok(0);
        };
        let kept = kept.first().map_or(*then, |first| first.unsigned_abs());
        let bound = kept.min(*then).min(self.data_version().await?);
        let checkpoints = self.checkpoints().await?;
        let mut whole = checkpoints.iter().rev();
        let Some(from) =
            whole.find(|checkpoint| checkpoint.version <= bound && checkpoint.is_whole())
        else {
            return Ok(0);
        };
        let number = i64::try_from(from.version).unwrap_or(i64::MAX);
        let snapshot = self.snapshot(At::Version(number)).await?;
        // A checkpoint knows nothing of patches that are folded after it.
        let needed = match &snapshot.patched {
            Some(patched) => (patched.since + 1).min(from.version),
            None => from.version,
        };
        let mut deleted = 0;
        // The oldest first: what is left of a log has no gaps, whatever comes in between.
        for (_, entry) in entries.iter().take_while(|(version, _)| *version < needed) {
            self.place.store.delete(&entry.location).await?;
            deleted += 1;
        }
        let older = checkpoints
            .iter()
            .take_while(|checkpoint| checkpoint.version < from.version);
        for checkpoint in older {
            self.place.store.delete(&checkpoint.file.location).await?;
        }
        Ok(deleted)
    }
}
