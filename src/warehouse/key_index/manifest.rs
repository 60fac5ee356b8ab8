//! What stays of an index when the process ends: which runs it has, and which data files they cover.
//!
//! The file is JSON after a line with its CRC-32. It is written beside and renamed, so that there
//! is always one that is whole, or none; but as nothing is synced, a machine that fails may leave
//! anything, which the checksums tell.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::{CoveredFile, State};
use crate::error::{Error, Result, SqlState};

const NAME: &str = "manifest";

/// The name that a manifest is written under.
pub(super) const DRAFT: &str = "manifest.new";

/// Raised when a change of the format makes older files unreadable.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The columns of the key, and their types.
    pub key: String,
    /// What the hashes of keys depend on.
    pub secret: [u64; 2],
    /// No entry has this number of a file, or a later one.
    pub next_file: u32,
    /// The runs that are files.
    pub runs: Vec<u64>,
    files: Vec<File>,
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    number: u32,
    path: Arc<str>,
    rows: u64,
}

impl Manifest {
    /// What stays of this state.
    pub fn of(state: &State, key: &str, secret: [u64; 2], next_file: u32) -> Self {
        let on_disk = state.files.iter().filter(|(_, file)| file.on_disk);
        Self {
            format: FORMAT,
            key: key.to_owned(),
            secret,
            next_file,
            runs: state.runs.iter().map(|run| run.id).collect(),
            files: on_disk
                .map(|(number, file)| File {
                    number,
                    path: Arc::clone(&file.path),
                    rows: file.rows,
                })
                .collect(),
        }
    }

    /// The data files that the runs cover.
    pub fn files(self) -> impl Iterator<Item = (u32, CoveredFile)> {
        self.files.into_iter().map(|file| {
            let covered = CoveredFile {
                path: file.path,
                rows: file.rows,
                on_disk: true,
            };
            (file.number, covered)
        })
    }

    /// Reads the manifest of a folder; none where there is none.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let bytes = match fs::read(folder.join(NAME)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (checksum, json) = bytes.split_at_checked(9).ok_or_else(damaged)?;
        if checksum != checksum_line(json).as_bytes() {
            return Err(damaged());
        }
        let manifest: Self = serde_json::from_slice(json).map_err(|_| damaged())?;
        match manifest.format {
            FORMAT => Ok(Some(manifest)),
            _ => Err(damaged()),
        }
    }

    /// Puts this manifest in the place of the folder's.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_vec(self)
            .map_err(|error| Error::internal(format!("a manifest cannot be written: {error}")))?;
        let mut bytes = checksum_line(&json).into_bytes();
        bytes.extend(json);
        let draft = folder.join(DRAFT);
        fs::write(&draft, bytes)
            .and_then(|()| fs::rename(&draft, folder.join(NAME)))
            .map_err(|error| Error::from(error).within(draft.display()))
    }

    /// Takes the folder's manifest away.
    pub fn remove(folder: &Path) -> std::io::Result<()> {
        match fs::remove_file(folder.join(NAME)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

fn checksum_line(json: &[u8]) -> String {
    format!("{:08x}\n", crc32fast::hash(json))
}

fn damaged() -> Error {
    Error::new(
        SqlState::DATA_CORRUPTED,
        "the manifest of a key index is damaged",
    )
}
