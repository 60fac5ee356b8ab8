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

use super::super::index::Index;
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
        let Some(names) = names_of(&value, &options)? else {
            let error = wrong(format!("{argument} names no record"));
            return Err(error.with_hint(match value {
                ScalarValue::Struct(_) => of_both(&options),
                _ => self.where_records_are(&options),
            }));
        };
        let table = self.model.table(Companion::Records).await?;
        let schema = table.schema();
        let filters = names.iter().map(|name| name.filter(&schema, &options));
        let filters: Vec<Option<Expr>> = filters.collect::<Result<_>>()?;
        let Some(filter) = filters.into_iter().flatten().reduce(Expr::or) else {
            return Err(self.unknown(&value, &names, &options));
        };
        let rows = scan::stream(&self.model.instance, Arc::clone(&table), Some(filter)).await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        let rows = concat_batches(&schema, &rows)?;
        match rows.num_rows() {
            0 => Err(self.unknown(&value, &names, &options)),
            1 => Ok(rows),
            count => Err(self.doubtful(&value, count, &options)),
        }
    }

    /// The place of the record that a value names, among those of the model in memory; none where it is
    /// NULL.
    ///
    /// # Errors
    /// 22023 where it names none, or several.
    pub(super) fn place(
        &self,
        value: &ScalarValue,
        index: &Index,
        options: &ResolveOptions,
    ) -> Result<Option<u32>> {
        let Some(names) = names_of(value, options)? else {
            return Ok(None);
        };
        let found = names.iter().map(|name| name.place(index, options));
        let found: Vec<Option<u32>> = found.collect::<Result<_>>()?;
        let mut places: Vec<u32> = found.into_iter().flatten().collect();
        places.sort_unstable();
        places.dedup();
        match places.as_slice() {
            [place] => Ok(Some(*place)),
            [] => Err(self.unknown(value, &names, options)),
            several => Err(self.doubtful(value, several.len(), options)),
        }
    }

    /// The error of a value that names no record.
    fn unknown(&self, value: &ScalarValue, names: &[Name], options: &ResolveOptions) -> Error {
        let lacks_source = || names.iter().all(|name| name.source.is_none());
        let object = self.model.object.described();
        let text = shown(value);
        wrong(format!("{object} has no record \"{text}\"")).with_hint(match names {
            [] => "Write its source before it: 'source:id', or ':id' where it has none.".to_owned(),
            _ if options.source.is_some() && lacks_source() => of_both(options),
            _ => self.where_records_are(options),
        })
    }

    /// The error of a value that names so many records.
    fn doubtful(&self, value: &ScalarValue, count: usize, options: &ResolveOptions) -> Error {
        let object = self.model.object.described();
        let text = shown(value);
        wrong(format!("\"{text}\" names {count} records of {object}")).with_hint(of_both(options))
    }

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

    /// Where the record is among those in memory; none where there is none.
    fn place(&self, index: &Index, options: &ResolveOptions) -> Result<Option<u32>> {
        // As the values of its columns are told as texts.
        let told = |name: &str, value: &str| -> Result<Option<String>> {
            let data_type = index.schema.field_with_name(name)?.data_type();
            match ScalarValue::from(value).cast_to(data_type) {
                Ok(value) => text_of(&value),
                Err(_) => Ok(None),
            }
        };
        let source = match (&options.source, self.source.as_deref()) {
            (Some(name), Some(source)) if !source.is_empty() => told(name, source)?,
            _ => Some(String::new()),
        };
        let id = told(&options.unique_id, &self.id)?;
        let records = index.resolver.records();
        Ok(source
            .zip(id)
            .and_then(|(source, id)| records.find(&source, &id)))
    }
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// The names that a value may be; none where it is NULL, or the identifier in it.
///
/// # Errors
/// 22023 for a struct of other columns.
fn names_of(value: &ScalarValue, options: &ResolveOptions) -> Result<Option<Vec<Name>>> {
    if value.is_null() {
        return Ok(None);
    }
    Ok(match value {
        ScalarValue::Struct(_) => of_struct(value, options)?.map(|name| vec![name]),
        _ => text_of(value)?.map(|text| of_text(&text, options)),
    })
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

/// What a struct of the columns that name a record names; none where it has no identifier.
fn of_struct(record: &ScalarValue, options: &ResolveOptions) -> Result<Option<Name>> {
    let ScalarValue::Struct(fields) = record else {
        return Err(Error::internal("a struct without fields"));
    };
    let is_known =
        |name: &str| name == options.unique_id || Some(name) == options.source.as_deref();
    let has_id = fields.column_by_name(&options.unique_id).is_some();
    if !has_id || !fields.column_names().into_iter().all(is_known) {
        return Err(wrong(format!("{record} names no record")).with_hint(of_both(options)));
    }
    let value = |name: &str| match fields.column_by_name(name) {
        Some(column) => text_of(&ScalarValue::try_from_array(column, 0)?),
        None => Ok(None),
    };
    let source = options.source.as_deref().map(value).transpose()?.flatten();
    Ok(value(&options.unique_id)?.map(|id| Name { source, id }))
}

fn text_of(value: &ScalarValue) -> Result<Option<String>> {
    match value.cast_to(&DataType::Utf8)? {
        ScalarValue::Utf8(text) => Ok(text),
        _ => Ok(None),
    }
}

/// What names a record, as an error tells it.
fn shown(value: &ScalarValue) -> String {
    let text = match value {
        ScalarValue::Struct(_) => None,
        _ => text_of(value).ok().flatten(),
    };
    text.unwrap_or_else(|| value.to_string())
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
