//! `array_assign(array, place, value)` and `array_assign(array, first, last, values)`.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MutableArrayData, PrimitiveArray, make_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::elements_of;
use crate::arguments::{Call, Form, Function, Kind};
use crate::wording::type_name;
use crate::{FunctionError, interrupt};

/// The most elements of an array, as in PostgreSQL; of all arrays of a batch, too.
const MAX_ELEMENTS: usize = (1 << 27) - 1;

#[user_doc(
    doc_section(label = "Array Functions"),
    description = "An array with another element at a place, or other elements from one place to another: what `UPDATE ... SET array[place] = value` and `SET array[first:last] = values` assign. NULL is taken for an array without elements; an array becomes as long as it has to, with NULL where nothing is given. NULL as `values` changes nothing. A place below 1, and the first element at another place than 1, are refused (0A000).",
    syntax_example = "array_assign(array, place, value)",
    sql_example = r#"```sql
> SELECT array_assign(ARRAY[1, 2, 3], 2, 5) AS numbers;
+-----------+
| numbers   |
+-----------+
| [1, 5, 3] |
+-----------+
```"#,
    argument(name = "array", description = "An array of one dimension, or NULL."),
    argument(
        name = "place",
        description = "Where the element stands, counted from 1; or the first and the last place, as two arguments."
    ),
    argument(
        name = "value",
        description = "The element; or an array with at least as many elements as there are places."
    )
)]
struct ArrayAssign;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "array_assign",
        parameters: &[Kind::Any, Kind::Integer, Kind::Any, Kind::Any],
        counts: &[3, 4],
    },
    answer,
    invoke,
    documentation: || ArrayAssign.doc(),
    ..Function::IMMUTABLE
};

fn answer(given: &[DataType]) -> Result<DataType> {
    if let [_, _, last, _] = given
        && !last.is_integer()
        && !last.is_null()
    {
        return Err(
            FunctionError::no_such_form("array_assign takes an integer as the last place")
                .with_hint("Call it as array_assign(array, first, last, values).")
                .into(),
        );
    }
    let item = match (given.first(), given) {
        (Some(DataType::List(item)), _) => Arc::clone(item),
        (Some(DataType::Null), [_, _, value]) => list_item(value),
        (Some(DataType::Null), [.., DataType::List(item)]) => Arc::clone(item),
        (Some(DataType::Null), _) => list_item(&DataType::Null),
        (array, _) => {
            let data_type = type_name(array.unwrap_or(&DataType::Null));
            return Err(FunctionError {
                sqlstate: "42804",
                message: format!(
                    "cannot subscript type {data_type} because it does not support subscripting"
                ),
                hint: None,
            }
            .into());
        }
    };
    if item.data_type().is_list() {
        return Err(FunctionError::unsupported(
            "assigning to elements of arrays of several dimensions is not supported",
        )
        .into());
    }
    Ok(DataType::List(Arc::new(
        Field::clone(&item).with_nullable(true),
    )))
}

fn list_item(value: &DataType) -> FieldRef {
    let item = match value {
        DataType::Null => DataType::Utf8,
        value => value.clone(),
    };
    Arc::new(Field::new_list_field(item, true))
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let mut given = Vec::with_capacity(call.count());
    for position in 0..call.count() {
        given.push(call.argument(position)?.to_array(call.rows())?);
    }
    let types: Vec<DataType> = given.iter().map(|it| it.data_type().clone()).collect();
    let data_type = answer(&types)?;
    let (Some(array), Some(value), DataType::List(item)) =
        (given.first(), given.last(), &data_type)
    else {
        return Err(FunctionError::unsupported("array_assign gives arrays alone").into());
    };
    let array = cast(array, &data_type)?;
    let is_slice = given.len() > 3;
    let (first, last, value) = if is_slice {
        let last = call.numbers::<Int32Type>(2)?;
        (call.numbers(1)?, last, cast(value, &data_type)?)
    } else {
        let place = call.numbers::<Int32Type>(1)?;
        (place.clone(), place, cast(value, item.data_type())?)
    };
    let places = Places { first, last };
    call.answer(assigned(array.as_list(), &places, &value, is_slice, item)?)
}

/// The places of each row that are assigned to.
struct Places {
    first: PrimitiveArray<Int32Type>,
    last: PrimitiveArray<Int32Type>,
}

impl Places {
    /// Those of a row, counted from 0.
    fn of(&self, row: usize) -> Result<Range<usize>, FunctionError> {
        if self.first.is_null(row) || self.last.is_null(row) {
            return Err(FunctionError {
                sqlstate: "22004",
                message: "array subscript in assignment must not be null".to_owned(),
                hint: None,
            });
        }
        let (first, last) = (self.first.value(row), self.last.value(row));
        if last < first {
            return Err(wrong_subscript(
                "upper bound cannot be less than lower bound",
            ));
        }
        match (usize::try_from(first), usize::try_from(last)) {
            (Ok(first @ 1..), Ok(last)) => Ok(first - 1..last),
            _ => Err(begins_at_one()),
        }
    }
}

fn wrong_subscript(message: &str) -> FunctionError {
    FunctionError {
        sqlstate: "2202E",
        message: message.to_owned(),
        hint: None,
    }
}

fn begins_at_one() -> FunctionError {
    FunctionError::unsupported("an array whose first element is not at 1 is not supported")
        .with_hint("Assign to the element at 1 first.")
}

fn assigned(
    arrays: &ListArray,
    places: &Places,
    given: &ArrayRef,
    is_slice: bool,
    item: &FieldRef,
) -> Result<ArrayRef> {
    let slices = is_slice.then(|| given.as_list::<i32>());
    let new = slices.map_or_else(|| given.to_data(), |slices| slices.values().to_data());
    let old = arrays.values().to_data();
    let mut elements = MutableArrayData::new(vec![&old, &new], true, old.len());
    let mut lengths = Vec::with_capacity(arrays.len());
    let listener = interrupt::listen();
    for row in 0..arrays.len() {
        listener.check()?;
        let held = match arrays.is_valid(row) {
            true => elements_of(arrays, row),
            false => 0..0,
        };
        let taken = places.of(row)?;
        if slices.is_some_and(|slices| slices.is_null(row)) {
            elements.try_extend(0, held.start, held.end)?;
            lengths.push(held.len());
            continue;
        }
        let source = match slices {
            Some(slices) => elements_of(slices, row),
            None => row..row + 1,
        };
        if source.len() < taken.len() {
            return Err(wrong_subscript("source array too small").into());
        }
        if held.is_empty() && taken.start > 0 {
            return Err(begins_at_one().into());
        }
        let length = held.len().max(taken.end);
        if elements.len().saturating_add(length) > MAX_ELEMENTS {
            return Err(FunctionError::limit_exceeded(format!(
                "array size exceeds the maximum allowed ({MAX_ELEMENTS})"
            ))
            .into());
        }
        let before = held.len().min(taken.start);
        elements.try_extend(0, held.start, held.start + before)?;
        elements.try_extend_nulls(taken.start - before)?;
        elements.try_extend(1, source.start, source.start + taken.len())?;
        let behind = held.len().min(taken.end);
        elements.try_extend(0, held.start + behind, held.end)?;
        lengths.push(length);
    }
    let elements = make_array(elements.freeze());
    let offsets = OffsetBuffer::from_lengths(lengths);
    let none: Option<NullBuffer> = None;
    let lists = ListArray::try_new(Arc::clone(item), offsets, elements, none)?;
    Ok(Arc::new(lists))
}
