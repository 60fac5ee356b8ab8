//! Dates and numbers of days: `date + integer`, `date - integer` and `date - date`, as PostgreSQL's
//! `date.c` has them. DataFusion adds an interval of nanoseconds, which ends after 292 years, and takes
//! the ends of time for days.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Int32Array};
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::super::converted::only_value;
use crate::FunctionError;
use crate::calendar;

/// The day after the last that there is, 5874897-12-31.
const AFTER_LAST: i64 = 2_145_042_906;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::postgres) enum Days {
    /// A date so many days later.
    Later,
    /// A date so many days earlier.
    Earlier,
    /// The days from the second date to the first.
    Between,
}

impl Days {
    fn name(self) -> &'static str {
        match self {
            Self::Later => "date_plus",
            Self::Earlier => "date_minus",
            Self::Between => "date_difference",
        }
    }

    /// A call, of a date and of days or another date.
    pub(in crate::postgres) fn call(self, date: Expr, other: Expr) -> Expr {
        let function = ScalarUDF::new_from_impl(DayArithmetic::new(self));
        let args = vec![date, other];
        Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), args))
    }
}

/// Registers the functions.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for days in [Days::Later, Days::Earlier, Days::Between] {
        let function = ScalarUDF::new_from_impl(DayArithmetic::new(days));
        registry.register_udf(Arc::new(function))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DayArithmetic {
    days: Days,
    signature: Signature,
}

impl DayArithmetic {
    fn new(days: Days) -> Self {
        let second = match days {
            Days::Between => DataType::Date32,
            Days::Later | Days::Earlier => DataType::Int64,
        };
        let signature = Signature::exact(vec![DataType::Date32, second], Volatility::Immutable);
        Self { days, signature }
    }
}

impl ScalarUDFImpl for DayArithmetic {
    fn name(&self) -> &str {
        self.days.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.days {
            Days::Later | Days::Earlier => DataType::Date32,
            Days::Between => DataType::Int32,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [dates, others] = arrays.as_slice() else {
            return internal_err!("{} has two operands", self.name());
        };
        let dates = dates.as_primitive::<Date32Type>().iter();
        let computed: ArrayRef = match self.days {
            Days::Between => {
                let others = others.as_primitive::<Date32Type>().iter();
                let days = dates.zip(others).map(|pair| both(pair, between));
                let days = days.collect::<Result<Vec<Option<i32>>, FunctionError>>()?;
                Arc::new(Int32Array::from(days))
            }
            Days::Later | Days::Earlier => {
                let days = others.as_primitive::<Int64Type>().iter();
                let moved = dates.zip(days).map(|pair| {
                    both(pair, |date, days| match self.days {
                        Days::Earlier => later(date, days.saturating_neg()),
                        _ => later(date, days),
                    })
                });
                let moved = moved.collect::<Result<Vec<Option<i32>>, FunctionError>>()?;
                Arc::new(Date32Array::from(moved))
            }
        };
        let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
        Ok(match args.args.iter().any(is_column) {
            true => ColumnarValue::Array(computed),
            false => ColumnarValue::Scalar(only_value(&computed)?),
        })
    }
}

/// What is computed of two values, of which none is NULL.
fn both<A, B, C>(
    (one, other): (Option<A>, Option<B>),
    compute: impl Fn(A, B) -> Result<C, FunctionError>,
) -> Result<Option<C>, FunctionError> {
    match (one, other) {
        (Some(one), Some(other)) => compute(one, other).map(Some),
        _ => Ok(None),
    }
}

fn is_end(date: i32) -> bool {
    matches!(date, i32::MIN | i32::MAX)
}

fn later(date: i32, days: i64) -> Result<i32, FunctionError> {
    if is_end(date) {
        return Ok(date);
    }
    let moved = i64::from(date).checked_add(days);
    let exists = |day: &i64| (calendar::of_julian_day(0)..AFTER_LAST).contains(day);
    let moved = moved.filter(exists).and_then(|day| i32::try_from(day).ok());
    moved.ok_or_else(out_of_range)
}

fn between(date: i32, earlier: i32) -> Result<i32, FunctionError> {
    if is_end(date) || is_end(earlier) {
        return Err(invalid("cannot subtract infinite dates"));
    }
    date.checked_sub(earlier)
        .ok_or_else(|| FunctionError::out_of_range("integer out of range"))
}

fn out_of_range() -> FunctionError {
    invalid("date out of range")
}

fn invalid(message: &str) -> FunctionError {
    FunctionError {
        sqlstate: "22008",
        message: message.to_owned(),
        hint: None,
    }
}
