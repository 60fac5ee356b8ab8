//! `entity_calibration`: whether probabilities are what they say.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;

use super::super::learned::{Bin, Learned};
use super::Asked;
use crate::error::Result;

impl Asked {
    pub(super) async fn calibration(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let bins = Learned::read(&self.model).await?.report.calibration;
        let numbers = |of: fn(&Bin) -> f64| -> ArrayRef {
            Arc::new(bins.iter().map(of).collect::<Float64Array>())
        };
        let pairs = bins.iter().map(|bin| i64::try_from(bin.pairs).ok());
        let arrays = vec![
            numbers(|bin| bin.from),
            Arc::new(pairs.collect::<Int64Array>()) as ArrayRef,
            numbers(|bin| bin.expected),
            numbers(|bin| bin.observed),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }
}
