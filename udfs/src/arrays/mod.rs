//! Arrays.

mod array_assign;
mod array_fill;
mod trim_array;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::ListArray;
use datafusion::logical_expr::ScalarUDF;

use crate::arguments::declare;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    declare(&[
        &array_assign::FUNCTION,
        &array_fill::FUNCTION,
        &trim_array::FUNCTION,
    ])
}

/// Where the elements of a row stand among those of all.
fn elements_of(arrays: &ListArray, row: usize) -> Range<usize> {
    let offset = |place: usize| arrays.value_offsets().get(place).copied().unwrap_or(0);
    let at = |place: usize| usize::try_from(offset(place)).unwrap_or(0);
    at(row)..at(row + 1)
}
