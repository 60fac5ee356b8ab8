//! Commits that tell which rows files lose, instead of all rows that they have lost.
//!
//! Delta wants a commit to give each file that loses rows a deletion vector of all that it has lost.
//! Where random keys of a large table change, that is every file, each time, and a batch of a thousand
//! rows writes megabytes. A patch is an entry of the log that has no files for other engines. It tells
//! this server, within its `commitInfo`, which files come and go, and which rows files lose. Every so
//! often a fold (`table/fold.rs`) says in Delta's words what patches came to since the one before.
//! Until then other engines read the version that was folded last, which is a whole one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use deltalake_core::kernel::Add;
use memchr::memmem;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::deletion_vector::{self, DeletionVector};
use super::entry::{FileAction, add_actions, commit_info};
use super::participant::TRANSACTION_ID;
use super::place::Place;
use super::snapshot::{DataFile, Snapshot};
use super::table_id::TableId;
use super::writer::NewFile;
use crate::error::{Error, Result, SqlState};

/// The key of a patch in `commitInfo`.
pub(super) const PATCH: &str = "tributaryPatch";

/// The key of what a fold tells of deletion vectors: what they were called before, by the paths of
/// their files.
pub(super) const FOLDED: &str = "tributaryFolded";

/// What a patch changes.
#[derive(Debug)]
pub(super) struct Patch {
    /// The id of the commit.
    id: String,
    /// When it was committed, in milliseconds of the epoch.
    pub time: i64,
    /// The last version of which other engines know all.
    pub since: u64,
    /// Whether rows only lie elsewhere afterwards.
    pub only_moves: bool,
    pub added: Vec<Add>,
    pub removed: Vec<Removed>,
    /// The rows that files lose, by path.
    pub lost: BTreeMap<String, RoaringBitmap>,
}

/// A patch as the log has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    since: u64,
    #[serde(default)]
    only_moves: bool,
    add: Vec<Add>,
    remove: Vec<Removed>,
    lost: BTreeMap<String, String>,
}

/// A file that goes with a patch.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Removed {
    pub path: String,
    /// How many of its rows had gone by then.
    gone: u64,
    /// The file of its deletion vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vector: Option<String>,
}

impl Removed {
    fn of(file: &Arc<DataFile>) -> Self {
        let gone = file.gone.as_ref();
        Self {
            path: file.path.clone(),
            gone: gone.map_or(0, DeletionVector::len),
            vector: gone.and_then(|gone| deletion_vector::path_of(&gone.descriptor)),
        }
    }

    fn is(&self, file: &DataFile) -> bool {
        self.gone == file.gone.as_ref().map_or(0, DeletionVector::len)
    }
}

/// What patches have changed since the version that was folded last.
#[derive(Clone, Debug)]
pub(super) struct Patched {
    /// That version.
    pub since: u64,
    /// Its files that have gone since, or have lost rows, as they were.
    pub before: BTreeMap<String, Arc<DataFile>>,
    /// The paths of the files that have come since.
    pub new: HashSet<String>,
}

impl Patched {
    fn leave(&mut self, file: &Arc<DataFile>) {
        if !self.new.contains(&file.path) && !self.before.contains_key(&file.path) {
            self.before.insert(file.path.clone(), Arc::clone(file));
        }
    }
}

/// A patch to be written to the log.
///
/// # Errors
/// XX000 for statistics that are no JSON.
pub(super) fn to_json<'a>(
    since: u64,
    only_moves: bool,
    added: &[NewFile],
    timestamp: i64,
    removed: impl Iterator<Item = &'a Arc<DataFile>>,
    lost: impl Iterator<Item = (&'a str, &'a RoaringBitmap)>,
) -> Result<Value> {
    let lost = lost.map(|(path, rows)| {
        let mut bytes = Vec::with_capacity(rows.serialized_size());
        rows.serialize_into(&mut bytes)?;
        Ok((path.to_owned(), STANDARD_NO_PAD.encode(bytes).into()))
    });
    Ok(json!({
        "since": since,
        "onlyMoves": only_moves,
        "add": add_actions(added, !only_moves, timestamp)?,
        "remove": removed.map(Removed::of).collect::<Vec<_>>(),
        "lost": lost.collect::<Result<serde_json::Map<_, _>>>()?,
    }))
}

impl Patch {
    /// The patch of an entry, where it is one.
    ///
    /// # Errors
    /// XX001 for one that is damaged.
    pub fn read(entry: &[u8]) -> Result<Option<Self>> {
        // Few entries are patches, and most are large.
        if memmem::find(entry, PATCH.as_bytes()).is_none() {
            return Ok(None);
        }
        let Some(mut info) = commit_info(entry) else {
            return Ok(None);
        };
        let Some(patch) = info.get_mut(PATCH).map(Value::take) else {
            return Ok(None);
        };
        let stored: Stored = serde_json::from_value(patch).map_err(damaged)?;
        let lost = stored.lost.into_iter().map(|(path, rows)| {
            let bytes = STANDARD_NO_PAD.decode(rows).map_err(damaged)?;
            let rows = RoaringBitmap::deserialize_from(bytes.as_slice()).map_err(damaged)?;
            Ok((path, rows))
        });
        Ok(Some(Self {
            id: info[TRANSACTION_ID].as_str().unwrap_or_default().to_owned(),
            time: info["timestamp"].as_i64().unwrap_or_default(),
            since: stored.since,
            only_moves: stored.only_moves,
            added: stored.add,
            removed: stored.remove,
            lost: lost.collect::<Result<_>>()?,
        }))
    }

    /// What it does to files, in the words of other entries.
    pub fn file_actions(self) -> Vec<FileAction> {
        let added = self.added.into_iter().map(|add| FileAction::Added {
            vector: add
                .deletion_vector
                .as_ref()
                .and_then(deletion_vector::path_of),
            path: add.path,
        });
        let time = self.time;
        let removed = self.removed.into_iter().map(|file| FileAction::Removed {
            path: file.path,
            vector: file.vector,
            time,
        });
        added.chain(removed).collect()
    }
}

impl Snapshot {
    /// Reads the rows that are gone already from files that are to lose others.
    ///
    /// # Errors
    /// Those of [`DeletionVector::rows`].
    pub async fn read_vectors<'a>(
        &self,
        paths: impl Iterator<Item = &'a str>,
        place: &Place,
    ) -> Result<()> {
        let files = self.by_path();
        for path in paths {
            let file = files.get(path);
            if let Some(gone) = file.and_then(|file| file.gone.as_ref()) {
                gone.rows(place).await?;
            }
        }
        Ok(())
    }

    /// The version that a patch makes of this one; none where the rows that are gone already are not
    /// known yet.
    ///
    /// # Errors
    /// 55000 where a file that goes or loses rows is not there as it was: another engine has written since.
    pub fn patched_by(&self, version: u64, patch: Patch, id: &TableId) -> Result<Option<Self>> {
        let mut patched = match &self.patched {
            Some(patched) => patched.clone(),
            None => Patched {
                since: patch.since,
                before: BTreeMap::new(),
                new: HashSet::new(),
            },
        };
        let removed = patch.removed.iter().map(|file| (file.path.as_str(), file));
        let mut removed: HashMap<&str, &Removed> = removed.collect();
        let mut lost = patch.lost;
        let mut files = Vec::with_capacity(self.files.len() + patch.added.len());
        for file in &self.files {
            if let Some(told) = removed.remove(file.path.as_str()) {
                if !told.is(file) {
                    return Err(written_anew(&file.path, id));
                }
                patched.leave(file);
                patched.new.remove(&file.path);
                continue;
            }
            let Some(rows) = lost.remove(&file.path) else {
                files.push(Arc::clone(file));
                continue;
            };
            let all = match &file.gone {
                None => rows,
                Some(gone) => match gone.told() {
                    Some(before) => before.as_ref() | rows,
                    None => return Ok(None),
                },
            };
            patched.leave(file);
            // Another engine may have taken rows too: what is gone is part of the name.
            let name = format!("{}:{}:{}", patch.id, all.len(), file.path);
            files.push(Arc::new(file.losing(DeletionVector::of_patch(name, all))));
        }
        let not_there = lost
            .keys()
            .map(String::as_str)
            .chain(removed.into_keys())
            .next();
        if let Some(path) = not_there {
            return Err(written_anew(path, id));
        }
        for add in patch.added {
            patched.new.insert(add.path.clone());
            files.push(Arc::new(self.added(add)));
        }
        Ok(Some(self.with_files(
            version,
            Some(patch.time),
            files,
            Some(patched),
        )?))
    }
}

fn written_anew(path: &str, id: &TableId) -> Error {
    Error::new(
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("table {id} cannot be read: another engine has changed file {path} while this server was changing it"),
    )
    .with_hint("Other engines may write to a table at rest: its changes are in the log in Delta's words after fold_lag, or OPTIMIZE.")
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::new(
        SqlState::DATA_CORRUPTED,
        format!("an entry of the log is damaged: {error}"),
    )
}
