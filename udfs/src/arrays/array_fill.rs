//! `array_fill(value, lengths)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind};

/// The most elements of all arrays of a batch.
const MAX_ELEMENTS: usize = 1 << 27;

#[user_doc(
    doc_section(label = "Array Functions"),
    description = "An array of copies of a value, which may be NULL. Its length is the one number of the second argument; arrays of more dimensions, and those that do not count from 1, are refused (0A000).",
    syntax_example = "array_fill(value, lengths)",
    sql_example = r#"```sql
> SELECT array_fill(7, ARRAY[3]) AS sevens;
+-----------+
| sevens    |
+-----------+
| [7, 7, 7] |
+-----------+
```"#,
    argument(name = "value", description = "A value of any type."),
    argument(name = "lengths", description = "An array of one number, the length.")
)]
struct ArrayFill;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "array_fill",
        parameters: &[Kind::Any, Kind::Any, Kind::Any],
        counts: &[2, 3],
    },
    answer,
    invoke,
    documentation: || ArrayFill.doc(),
    ..Function::IMMUTABLE
};

fn answer(given: &[DataType]) -> Result<DataType> {
    let (value, numbers) = match given {
        [value, numbers @ ..] => (value, numbers),
        [] => (&DataType::Null, given),
    };
    for numbers in numbers {
        let fits = match numbers {
            DataType::List(item) => item.data_type().is_integer() || item.data_type().is_null(),
            numbers => numbers.is_null(),
        };
        if !fits {
            return Err(FunctionError::no_such_form(
                "array_fill takes an array of integers as lengths",
            )
            .with_hint("Call it as array_fill(value, ARRAY[length]).")
            .into());
        }
    }
    let item = match value {
        DataType::Null => DataType::Utf8,
        value => value.clone(),
    };
    Ok(DataType::List(Arc::new(Field::new_list_field(item, true))))
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let values = call.argument(0)?.to_array(call.rows())?;
    let lengths = numbers(call, 1)?;
    if call.count() > 2 {
        let bounds = numbers(call, 2)?;
        if bounds.iter().any(|bound| *bound != Some(1)) {
            return Err(FunctionError::unsupported("array_fill counts from 1").into());
        }
    }
    let mut places: Vec<u32> = Vec::new();
    let mut counts = Vec::with_capacity(lengths.len());
    for (row, length) in (0_u32..).zip(lengths) {
        let count = elements(length)?;
        if places.len().saturating_add(count) > MAX_ELEMENTS {
            return Err(FunctionError::limit_exceeded(format!(
                "array_fill gives no more than {MAX_ELEMENTS} elements at a time"
            ))
            .into());
        }
        places.extend(std::iter::repeat_n(row, count));
        counts.push(count);
    }
    let DataType::List(item) = answer(&[values.data_type().clone()])? else {
        return Err(FunctionError::unsupported("array_fill gives arrays alone").into());
    };
    let copies = take(&values, &UInt32Array::from(places), None)?;
    let copies = cast(&copies, item.data_type())?;
    let filled = ListArray::try_new(item, OffsetBuffer::from_lengths(counts), copies, None)?;
    call.answer(Arc::new(filled))
}

/// The one number of each row's array; 0 of an empty one.
fn numbers(call: &Call<'_>, position: usize) -> Result<Vec<Option<i32>>> {
    let arrays = call.argument(position)?.to_array(call.rows())?;
    let missing = || not_null("dimension array or low bound array cannot be null");
    if arrays.data_type().is_null() {
        return match call.rows() {
            0 => Ok(Vec::new()),
            _ => Err(missing().into()),
        };
    }
    let arrays: &ListArray = arrays.as_list::<i32>();
    let rows = (0..arrays.len()).map(|row| -> Result<_> {
        if arrays.is_null(row) {
            return Err(missing().into());
        }
        let numbers: ArrayRef = cast(&arrays.value(row), &DataType::Int32)?;
        let numbers = numbers.as_primitive::<Int32Type>();
        match numbers.len() {
            0 => Ok(Some(0)),
            1 => Ok(numbers.is_valid(0).then(|| numbers.value(0))),
            _ => Err(
                FunctionError::unsupported("array_fill gives arrays of one dimension")
                    .with_hint("Fill an array of arrays: array_fill(array_fill(value, ...), ...).")
                    .into(),
            ),
        }
    });
    rows.collect()
}

fn not_null(message: &str) -> FunctionError {
    FunctionError {
        sqlstate: "22004",
        message: message.to_owned(),
        hint: None,
    }
}

fn elements(length: Option<i32>) -> Result<usize, FunctionError> {
    let Some(length) = length else {
        return Err(not_null("dimension values cannot be null"));
    };
    usize::try_from(length).map_err(|_| FunctionError {
        sqlstate: "54000",
        message: format!("array size exceeds the maximum allowed: {length}"),
        hint: None,
    })
}
