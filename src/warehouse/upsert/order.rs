//! Which of two rows of a key is the later one.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DynComparator, RecordBatch, UInt32Array, make_comparator,
};
use arrow::compute::{SortOptions, take_record_batch};
use arrow::datatypes::SchemaRef;

use super::super::keyed::{INTERVAL, Keyed, KeyedColumns};
use super::super::tombstones::deleted;
use super::Arrival;
use super::columns::ColumnMerge;
use crate::error::Result;

/// The order of the rows of a key: by their versions; of one version by whether they tell that the
/// key is deleted, which counts as later; then by all their columns, from left to right. So the order
/// of arrival tells nothing, but for rows that differ in columns alone that have no order, such as
/// maps. Without version columns it tells everything, where it tells something at all.
pub(super) struct Order {
    pub columns: KeyedColumns,
    arrival: Arrival,
    /// How rows are merged, where the latest does not stay as a whole.
    pub merge: Option<ColumnMerge>,
    /// The first column of the interval that a row is valid in, where all rows are kept.
    pub history: Option<usize>,
}

/// Compares rows of one batch with rows of another.
pub(super) struct Comparison {
    versions: Vec<DynComparator>,
    deleted: Option<(BooleanArray, BooleanArray)>,
    contents: Vec<DynComparator>,
}

impl Order {
    /// The order of rows as files have them.
    pub fn new(keyed: &Keyed, files: &SchemaRef, arrival: Arrival) -> Result<Self> {
        Ok(Self {
            columns: keyed.columns(files)?,
            arrival,
            merge: ColumnMerge::new(keyed, files, arrival)?,
            history: match keyed.has_history() {
                true => files.fields().len().checked_sub(INTERVAL.len()),
                false => None,
            },
        })
    }

    /// Whether the order of arrival tells which row is later.
    pub fn is_of_arrival(&self) -> bool {
        self.columns.versions.is_empty() && self.arrival == Arrival::Tells
    }

    /// The columns of the key.
    pub fn key(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        columns(batch, &self.columns.key)
    }

    /// The columns of the version.
    pub fn versions(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        columns(batch, &self.columns.versions)
    }

    /// Compares rows of `left` with rows of `right`; both may have more columns than the table.
    pub fn comparison(&self, left: &RecordBatch, right: &RecordBatch) -> Result<Comparison> {
        let comparator = |index: usize| {
            let nulls_first = SortOptions {
                descending: false,
                nulls_first: true,
            };
            make_comparator(left.column(index), right.column(index), nulls_first)
        };
        let versions = self.columns.versions.iter().map(|index| comparator(*index));
        let width = left.num_columns().min(right.num_columns());
        // An interval tells nothing of its row.
        let width = self.history.unwrap_or(width);
        let both = |column| {
            Ok::<_, crate::error::Error>((deleted(left, column)?, deleted(right, column)?))
        };
        Ok(Comparison {
            versions: versions.collect::<Result<_, _>>()?,
            deleted: self.columns.deleted.map(both).transpose()?,
            contents: (0..width)
                .filter_map(|index| comparator(index).ok())
                .collect(),
        })
    }

    /// What stays of the rows of each key, and how many are left out. `hashes` are those of the keys,
    /// and come back beside the rows; rows have arrived in the order of the batch.
    pub fn reduce(
        &self,
        batch: RecordBatch,
        hashes: Vec<u128>,
    ) -> Result<(RecordBatch, Vec<u128>, u64)> {
        if let Some(merge) = &self.merge {
            let (rows, hashes) = merge.reduce(batch, hashes)?;
            return Ok((rows, hashes, 0));
        }
        if self.history.is_some() {
            return self.reduce_history(batch, hashes);
        }
        let latest = self.latest(&batch, &hashes)?;
        let left_out = batch.num_rows() - latest.len();
        if left_out == 0 {
            return Ok((batch, hashes, 0));
        }
        let hashes = latest
            .iter()
            .filter_map(|row| hashes.get(*row as usize).copied());
        let hashes = hashes.collect();
        let rows = take_record_batch(&batch, &UInt32Array::from(latest))?;
        Ok((rows, hashes, left_out as u64))
    }

    /// Of the rows of each key the latest one: their numbers, in order.
    fn latest(&self, batch: &RecordBatch, hashes: &[u128]) -> Result<Vec<u32>> {
        let mut rows: Vec<(u128, u32)> = hashes.iter().copied().zip(0..).collect();
        rows.sort_unstable();
        let comparison = match self.is_of_arrival() {
            true => None,
            false => Some(self.comparison(batch, batch)?),
        };
        let mut latest: Vec<u32> = Vec::with_capacity(rows.len());
        for same in rows.chunk_by(|a, b| a.0 == b.0) {
            let later = |best: u32, row: u32| match &comparison {
                Some(comparison) if comparison.of(best as usize, row as usize).is_gt() => best,
                _ => row,
            };
            let rows = same.iter().map(|(_, row)| *row);
            latest.extend(rows.reduce(later));
        }
        latest.sort_unstable();
        Ok(latest)
    }
}

impl Comparison {
    /// The order of a row of the left batch and one of the right batch.
    pub fn of(&self, left: usize, right: usize) -> Ordering {
        self.of_versions(left, right)
            .then_with(|| match &self.deleted {
                Some((of_left, of_right)) => of_left.value(left).cmp(&of_right.value(right)),
                None => Ordering::Equal,
            })
            .then_with(|| by(&self.contents, left, right))
    }

    /// The order of their versions alone.
    pub fn of_versions(&self, left: usize, right: usize) -> Ordering {
        by(&self.versions, left, right)
    }
}

fn by(comparators: &[DynComparator], left: usize, right: usize) -> Ordering {
    let orders = comparators.iter().map(|compare| compare(left, right));
    orders.fold(Ordering::Equal, Ordering::then)
}

fn columns(batch: &RecordBatch, indices: &[usize]) -> Vec<ArrayRef> {
    indices
        .iter()
        .map(|index| Arc::clone(batch.column(*index)))
        .collect()
}
