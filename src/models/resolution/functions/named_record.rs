//! The record that an argument names.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use tributary_udfs::resolve::ResolveOptions;

use super::super::{Companion, options, scan};
use super::Asked;
use crate::error::{Error, Result, SqlState};
use crate::sql::name::Quoted;

/// What names a record. One without a source has NULL there, or an empty text.
struct Name {
    source: Option<String>,
    id: String,
}

impl Asked {
    /// The record that an argument names: by its identifier, behind its source and a colon where the
    /// model has sources; or by a struct of both columns.
    ///
    /// # Errors
    /// 22023 where it names none, or several.
    pub(super) async fn record(&self, argument: &str) -> Result<RecordBatch> {
        let value = self.value(argument).await?;
        let options = options::read(self.model.definition()?)?.engine;
        let (names, text) = match &value {
            ScalarValue::Struct(_) => (vec![of_struct(&value, &options)?], value.to_string()),
            _ => match text_of(&value)? {
                Some(text) => (of_text(&text, &options), text),
                None => {
                    let error = wrong(format!("{argument} names no record"));
                    return Err(error.with_hint(self.where_records_are(&options)));
                }
            },
        };
        let object = self.model.object.described();
        let unknown = || wrong(format!("{object} has no record \"{text}\""));
        if names.is_empty() {
            return Err(unknown().with_hint(
                "Write its source before it: 'source:id', or ':id' where it has none.",
            ));
        }
        let table = self.model.table(Companion::Records).await?;
        let schema = table.schema();
        let filters = names.iter().map(|name| name.filter(&schema, &options));
        let filters: Vec<Option<Expr>> = filters.collect::<Result<_>>()?;
        let Some(filter) = filters.into_iter().flatten().reduce(Expr::or) else {
            return Err(unknown().with_hint(self.where_records_are(&options)));
        };
        let rows = scan::stream(&self.model.instance, Arc::clone(&table), Some(filter)).await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        let rows = concat_batches(&schema, &rows)?;
        let lacks_source = || names.iter().all(|name| name.source.is_none());
        match rows.num_rows() {
            0 if options.source.is_some() && lacks_source() => {
                Err(unknown().with_hint(of_both(&options)))
            }
            0 => Err(unknown().with_hint(self.where_records_are(&options))),
            1 => Ok(rows),
            count => Err(
                wrong(format!("\"{text}\" names {count} records of {object}"))
                    .with_hint(of_both(&options)),
            ),
        }
    }
}

impl Asked {
    /// Where the names of a model's records are found.
    fn where_records_are(&self, options: &ResolveOptions) -> String {
        let names = options.source.iter().chain([&options.unique_id]);
        let names: Vec<String> = names.map(|name| Quoted(name).to_string()).collect();
        format!(
            "Its records are those of SELECT {} FROM entity_clusters('{}').",
            names.join(", "),
            self.model.object.name
        )
    }
}

impl Name {
    /// What tells the record from others; none where its columns cannot have such values.
    fn filter(&self, schema: &Schema, options: &ResolveOptions) -> Result<Option<Expr>> {
        let is = |name: &str, value: &str| -> Result<Option<Expr>> {
            let data_type = schema.field_with_name(name)?.data_type();
            let value = ScalarValue::from(value).cast_to(data_type).ok();
            let value = value.filter(|value| !value.is_null());
            Ok(value.map(|value| column(name).eq(lit(value))))
        };
        let Some(filter) = is(&options.unique_id, &self.id)? else {
            return Ok(None);
        };
        let Some(name) = &options.source else {
            return Ok(Some(filter));
        };
        let source = self.source.as_deref().unwrap_or_default();
        let of_source = match (is(name, source)?, source) {
            (Some(empty), "") => Some(column(name).is_null().or(empty)),
            (None, "") => Some(column(name).is_null()),
            (of_source, _) => of_source,
        };
        Ok(of_source.map(|of_source| filter.and(of_source)))
    }
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// What a text may name: its colon may be any, as sources and identifiers may have some.
fn of_text(text: &str, options: &ResolveOptions) -> Vec<Name> {
    if options.source.is_none() {
        return vec![Name {
            source: None,
            id: text.to_owned(),
        }];
    }
    let colons = text.match_indices(':');
    colons
        .map(|(at, colon)| Name {
            source: Some(text[..at].to_owned()),
            id: text[at + colon.len()..].to_owned(),
        })
        .collect()
}

/// What a struct of the columns that name a record names.
fn of_struct(record: &ScalarValue, options: &ResolveOptions) -> Result<Name> {
    let ScalarValue::Struct(fields) = record else {
        return Err(Error::internal("a struct without fields"));
    };
    let is_known =
        |name: &str| name == options.unique_id || Some(name) == options.source.as_deref();
    let value = |name: &str| match fields.column_by_name(name) {
        Some(column) => text_of(&ScalarValue::try_from_array(column, 0)?),
        None => Ok(None),
    };
    let id = value(&options.unique_id)?;
    match id.filter(|_| fields.column_names().into_iter().all(is_known)) {
        Some(id) => Ok(Name {
            source: options.source.as_deref().map(value).transpose()?.flatten(),
            id,
        }),
        None => Err(wrong(format!("{record} names no record")).with_hint(of_both(options))),
    }
}

fn text_of(value: &ScalarValue) -> Result<Option<String>> {
    match value.cast_to(&DataType::Utf8)? {
        ScalarValue::Utf8(text) => Ok(text),
        _ => Ok(None),
    }
}

/// How a record is named without doubt.
fn of_both(options: &ResolveOptions) -> String {
    let source = options.source.iter();
    let source = source.map(|name| format!("'{name}', ..., "));
    format!(
        "Write it as named_struct({}'{}', ...).",
        source.collect::<String>(),
        options.unique_id
    )
}

fn wrong(message: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}
