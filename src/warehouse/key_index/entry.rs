//! What the index knows of a row.

/// Where a row with a key stands, and the beginning of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// What the caller gave with the row: the index keeps it and does not look at it.
    pub version: u64,
    /// The number that the index has given to the row's file.
    pub file: u32,
    /// The row's place in its file, from 0.
    pub row: u32,
}

/// A row and the hash of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub hash: u128,
    pub location: Location,
}

/// What an entry takes in memory and on disk.
pub(super) const ENTRY_BYTES: usize = size_of::<Entry>();

/// The half of a hash by which it is ordered first.
pub(super) fn high(hash: u128) -> u64 {
    (hash >> 64) as u64
}
