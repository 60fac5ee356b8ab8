//! `information_schema._pg_expandarray`: each element of an array with its place, which drivers find
//! the columns of keys by. This gives the rows as one array.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The function.
pub fn function() -> ScalarUDF {
    ScalarUDF::new_from_impl(ExpandArray {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExpandArray {
    signature: Signature,
}

/// The columns of a row: the element `x`, and its place `n`, which counts from 1.
fn columns(of: &DataType) -> Result<Fields> {
    let DataType::List(element) = of else {
        return exec_err!("_pg_expandarray takes an array, not {of}");
    };
    Ok(Fields::from(vec![
        Field::new("x", element.data_type().clone(), true),
        Field::new("n", DataType::Int32, true),
    ]))
}

fn item(of: &DataType) -> Result<FieldRef> {
    let item = Field::new_list_field(DataType::Struct(columns(of)?), true);
    Ok(Arc::new(item))
}

impl ScalarUDFImpl for ExpandArray {
    fn name(&self) -> &str {
        "pg_expand_array"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [of] => Ok(DataType::List(item(of)?)),
            _ => exec_err!("_pg_expandarray takes one array"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [array] = arrays.as_slice() else {
            return exec_err!("_pg_expandarray takes one array");
        };
        let of = array.data_type();
        let (columns, item) = (columns(of)?, item(of)?);
        let lists = array.as_list::<i32>();
        let lengths: Vec<usize> = (0..lists.len())
            .map(|row| match lists.is_null(row) {
                true => 0,
                false => lists.value(row).len(),
            })
            .collect();
        let elements: Vec<ArrayRef> = (0..lists.len())
            .filter(|row| !lists.is_null(*row))
            .map(|row| lists.value(row))
            .collect();
        let elements: Vec<&dyn Array> = elements.iter().map(AsRef::as_ref).collect();
        let elements = match elements.as_slice() {
            [] => lists.values().slice(0, 0),
            elements => arrow::compute::concat(elements)?,
        };
        let places = lengths.iter().flat_map(|length| 1..=*length);
        let places = places.map(|place| i32::try_from(place).ok());
        let places: ArrayRef = Arc::new(places.collect::<Int32Array>());
        let rows: ArrayRef = Arc::new(StructArray::try_new(columns, vec![elements, places], None)?);
        let offsets = OffsetBuffer::from_lengths(lengths);
        let lists = ListArray::try_new(item, offsets, rows, lists.nulls().cloned())?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }
}
