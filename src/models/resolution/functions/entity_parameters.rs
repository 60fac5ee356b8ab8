//! `entity_parameters`: what was learned.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;

use super::super::learned::Learned;
use super::{Asked, PRIOR};
use crate::error::Result;

impl Asked {
    pub(super) async fn parameters(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let model = Learned::read(&self.model).await?.model;
        let parameters = model.parameters();
        let prior = model.prior();
        let kind = |comparison: &str| {
            let column = model.columns().iter().find(|column| {
                let rest = comparison.strip_prefix(column.name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
            });
            column.map(|column| column.kind.name())
        };
        let texts = |prior: Option<&str>, of: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
            let rest = (0..parameters.len()).map(of);
            let first = std::iter::once(prior.map(str::to_owned));
            Arc::new(first.chain(rest).collect::<StringArray>())
        };
        let numbers = |prior: f64, of: &dyn Fn(usize) -> f64| -> ArrayRef {
            let rest = (0..parameters.len()).map(of);
            Arc::new(std::iter::once(prior).chain(rest).collect::<Float64Array>())
        };
        let arrays = vec![
            texts(Some(PRIOR), &|at| Some(parameters[at].comparison.clone())),
            texts(None, &|at| {
                kind(&parameters[at].comparison).map(str::to_owned)
            }),
            texts(None, &|at| Some(parameters[at].label.clone())),
            numbers(prior, &|at| parameters[at].m),
            numbers(1.0 - prior, &|at| parameters[at].u),
            numbers((prior / (1.0 - prior)).log2(), &|at| parameters[at].weight),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }
}
