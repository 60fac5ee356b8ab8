//! `entity_lookup`: the entities that one record may belong to.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::scalar::ScalarValue;
use tributary_udfs::resolve::Pair;

use super::super::{Companion, found};
use super::Asked;
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::model_options::OptionValue;

impl Asked {
    /// The entities that a record may be, each by its record that is most like it.
    pub(super) async fn lookup(&self, record: &str, columns: SchemaRef) -> Result<RecordBatch> {
        let value = self.value(record).await?;
        let record = self.incoming(&value).await?;
        let index = self.index().await?;
        let model = index.resolver.model();
        let taking = self.model.input(&record.schema())?;
        let mut builder = taking.builder(&self.model.instance.runtime().memory_pool)?;
        builder.push(taking.with_keys(record)?)?;
        let mut found = index
            .resolver
            .lookup(&builder.finish_for(model.columns())?)?;
        // The likeliest come first.
        let mut seen = HashSet::new();
        found.retain(|pair| seen.insert(index.entities[pair.right as usize]));
        let entities = found.iter().map(|pair| index.entities[pair.right as usize]);
        let entities = entities.map(|entity| i64::try_from(entity?).ok());
        let mut arrays = vec![Arc::new(entities.collect::<Int64Array>()) as ArrayRef];
        let places = found.iter().map(|pair| pair.right);
        arrays.extend(found::names(&index.resolver, places, &columns, 1)?);
        let weights = found.iter().map(Pair::weight);
        arrays.push(Arc::new(weights.collect::<Float64Array>()));
        let probabilities = found.iter().map(Pair::probability);
        arrays.push(Arc::new(probabilities.collect::<Float64Array>()));
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    /// A struct as a record of the model's query; columns that it lacks are missing.
    async fn incoming(&self, value: &ScalarValue) -> Result<RecordBatch> {
        let ScalarValue::Struct(fields) = value else {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("{value} is no record"),
            )
            .with_hint("Write it as named_struct('column', value, ...)."));
        };
        let schema = self.model.table(Companion::Records).await?.schema();
        let known = || schema.fields().iter().map(|field| field.name().as_str());
        for name in fields.column_names() {
            if !known().any(|column| column == name) {
                let error = Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!("{} has no column \"{name}\"", self.model.object.described()),
                );
                return Err(match nearest(name, known()) {
                    Some(near) => error.with_hint(format!("Perhaps you meant \"{near}\".")),
                    None => error,
                });
            }
        }
        let options = &self.model.definition()?.options;
        let id = options.get("unique_id").and_then(OptionValue::as_text);
        // Expressions need the types of their columns. Without any a text serves better: a date
        // that is mistyped is still like the right one.
        let is_typed = self.model.input(&schema)?.is_typed();
        let mut columns = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for field in schema.fields() {
            let data_type = match is_typed {
                true => field.data_type(),
                false => &DataType::Utf8,
            };
            // It is no record of the model, whatever its identifier.
            let column: ArrayRef = match fields.column_by_name(field.name()) {
                _ if Some(field.name().as_str()) == id => match data_type.is_string() {
                    true => cast(&StringArray::from(vec!["?"]), data_type)?,
                    false => ScalarValue::new_default(data_type)?.to_array()?,
                },
                Some(column) => cast(column, data_type)?,
                None => new_null_array(data_type, 1),
            };
            columns.push(Field::new(field.name(), data_type.clone(), true));
            arrays.push(column);
        }
        Ok(RecordBatch::try_new(
            Arc::new(Schema::new(columns)),
            arrays,
        )?)
    }
}
