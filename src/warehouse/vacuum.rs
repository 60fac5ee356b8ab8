//! Deletes the files that only versions beyond the retention have.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::At;
use super::entry::{FileAction, file_actions};
use super::snapshot::Snapshot;
use super::table::Table;
use crate::error::Result;

/// A file that no version within the retention has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadFile {
    /// Relative to the table.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// What a vacuum came to.
#[derive(Debug, Default)]
pub struct Vacuumed {
    /// What it deleted, or would delete, by their paths.
    pub dead: Vec<DeadFile>,
    /// Whether files stay for now because a version that has them is read.
    pub is_held: bool,
}

/// Files that no version within the retention has.
#[derive(Debug, Default)]
pub struct DeadFiles {
    /// The latest version then.
    version: u64,
    files: Vec<Dead>,
    is_held: bool,
}

#[derive(Debug)]
struct Dead {
    location: Path,
    file: DeadFile,
    /// The version from which on it is dead; none of files that no version ever had.
    since: Option<u64>,
}

impl DeadFiles {
    /// What a vacuum would come to.
    pub fn would_be(self) -> Vacuumed {
        let mut dead: Vec<DeadFile> = self.files.into_iter().map(|dead| dead.file).collect();
        dead.sort_by(|a, b| a.path.cmp(&b.path));
        Vacuumed {
            dead,
            is_held: self.is_held,
        }
    }
}

/// The files of a table that no version since `horizon` has, nor one of those that are to be kept.
/// Files that no version ever had are the rest of writes that failed, if they are older than
/// `opened_at`; others may belong to a write that runs.
pub(super) async fn find(
    table: &Table,
    horizon: DateTime<Utc>,
    kept: &BTreeSet<i64>,
    opened_at: DateTime<Utc>,
) -> Result<DeadFiles> {
    // What is read stays.
    let oldest = table.place.readers.oldest().unwrap_or(u64::MAX);
    let mut found = DeadFiles {
        version: table.latest().await?.version,
        ..DeadFiles::default()
    };
    let mut known = known_files(table).await?;
    for version in kept {
        let version = table.snapshot(At::Version(*version)).await?;
        live(&mut known, version.as_ref());
    }
    let place = &table.place;
    let mut listed = place.store.list(Some(&place.path));
    while let Some(file) = listed.try_next().await? {
        let Some(path) = place.relative(&file.location) else {
            continue;
        };
        if is_apart(&path) {
            continue;
        }
        let since = match known.get(&path) {
            Some(Life::Lives) => continue,
            Some(Life::Ended { time, version }) => {
                let is_old = *time < horizon.timestamp_millis();
                found.is_held |= is_old && *version > oldest;
                if !is_old || *version > oldest {
                    continue;
                }
                Some(*version)
            }
            None if file.last_modified < horizon.min(opened_at) => None,
            None => continue,
        };
        found.files.push(Dead {
            location: file.location,
            file: DeadFile {
                path,
                bytes: file.size,
            },
            since,
        });
    }
    Ok(found)
}

/// Deletes files that were found dead, but for those that a restored version has again, or that are
/// read.
pub(super) async fn delete(table: &Table, mut found: DeadFiles) -> Result<Vacuumed> {
    let oldest = table.place.readers.oldest().unwrap_or(u64::MAX);
    let latest = table.latest().await?;
    let mut living = latest.paths();
    // What a version has had since is not dead for long enough.
    let since = table.read_entries(found.version + 1..=latest.version);
    let mut since = std::pin::pin!(since);
    while let Some((_, entry)) = since.try_next().await? {
        for action in file_actions(&entry)? {
            if let FileAction::Added { path, vector } = action {
                living.extend(std::iter::once(path).chain(vector));
            }
        }
    }
    let is_read = |dead: &Dead| dead.since.is_some_and(|since| since > oldest);
    found.is_held |= found.files.iter().any(is_read);
    found
        .files
        .retain(|dead| !is_read(dead) && !living.contains(&dead.file.path));
    for dead in &found.files {
        match table.place.store.delete(&dead.location).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found.would_be())
}

/// Until when versions have a file.
#[derive(Clone, Copy)]
enum Life {
    Lives,
    /// By which version, and when, in milliseconds of the epoch.
    Ended {
        time: i64,
        version: u64,
    },
}

/// The files that versions have or had, as far back as the log goes.
async fn known_files(table: &Table) -> Result<HashMap<String, Life>> {
    let mut known = HashMap::new();
    let entries = table.entries().await?;
    let versions = entries.into_iter().map(|(version, _)| version);
    let mut entries = std::pin::pin!(table.read_entries(versions));
    while let Some((version, entry)) = entries.try_next().await? {
        for action in file_actions(&entry)? {
            let (path, vector, life) = match action {
                FileAction::Added { path, vector } => (path, vector, Life::Lives),
                FileAction::Removed { path, vector, time } => {
                    (path, vector, Life::Ended { time, version })
                }
            };
            if let Some(vector) = vector {
                extend(&mut known, vector, life);
            }
            extend(&mut known, path, life);
        }
    }
    // Of a log whose beginning is gone only the latest version tells of what lives since then.
    live(&mut known, table.latest().await?.as_ref());
    Ok(known)
}

/// Notes that the files of a version live.
fn live(known: &mut HashMap<String, Life>, version: &Snapshot) {
    let paths = version.paths().into_iter();
    known.extend(paths.map(|path| (path, Life::Lives)));
}

/// An entry takes a file out and puts it in again, with other rows lost, in any order; a vector's file
/// holds vectors of several files, and lives while one of them does. So what lives in the latest
/// version is told last, and of ends the latest counts.
fn extend(known: &mut HashMap<String, Life>, path: String, life: Life) {
    match (known.get_mut(&path), life) {
        (
            Some(Life::Ended {
                time: last_time,
                version: last_version,
            }),
            Life::Ended { time, version },
        ) => {
            *last_time = time.max(*last_time);
            *last_version = version.max(*last_version);
        }
        (_, life) => {
            known.insert(path, life);
        }
    }
}

/// Whether a file is none of the table's rows: the protocol keeps such names for the log and for
/// whatever else lies there, but for folders of partitions.
fn is_apart(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| part.starts_with(['_', '.']) && !part.contains('='))
}
