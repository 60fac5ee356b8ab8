//! `entity_explain`: why two records are held to be one entity, or two.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use tributary_udfs::resolve::{Explanation, Resolver};

use super::super::learned::Learned;
use super::super::{Companion, options, scan};
use super::{Asked, PRIOR, probability};
use crate::error::{Error, Result, SqlState};

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
            ));
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

    /// The record that an argument names: by its identifier, behind its source and a colon where
    /// the model has sources.
    async fn record(&self, argument: &str) -> Result<RecordBatch> {
        let value = self.value(argument).await?;
        let text = match value.cast_to(&DataType::Utf8)? {
            ScalarValue::Utf8(Some(text)) => text,
            _ => {
                return Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("{argument} names no record"),
                ));
            }
        };
        let object = &self.model.object;
        let unknown = || {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("{} has no record \"{text}\"", object.described()),
            )
        };
        let table = self.model.table(Companion::Records).await?;
        let options = options::read(self.model.definition()?)?.engine;
        let (source, id) = match &options.source {
            Some(_) => {
                let (source, id) = text.split_once(':').ok_or_else(|| {
                    unknown().with_hint("Write its source before it: 'source:id'.")
                })?;
                (Some(source), id)
            }
            None => (None, text.as_str()),
        };
        let is = |name: &str, value: &str| -> Result<Expr> {
            let schema = table.schema();
            let data_type = schema.field_with_name(name)?.data_type();
            let value = ScalarValue::from(value).cast_to(data_type);
            let value = value.map_err(|_| unknown())?;
            Ok(Expr::Column(Column::new_unqualified(name)).eq(lit(value)))
        };
        let mut filter = is(&options.unique_id, id)?;
        if let (Some(name), Some(source)) = (&options.source, source) {
            filter = filter.and(is(name, source)?);
        }
        let schema = table.schema();
        let rows = scan::stream(&self.model.instance, Arc::clone(&table), Some(filter)).await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        let rows = concat_batches(&schema, &rows)?;
        match rows.num_rows() {
            0 => Err(unknown()),
            _ => Ok(rows.slice(0, 1)),
        }
    }
}
