//! Arguments that are the same for all rows of a partition.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options, max, min};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result;

use crate::FunctionError;

/// The one integer that an argument is.
pub(super) fn integer(function: &str, parameter: &str, argument: &ArrayRef) -> Result<i64> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let integers = cast_with_options(argument, &DataType::Int64, &options)?;
    let integers = integers.as_primitive::<Int64Type>();
    let invalid = |what: &str| {
        FunctionError::invalid_argument(format!("{function}: the {parameter} {what}")).into()
    };
    if integers.null_count() > 0 {
        return Err(invalid("is NULL"));
    }
    match (min(integers), max(integers)) {
        (Some(least), Some(most)) if least == most => Ok(least),
        _ => Err(invalid("is not the same in all rows of a partition")),
    }
}

/// The one integer that an argument is, which must be within bounds.
pub(super) fn integer_from(
    function: &str,
    parameter: &str,
    argument: &ArrayRef,
    least: i64,
    most: i64,
) -> Result<usize> {
    let integer = integer(function, parameter, argument)?;
    if (least..=most).contains(&integer)
        && let Ok(integer) = usize::try_from(integer)
    {
        return Ok(integer);
    }
    let bounds = if most == i64::MAX {
        format!("at least {least}")
    } else {
        format!("from {least} to {most}")
    };
    Err(FunctionError::invalid_argument(format!(
        "{function}: the {parameter} {integer} is not {bounds}"
    ))
    .into())
}
