//! `make_date`, whose years below zero are those before Christ. To DataFusion's there is a year 0.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};
use datafusion::scalar::ScalarValue;

use super::inner::as_inner;
use crate::FunctionError;
use crate::calendar;

/// The first day that there is, of astronomical years, in which 0 is 1 BC.
const FIRST: (i64, i64, i64) = (-4713, 11, 24);
/// The first year that has no days.
const END: i64 = 5_874_898;

/// Registers the function, in the place of DataFusion's.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let inner = registry.udf("make_date")?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(MakeDate { inner })))?;
    Ok(())
}

/// A function of the signature that DataFusion's has.
#[derive(Debug, PartialEq, Eq, Hash)]
struct MakeDate {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for MakeDate {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [years, months, days] = args.args.as_slice() else {
            return self.inner.invoke_with_args(args);
        };
        let is_constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let parts = |value: &ColumnarValue| -> Result<ArrayRef> {
            Ok(cast(&value.to_array(rows)?, &DataType::Int32)?)
        };
        let (years, months, days) = (parts(years)?, parts(months)?, parts(days)?);
        let [years, months, days] =
            [&years, &months, &days].map(|values| values.as_primitive::<Int32Type>());
        let mut dates = Vec::with_capacity(rows);
        for row in 0..rows {
            let is_known = years.is_valid(row) && months.is_valid(row) && days.is_valid(row);
            dates.push(match is_known {
                true => Some(date(years.value(row), months.value(row), days.value(row))?),
                false => None,
            });
        }
        let dates: ArrayRef = Arc::new(Date32Array::from(dates));
        Ok(match is_constant {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&dates, 0)?),
            false => ColumnarValue::Array(dates),
        })
    }
}

/// The number of a day; an error in PostgreSQL's words where there is no such day.
fn date(year: i32, month: i32, day: i32) -> Result<i32, FunctionError> {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let astronomical = if year < 0 { year + 1 } else { year };
    let error = |what: &str| FunctionError {
        sqlstate: "22008",
        message: format!("{what} out of range: {astronomical}-{month:02}-{day:02}"),
        hint: None,
    };
    let exists = year != 0
        && (1..=12).contains(&month)
        && (1..=calendar::days_of_month(astronomical, month)).contains(&day);
    if !exists {
        return Err(error("date field value"));
    }
    let is_within = (astronomical, month, day) >= FIRST && astronomical < END;
    let number = is_within.then(|| calendar::day_number(astronomical, month, day));
    let number = number.and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| error("date"))
}
