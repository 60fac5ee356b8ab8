//! Comparisons whose levels whoever defines a model writes, as conditions on two records.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;
use serde::{Deserialize, Serialize};

/// How many levels of its own a comparison has at most: with that of missing values and that of
/// values that differ they are told apart by four bits.
pub const MOST_OWN_LEVELS: usize = 14;

/// A comparison by levels of its own.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct OwnLevels {
    /// The column that is compared so.
    pub column: String,
    /// What each level is called, the least alike first.
    pub labels: Vec<String>,
}

/// Compares records by levels of their own, many pairs at a time.
pub trait OwnComparisons: Debug + Send + Sync {
    /// The columns of records that are read, by their places.
    fn columns(&self) -> &[usize];

    /// For each comparison the level of each pair: 0 where what is there does not tell, 1 where
    /// the records differ, and from 2 on the levels, the least alike first. The rows of both
    /// batches, which have the columns of [`Self::columns`], are the records of the pairs.
    ///
    /// # Errors
    /// What computing them meets.
    fn levels(&self, left: &RecordBatch, right: &RecordBatch) -> Result<Vec<Vec<u8>>>;
}

/// The rows of records as they came, for comparisons that read them.
#[derive(Clone, Debug)]
pub(super) struct OwnRows {
    comparisons: Arc<dyn OwnComparisons>,
    batches: Vec<RecordBatch>,
    /// Batch and row of each record.
    places: Vec<(u32, u32)>,
}

impl OwnRows {
    /// No rows yet, which these compare.
    pub(super) fn new(comparisons: Arc<dyn OwnComparisons>) -> Self {
        Self {
            comparisons,
            batches: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Takes in the rows of a batch, of which the columns are kept that are read, and tells how many
    /// bytes these take.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<usize> {
        let number = self.batches.len() as u32;
        let places = (0..batch.num_rows() as u32).map(|row| (number, row));
        self.places.extend(places);
        let kept = batch.project(self.comparisons.columns())?;
        let bytes = kept.get_array_memory_size();
        self.batches.push(kept);
        Ok(bytes)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Takes in rows that records have now: that of each place in its turn.
    pub(super) fn absorb(&mut self, changed: &Self, places: &[u32]) {
        let before = self.batches.len() as u32;
        self.batches.extend_from_slice(&changed.batches);
        for (place, (batch, row)) in places.iter().zip(&changed.places) {
            let at = *place as usize;
            if at >= self.places.len() {
                self.places.resize(at + 1, (0, 0));
            }
            self.places[at] = (before + batch, *row);
        }
    }

    /// For each comparison the level of each pair, of a record of these and one of others.
    pub(super) fn levels(&self, others: &Self, pairs: &[(u32, u32)]) -> Result<Vec<Vec<u8>>> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let left = self.rows(pairs.iter().map(|(left, _)| *left))?;
        let right = others.rows(pairs.iter().map(|(_, right)| *right))?;
        let levels = self.comparisons.levels(&left, &right)?;
        if levels.iter().any(|levels| levels.len() != pairs.len()) {
            return Err(internal_datafusion_err!(
                "a comparison tells the levels of other pairs than it was asked for"
            ));
        }
        Ok(levels)
    }

    fn rows(&self, records: impl Iterator<Item = u32>) -> Result<RecordBatch> {
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let places: Vec<(usize, usize)> = records
            .map(|record| self.places[record as usize])
            .map(|(batch, row)| (batch as usize, row as usize))
            .collect();
        Ok(interleave_record_batch(&batches, &places)?)
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let batches = self.batches.iter();
        let rows: usize = batches.map(RecordBatch::get_array_memory_size).sum();
        rows + self.places.len() * 8
    }
}
