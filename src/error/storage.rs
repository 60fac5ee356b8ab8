//! Failures of disks and object stores, as errors of ours.

use super::{Error, SqlState};

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let sqlstate = match error.kind() {
            ErrorKind::NotFound => SqlState::UNDEFINED_FILE,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => SqlState::DISK_FULL,
            _ => SqlState::IO_ERROR,
        };
        Self::new(sqlstate, error.to_string())
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        let sqlstate = match &error {
            object_store::Error::NotFound { .. } => SqlState::UNDEFINED_FILE,
            _ if has_full_disk(&error) => SqlState::DISK_FULL,
            _ => SqlState::IO_ERROR,
        };
        Self::new(sqlstate, error.to_string())
    }
}

fn has_full_disk(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::StorageFull;
        }
        cause = current.source();
    }
    false
}
