//! Slices of several dimensions of an array: `a[1:2][2:3]`. DataFusion would cut the slice of the first
//! dimension once more.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::super::converted::only_value;
use crate::FunctionError;

/// The function of an array and two bounds for each dimension.
pub(super) fn udf() -> ScalarUDF {
    ScalarUDF::new_from_impl(ArraySlices {
        signature: Signature::user_defined(Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArraySlices {
    signature: Signature,
}

/// The first and the last element of a dimension that are asked for, row by row.
struct Bounds {
    low: Int64Array,
    high: Int64Array,
}

impl ScalarUDFImpl for ArraySlices {
    fn name(&self) -> &str {
        "array_slices"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let Some((array, bounds)) = given.split_first() else {
            return internal_err!("array_slices has an array");
        };
        if !matches!(array, DataType::List(_)) {
            let message = format!(
                "cannot subscript type {} because it does not support subscripting",
                crate::type_name(array)
            );
            return Err(FunctionError {
                sqlstate: "42804",
                message,
                hint: None,
            }
            .into());
        }
        let bounds = bounds.iter().map(|_| DataType::Int64);
        Ok(std::iter::once(array.clone()).chain(bounds).collect())
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given.first() {
            Some(array) => Ok(array.clone()),
            None => internal_err!("array_slices has an array"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some((lists, bounds)) = arrays.split_first() else {
            return internal_err!("array_slices has an array");
        };
        let Some(lists) = lists.as_list_opt::<i32>() else {
            return internal_err!("{} is no array", lists.data_type());
        };
        let numbers = |bound: &ArrayRef| -> Result<Int64Array> {
            let bound = cast(bound, &DataType::Int64)?;
            Ok(bound.as_primitive::<Int64Type>().clone())
        };
        let mut all = Vec::with_capacity(bounds.len() / 2);
        for bound in bounds.chunks_exact(2) {
            let [low, high] = bound else { continue };
            all.push(Bounds {
                low: numbers(low)?,
                high: numbers(high)?,
            });
        }
        let is_valid = |row: usize| {
            let has_bounds = all
                .iter()
                .all(|bound| bound.low.is_valid(row) && bound.high.is_valid(row));
            has_bounds && lists.is_valid(row)
        };
        let valid: Vec<bool> = (0..lists.len()).map(is_valid).collect();
        let rows: Vec<usize> = (0..lists.len()).collect();
        let (item, offsets, values, _) = sliced(lists, &rows, &all)?.into_parts();
        let nulls = Some(NullBuffer::from(valid));
        let answers: ArrayRef = Arc::new(ListArray::try_new(item, offsets, values, nulls)?);
        let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
        Ok(match args.args.iter().any(is_column) {
            true => ColumnarValue::Array(answers),
            false => ColumnarValue::Scalar(only_value(&answers)?),
        })
    }
}

/// The slices of arrays, each of which has the bounds of a row. One that has no elements in a dimension has
/// none at all.
fn sliced(lists: &ListArray, rows: &[usize], bounds: &[Bounds]) -> Result<ListArray> {
    let Some((bound, deeper)) = bounds.split_first() else {
        return Ok(lists.clone());
    };
    let (mut places, mut of_rows) = (Vec::new(), Vec::new());
    let mut lengths = Vec::with_capacity(lists.len());
    for (ends, row) in lists.value_offsets().windows(2).zip(rows) {
        let [begin, end] = *ends else { continue };
        let range = within(begin..end, bound.low.value(*row), bound.high.value(*row));
        lengths.push(range.len());
        of_rows.extend(range.clone().map(|_| *row));
        places.extend(range.map(|place| place as u64));
    }
    let mut elements = take(lists.values(), &UInt64Array::from(places), None)?;
    if !deeper.is_empty() {
        let (kept, of_lengths) = match elements.as_list_opt::<i32>() {
            Some(inner) => with_elements(&sliced(inner, &of_rows, deeper)?, &lengths)?,
            // There are fewer dimensions.
            None => (elements.slice(0, 0), vec![0; lengths.len()]),
        };
        (elements, lengths) = (kept, of_lengths);
    }
    let (item, ..) = lists.clone().into_parts();
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(ListArray::try_new(item, offsets, elements, None)?)
}

/// The places of the elements from one to another, counted from 1, of those that an array has.
fn within(all: Range<i32>, low: i64, high: i64) -> Range<usize> {
    let (begin, end) = (i64::from(all.start), i64::from(all.end));
    let first = begin.saturating_add(low.max(1) - 1).min(end);
    let behind = begin.saturating_add(high.max(0)).clamp(first, end);
    let place = |place: i64| usize::try_from(place).unwrap_or(0);
    place(first)..place(behind)
}

/// Those of the arrays that have elements, and how many of them each of the arrays around has.
fn with_elements(inner: &ListArray, lengths: &[usize]) -> Result<(ArrayRef, Vec<usize>)> {
    let has_elements = |place: &usize| inner.value_length(*place) > 0;
    let (mut kept, mut of_lengths) = (Vec::new(), Vec::with_capacity(lengths.len()));
    let mut begin = 0;
    for length in lengths {
        let before = kept.len();
        let filled = (begin..begin + length).filter(has_elements);
        kept.extend(filled.map(|place| place as u64));
        of_lengths.push(kept.len() - before);
        begin += length;
    }
    Ok((take(inner, &UInt64Array::from(kept), None)?, of_lengths))
}
