//! `array_remove`, which takes out every element that is the one given, NULL too. DataFusion takes out the
//! first alone, and makes NULL of the array where NULL is given.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{filter, not};
use arrow::datatypes::DataType;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::comparable::are_equal;
use super::converted::only_value;
use super::inner::as_inner;
use super::list_rows::ListRows;

/// Registers the function, in the place of DataFusion's.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("array_remove")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(ArrayRemove { inner })))?;
    Ok(())
}

/// DataFusion's function, which tells what is no array, and no element of one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayRemove {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for ArrayRemove {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [lists, element] = args.args.as_slice() else {
            return self.inner.invoke_with_args(args);
        };
        let is_constant = [lists, element]
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let given = lists.to_array(rows)?;
        let Some(lists) = given.as_list_opt::<i32>() else {
            return self.inner.invoke_with_args(args);
        };
        let mut element = element.to_array(rows)?;
        if element.data_type().is_null() {
            element = new_null_array(&lists.value_type(), rows);
        }
        if lists.value_type() != *element.data_type() {
            return self.inner.invoke_with_args(args);
        }
        let left: ArrayRef = Arc::new(without(lists, &element)?);
        Ok(match is_constant {
            true => ColumnarValue::Scalar(only_value(&left)?),
            false => ColumnarValue::Array(left),
        })
    }
}

/// Each list without what is the element of its row.
fn without(lists: &ListArray, element: &ArrayRef) -> Result<ListArray> {
    let all = ListRows::of(lists)?;
    let is_other = not(&are_equal(&all.elements, &all.beside(element)?)?)?;
    let mut lengths = vec![0_usize; lists.len()];
    for (row, is_other) in all.rows.values().iter().zip(is_other.values()) {
        if let Some(length) = lengths.get_mut(*row as usize) {
            *length += usize::from(is_other);
        }
    }
    let DataType::List(field) = lists.data_type() else {
        return internal_err!("{} is no array", lists.data_type());
    };
    Ok(ListArray::try_new(
        Arc::clone(field),
        OffsetBuffer::from_lengths(lengths),
        filter(&all.elements, &is_other)?,
        lists.nulls().cloned(),
    )?)
}
