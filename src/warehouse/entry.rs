//! The entries of the log: one JSON object a line, each an action.
//!
//! <https://github.com/delta-io/delta/blob/master/PROTOCOL.md#actions>

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::kernel::{Action, DeletionVectorDescriptor, Remove};
use roaring::RoaringBitmap;
use serde_json::{Value, json};

use super::participant::TRANSACTION_ID;
use super::partition::in_log;
use super::patch::{FOLDED, PATCH, Patch};
use super::schema::{Protocol, TableSchema};
use super::snapshot::DataFile;
use super::writer::NewFile;
use super::{deletion_vector, patch};
use crate::error::{Error, Result};

/// How many entries of a transaction an entry has taken in.
pub(super) const STAGED_ENTRIES: &str = "stagedEntries";

/// What the history of a table tells of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitInfo {
    /// The operation, such as `REFRESH` or `INSERT`.
    pub operation: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The refresh that the commit belongs to.
    pub refresh_id: Option<String>,
    /// What else is to be kept with the commit.
    pub user_metadata: Option<String>,
    /// What the table is declared as from this commit on, in the words of who declares it; none where
    /// that does not change.
    pub definition: Option<String>,
    /// Whether others must follow before the statement has done anything: it may be interrupted
    /// after this one.
    pub is_part: bool,
}

impl CommitInfo {
    /// The commit of an operation without parameters.
    pub fn new(operation: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            ..Self::default()
        }
    }
}

/// The key of [`CommitInfo::refresh_id`] in the log.
pub(super) const REFRESH_ID: &str = "refreshId";

/// What kind of commit an entry makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// Rows are added, whatever the table holds.
    Append,
    /// Rows change.
    Change,
    /// Rows lie elsewhere.
    Compaction,
}

/// A commit in the making.
pub(super) struct Entry {
    timestamp: i64,
    /// Whether the rows of the table change, and not just where they lie.
    changes_data: bool,
    lines: Vec<Value>,
}

impl Entry {
    /// Begins the entry of a commit of this id at this time, in milliseconds of the epoch.
    pub fn new(
        info: &CommitInfo,
        id: &str,
        files: &[NewFile],
        kind: EntryKind,
        timestamp: i64,
    ) -> Self {
        let sum = |count: fn(&NewFile) -> u64| files.iter().map(count).sum::<u64>().to_string();
        let mut action = json!({
            "timestamp": timestamp,
            "operation": info.operation,
            "operationParameters": info.parameters,
            "operationMetrics": {
                "numFiles": files.len().to_string(),
                "numOutputRows": sum(NewFile::living),
                "numOutputBytes": sum(|file| file.bytes),
            },
            "isBlindAppend": kind == EntryKind::Append,
            TRANSACTION_ID: id,
            "engineInfo": concat!("tributary/", env!("CARGO_PKG_VERSION")),
        });
        if let Some(id) = &info.refresh_id {
            action[REFRESH_ID] = id.as_str().into();
        }
        if let Some(metadata) = &info.user_metadata {
            action["userMetadata"] = metadata.as_str().into();
        }
        Self {
            timestamp,
            changes_data: kind != EntryKind::Compaction,
            lines: vec![json!({"commitInfo": action})],
        }
    }

    /// Gives the table this schema, and the protocol that it needs. `id` is the table's, once it
    /// has one.
    pub fn set_schema(
        &mut self,
        schema: &TableSchema,
        protocol: &Protocol,
        id: Option<&str>,
    ) -> Result<()> {
        let mut properties = schema.properties()?;
        if protocol.has(deletion_vector::FEATURE) {
            properties.insert(deletion_vector::PROPERTY.to_owned(), "true".into());
        }
        let id = id.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        self.lines.push(protocol.action());
        self.lines.push(json!({"metaData": {
            "id": id,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema.delta,
            "partitionColumns": schema.partitions,
            "configuration": properties,
            "createdTime": self.timestamp,
        }}));
        Ok(())
    }

    /// Takes a file out of the table.
    pub fn remove(&mut self, file: &DataFile) -> Result<()> {
        let action = Action::Remove(Remove {
            path: file.path.clone(),
            data_change: self.changes_data,
            deletion_timestamp: Some(self.timestamp),
            extended_file_metadata: Some(true),
            partition_values: Some(file.partition.clone().into_iter().collect()),
            size: i64::try_from(file.bytes).ok(),
            deletion_vector: file.gone.as_ref().map(|gone| gone.descriptor.clone()),
            ..Remove::default()
        });
        self.lines.push(to_json(&action)?);
        Ok(())
    }

    /// Puts a file that was there before into the table, with these rows lost.
    pub fn put_back(
        &mut self,
        file: &DataFile,
        gone: Option<&DeletionVectorDescriptor>,
    ) -> Result<()> {
        let mut action = json!({
            "path": in_log(&file.path),
            "partitionValues": file.partition,
            "size": file.bytes,
            "modificationTime": file.modified.timestamp_millis(),
            "dataChange": self.changes_data,
            "stats": file.stats,
        });
        if let Some(gone) = gone {
            action["stats"] = file.stats.as_deref().map(loose_stats).transpose()?.into();
            action["deletionVector"] = to_json(gone)?;
        }
        self.lines.push(json!({"add": action}));
        Ok(())
    }

    /// Puts files into the table.
    pub fn add(&mut self, files: &[NewFile]) -> Result<()> {
        let actions = add_actions(files, self.changes_data, self.timestamp)?;
        let lines = actions.into_iter().map(|action| json!({"add": action}));
        self.lines.extend(lines);
        Ok(())
    }

    /// Makes the entry a patch.
    pub fn patch<'a>(
        &mut self,
        since: u64,
        files: &[NewFile],
        removed: impl Iterator<Item = &'a Arc<DataFile>>,
        lost: impl Iterator<Item = (&'a str, &'a RoaringBitmap)>,
    ) -> Result<()> {
        let only_moves = !self.changes_data;
        let patch = patch::to_json(since, only_moves, files, self.timestamp, removed, lost)?;
        self.tell(PATCH, patch);
        Ok(())
    }

    /// Tells what deletion vectors that patches made were called, by the paths of their files.
    pub fn folded(&mut self, names: &BTreeMap<&str, &str>) {
        self.tell(FOLDED, json!(names));
    }

    /// Tells that a transaction makes the entry, which so may come after a patch.
    pub fn stage(&mut self) {
        self.tell(STAGED_ENTRIES, json!(1));
    }

    fn tell(&mut self, key: &str, value: Value) {
        if let Some(info) = self.lines.first_mut() {
            info["commitInfo"][key] = value;
        }
    }

    /// The bytes of the entry.
    pub fn into_bytes(self) -> Bytes {
        let mut text = String::new();
        for line in self.lines {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text.into()
    }
}

/// What puts files into the table at this time, in milliseconds of the epoch.
pub(super) fn add_actions(
    files: &[NewFile],
    changes_data: bool,
    timestamp: i64,
) -> Result<Vec<Value>> {
    let actions = files.iter().map(|file| {
        let mut action = json!({
            "path": in_log(&file.name),
            "partitionValues": file.partition,
            "size": file.bytes,
            "modificationTime": file.since.unwrap_or(timestamp),
            "dataChange": changes_data,
            "stats": file.stats,
        });
        if let Some(gone) = &file.gone {
            action["stats"] = loose_stats(&file.stats)?.into();
            action["deletionVector"] = to_json(&gone.descriptor)?;
        }
        Ok(action)
    });
    actions.collect()
}

fn to_json(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::internal(format!("the log cannot be written: {error}")))
}

/// The statistics of a file some rows of which are gone: what they bound need not be there.
fn loose_stats(stats: &str) -> Result<String> {
    let mut stats: Value = serde_json::from_str(stats)
        .map_err(|error| Error::internal(format!("statistics of the log: {error}")))?;
    stats["tightBounds"] = false.into();
    Ok(stats.to_string())
}

/// The `commitInfo` of an entry, which is its first action wherever this server wrote it.
pub(super) fn commit_info(entry: &[u8]) -> Option<Value> {
    entry
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .find_map(|mut action| action.get_mut("commitInfo").map(Value::take))
}

/// What an entry does to a file and to the file of its deletion vector, given relative to the table.
pub(super) enum FileAction {
    /// The version has it.
    Added {
        path: String,
        vector: Option<String>,
    },
    /// The version has it no more, since this time in milliseconds of the epoch.
    Removed {
        path: String,
        vector: Option<String>,
        time: i64,
    },
}

/// What an entry does to files, in its order.
///
/// # Errors
/// XX001 for a patch that is damaged.
pub(super) fn file_actions(entry: &[u8]) -> Result<impl Iterator<Item = FileAction> + '_> {
    let patch = Patch::read(entry)?.map(Patch::file_actions);
    let actions = entry
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Action>(line).ok());
    let actions = actions.filter_map(|action| match action {
        Action::Add(add) => Some(FileAction::Added {
            vector: add
                .deletion_vector
                .as_ref()
                .and_then(deletion_vector::path_of),
            path: add.path,
        }),
        Action::Remove(remove) => Some(FileAction::Removed {
            vector: remove
                .deletion_vector
                .as_ref()
                .and_then(deletion_vector::path_of),
            path: remove.path,
            time: remove.deletion_timestamp.unwrap_or_default(),
        }),
        _ => None,
    });
    Ok(actions.chain(patch.into_iter().flatten()))
}
