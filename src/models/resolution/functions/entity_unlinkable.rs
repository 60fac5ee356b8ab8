//! `entity_unlinkable`: records that have too little to be linked to anything.

use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch};
use arrow::datatypes::SchemaRef;

use super::super::{found, scan};
use super::{Asked, probability};
use crate::error::Result;

impl Asked {
    pub(super) async fn unlinkable(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let index = self.index().await?;
        scan::blocking(move || {
            let found = index.resolver.unlinkable()?;
            let places = found.iter().map(|(record, _)| *record);
            let mut arrays = found::names(&index.resolver, places, &columns, 0)?;
            let weights: Float64Array = found.iter().map(|(_, weight)| *weight).collect();
            let probabilities = found.iter().map(|(_, weight)| probability(*weight));
            arrays.push(Arc::new(weights));
            arrays.push(Arc::new(probabilities.collect::<Float64Array>()));
            Ok(RecordBatch::try_new(columns, arrays)?)
        })
        .await
    }
}
