//! The beginnings of versions, by which most rows can be put in order without reading them.

use arrow::array::ArrayRef;
use arrow::row::{RowConverter, SortField};

use crate::error::Result;

/// What an index keeps of the versions of so many rows, given the columns that the versions are made
/// of: where one is less than another, so is the version. NULL is the least; without columns all
/// are the same.
///
/// # Errors
/// A type that has no order.
pub fn version_prefixes(rows: usize, columns: &[ArrayRef]) -> Result<Vec<u64>> {
    // Those behind the first column decide only where the first one does not.
    let Some(first) = columns.first() else {
        return Ok(vec![0; rows]);
    };
    let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())])?;
    let encoded = converter.convert_columns(std::slice::from_ref(first))?;
    Ok(encoded.iter().map(|value| prefix(value.as_ref())).collect())
}

/// The beginning of a value in arrow-row's encoding, whose bytes sort as the values do: a byte that
/// tells NULL from a value, then the value.
fn prefix(encoded: &[u8]) -> u64 {
    let value = match encoded.split_first() {
        Some((0, _)) | None => return 0,
        Some((_, value)) => value,
    };
    let mut bytes = [0; 8];
    for (byte, value) in bytes.iter_mut().zip(value) {
        *byte = *value;
    }
    // A value is more than NULL.
    u64::from_be_bytes(bytes).max(1)
}
