//! How many arguments of a call are NULL, or are not.

use std::sync::Arc;

use arrow::array::{Array as _, Int32Array};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::arguments::Call;

/// Counts, row by row, the arguments of which this is true, given whether they are NULL.
pub(super) fn counted(call: &Call<'_>, counts: fn(bool) -> bool) -> Result<ColumnarValue> {
    let mut numbers = vec![0_i32; call.rows()];
    for position in 0..call.count() {
        let values = call.argument(position)?.to_array(call.rows())?;
        let nulls = values.logical_nulls();
        for (row, number) in numbers.iter_mut().enumerate() {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            *number += i32::from(counts(is_null));
        }
    }
    call.answer(Arc::new(Int32Array::from(numbers)))
}
