//! The elements of all dimensions of an array, one behind the other: what `unnest`, `ANY`, `ALL`, `@>` and
//! `&&` see of one. To DataFusion the elements of an array of two dimensions are arrays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::super::converted::only_value;

/// The name of the function, which is in plans alone. It gives what is no array of arrays as it is.
pub const ARRAY_LEAVES: &str = "array_leaves";

/// The function of an array.
pub fn array_leaves() -> ScalarUDF {
    ScalarUDF::new_from_impl(ArrayLeaves {
        signature: Signature::any(1, Volatility::Immutable),
    })
}

/// Whether values of a type are arrays of arrays.
pub fn has_dimensions(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(item) if matches!(item.data_type(), DataType::List(_)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayLeaves {
    signature: Signature,
}

/// The type of arrays of the innermost elements.
fn leaves_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::List(item) if has_dimensions(data_type) => leaves_type(item.data_type()),
        other => other.clone(),
    }
}

impl ScalarUDFImpl for ArrayLeaves {
    fn name(&self) -> &str {
        ARRAY_LEAVES
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given.first() {
            Some(array) => Ok(leaves_type(array)),
            None => internal_err!("{ARRAY_LEAVES} has an array"),
        }
    }

    // What is known of the array is known of its elements too.
    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let Some(array) = args.arg_fields.first() else {
            return internal_err!("{ARRAY_LEAVES} has an array");
        };
        let leaves = leaves_type(array.data_type());
        Ok(Arc::new(Field::clone(array).with_data_type(leaves)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(given) = args.args.into_iter().next() else {
            return internal_err!("{ARRAY_LEAVES} has an array");
        };
        if !has_dimensions(&given.data_type()) {
            return Ok(given);
        }
        Ok(match given {
            ColumnarValue::Array(arrays) => ColumnarValue::Array(leaves(&arrays)?),
            ColumnarValue::Scalar(array) => {
                ColumnarValue::Scalar(only_value(&leaves(&array.to_array()?)?)?)
            }
        })
    }
}

/// Arrays of the innermost elements of others.
pub(in crate::postgres) fn leaves(arrays: &ArrayRef) -> Result<ArrayRef> {
    let mut arrays = Arc::clone(arrays);
    while has_dimensions(arrays.data_type()) {
        arrays = Arc::new(without_one_dimension(arrays.as_list())?);
    }
    Ok(arrays)
}

fn without_one_dimension(arrays: &ListArray) -> Result<ListArray> {
    let inner = arrays.values().as_list::<i32>();
    let DataType::List(item) = inner.data_type() else {
        return internal_err!("{} is no array", inner.data_type());
    };
    let mut places = Vec::with_capacity(inner.values().len());
    let mut lengths = Vec::with_capacity(arrays.len());
    for (row, ends) in arrays.value_offsets().windows(2).enumerate() {
        let [begin, end] = *ends else { continue };
        let before = places.len();
        let own = (begin..end).filter(|_| arrays.is_valid(row));
        for place in own.filter_map(|place| usize::try_from(place).ok()) {
            if let Some([begin, end, ..]) = inner.value_offsets().get(place..)
                && inner.is_valid(place)
            {
                places.extend((*begin..*end).map(i32::unsigned_abs));
            }
        }
        lengths.push(places.len() - before);
    }
    Ok(ListArray::try_new(
        Arc::clone(item),
        OffsetBuffer::from_lengths(lengths),
        take(inner.values(), &UInt32Array::from(places), None)?,
        arrays.nulls().cloned(),
    )?)
}

#[cfg(test)]
mod tests {
    use arrow::array::Int32Array;
    use arrow::buffer::NullBuffer;

    use super::*;

    fn of(item: ArrayRef, lengths: &[usize], valid: &[bool]) -> ArrayRef {
        let field = Field::new_list_field(item.data_type().clone(), true);
        let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
        let nulls = Some(NullBuffer::from(valid));
        Arc::new(ListArray::try_new(Arc::new(field), offsets, item, nulls).unwrap())
    }

    #[test]
    fn arrays_keep_the_elements_of_all_dimensions_that_are_theirs() {
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, 4, 5, 6, 7]));
        // The third inner array is NULL, and so is the second outer one.
        let inner = of(numbers, &[2, 1, 1, 2, 1], &[true, true, false, true, true]);
        let outer = of(inner, &[3, 1, 0, 1], &[true, false, true, true]);
        let cut = outer.slice(1, 3);
        let shown = |arrays: &ArrayRef| {
            let arrays = leaves(arrays).unwrap();
            let arrays = arrays.as_list::<i32>();
            let rows = arrays.iter().map(|row| {
                row.map(|row| {
                    let row = row.as_primitive::<arrow::datatypes::Int32Type>();
                    row.values().to_vec()
                })
            });
            rows.collect::<Vec<_>>()
        };
        let expected = [Some(vec![1, 2, 3]), None, Some(vec![]), Some(vec![7])];
        assert_eq!(shown(&outer), expected);
        assert_eq!(shown(&cut), expected[1..]);
        let deeper = of(outer, &[1, 3], &[true, true]);
        assert_eq!(shown(&deeper), [Some(vec![1, 2, 3]), Some(vec![7])]);
    }
}
