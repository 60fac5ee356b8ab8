//! The values of columns as texts.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;

use crate::FunctionError;
use crate::wording::{quoted, type_name};

/// How many texts are given at a time.
const TEXTS: usize = 256;

/// Calls for the values of an array of a column of this name, as texts, some at a time. What is NULL
/// is empty.
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
        other if other.is_nested() || matches!(other, DataType::Binary | DataType::BinaryView) => {
            Err(FunctionError::unsupported(format!(
                "column {} is of type {}, which an entity resolution cannot compare",
                quoted(name),
                type_name(other)
            ))
            .with_hint("Leave it out, or cast it to text.")
            .into())
        }
        _ => {
            let texts = cast(array, &DataType::Utf8)?;
            some_at_a_time(texts.as_string::<i32>().iter(), each)
        }
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
