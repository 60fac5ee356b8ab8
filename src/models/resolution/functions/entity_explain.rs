//! `entity_explain`: why two records are held to be one entity, or two.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use tributary_udfs::resolve::{Explanation, Resolver};

use super::super::learned::Learned;
use super::{Asked, PRIOR, probability};
use crate::error::{Error, Result, SqlState};
use crate::sql::model_functions::ModelFunction;

impl Asked {
    pub(super) async fn explain(
        &self,
        left: &str,
        right: &str,
        columns: SchemaRef,
    ) -> Result<RecordBatch> {
        let model = Learned::read(&self.model).await?.model;
        let (left, right) = (self.record(left).await?, self.record(right).await?);
        if left == right {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "entity_explain compares two records, and these are one",
            )
            .with_hint(format!(
                "It is called as {}.",
                ModelFunction::Explain.call()
            )));
        }
        let taking = self.model.input(&left.schema())?;
        let mut builder = taking.builder(&self.model.instance.runtime().memory_pool)?;
        for record in [left, right] {
            builder.push(taking.with_keys(record)?)?;
        }
        let records = builder.finish_for(model.columns())?;
        let rows = Resolver::new(records, model)?.explain(0, 1)?;
        let texts = |of: fn(&Explanation) -> &str| -> ArrayRef {
            let texts = rows.iter().map(of);
            Arc::new(
                texts
                    .map(|text| Some(text).filter(|text| !text.is_empty()))
                    .collect::<StringArray>(),
            )
        };
        let numbers = |of: fn(&Explanation) -> f64| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<Float64Array>())
        };
        let steps = (1..).take(rows.len()).collect::<Int64Array>();
        let arrays = vec![
            Arc::new(steps) as ArrayRef,
            texts(|row| match row.comparison.as_str() {
                "" => PRIOR,
                comparison => comparison,
            }),
            texts(|row| &row.left),
            texts(|row| &row.right),
            texts(|row| match row.comparison.as_str() {
                "" => "",
                _ => &row.label,
            }),
            numbers(|row| row.m),
            numbers(|row| row.u),
            numbers(|row| row.weight),
            numbers(|row| row.total),
            numbers(|row| probability(row.total)),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }
}
