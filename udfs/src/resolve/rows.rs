//! Records as they came, in batches.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use datafusion::error::Result;

use crate::FunctionError;
use crate::interrupt::listen;
use crate::wording::{quoted, type_name};

/// Records as they came.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) schema: Schema,
    pub(super) batches: Vec<RecordBatch>,
    /// How many there are.
    pub(super) count: usize,
}

impl Rows {
    /// The name of a column.
    pub(super) fn name(&self, column: usize) -> &str {
        self.schema.field(column).name()
    }

    /// Calls for each value of a column, as text.
    ///
    /// # Errors
    /// 0A000 for a type that has none; what `each` meets.
    pub(super) fn texts(
        &self,
        column: usize,
        mut each: impl FnMut(Option<&str>) -> Result<()>,
    ) -> Result<()> {
        let listener = listen();
        for batch in &self.batches {
            listener.check()?;
            for_each_text(batch.column(column), self.name(column), &mut each)?;
        }
        Ok(())
    }
}

/// Calls for every value of an array, as text.
fn for_each_text(
    array: &ArrayRef,
    name: &str,
    each: &mut impl FnMut(Option<&str>) -> Result<()>,
) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().try_for_each(each),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().try_for_each(each),
        DataType::Utf8View => array.as_string_view().iter().try_for_each(each),
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
            texts.as_string::<i32>().iter().try_for_each(each)
        }
    }
}
