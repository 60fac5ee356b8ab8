//! `greatest` and `least` of intervals, arrays and records, by the forms that these are compared by.
//! DataFusion compares an interval's months first, then days, then times, and takes NULL for the least
//! element.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::cast;
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::comparable::in_order;
use super::converted::only_value;

/// The greatest or the least value of each row as one of a type; NULL is none, and of equal ones it is the
/// first.
pub(super) fn of(
    args: &[ColumnarValue],
    is_greatest: bool,
    wanted: &DataType,
) -> Result<ColumnarValue> {
    let columns = ColumnarValue::values_to_arrays(args)?;
    let Some(first) = columns.first() else {
        return exec_err!("none of no values is the greatest");
    };
    let has_values = |column: &&ArrayRef| column.null_count() < column.len();
    let mut columns = columns.iter().filter(has_values);
    // A single array does not tell what its items are, as a column does.
    let mut found = cast(columns.next().unwrap_or(first), wanted)?;
    for other in columns {
        let other = cast(other, wanted)?;
        let is_beyond = are_beyond(&other, &found, is_greatest)?;
        found = zip(&is_beyond, &other, &found)?;
    }
    let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
    Ok(match args.iter().any(is_column) {
        true => ColumnarValue::Array(found),
        false => ColumnarValue::Scalar(only_value(&found)?),
    })
}

/// Which values take the place of those that were found.
fn are_beyond(other: &ArrayRef, found: &ArrayRef, is_greatest: bool) -> Result<BooleanArray> {
    let compare = in_order(other, found)?;
    let are_beyond = (0..found.len()).map(|row| {
        let is_beyond = other.is_valid(row)
            && (found.is_null(row)
                || match is_greatest {
                    true => compare(row, row).is_gt(),
                    false => compare(row, row).is_lt(),
                });
        Some(is_beyond)
    });
    Ok(are_beyond.collect())
}
