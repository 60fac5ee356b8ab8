//! Values as bytes that are the same only where the values are: of equal ones, as `0` and `-0`, the intervals
//! `'1 day'` and `'24 hours'` or the documents `1` and `1.0`, each has its own. They are read from them again.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::converted::only_value;
use crate::json::JsonKind;

/// Whether a value may be equal to one that is not the same, or cannot be compared at all.
pub fn may_equal_others(field: &Field) -> bool {
    match field.data_type() {
        DataType::Interval(_) => true,
        DataType::List(item) => may_equal_others(item),
        DataType::Struct(parts) => parts.iter().any(|part| may_equal_others(part)),
        other => other.is_floating() || JsonKind::of_field(field).is_some(),
    }
}

/// The bytes of a value.
pub fn exact(value: Expr) -> Expr {
    let function = ScalarUDF::new_from_impl(Exact {
        signature: Signature::any(1, Volatility::Immutable),
    });
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), vec![value]))
}

/// The value, of this type, that has these bytes.
pub fn of_exact(bytes: Expr, field: &Field) -> Expr {
    let function = ScalarUDF::new_from_impl(OfExact {
        signature: Signature::any(1, Volatility::Immutable),
        field: Arc::new(field.clone().with_nullable(true)),
    });
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), vec![bytes]))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    signature: Signature,
}

impl ScalarUDFImpl for Exact {
    fn name(&self) -> &str {
        "exact"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        of_each(&args.args, bytes)
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfExact {
    signature: Signature,
    field: FieldRef,
}

impl ScalarUDFImpl for OfExact {
    fn name(&self) -> &str {
        "of_exact"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::clone(&self.field))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        of_each(&args.args, |bytes| values(bytes, self.field.data_type()))
    }
}

fn of_each(
    args: &[ColumnarValue],
    answers: impl Fn(&ArrayRef) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    match args {
        [ColumnarValue::Array(given)] => Ok(ColumnarValue::Array(answers(given)?)),
        [ColumnarValue::Scalar(given)] => {
            let answer = answers(&given.to_array()?)?;
            Ok(ColumnarValue::Scalar(only_value(&answer)?))
        }
        _ => exec_err!("one value has bytes"),
    }
}

fn converter(data_type: &DataType) -> Result<RowConverter> {
    let field = SortField::new(data_type.clone());
    Ok(RowConverter::new(vec![field])?)
}

/// The bytes of values. NULL has some, too.
fn bytes(values: &ArrayRef) -> Result<ArrayRef> {
    let rows = converter(values.data_type())?.convert_columns(&[Arc::clone(values)])?;
    Ok(Arc::new(rows.try_into_binary()?))
}

/// The values that have these bytes; NULL where there are none.
fn values(bytes: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    let Some(bytes) = bytes.as_binary_opt::<i32>() else {
        return exec_err!("the bytes of values are none");
    };
    let converter = converter(data_type)?;
    let null = converter.convert_columns(&[new_null_array(data_type, 1)])?;
    let parser = converter.parser();
    let rows = bytes.iter().map(|bytes| match bytes {
        Some(bytes) => parser.parse(bytes),
        None => null.row(0),
    });
    match converter.convert_rows(rows)?.pop() {
        Some(values) => Ok(values),
        None => exec_err!("bytes are of no value"),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, IntervalMonthDayNanoArray, ListArray};
    use arrow::datatypes::{Float64Type, IntervalMonthDayNano};

    use super::*;

    #[test]
    fn equal_values_have_bytes_of_their_own_and_are_read_from_them() -> Result<()> {
        let floats = Float64Array::from(vec![Some(0.0), Some(-0.0), None, Some(f64::NAN)]);
        let intervals = IntervalMonthDayNanoArray::from(vec![
            Some(IntervalMonthDayNano::new(0, 1, 0)),
            Some(IntervalMonthDayNano::new(0, 0, 86_400_000_000_000)),
            None,
        ]);
        let lists = ListArray::from_iter_primitive::<Float64Type, _, _>([
            Some(vec![Some(0.0), None]),
            Some(vec![Some(-0.0), None]),
            Some(vec![]),
            None,
        ]);
        let all: [ArrayRef; 3] = [Arc::new(floats), Arc::new(intervals), Arc::new(lists)];
        for given in all {
            let written = bytes(&given)?;
            let apart = written.as_binary::<i32>();
            for row in 1..apart.len() {
                assert_ne!(apart.value(row - 1), apart.value(row));
            }
            let read = values(&written, given.data_type())?;
            assert_eq!(format!("{read:?}"), format!("{given:?}"));
        }
        Ok(())
    }
}
