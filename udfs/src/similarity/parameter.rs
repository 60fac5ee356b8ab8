//! Metrics that take one more argument, which mostly is a constant.

use arrow::array::{Array, ArrowPrimitiveType, PrimitiveArray};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::FunctionError;
use crate::arguments::{Call, Metric};

/// The metric that `make` gives for the argument at a position; NULL there gives NULL.
///
/// `make` is asked once for a constant, and otherwise where the argument differs from that of the
/// row before.
pub(super) fn pairs<P: ArrowPrimitiveType, M: Metric>(
    call: &Call<'_>,
    position: usize,
    make: impl Fn(P::Native) -> Result<M, FunctionError>,
) -> Result<ColumnarValue> {
    if let ColumnarValue::Scalar(scalar) = call.argument(position)? {
        let array = scalar.cast_to(&P::DATA_TYPE)?.to_array()?;
        let value = PrimitiveArray::<P>::from(array.to_data());
        if value.is_null(0) {
            let null = ScalarValue::try_from(&M::Answer::DATA_TYPE)?;
            return Ok(ColumnarValue::Scalar(null));
        }
        return call.pairs(make(value.value(0))?);
    }
    let parameters = call.numbers::<P>(position)?;
    let lefts = call.text(0)?;
    let rights = call.text(1)?;
    let mut last: Option<(P::Native, M)> = None;
    call.rows_to_primitive::<M::Answer>(|row| {
        if parameters.is_null(row) {
            return Ok(None);
        }
        let parameter = parameters.value(row);
        let metric = match &mut last {
            Some((same, metric)) if *same == parameter => metric,
            _ => &mut last.insert((parameter, make(parameter)?)).1,
        };
        let (Some(left), Some(right)) = (lefts.get(row), rights.get(row)) else {
            return Ok(None);
        };
        Ok(Some(metric.pair(left, right)))
    })
}
