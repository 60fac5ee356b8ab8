//! Records that are no part of a model, as its query would give them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, StringArray, StructArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::scalar::ScalarValue;
use tributary_udfs::resolve::{Model, Records, Resolver, within_the_calendar};

use super::super::input::Input;
use super::super::{Companion, Resolved};
use super::Asked;
use super::incoming_repeats::{check_compared, with_repeated};
use crate::error::{Error, Result, SqlState, nearest};
use crate::sql::model_options::OptionValue;

/// Records that are no part of a model.
pub(super) struct Incoming {
    records: RecordBatch,
    taking: Input,
    /// Whether their identifiers tell them apart.
    is_told_apart: bool,
    /// The columns that name a record, as they were given: its identifier and, where there are any, its
    /// source.
    names: [Option<StringArray>; 2],
    pool: Arc<dyn MemoryPool>,
}

/// How a model reads records that are no part of it: the same for all who ask a version of it.
pub struct Taking {
    /// The columns of its query.
    columns: SchemaRef,
    /// Those of them that are read, in the types that they are read in.
    read: SchemaRef,
    /// The column that has the identifier of a record and, where there is one, that of its source.
    names: [Option<String>; 2],
    /// Its definition, held against what is read.
    input: Input,
}

impl Taking {
    /// What a version of a model says.
    ///
    /// # Errors
    /// What the store says, and planning the expressions of the definition.
    async fn of(model: &Resolved) -> Result<Self> {
        let columns = model.table(Companion::Records).await?.schema();
        let (state, definition) = (model.state()?, model.definition()?);
        let options = &definition.options;
        let names = ["unique_id", "source"].map(|name| {
            let column = options.get(name).and_then(OptionValue::as_text);
            column.map(str::to_owned)
        });
        // Expressions need the types of their columns. Without any a text serves better: a date
        // that is mistyped is still like the right one.
        let is_typed = Input::new(&state, definition, &columns).await?;
        let is_typed = is_typed.is_typed();
        let read = columns.fields().iter().map(|field| {
            let data_type = match is_typed {
                true => field.data_type().clone(),
                false => DataType::Utf8,
            };
            Field::new(field.name(), data_type, true)
        });
        let read = Arc::new(Schema::new(read.collect::<Vec<_>>()));
        Ok(Self {
            input: Input::new(&state, definition, &read).await?,
            columns,
            read,
            names,
        })
    }
}

impl Incoming {
    /// The records as the engine takes them in, in parts, each with the place of its first.
    ///
    /// # Errors
    /// What computing a key meets; 53200 where memory does not suffice.
    pub(super) fn read(&self, model: &Model) -> Result<Vec<(u32, Records)>> {
        let all = self.records.num_rows();
        let part = if self.is_told_apart { all.max(1) } else { 1 };
        let parts = (0..all)
            .step_by(part)
            .map(|first| -> Result<(u32, Records)> {
                let records = self.records.slice(first, part.min(all - first));
                let mut builder = self.taking.builder(&self.pool)?;
                builder.push(self.taking.with_keys(records)?)?;
                Ok((first as u32, builder.finish_for(model.columns())?))
            });
        parts.collect()
    }

    /// Whether expressions of the model's definition are computed of them, or of pairs with them.
    pub(super) fn is_typed(&self) -> bool {
        self.taking.is_typed()
    }

    /// The record that has the name of one of them.
    pub(super) fn named(&self, at: usize, records: &Records) -> Option<u32> {
        let [id, source] = &self.names;
        let text = |texts: &StringArray| texts.is_valid(at).then(|| texts.value(at).to_owned());
        let source = source.as_ref().and_then(text).unwrap_or_default();
        records.find(&source, &id.as_ref().and_then(text)?)
    }
}

impl Asked {
    /// Structs as records of the model's query; columns that they lack are missing, unless others that
    /// repeat them have their values.
    ///
    /// # Errors
    /// 42703 for a column that the query does not have, 42701 for one that is there twice, and 42804 for one
    /// of several values; 22023 where none of the columns is compared; 22P02
    /// and the like for values that are none of the column's type, where that matters.
    pub(super) async fn incoming(
        &self,
        given: &StructArray,
        resolver: &Resolver,
    ) -> Result<Incoming> {
        let taking = &self.model.taking;
        let taking = taking.get_or_try_init(|| Taking::of(&self.model)).await?;
        let schema = &taking.columns;
        let known = || schema.fields().iter().map(|field| field.name().as_str());
        for (at, field) in given.fields().iter().enumerate() {
            let name = field.name().as_str();
            if !known().any(|column| column == name) {
                let error = Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!("{} has no column \"{name}\"", self.model.object.described()),
                );
                return Err(error.with_hint(match nearest(name, known()) {
                    Some(near) => format!("Perhaps you meant \"{near}\"."),
                    None => format!("It has: {}.", known().collect::<Vec<_>>().join(", ")),
                }));
            }
            if given
                .fields()
                .iter()
                .take(at)
                .any(|other| other.name() == name)
            {
                return Err(Error::new(
                    SqlState::DUPLICATE_COLUMN,
                    format!("the record has column \"{name}\" twice"),
                )
                .with_hint("Give each column one value."));
            }
            let own = schema.field_with_name(name);
            let is_own_nested = own.is_ok_and(|own| own.data_type().is_nested());
            if field.data_type().is_nested() && !is_own_nested {
                return Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("the record has several values in column \"{name}\""),
                )
                .with_hint(
                    "Give it one, as text or in the type that the model's query has there.",
                ));
            }
        }
        let [id, source] = taking.names.each_ref().map(Option::as_deref);
        let names = [id, source].map(|column| texts(given, column?, schema));
        let read = with_repeated(given, resolver)?;
        if !taking.input.is_typed() {
            check_compared(&self.model.object, &read, given, resolver.model())?;
        }
        let count = given.len();
        let mut is_told_apart = count <= 1;
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for field in taking.read.fields() {
            let data_type = field.data_type();
            // They are no records of the model, whatever their identifiers.
            let column: ArrayRef = match read.get(field.name().as_str()) {
                _ if Some(field.name().as_str()) == id => match data_type.is_string() {
                    true => {
                        is_told_apart = true;
                        let numbered = (0..count).map(|at| Some(format!("?{at}")));
                        let numbered = numbered.collect::<StringArray>();
                        cast(&numbered, data_type)?
                    }
                    false => ScalarValue::new_default(data_type)?.to_array_of_size(count)?,
                },
                Some(column) if data_type.is_string() => {
                    cast(&within_the_calendar(column), data_type)?
                }
                Some(column) => cast(column, data_type)?,
                None => new_null_array(data_type, count),
            };
            arrays.push(column);
        }
        Ok(Incoming {
            taking: taking.input.clone(),
            records: RecordBatch::try_new(Arc::clone(&taking.read), arrays)?,
            is_told_apart,
            names,
            pool: Arc::clone(&self.model.instance.runtime().memory_pool),
        })
    }
}

/// The texts of a column of structs, in the form that its values have in the model's query.
fn texts(given: &StructArray, column: &str, schema: &Schema) -> Option<StringArray> {
    let data_type = schema.field_with_name(column).ok()?.data_type();
    let typed = cast(given.column_by_name(column)?, data_type).ok()?;
    let texts = cast(&typed, &DataType::Utf8).ok()?;
    texts.as_string_opt().cloned()
}
