//! Arrays out of text, `{a,"b c",NULL}`, and out of others.
//!
//! Arrow's cast makes an array of one element of any text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::internal_err;
use datafusion::common::utils::list_ndims;
use datafusion::error::Result;

use super::conversion::{as_text, from_text};
use super::nested_arrays;
use crate::FunctionError;
use crate::formatting::SessionTimeZone;
use crate::json::{JsonKind, read_texts};

/// Casts texts to arrays; moments among their elements that name no zone are of `zone`.
///
/// # Errors
/// 22P02 for a text that is no array, 0A000 for one of more dimensions; those of the elements' type.
pub(super) fn of_texts(from: &ArrayRef, to: &DataType, zone: &SessionTimeZone) -> Result<ArrayRef> {
    let (DataType::List(item) | DataType::LargeList(item)) = to else {
        return internal_err!("{to} is no array");
    };
    let texts = cast(from, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    if item.data_type().is_list() {
        let lists = nested_arrays::of_texts(texts, item, zone)?;
        return Ok(cast(&lists, to)?);
    }
    let mut elements = Vec::new();
    let mut lengths = Vec::with_capacity(texts.len());
    for text in texts {
        let own = text.map(array_elements).transpose()?.unwrap_or_default();
        lengths.push(own.len());
        elements.extend(own);
    }
    let values = of_elements(elements, item, zone)?;
    let nulls: NullBuffer = texts.iter().map(|text| text.is_some()).collect();
    let item = Arc::new(Field::clone(item).with_nullable(true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let lists: ArrayRef = Arc::new(ListArray::try_new(item, offsets, values, Some(nulls))?);
    Ok(cast(&lists, to)?)
}

/// Arrays whose elements are others of the type of `item`, made of all of them at once.
///
/// # Errors
/// Those of `convert`.
pub(crate) fn of_arrays(
    from: &ArrayRef,
    item: &Field,
    convert: impl FnOnce(&ArrayRef) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    let lists = match from.data_type() {
        DataType::LargeList(own) => cast(from, &DataType::List(Arc::clone(own)))?,
        _ => Arc::clone(from),
    };
    let (_, offsets, values, nulls) = lists.as_list::<i32>().clone().into_parts();
    // What no row has is not converted: it may be what cannot be.
    let bound = |offset: Option<&i32>| usize::try_from(offset.copied().unwrap_or(0)).unwrap_or(0);
    let (first, last) = (bound(offsets.first()), bound(offsets.last()));
    let values = convert(&values.slice(first, last.saturating_sub(first)))?;
    let item = Arc::new(Field::clone(item).with_nullable(true));
    let offsets = OffsetBuffer::from_lengths(offsets.lengths());
    Ok(Arc::new(ListArray::try_new(item, offsets, values, nulls)?))
}

/// Arrays as those of a type of another number of dimensions, which only arrays without elements are.
///
/// # Errors
/// 0A000 for an array with elements.
pub(super) fn without_elements(
    from: &ArrayRef,
    to: &DataType,
    zone: &SessionTimeZone,
) -> Result<ArrayRef> {
    let lists = match from.data_type() {
        DataType::List(own) => cast(from, &DataType::LargeList(Arc::clone(own)))?,
        _ => Arc::clone(from),
    };
    let lists = lists.as_list::<i64>();
    if lists.iter().flatten().any(|list| !list.is_empty()) {
        return Err(FunctionError::unsupported(format!(
            "an array of {} dimensions where the type has {} is not supported",
            list_ndims(from.data_type()),
            list_ndims(to)
        ))
        .into());
    }
    let texts = lists.iter().map(|list| list.map(|_| "{}"));
    let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
    of_texts(&texts, to, zone)
}

/// Texts of elements as their values.
///
/// # Errors
/// Those of the elements' type.
pub(super) fn of_elements(
    elements: Vec<Option<String>>,
    item: &Field,
    zone: &SessionTimeZone,
) -> Result<ArrayRef> {
    let elements: ArrayRef = Arc::new(StringArray::from(elements));
    Ok(match item.data_type() {
        DataType::Utf8 => match JsonKind::of_field(item) {
            Some(kind) => read_texts(&elements, kind)?,
            None => elements,
        },
        nested if nested.is_nested() && elements.is_empty() => new_empty_array(nested),
        nested if nested.is_nested() => return Err(several_dimensions().into()),
        wanted => from_text(&elements, wanted, zone)?,
    })
}

/// Casts arrays to texts, moments among their elements in `zone`.
pub(super) fn to_texts(from: &ArrayRef, zone: &SessionTimeZone) -> Result<ArrayRef> {
    let (DataType::List(item) | DataType::LargeList(item)) = from.data_type() else {
        return internal_err!("{} is no array", from.data_type());
    };
    let lists = cast(from, &DataType::LargeList(Arc::clone(item)))?;
    let lists = lists.as_list::<i64>();
    let is_nested = item.data_type().is_nested();
    let mut texts = Vec::with_capacity(lists.len());
    for list in lists.iter() {
        let Some(elements) = list else {
            texts.push(None);
            continue;
        };
        let elements = as_text(&elements, zone)?;
        let shown: Vec<String> = elements
            .as_string::<i32>()
            .iter()
            .map(|element| match element {
                None => "NULL".to_owned(),
                Some(text) if is_nested || !needs_quotes(text) => text.to_owned(),
                Some(text) => {
                    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
                    format!("\"{escaped}\"")
                }
            })
            .collect();
        texts.push(Some(format!("{{{}}}", shown.join(","))));
    }
    Ok(Arc::new(StringArray::from(texts)))
}

fn needs_quotes(element: &str) -> bool {
    let is_special =
        |character: char| "{},\"\\".contains(character) || character.is_ascii_whitespace();
    element.is_empty() || element.eq_ignore_ascii_case("null") || element.contains(is_special)
}

fn several_dimensions() -> FunctionError {
    FunctionError::unsupported("an array of more dimensions as text is not supported")
        .with_hint("Declare the type with brackets for each dimension: integer[][].")
}

/// That a text is no array.
pub(super) fn malformed(text: &str) -> FunctionError {
    FunctionError {
        sqlstate: "22P02",
        message: format!("malformed array literal: \"{text}\""),
        hint: None,
    }
}

/// The elements of an array's text; `None` is NULL.
///
/// # Errors
/// 22P02 for a text that is no array, 0A000 for one of more dimensions.
pub fn array_elements(text: &str) -> Result<Vec<Option<String>>, FunctionError> {
    let malformed = || malformed(text);
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(malformed)?;
    if inner.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut elements = Vec::new();
    let mut characters = inner.chars().peekable();
    loop {
        while characters
            .next_if(|character| character.is_ascii_whitespace())
            .is_some()
        {}
        let mut element = String::new();
        let is_quoted = characters.next_if_eq(&'"').is_some();
        if is_quoted {
            loop {
                match characters.next().ok_or_else(malformed)? {
                    '"' => break,
                    '\\' => element.push(characters.next().ok_or_else(malformed)?),
                    other => element.push(other),
                }
            }
            while characters
                .next_if(|character| character.is_ascii_whitespace())
                .is_some()
            {}
        } else {
            while let Some(character) = characters.next_if(|character| *character != ',') {
                match character {
                    '{' => return Err(several_dimensions()),
                    '}' | '"' => return Err(malformed()),
                    '\\' => element.push(characters.next().ok_or_else(malformed)?),
                    other => element.push(other),
                }
            }
            element.truncate(element.trim_end().len());
            if element.is_empty() {
                return Err(malformed());
            }
        }
        let is_null = !is_quoted && element.eq_ignore_ascii_case("null");
        elements.push((!is_null).then_some(element));
        match characters.next() {
            Some(',') => {}
            Some(_) => return Err(malformed()),
            None => return Ok(elements),
        }
    }
}
