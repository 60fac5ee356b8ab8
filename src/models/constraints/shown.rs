//! Values of rows, as errors show them.

use arrow::array::ArrayRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::Result;

/// Values of a row with commas between them.
pub(super) fn shown(columns: &[ArrayRef], row: usize) -> Result<String> {
    let format = FormatOptions::default().with_null("null");
    let values = columns.iter().map(|column| {
        let shown = ArrayFormatter::try_new(column.as_ref(), &format)?;
        Ok(shown.value(row).to_string())
    });
    Ok(values.collect::<Result<Vec<_>>>()?.join(", "))
}
