//! `trim_array(array, count)`.

use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::elements_of;
use crate::arguments::{Call, Form, Function, Kind};
use crate::wording::type_name;
use crate::{FunctionError, interrupt};

#[user_doc(
    doc_section(label = "Array Functions"),
    description = "An array without its last elements; of one of several dimensions, without the last of the first dimension. To take off more than there are, or fewer than none, is an error (2202E).",
    syntax_example = "trim_array(array, count)",
    sql_example = r#"```sql
> SELECT trim_array(ARRAY[1, 2, 3], 2) AS first;
+-------+
| first |
+-------+
| [1]   |
+-------+
```"#,
    argument(name = "array", description = "An array."),
    argument(name = "count", description = "How many elements are taken off.")
)]
struct TrimArray;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "trim_array",
        parameters: &[Kind::Any, Kind::Integer],
        counts: &[2],
    },
    answer,
    invoke,
    documentation: || TrimArray.doc(),
    ..Function::IMMUTABLE
};

fn answer(given: &[DataType]) -> Result<DataType> {
    match given.first() {
        Some(array @ (DataType::List(_) | DataType::Null)) => Ok(array.clone()),
        other => {
            let data_type = type_name(other.unwrap_or(&DataType::Null));
            let told = format!("trim_array takes an array as argument 1, not {data_type}");
            Err(FunctionError::no_such_form(told)
                .with_hint("Call it as trim_array(array, count).")
                .into())
        }
    }
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let arrays = call.argument(0)?.to_array(call.rows())?;
    let Some(lists) = arrays.as_list_opt::<i32>() else {
        return call.answer(arrays);
    };
    let counts = call.numbers::<Int32Type>(1)?;
    let mut places: Vec<u64> = Vec::with_capacity(lists.values().len());
    let mut lengths = Vec::with_capacity(lists.len());
    let mut valid = Vec::with_capacity(lists.len());
    let listener = interrupt::listen();
    for row in 0..lists.len() {
        listener.check()?;
        let is_valid = lists.is_valid(row) && counts.is_valid(row);
        valid.push(is_valid);
        if !is_valid {
            lengths.push(0);
            continue;
        }
        let held = elements_of(lists, row);
        let count = usize::try_from(counts.value(row)).ok();
        let Some(kept) = count.and_then(|count| held.len().checked_sub(count)) else {
            return Err(FunctionError {
                sqlstate: "2202E",
                message: format!(
                    "number of elements to trim must be between 0 and {}",
                    held.len()
                ),
                hint: None,
            }
            .into());
        };
        places.extend(held.take(kept).map(|place| place as u64));
        lengths.push(kept);
    }
    let elements = take(lists.values(), &UInt64Array::from(places), None)?;
    let (item, _, _, _) = lists.clone().into_parts();
    let offsets = OffsetBuffer::from_lengths(lengths);
    let nulls = NullBuffer::from(valid);
    let trimmed = ListArray::try_new(item, offsets, elements, Some(nulls))?;
    call.answer(Arc::new(trimmed))
}
