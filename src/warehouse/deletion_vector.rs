//! The rows of a data file that are gone, as a bitmap beside the file: files never change, so a
//! version that lost some rows of a file has the file and a bitmap of the lost rows' numbers.
//!
//! <https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format>

use std::sync::Arc;

use bytes::Bytes;
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use deltalake_core::kernel::{DeletionVectorDescriptor, StorageType};
use object_store::ObjectStoreExt as _;
use roaring::{RoaringBitmap, RoaringTreemap};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::place::Place;
use crate::error::{Error, Result, SqlState};

/// The table feature of the log.
pub(super) const FEATURE: &str = "deletionVectors";

/// The table property that lets writers make them.
pub(super) const PROPERTY: &str = "delta.enableDeletionVectors";

/// The version of the files' format.
const VERSION: u8 = 1;

/// What a bitmap in the portable format begins with.
const MAGIC: [u8; 4] = 1_681_511_377_u32.to_le_bytes();

/// The characters of an id in base 85.
const ID_CHARACTERS: usize = 20;

const PREFIX: &str = "deletion_vector_";

/// The deletion vector of a data file in a version of the table.
#[derive(Clone, Debug)]
pub(super) struct DeletionVector {
    /// As the log has it.
    pub descriptor: DeletionVectorDescriptor,
    rows: OnceCell<Arc<RoaringBitmap>>,
    /// What it was called before it was folded.
    pub was: Option<String>,
}

impl DeletionVector {
    /// The one that the log describes; its rows are read when they are wanted.
    pub fn new(descriptor: DeletionVectorDescriptor) -> Self {
        Self {
            descriptor,
            rows: OnceCell::new(),
            was: None,
        }
    }

    /// One that patches make, which the log does not have: a name and the rows.
    pub fn of_patch(name: String, rows: RoaringBitmap) -> Self {
        let descriptor = DeletionVectorDescriptor {
            storage_type: StorageType::Inline,
            path_or_inline_dv: name,
            offset: None,
            size_in_bytes: 0,
            cardinality: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        };
        Self {
            descriptor,
            rows: OnceCell::new_with(Some(Arc::new(rows))),
            was: None,
        }
    }

    /// The name of one that patches have made: the log does not have it.
    pub fn patched(&self) -> Option<&str> {
        let is_patched = self.descriptor.storage_type == StorageType::Inline
            && self.descriptor.size_in_bytes == 0;
        is_patched.then_some(self.descriptor.path_or_inline_dv.as_str())
    }

    /// Whether this is the vector of a descriptor, which may be of before it was folded.
    pub fn is(&self, descriptor: &DeletionVectorDescriptor) -> bool {
        unique_id(&self.descriptor) == unique_id(descriptor)
            || self.was.as_deref() == Some(descriptor.path_or_inline_dv.as_str())
    }

    /// The numbers of the rows, where they are known.
    pub fn told(&self) -> Option<&Arc<RoaringBitmap>> {
        self.rows.get()
    }

    /// How many rows are gone.
    pub fn len(&self) -> u64 {
        u64::try_from(self.descriptor.cardinality).unwrap_or_default()
    }

    /// Tells the rows, so that they need not be read.
    pub fn tell(&self, rows: Arc<RoaringBitmap>) {
        // Whoever told or read them before had the same ones: vectors never change.
        let _ = self.rows.set(rows);
    }

    /// The numbers of the rows.
    ///
    /// # Errors
    /// XX001 for a file that is damaged; 0A000 for one outside of the table; what the store says.
    pub async fn rows(&self, place: &Place) -> Result<&Arc<RoaringBitmap>> {
        self.rows
            .get_or_try_init(|| async { Ok(Arc::new(read(&self.descriptor, place).await?)) })
            .await
    }
}

/// What to read of a file of so many rows, some of which are gone.
pub(super) fn selection(gone: &RoaringBitmap, rows: u64) -> RowSelection {
    let other = RowSelector::select;
    runs(gone, rows, RowSelector::skip, other).into()
}

/// What to read of a file of so many rows, of which these are wanted.
pub(super) fn selection_of(wanted: &RoaringBitmap, rows: u64) -> RowSelection {
    let other = RowSelector::skip;
    runs(wanted, rows, RowSelector::select, other).into()
}

/// Selects all rows of a file of so many: those of the set in one way, the others in another.
fn runs(
    set: &RoaringBitmap,
    rows: u64,
    within: fn(usize) -> RowSelector,
    other: fn(usize) -> RowSelector,
) -> Vec<RowSelector> {
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let mut selectors = Vec::new();
    let mut next = 0;
    let mut set = set.iter().map(|row| row as usize).peekable();
    while let Some(first) = set.next() {
        let mut end = first + 1;
        while set.next_if_eq(&end).is_some() {
            end += 1;
        }
        if first > next {
            selectors.push(other(first - next));
        }
        selectors.push(within(end - first));
        next = end;
    }
    if rows > next {
        selectors.push(other(rows - next));
    }
    selectors
}

/// Writes these bitmaps to one file of the table, which belongs to no version yet. Answers its name
/// and the descriptors, in order.
///
/// # Errors
/// What the store says.
pub(super) async fn write(
    place: &Place,
    id: Uuid,
    bitmaps: &[Arc<RoaringBitmap>],
) -> Result<Vec<DeletionVectorDescriptor>> {
    let mut bytes = vec![VERSION];
    let mut descriptors = Vec::with_capacity(bitmaps.len());
    for rows in bitmaps {
        let too_large = |_| Error::internal("deletion vectors of over 2 GiB");
        let (offset, length) = (bytes.len(), encoded_length(rows));
        let size = u32::try_from(length).map_err(too_large)?;
        descriptors.push(DeletionVectorDescriptor {
            storage_type: StorageType::UuidRelativePath,
            path_or_inline_dv: z85::encode(id.as_bytes()),
            offset: Some(i32::try_from(offset).map_err(too_large)?),
            size_in_bytes: i32::try_from(size).map_err(too_large)?,
            cardinality: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        });
        bytes.reserve(length + 8);
        bytes.extend(size.to_be_bytes());
        let start = bytes.len();
        encode(rows, &mut bytes)?;
        let checksum = crc32fast::hash(&bytes[start..]);
        bytes.extend(checksum.to_be_bytes());
    }
    let path = place.file(&file_name(id));
    place.store.put(&path, Bytes::from(bytes).into()).await?;
    Ok(descriptors)
}

/// The name of the file that [`write()`] makes.
pub(super) fn file_name(id: Uuid) -> String {
    format!("{PREFIX}{id}.bin")
}

/// Whether this server gives such names to files of deletion vectors.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(".bin")
}

/// The path, relative to the table, of the file of a deletion vector that has one there.
pub(super) fn path_of(descriptor: &DeletionVectorDescriptor) -> Option<String> {
    if descriptor.storage_type != StorageType::UuidRelativePath {
        return None;
    }
    let text = &descriptor.path_or_inline_dv;
    let (folder, id) = text.split_at_checked(text.len().checked_sub(ID_CHARACTERS)?)?;
    let id = Uuid::from_slice(&z85::decode(id).ok()?).ok()?;
    let name = file_name(id);
    Some(match folder {
        "" => name,
        folder => format!("{folder}/{name}"),
    })
}

/// What tells a deletion vector from all others of its table.
pub(super) fn unique_id(descriptor: &DeletionVectorDescriptor) -> (&str, Option<i32>) {
    (&descriptor.path_or_inline_dv, descriptor.offset)
}

async fn read(descriptor: &DeletionVectorDescriptor, place: &Place) -> Result<RoaringBitmap> {
    let size = usize::try_from(descriptor.size_in_bytes).map_err(|_| damaged(descriptor))?;
    let data = match descriptor.storage_type {
        StorageType::Inline => {
            let mut data =
                z85::decode(&descriptor.path_or_inline_dv).map_err(|_| damaged(descriptor))?;
            data.truncate(size);
            Bytes::from(data)
        }
        StorageType::UuidRelativePath => {
            let path = path_of(descriptor).ok_or_else(|| damaged(descriptor))?;
            let start =
                u64::try_from(descriptor.offset.unwrap_or(1)).map_err(|_| damaged(descriptor))?;
            let end = start + size as u64 + 8;
            let stored = place
                .store
                .get_range(&place.file(&path), start..end)
                .await?;
            checked(&stored, size).ok_or_else(|| damaged(descriptor))?
        }
        StorageType::AbsolutePath => {
            return Err(Error::unsupported("a deletion vector outside of its table"));
        }
    };
    decode(&data)
        .filter(|rows| rows.len() == u64::try_from(descriptor.cardinality).unwrap_or(u64::MAX))
        .ok_or_else(|| damaged(descriptor))
}

/// The bitmap between its size and its checksum.
fn checked(stored: &Bytes, size: usize) -> Option<Bytes> {
    let (told, rest) = stored.split_first_chunk::<4>()?;
    let (_, sum) = rest.split_last_chunk::<4>()?;
    let data = stored.slice(4..stored.len() - 4);
    let matches = u32::from_be_bytes(*told) as usize == size
        && data.len() == size
        && crc32fast::hash(&data) == u32::from_be_bytes(*sum);
    matches.then_some(data)
}

/// The bytes of [`encode`].
fn encoded_length(rows: &RoaringBitmap) -> usize {
    MAGIC.len() + size_of::<u64>() + size_of::<u32>() + rows.serialized_size()
}

/// Appends the bitmap as one of 64-bit numbers: how many bitmaps of 32-bit numbers it has, and each with
/// the upper half of its numbers. A file's rows are few enough for one, whose upper half is 0.
fn encode(rows: &RoaringBitmap, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.extend(MAGIC);
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    rows.serialize_into(bytes)?;
    Ok(())
}

fn decode(data: &[u8]) -> Option<RoaringBitmap> {
    let data = data.strip_prefix(&MAGIC)?;
    let all = RoaringTreemap::deserialize_from(data).ok()?;
    let mut parts = all.bitmaps();
    match (parts.next(), parts.next()) {
        (None, _) => Some(RoaringBitmap::new()),
        // No file has more rows than 32 bits count.
        (Some((0, rows)), None) => Some(rows.clone()),
        _ => None,
    }
}

fn damaged(descriptor: &DeletionVectorDescriptor) -> Error {
    let name = path_of(descriptor).unwrap_or_else(|| descriptor.path_or_inline_dv.clone());
    Error::new(
        SqlState::DATA_CORRUPTED,
        format!("the deletion vector {name} is damaged"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitmap_survives_and_a_flipped_bit_is_seen() {
        let rows = (0..100_000).step_by(7).collect::<RoaringBitmap>();
        let mut data = Vec::new();
        encode(&rows, &mut data).unwrap();
        assert_eq!(data.len(), encoded_length(&rows));
        assert_eq!(decode(&data).as_ref(), Some(&rows));
        let size = u32::try_from(data.len()).unwrap();
        let mut stored = size.to_be_bytes().to_vec();
        stored.extend(&data);
        stored.extend(crc32fast::hash(&data).to_be_bytes());
        assert!(checked(&stored.clone().into(), data.len()).is_some());
        for place in [0, 5, 400, stored.len() - 1] {
            let mut broken = stored.clone();
            broken[place] ^= 1;
            assert!(checked(&broken.into(), data.len()).is_none());
        }
    }

    #[test]
    fn rows_that_are_gone_are_skipped() {
        let gone: RoaringBitmap = [0, 1, 4, 9].into_iter().collect();
        let read: Vec<_> = selection(&gone, 10).into();
        assert_eq!(
            read,
            [
                RowSelector::skip(2),
                RowSelector::select(2),
                RowSelector::skip(1),
                RowSelector::select(4),
                RowSelector::skip(1),
            ]
        );
        let read: Vec<_> = selection_of(&gone, 11).into();
        assert_eq!(
            read,
            [
                RowSelector::select(2),
                RowSelector::skip(2),
                RowSelector::select(1),
                RowSelector::skip(4),
                RowSelector::select(1),
                RowSelector::skip(1),
            ]
        );
        let all: Vec<_> = selection(&RoaringBitmap::new(), 3).into();
        assert_eq!(all, [RowSelector::select(3)]);
    }

    /// The example of the protocol.
    #[test]
    fn a_path_follows_from_the_descriptor() {
        let descriptor = DeletionVectorDescriptor {
            storage_type: StorageType::UuidRelativePath,
            path_or_inline_dv: "ab^-aqEH.-t@S}K{vb[*k^".to_owned(),
            offset: Some(4),
            size_in_bytes: 40,
            cardinality: 6,
        };
        assert_eq!(
            path_of(&descriptor).as_deref(),
            Some("ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin")
        );
    }
}
