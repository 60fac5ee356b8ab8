//! SQL values as JSON, as PostgreSQL's `datum_to_json` writes them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::not_impl_err;
use datafusion::error::Result;

use super::kind::JsonKind;
use super::value::write_string;
use crate::formatting::SessionTimeZone;
use crate::postgres::as_text;

/// A column, ready to write any of its values.
pub(super) struct Encoder {
    nulls: Option<NullBuffer>,
    values: Values,
}

enum Values {
    Null,
    Boolean(BooleanArray),
    /// Written as they are.
    Documents(StringArray),
    Numbers(StringArray),
    Quoted(StringArray),
    /// Timestamps, in the form of ISO 8601.
    Moments(StringArray),
    List {
        offsets: Vec<i64>,
        elements: Box<Encoder>,
    },
    Record(Vec<(String, Encoder)>),
}

impl Encoder {
    /// Prepares to write the values of `column`, which are those of `field`.
    pub(super) fn new(column: &ArrayRef, field: &Field, zone: &SessionTimeZone) -> Result<Self> {
        // Dates are as ISO 8601 has them whatever the session's DateStyle.
        let zone = &zone.clone().with_date_style("ISO, MDY");
        let texts =
            || -> Result<StringArray> { Ok(as_text(column, zone)?.as_string::<i32>().clone()) };
        let values = match column.data_type() {
            DataType::Null => Values::Null,
            DataType::Boolean => Values::Boolean(column.as_boolean().clone()),
            DataType::Utf8 if JsonKind::of_field(field).is_some() => Values::Documents(texts()?),
            numeric if numeric.is_numeric() => Values::Numbers(texts()?),
            DataType::Timestamp(..) => Values::Moments(texts()?),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                let lists = cast(column, &DataType::LargeList(Arc::clone(item)))?;
                let lists = lists.as_list::<i64>();
                Values::List {
                    offsets: lists.value_offsets().to_vec(),
                    elements: Box::new(Self::new(lists.values(), item, zone)?),
                }
            }
            DataType::Struct(fields) => {
                let record = column.as_struct();
                // The names that DataFusion gives to the fields of `row(...)`.
                let is_unnamed = fields
                    .iter()
                    .enumerate()
                    .all(|(place, field)| *field.name() == format!("c{place}"));
                let parts = fields.iter().zip(record.columns()).enumerate();
                let parts = parts.map(|(place, (field, column))| {
                    let name = match is_unnamed {
                        true => format!("f{}", place + 1),
                        false => field.name().clone(),
                    };
                    Ok((name, Self::new(column, field, zone)?))
                });
                Values::Record(parts.collect::<Result<_>>()?)
            }
            DataType::Map(..) | DataType::Union(..) => {
                return not_impl_err!("JSON of values of type {}", column.data_type());
            }
            _ => Values::Quoted(texts()?),
        };
        Ok(Self {
            nulls: column.logical_nulls(),
            values,
        })
    }

    /// Whether the value is NULL.
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Whether values are records or arrays.
    pub(super) fn is_nested(&self) -> bool {
        matches!(self.values, Values::List { .. } | Values::Record(_))
    }

    /// Appends the value; `line` stands between the members of a record or an array.
    pub(super) fn write(&self, row: usize, line: &str, out: &mut String) {
        if self.is_null(row) {
            return out.push_str("null");
        }
        match &self.values {
            Values::Null => out.push_str("null"),
            Values::Boolean(values) => out.push_str(match values.value(row) {
                true => "true",
                false => "false",
            }),
            Values::Documents(texts) => out.push_str(texts.value(row)),
            Values::Numbers(texts) => match texts.value(row) {
                // No numbers of JSON.
                special @ ("NaN" | "Infinity" | "-Infinity") => write_string(special, out),
                text => out.push_str(text),
            },
            Values::Quoted(texts) => write_string(texts.value(row), out),
            Values::Moments(texts) => write_moment(texts.value(row), out),
            Values::List { offsets, elements } => {
                let bound = |place: usize| {
                    let offset = offsets.get(place).copied().unwrap_or_default();
                    usize::try_from(offset).unwrap_or_default()
                };
                out.push('[');
                for (index, element) in (bound(row)..bound(row + 1)).enumerate() {
                    if index > 0 {
                        out.push(',');
                        out.push_str(line);
                    }
                    elements.write(element, "", out);
                }
                out.push(']');
            }
            Values::Record(parts) => {
                out.push('{');
                for (index, (name, part)) in parts.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                        out.push_str(line);
                    }
                    write_string(name, out);
                    out.push(':');
                    part.write(row, "", out);
                }
                out.push('}');
            }
        }
    }

    /// Appends the value as a key of an object; whether it can be one.
    pub(super) fn write_key(&self, row: usize, out: &mut String) -> bool {
        match &self.values {
            Values::Null | Values::Documents(_) | Values::List { .. } | Values::Record(_) => {
                return false;
            }
            Values::Boolean(_) => {
                out.push('"');
                self.write(row, "", out);
                out.push('"');
            }
            Values::Numbers(texts) | Values::Quoted(texts) | Values::Moments(texts) => {
                write_string(texts.value(row), out);
            }
        }
        true
    }
}

/// `2014-05-28 12:22:35+02` as `"2014-05-28T12:22:35+02:00"`.
fn write_moment(text: &str, out: &mut String) {
    if matches!(text, "infinity" | "-infinity") {
        return write_string(text, out);
    }
    out.push('"');
    let (date, time) = text.split_once(' ').unwrap_or((text, ""));
    out.push_str(date);
    out.push('T');
    out.push_str(time);
    if let Some(place) = time.find(['+', '-'])
        && !time.get(place..).unwrap_or_default().contains(':')
        && !time.contains(' ')
    {
        out.push_str(":00");
    }
    out.push('"');
}
