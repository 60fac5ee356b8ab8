//! `array[i]` and `array[i:j]`: what stands before the first element is none. DataFusion counts an index
//! below zero from the end of the array.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};
use datafusion::scalar::ScalarValue;

use super::inner::as_inner;

/// The function of DataFusion's that takes an element, or elements, out of an array.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FromTheFirst {
    inner: Arc<ScalarUDF>,
    /// So many arguments behind the array are indices.
    indices: usize,
}

impl FromTheFirst {
    /// What takes the place of a function; none for one that is another.
    pub(super) fn of(inner: &Arc<ScalarUDF>) -> Option<Self> {
        let indices = match inner.name() {
            "array_element" => 1,
            "array_slice" => 2,
            _ => return None,
        };
        let is_own = inner.inner().downcast_ref::<Self>().is_some();
        (!is_own).then(|| Self {
            inner: Arc::clone(inner),
            indices,
        })
    }
}

impl ScalarUDFImpl for FromTheFirst {
    as_inner!();

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        for index in args.args.iter_mut().skip(1).take(self.indices) {
            not_below_zero(index);
        }
        self.inner.invoke_with_args(args)
    }
}

/// Elements are counted from 1; DataFusion takes nothing for the element at 0, and a slice from there for
/// one from the first.
fn not_below_zero(index: &mut ColumnarValue) {
    match index {
        ColumnarValue::Scalar(ScalarValue::Int64(Some(index))) => *index = (*index).max(0),
        ColumnarValue::Array(indices) => {
            if let Some(given) = indices.as_primitive_opt::<Int64Type>() {
                *indices = Arc::new(given.unary::<_, Int64Type>(|index| index.max(0)));
            }
        }
        ColumnarValue::Scalar(_) => {}
    }
}
