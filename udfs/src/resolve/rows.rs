//! The values of columns as texts.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampSecondType,
};
use arrow::temporal_conversions::{as_datetime, date32_to_datetime};
use datafusion::error::Result;

use crate::FunctionError;
use crate::formatting::SessionTimeZone;
use crate::postgres::as_text;
use crate::wording::{quoted, type_name};

/// How many texts are given at a time.
const TEXTS: usize = 256;

/// Calls for the values of an array of a column of this name, as texts, some at a time. What is NULL
/// is empty, and so is a moment without a day in the calendar: `infinity` stands for no day that is
/// known, and two records that have it have none in common.
///
/// # Errors
/// 0A000 for a type that has no texts; what `each` meets.
pub(super) fn texts(
    array: &ArrayRef,
    name: &str,
    each: impl FnMut(&[&str]) -> Result<()>,
) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => some_at_a_time(array.as_string::<i32>().iter(), each),
        DataType::LargeUtf8 => some_at_a_time(array.as_string::<i64>().iter(), each),
        DataType::Utf8View => some_at_a_time(array.as_string_view().iter(), each),
        other if has_no_texts(other) => {
            Err(FunctionError::unsupported(format!(
                "column {} is of type {}, which an entity resolution cannot compare",
                quoted(name),
                type_name(other)
            ))
            .with_hint(
                "Leave it out by compare = {'column': 'ignore'}, cast it to text, or give it levels of its own: compare = {'column': ['l.column = r.column']}.",
            )
            .into())
        }
        _ => {
            let texts = cast(&within_the_calendar(array), &DataType::Utf8)?;
            some_at_a_time(texts.as_string::<i32>().iter(), each)
        }
    }
}

/// The values of an array as they are shown: what has no texts that could be compared has some to be read.
///
/// # Errors
/// What showing the elements of an array, or the fields of a row, meets.
pub(super) fn shown(array: &ArrayRef) -> Result<ArrayRef> {
    let data_type = array.data_type();
    // Maps are shown as nothing but maps.
    match has_no_texts(data_type) && !matches!(data_type, DataType::Map(..)) {
        true => as_text(array, &SessionTimeZone::default()),
        false => Ok(Arc::clone(array)),
    }
}

/// Whether a type has no texts that its values are compared by, or told.
pub(super) fn has_no_texts(data_type: &DataType) -> bool {
    data_type.is_nested() || matches!(data_type, DataType::Binary | DataType::BinaryView)
}

/// Dates and moments, of which those are NULL that the calendar does not reach.
pub fn within_the_calendar(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Date32 => {
            let dates = array.as_primitive::<Date32Type>();
            let dates =
                dates.unary_opt::<_, Date32Type>(|day| date32_to_datetime(day).map(|_| day));
            Arc::new(dates)
        }
        DataType::Timestamp(unit, zone) => {
            macro_rules! moments {
                ($unit:ty) => {{
                    let moments = array.as_primitive::<$unit>();
                    let moments =
                        moments.unary_opt::<_, $unit>(|at| as_datetime::<$unit>(at).map(|_| at));
                    Arc::new(moments.with_timezone_opt(zone.clone()))
                }};
            }
            match unit {
                TimeUnit::Second => moments!(TimestampSecondType),
                TimeUnit::Millisecond => moments!(TimestampMillisecondType),
                TimeUnit::Microsecond => moments!(TimestampMicrosecondType),
                // All of them are within it.
                TimeUnit::Nanosecond => Arc::clone(array),
            }
        }
        _ => Arc::clone(array),
    }
}

fn some_at_a_time<'a>(
    texts: impl Iterator<Item = Option<&'a str>>,
    mut each: impl FnMut(&[&str]) -> Result<()>,
) -> Result<()> {
    let mut some = Vec::with_capacity(TEXTS);
    for text in texts {
        some.push(text.unwrap_or_default());
        if some.len() == TEXTS {
            each(&some)?;
            some.clear();
        }
    }
    each(&some)
}
