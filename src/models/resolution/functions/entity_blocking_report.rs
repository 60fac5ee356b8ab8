//! `entity_blocking_report`: how pairs were chosen for comparison.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;

use super::super::learned::{Learned, Rule};
use super::Asked;
use crate::error::Result;

impl Asked {
    pub(super) async fn blocking_report(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let rules = Learned::read(&self.model).await?.report.rules;
        let numbers = |of: fn(&Rule) -> u64| -> ArrayRef {
            let numbers = rules.iter().map(of);
            Arc::new(
                numbers
                    .map(|number| i64::try_from(number).unwrap_or(i64::MAX))
                    .collect::<Int64Array>(),
            )
        };
        let names = rules.iter().map(|rule| Some(rule.rule.as_str()));
        let arrays = vec![
            Arc::new(names.collect::<StringArray>()) as ArrayRef,
            numbers(|rule| rule.pairs),
            numbers(|rule| rule.largest.into()),
            numbers(|rule| rule.split),
            numbers(|rule| rule.dropped),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }
}
