//! The secret of a data directory: the salts of names that are nobody's are made of it, so that they stay
//! the same, as those of roles do.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::rand;

use crate::error::{Error, Result};

const FILE: &str = "authentication_secret";
const BYTES: usize = 32;

/// The secret of a data directory, which nobody else has open; the first time it is made.
///
/// # Errors
/// Those of the disk; XX000 where the machine has no random numbers.
pub(super) fn of(data_dir: &Path) -> Result<Vec<u8>> {
    let path = data_dir.join(FILE);
    let told = |error: std::io::Error| Error::from(error).within(path.display());
    let mut known = Vec::new();
    if path.try_exists().map_err(told)? {
        let file = File::open(&path).map_err(told)?;
        file.take(BYTES as u64)
            .read_to_end(&mut known)
            .map_err(told)?;
    }
    // One that a full disk has cut off is none.
    if known.len() == BYTES {
        return Ok(known);
    }
    let mut secret = [0; BYTES];
    rand::fill(&mut secret).map_err(|_| Error::internal("the machine gives no random numbers"))?;
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true).mode(0o600);
    let mut file = options.open(&path).map_err(told)?;
    file.write_all(&secret).map_err(told)?;
    file.sync_all().map_err(told)?;
    Ok(secret.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_stays() {
        let folder = tempfile::tempdir().unwrap();
        let secret = of(folder.path()).unwrap();
        assert_eq!(secret.len(), BYTES);
        assert_eq!(of(folder.path()).unwrap(), secret);
        std::fs::write(folder.path().join(FILE), "cut").unwrap();
        assert_ne!(of(folder.path()).unwrap(), secret);
    }
}
