//! The blocks that a run's file is made of.
//!
//! A block has 4096 bytes: a header of 32, the hashes of up to 127 entries in their order, then
//! their locations. The header has a CRC-32 of all that follows it, the number of entries, the
//! block's number, and the run that it belongs to, so that bytes of another place are recognised
//! as well as those that were torn or flipped.

use super::entry::{ENTRY_BYTES, Entry, Location};

/// The bytes of a block: a page of the operating system's cache.
pub(super) const BLOCK_BYTES: usize = 4096;

const HEADER_BYTES: usize = 32;

/// The entries of a full block.
pub(super) const BLOCK_ENTRIES: usize = (BLOCK_BYTES - HEADER_BYTES) / ENTRY_BYTES;

const LOCATIONS: usize = HEADER_BYTES + BLOCK_ENTRIES * 16;

/// A block that was found whole.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    hashes: &'a [[u8; 16]],
    locations: &'a [[u8; 16]],
}

impl<'a> Block<'a> {
    /// The block of this number of a run; none where the bytes are not that.
    pub fn read(bytes: &'a [u8], run: u64, number: u64) -> Option<Self> {
        let (checksum, rest) = bytes.split_first_chunk::<4>()?;
        if bytes.len() != BLOCK_BYTES || u32::from_le_bytes(*checksum) != crc32fast::hash(rest) {
            return None;
        }
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (stored_number, rest) = rest.split_first_chunk::<8>()?;
        let (stored_run, _) = rest.split_first_chunk::<8>()?;
        if u64::from_le_bytes(*stored_number) != number || u64::from_le_bytes(*stored_run) != run {
            return None;
        }
        Self::read_again(bytes)
    }

    /// The block in bytes that were found whole before.
    pub fn read_again(bytes: &'a [u8]) -> Option<Self> {
        let entries = u32::from_le_bytes(*bytes.get(4..)?.first_chunk::<4>()?) as usize;
        let (hashes, _) = bytes.get(HEADER_BYTES..LOCATIONS)?.as_chunks::<16>();
        let (locations, _) = bytes.get(LOCATIONS..)?.as_chunks::<16>();
        Some(Self {
            hashes: hashes.get(..entries)?,
            locations: locations.get(..entries)?,
        })
    }

    /// How many entries there are.
    pub fn len(self) -> usize {
        self.hashes.len()
    }

    /// The hash of an entry, which must be there.
    pub fn hash(self, index: usize) -> u128 {
        u128::from_le_bytes(self.hashes[index])
    }

    /// The location of an entry, which must be there.
    pub fn location(self, index: usize) -> Location {
        let bits = u128::from_le_bytes(self.locations[index]);
        Location {
            version: bits as u64,
            file: (bits >> 64) as u32,
            row: (bits >> 96) as u32,
        }
    }

    /// An entry, which must be there.
    pub fn entry(self, index: usize) -> Entry {
        Entry {
            hash: self.hash(index),
            location: self.location(index),
        }
    }

    /// The first entry whose hash is not less than this one.
    pub fn seek(self, hash: u128) -> usize {
        self.hashes
            .partition_point(|stored| u128::from_le_bytes(*stored) < hash)
    }
}

/// Adds a block of these entries, [`BLOCK_ENTRIES`] at most, to the bytes.
pub(super) fn write(entries: &[Entry], run: u64, number: u64, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&run.to_le_bytes());
    bytes.resize(start + HEADER_BYTES, 0);
    for entry in entries {
        bytes.extend_from_slice(&entry.hash.to_le_bytes());
    }
    bytes.resize(start + LOCATIONS, 0);
    for Entry { location, .. } in entries {
        let bits = u128::from(location.version)
            | u128::from(location.file) << 64
            | u128::from(location.row) << 96;
        bytes.extend_from_slice(&bits.to_le_bytes());
    }
    bytes.resize(start + BLOCK_BYTES, 0);
    let checksum = crc32fast::hash(&bytes[start + 4..]);
    bytes[start..start + 4].copy_from_slice(&checksum.to_le_bytes());
}
