//! Columns of incoming records that a model does not compare: what they repeat, and what to say where
//! nothing is compared.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use tributary_udfs::resolve::{Model, Repeat, Resolver, within_the_calendar};

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};

/// The columns of structs by their names. Where one repeats others, these have what it says of them in the
/// records that lack them.
///
/// # Errors
/// None for types that have texts.
pub(super) fn with_repeated<'a>(
    given: &'a StructArray,
    resolver: &'a Resolver,
) -> Result<HashMap<&'a str, ArrayRef>> {
    let names = given.column_names().into_iter();
    let mut columns: HashMap<&str, ArrayRef> =
        names.zip(given.columns().iter().map(Arc::clone)).collect();
    for repeat in resolver.model().repeats() {
        let Some(column) = columns.get(repeat.column.as_str()) else {
            continue;
        };
        let said = parts(&texts(column)?, repeat, resolver);
        for (name, said) in repeat.of.iter().zip(said) {
            if said.null_count() == said.len() {
                continue;
            }
            let own = columns.get(name.as_str()).map(texts).transpose()?;
            let values = (0..said.len()).map(|row| {
                let own = own.as_ref().filter(|own| own.is_valid(row));
                own.map(|own| own.value(row))
                    .or_else(|| said.is_valid(row).then(|| said.value(row)))
            });
            let values: StringArray = values.collect();
            columns.insert(name, Arc::new(values));
        }
    }
    Ok(columns)
}

/// What the values of a column say of each of those that it repeats.
fn parts(values: &StringArray, repeat: &Repeat, resolver: &Resolver) -> Vec<StringArray> {
    let nothing = || vec![None; repeat.of.len()];
    let of_rows: Vec<Vec<Option<String>>> = values
        .iter()
        .map(|value| value.map_or_else(nothing, |value| resolver.parts_of(repeat, value)))
        .collect();
    (0..repeat.of.len())
        .map(|part| of_rows.iter().map(|row| row[part].as_deref()).collect())
        .collect()
}

fn texts(column: &ArrayRef) -> Result<StringArray> {
    let texts = cast(&within_the_calendar(column), &DataType::Utf8)?;
    Ok(texts.as_string::<i32>().clone())
}

/// That a model compares anything of records that have these columns: without it nothing would ever be
/// found, and nobody would know why.
///
/// # Errors
/// 22023 where it compares none of them.
pub(super) fn check_compared(
    object: &Object,
    read: &HashMap<&str, ArrayRef>,
    given: &StructArray,
    model: &Model,
) -> Result<()> {
    let mut compared = model.columns().iter().map(|column| column.name.as_str());
    if model.compares_nothing() || compared.any(|name| read.contains_key(name)) {
        return Ok(());
    }
    let error = Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!(
            "{} compares none of the columns that the record has: {}",
            object.described(),
            given.column_names().join(", ")
        ),
    );
    let mut repeats = model.repeats().iter();
    let repeat = repeats.find(|repeat| given.column_by_name(&repeat.column).is_some());
    Err(error.with_hint(match repeat {
        Some(repeat) if !repeat.of.is_empty() => format!(
            "\"{}\" is left out, as it only repeats what others say. Give these: {}.",
            repeat.column,
            repeat.of.join(", ")
        ),
        _ => {
            let names = model.columns().iter().map(|column| column.name.as_str());
            format!("It compares: {}.", names.collect::<Vec<_>>().join(", "))
        }
    }))
}
