//! How many rows may be given out at once.

use arrow::array::{Array, AsArray, OffsetSizeTrait};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

/// How many bytes a batch of output may have, unless one row has more.
const BATCH_BYTES: usize = 64 << 20;

/// How many rows of so many bytes may be given out at once: a long text that is repeated for each
/// of its partners would not fit into a batch otherwise.
pub(super) fn rows(batch_size: usize, width: usize) -> usize {
    (BATCH_BYTES / width.max(1)).clamp(1, batch_size.max(1))
}

/// The bytes of the longest row that could be made of a batch's values.
pub(super) fn widest(rows: &RecordBatch) -> usize {
    rows.columns().iter().map(|column| longest(column)).sum()
}

fn longest(column: &dyn Array) -> usize {
    match column.data_type() {
        DataType::Utf8 => longest_of(column.as_string::<i32>().offsets()),
        DataType::LargeUtf8 => longest_of(column.as_string::<i64>().offsets()),
        DataType::Binary => longest_of(column.as_binary::<i32>().offsets()),
        DataType::LargeBinary => longest_of(column.as_binary::<i64>().offsets()),
        // Views and dictionaries are repeated without their values, and the rest is narrow as a
        // rule.
        other => other.primitive_width().unwrap_or(size_of::<u128>()),
    }
}

fn longest_of<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> usize {
    offsets.lengths().max().unwrap_or(0)
}

/// The bytes of memory that the rows of a batch take, which may be a slice of a larger one.
pub(super) fn size(rows: &RecordBatch) -> usize {
    let columns = rows.columns().iter();
    columns
        .map(|column| {
            let data = column.to_data();
            data.get_slice_memory_size()
                .unwrap_or_else(|_| column.get_array_memory_size())
        })
        .sum()
}
