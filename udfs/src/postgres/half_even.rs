//! `round` of a float, which gives the even one of two integers that are as near (`rint` of C).
//!
//! DataFusion rounds a half away from zero, as PostgreSQL does with a numeric.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Float32Type, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};
use datafusion::scalar::ScalarValue;

use super::inner::as_inner;

/// The function of DataFusion's that takes other numbers, and floats with places.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct HalfEven {
    inner: Arc<ScalarUDF>,
}

impl HalfEven {
    /// What takes the place of a function; none for one that is another.
    pub(super) fn of(inner: &Arc<ScalarUDF>) -> Option<Self> {
        let is_own = inner.inner().downcast_ref::<Self>().is_some();
        (inner.name() == "round" && !is_own).then(|| Self {
            inner: Arc::clone(inner),
        })
    }
}

impl ScalarUDFImpl for HalfEven {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(values)] if values.data_type().is_floating() => {
                match rounded(values) {
                    Some(rounded) => Ok(ColumnarValue::Array(rounded)),
                    None => self.inner.invoke_with_args(args),
                }
            }
            [ColumnarValue::Scalar(ScalarValue::Float64(value))] => {
                let rounded = value.map(f64::round_ties_even);
                Ok(ColumnarValue::Scalar(ScalarValue::Float64(rounded)))
            }
            [ColumnarValue::Scalar(ScalarValue::Float32(value))] => {
                let rounded = value.map(f32::round_ties_even);
                Ok(ColumnarValue::Scalar(ScalarValue::Float32(rounded)))
            }
            _ => self.inner.invoke_with_args(args),
        }
    }
}

fn rounded(values: &ArrayRef) -> Option<ArrayRef> {
    if let Some(values) = values.as_primitive_opt::<Float64Type>() {
        let rounded = values.unary::<_, Float64Type>(f64::round_ties_even);
        return Some(Arc::new(rounded));
    }
    let values = values.as_primitive_opt::<Float32Type>()?;
    let rounded = values.unary::<_, Float32Type>(f32::round_ties_even);
    Some(Arc::new(rounded))
}
