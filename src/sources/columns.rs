//! Which columns files have.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use futures::stream;
use futures::{StreamExt, TryStreamExt};

use super::csv::CsvSampler;
use super::format::FileFormat;
use super::infer::Inferred;
use super::json::JsonSampler;
use super::location::SourceFile;
use super::matching::columns_of;
use super::provider::Files;
use super::widening::{common, conflict, plain};
use super::{avro, ipc, parquet, type_name};
use crate::error::{Error, Result, SqlState};

/// A table that is created looks for types in this many files of texts at most.
const SAMPLED_FILES: usize = 20;

/// So many files are looked at at once.
pub(super) const AT_ONCE: usize = 16;

/// The columns of a table of these files.
///
/// # Errors
/// 42P17 where there are none; 42804 for a column that has types without one in common; what reading the
/// files meets.
pub(super) async fn infer(files: &Files, found: &[SourceFile]) -> Result<SchemaRef> {
    match files.format {
        FileFormat::Csv => infer_csv(files, found).await,
        FileFormat::Json => infer_json(files, found).await,
        FileFormat::Parquet | FileFormat::Arrow | FileFormat::Avro => {
            infer_typed(files, found).await
        }
    }
}

/// The columns of one file. One of CSV in which nothing but NULL is found is of the type of NULL.
///
/// # Errors
/// What reading it meets.
pub(super) async fn of_file(files: &Files, file: &SourceFile) -> Result<Schema> {
    let fields: Vec<Field> = match files.format {
        FileFormat::Csv => {
            let sampler = CsvSampler::new(&files.options.csv, files.options.sample_rows);
            let sampler = files.sample(file, sampler, CsvSampler::is_done).await?;
            let columns = sampler.columns().unwrap_or_default().into_iter();
            let fields = columns.map(|(name, seen)| match seen {
                Inferred::Null => Field::new(name, DataType::Null, true),
                seen => Field::new(name, seen.data_type(), true),
            });
            fields.collect()
        }
        FileFormat::Json => {
            let sampler = JsonSampler::new(files.options.sample_rows);
            let sampler = files.sample(file, sampler, JsonSampler::is_done).await?;
            let schema = sampler.schema();
            let fields = schema.iter().flat_map(|schema| schema.fields().iter());
            fields.map(|field| field.as_ref().clone()).collect()
        }
        FileFormat::Parquet => plain_fields(&parquet::schema_of(file, &files.store, None).await?),
        FileFormat::Arrow => plain_fields(ipc::schema_of(file, &files.store).await?.as_ref()),
        FileFormat::Avro => plain_fields(avro::schema_of(file, &files.store).await?.as_ref()),
    };
    Ok(Schema::new(fields))
}

/// Columns of one table have one layout whatever wrote their file, and another file may lack them.
fn plain_fields(schema: &Schema) -> Vec<Field> {
    let fields = schema.fields().iter();
    fields
        .map(|field| Field::new(field.name(), plain(field.data_type()), true))
        .collect()
}

/// The columns of the first files, with types that fit the sample of all.
async fn infer_csv(files: &Files, found: &[SourceFile]) -> Result<SchemaRef> {
    let mut columns: Option<Vec<(String, Inferred)>> = None;
    let mut wanted = files.options.sample_rows;
    for file in found.iter().take(SAMPLED_FILES) {
        let sampler = CsvSampler::new(&files.options.csv, wanted);
        let is_enough = |sampler: &CsvSampler| sampler.has_names() && sampler.is_done();
        let sampler = files.sample(file, sampler, is_enough).await?;
        wanted = wanted.saturating_sub(sampler.rows());
        match (&mut columns, sampler.columns()) {
            (_, None) => {}
            (None, found) => columns = found,
            (Some(columns), Some(found)) => {
                let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
                let known: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
                let places = columns_of(&names, &known);
                for ((name, seen), place) in found.into_iter().zip(places) {
                    match place.and_then(|place| columns.get_mut(place)) {
                        Some(column) => column.1 = column.1.merge(seen),
                        // Without names, more values than before are a mistake.
                        None if files.options.csv.header => columns.push((name, seen)),
                        None => {}
                    }
                }
            }
        }
    }
    let columns = columns.ok_or_else(|| files.no_columns())?;
    let fields = columns
        .into_iter()
        .map(|(name, seen)| Field::new(name, seen.data_type(), true));
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

async fn infer_json(files: &Files, found: &[SourceFile]) -> Result<SchemaRef> {
    let mut sampler = JsonSampler::new(files.options.sample_rows);
    for file in found.iter().take(SAMPLED_FILES) {
        sampler = files.sample(file, sampler, JsonSampler::is_done).await?;
        if sampler.is_done() {
            break;
        }
        sampler.next_file();
    }
    sampler.schema().ok_or_else(|| files.no_columns())
}

/// The columns of all files together, in the order in which files come to have them.
async fn infer_typed(files: &Files, found: &[SourceFile]) -> Result<SchemaRef> {
    let each = found.iter().cloned().map(|file| async move {
        let schema = of_file(files, &file).await?;
        Ok::<_, Error>((file.name, schema))
    });
    let schemas = stream::iter(each).buffered(AT_ONCE).boxed();
    let schemas: Vec<(String, Schema)> = schemas.try_collect().await?;
    let mut columns: Vec<(Field, &str)> = Vec::new();
    for (file, schema) in &schemas {
        let fields = schema.fields().iter();
        let names: Vec<String> = fields.map(|field| field.name().clone()).collect();
        let known: Vec<&str> = columns.iter().map(|(it, _)| it.name().as_str()).collect();
        let places = columns_of(&names, &known);
        for (field, place) in schema.fields().iter().zip(places) {
            let known = place.and_then(|place| columns.get_mut(place));
            let Some((known, first)) = known else {
                columns.push((field.as_ref().clone(), file));
                continue;
            };
            let data_type = common(known.data_type(), field.data_type()).ok_or_else(|| {
                let (path, one, other) =
                    conflict(field.name(), known.data_type(), field.data_type());
                let (one, other) = (type_name(one), type_name(other));
                Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!(
                        "column \"{path}\" is of type {one} in {first}, and of type {other} in {file}"
                    ),
                )
                .with_hint("Declare the columns, this one with a type that both can be read as, such as text, or read the files as several external tables.")
            })?;
            *known = known.clone().with_data_type(data_type);
        }
    }
    let fields: Vec<Field> = columns.into_iter().map(|(field, _)| field).collect();
    Ok(Arc::new(Schema::new(fields)))
}
