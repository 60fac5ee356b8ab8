//! `array_replace`, which puts another element in the place of each that is the one given, NULL too, in all
//! dimensions. DataFusion replaces the first alone.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::comparable::are_equal;
use super::converted::only_value;
use super::inner::as_inner;
use super::list_rows::ListRows;
use super::of_elements::element_of;

/// Registers the function, in the place of DataFusion's.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("array_replace")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(ArrayReplace { inner })))?;
    Ok(())
}

/// DataFusion's function, which tells what is no array, and no element of one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayReplace {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for ArrayReplace {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [lists, sought, given] = args.args.as_slice() else {
            return self.inner.invoke_with_args(args);
        };
        let is_constant = [lists, sought, given]
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let lists = lists.to_array(rows)?;
        let Some(lists) = lists.as_list_opt::<i32>() else {
            return self.inner.invoke_with_args(args);
        };
        let of_elements = element_of(lists.data_type());
        let element = |value: &ColumnarValue| -> Result<ArrayRef> {
            let value = value.to_array(rows)?;
            Ok(match value.data_type().is_null() {
                true => new_null_array(of_elements, rows),
                false => value,
            })
        };
        let (sought, given) = (element(sought)?, element(given)?);
        let is_element = |value: &ArrayRef| of_elements == value.data_type();
        if !is_element(&sought) || !is_element(&given) {
            return self.inner.invoke_with_args(args);
        }
        let replaced: ArrayRef = Arc::new(replaced(lists, &sought, &given)?);
        Ok(match is_constant {
            true => ColumnarValue::Scalar(only_value(&replaced)?),
            false => ColumnarValue::Array(replaced),
        })
    }
}

/// Each list with what is given for its row in the place of what is sought, in the lists within it too.
fn replaced(lists: &ListArray, sought: &ArrayRef, given: &ArrayRef) -> Result<ListArray> {
    let all = ListRows::of(lists)?;
    let (sought, given) = (all.beside(sought)?, all.beside(given)?);
    let values: ArrayRef = match all.elements.as_list_opt::<i32>() {
        Some(parts) => Arc::new(replaced(parts, &sought, &given)?),
        None => {
            let is_sought = are_equal(&all.elements, &sought)?;
            zip(&is_sought, &given, &all.elements)?
        }
    };
    let DataType::List(field) = lists.data_type() else {
        return internal_err!("{} is no array", lists.data_type());
    };
    Ok(ListArray::try_new(
        Arc::clone(field),
        OffsetBuffer::from_lengths(all.lengths),
        values,
        lists.nulls().cloned(),
    )?)
}
