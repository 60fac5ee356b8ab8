//! Which file of a log is missing or damaged, where a log cannot be read.

use std::collections::BTreeMap;

use deltalake_core::DeltaTableError;
use futures::TryStreamExt as _;
use object_store::ObjectMeta;
use object_store::path::Path;
use serde::de::IgnoredAny;

use super::super::failure::from_delta;
use super::Table;
use crate::error::{Error, Result, SqlState};

/// What to do where there is no other copy of what an entry told.
const RESTORE: &str = "Restore the file from a backup of the table's folder. Until then nothing is \
                       read from the table, or written to it.";

impl Table {
    /// The error of reading the log up to a version, or to its end, which names the entry that is missing
    /// or damaged, where one is.
    pub(super) async fn unreadable(&self, error: DeltaTableError, version: Option<u64>) -> Error {
        let error = from_delta(error, &self.called());
        if error.sqlstate() != SqlState::DATA_CORRUPTED {
            return error;
        }
        match self.damage(version).await {
            Ok(Some(damage)) => damage.within(format!("table {}", self.called())),
            // What reads the log knows better.
            Ok(None) | Err(_) => error,
        }
    }

    async fn damage(&self, version: Option<u64>) -> Result<Option<Error>> {
        let mut entries: BTreeMap<u64, ObjectMeta> = self.entries().await?.into_iter().collect();
        let checkpoints = self.checkpoints().await?;
        let end = entries.last_key_value().map(|(last, _)| *last);
        let Some(last) = version.or(end) else {
            return Ok(None);
        };
        // A checkpoint stands for all entries up to its own.
        let mut before = checkpoints.iter().map(|checkpoint| checkpoint.version);
        let checkpoint = before.rfind(|version| *version <= last);
        let first = checkpoint.map_or(0, |version| version + 1);
        entries.retain(|version, _| (first..=last).contains(version));
        if let Some(version) = (first..=last).find(|version| !entries.contains_key(version)) {
            return Ok(Some(missing(&self.place.entry(version), version, end)));
        }
        if let Some((_, entry)) = entries.iter().find(|(_, entry)| entry.size == 0) {
            return Ok(Some(empty(&entry.location)));
        }
        let versions: Vec<u64> = entries.into_keys().collect();
        let mut read = std::pin::pin!(self.read_entries(versions));
        while let Some((version, entry)) = read.try_next().await? {
            let lines = entry.split(|byte| *byte == b'\n').enumerate();
            let mut lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
            let damaged =
                lines.find(|(_, line)| serde_json::from_slice::<IgnoredAny>(line).is_err());
            if let Some((line, _)) = damaged {
                return Ok(Some(damaged_at(&self.place.entry(version), line + 1)));
            }
        }
        Ok(None)
    }
}

fn name(entry: &Path) -> &str {
    entry.filename().unwrap_or_default()
}

fn missing(entry: &Path, version: u64, last: Option<u64>) -> Error {
    let message = format!("{} is missing from its log", name(entry));
    let error = Error::new(SqlState::DATA_CORRUPTED, message).with_hint(RESTORE);
    match last.filter(|last| *last > version) {
        Some(last) => error.with_detail(format!(
            "The log goes on to version {last}, which cannot be told without version {version}."
        )),
        None => error,
    }
}

/// The error of an entry without a byte.
pub(in crate::warehouse) fn empty(entry: &Path) -> Error {
    let message = format!("{} of its log is empty", name(entry));
    Error::new(SqlState::DATA_CORRUPTED, message)
        .with_detail("What the commit changed is lost: each commit writes at least one line.")
        .with_hint(RESTORE)
}

fn damaged_at(entry: &Path, line: usize) -> Error {
    let message = format!("{} of its log is damaged", name(entry));
    Error::new(SqlState::DATA_CORRUPTED, message)
        .with_detail(format!("Line {line} is no JSON."))
        .with_hint(RESTORE)
}
