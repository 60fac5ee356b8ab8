//! The fractions of `percentile_cont` and `percentile_disc`: a number, or an array of numbers, which is
//! answered by an array of the same dimensions.

use std::sync::Arc;

use arrow::array::{Array as _, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::scalar::ScalarValue;

use crate::FunctionError;

/// The type of a fraction, which arrays have as their elements.
pub(super) fn element(given: &DataType) -> &DataType {
    match given {
        DataType::List(item) => element(item.data_type()),
        other => other,
    }
}

/// The type of the answers to fractions: an array where they are one.
pub(super) fn answered(given: &DataType, answer: DataType) -> DataType {
    match given {
        DataType::List(item) => {
            let inner = answered(item.data_type(), answer);
            DataType::List(Arc::new(Field::new_list_field(inner, true)))
        }
        _ => answer,
    }
}

/// The second argument of a call, which no column tells.
///
/// # Errors
/// 0A000 for one that columns tell; 22003 for a number below 0 or above 1.
pub(super) fn constant(name: &str, args: &AccumulatorArgs) -> Result<ScalarValue> {
    let refused = || {
        let message = format!("{name} takes a fraction that is the same for all rows");
        FunctionError::unsupported(message).with_hint("Write the fraction as a number.")
    };
    let expression = args.exprs.get(1).ok_or_else(refused)?;
    let one_row = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &one_row)?;
    let value = match expression.evaluate(&row).map_err(|_| refused())? {
        ColumnarValue::Scalar(value) => value,
        ColumnarValue::Array(values) => ScalarValue::try_from_array(&values, 0)?,
    };
    if !matches!(value, ScalarValue::List(_)) {
        number(&value)?;
    }
    Ok(value)
}

/// What a fraction, or each of an array of them, is answered by; NULL by NULL.
///
/// # Errors
/// 22003 for a fraction below 0 or above 1; those of the answers.
pub(super) fn of_each(
    fractions: &ScalarValue,
    answer: &DataType,
    of_one: &dyn Fn(f64) -> Result<ScalarValue>,
) -> Result<ScalarValue> {
    if let (ScalarValue::List(list), DataType::List(item)) = (fractions, answer) {
        if list.is_null(0) {
            return ScalarValue::try_from(answer);
        }
        let given = list.value(0);
        let answers = (0..given.len()).map(|place| {
            let fraction = ScalarValue::try_from_array(&given, place)?;
            of_each(&fraction, item.data_type(), of_one)
        });
        let answers = answers.collect::<Result<Vec<ScalarValue>>>()?;
        let answers = ScalarValue::new_list_nullable(&answers, item.data_type());
        return Ok(ScalarValue::List(answers));
    }
    match number(fractions)? {
        Some(fraction) => of_one(fraction),
        None => ScalarValue::try_from(answer),
    }
}

/// A fraction that is a number.
///
/// # Errors
/// 22003 for one below 0 or above 1.
pub(super) fn number(fraction: &ScalarValue) -> Result<Option<f64>> {
    let ScalarValue::Float64(number) = fraction.cast_to(&DataType::Float64)? else {
        return Ok(None);
    };
    match number {
        Some(number) if !(0.0..=1.0).contains(&number) => Err(FunctionError::out_of_range(
            format!("percentile value {number} is not between 0 and 1"),
        )
        .into()),
        number => Ok(number),
    }
}
