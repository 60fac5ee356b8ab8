//! A copy of the file, to look at and to try things on.

use std::path::Path;

use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError, StorageBackend};

use super::{builder, failed, is_unfinished};
use crate::error::{Error, Result, SqlState};

/// The longest file that is copied.
const COPIED_BYTES: u64 = 1 << 30;

/// How often a file is read until nobody has changed it meanwhile.
const ATTEMPTS: usize = 10;

/// Reads the file into memory; where there is none, or one whose making was cut short, an empty one
/// is made there.
///
/// The process that has the file open may write to it meanwhile. It never writes to pages that
/// the last commit holds, so most copies are whole; the checksums, which are looked at when the copy
/// is opened, tell of others.
pub(super) fn copy_database(path: &Path) -> Result<Database> {
    let mut last = open_copy(path)?;
    for _ in 1..ATTEMPTS {
        match last {
            Err(_) if is_in_use(path) => last = open_copy(path)?,
            _ => break,
        }
    }
    last.map_err(|error| failed(path, error))
}

fn open_copy(path: &Path) -> Result<Result<Database, redb::Error>> {
    let bytes = read(path)?;
    let backend = InMemoryBackend::new();
    let fill = || {
        backend.set_len(bytes.len() as u64)?;
        backend.write(0, &bytes)
    };
    if !is_unfinished(&bytes) {
        fill()
            .map_err(|error| Error::internal(format!("cannot copy {}: {error}", path.display())))?;
    }
    Ok(builder()
        .create_with_backend(backend)
        .map_err(redb::Error::from))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = match std::fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::from(error).within(path.display())),
    };
    if bytes > COPIED_BYTES {
        return Err(Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("{} is too large to be copied", path.display()),
        )
        .with_detail(format!(
            "It has {bytes} bytes, and the limit is {COPIED_BYTES}."
        ))
        .with_hint("Lower journal_size, which is what makes it large."));
    }
    std::fs::read(path).map_err(|error| Error::from(error).within(path.display()))
}

/// Whether another process has the file open.
pub fn is_in_use(path: &Path) -> bool {
    matches!(
        builder().open_read_only(path),
        Err(DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch)
    )
}
