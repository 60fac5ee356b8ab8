//! Functions of floats that tell where they have no answer: `ln(0)`, `sqrt(-1)`, `power(10, 400)`.
//!
//! DataFusion answers with NaN or an infinity.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::{binary, cast};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::inner::as_inner;
use crate::FunctionError;

/// The functions with a domain, or a range, that PostgreSQL checks.
const FUNCTIONS: [&str; 16] = [
    "acos", "acosh", "asin", "atanh", "cos", "cosh", "cot", "exp", "ln", "log", "log10", "power",
    "sin", "sinh", "sqrt", "tan",
];

/// A function of numbers that checks what it is given and what it answers.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckedFunction {
    inner: Arc<ScalarUDF>,
}

impl CheckedFunction {
    /// The checked form of a function; none for one that needs no checks.
    pub(super) fn of(inner: &Arc<ScalarUDF>) -> Option<Self> {
        let is_checked = inner.inner().downcast_ref::<Self>().is_some();
        let has_domain = FUNCTIONS.contains(&inner.name()) && !is_checked;
        has_domain.then(|| Self {
            inner: Arc::clone(inner),
        })
    }
}

impl ScalarUDFImpl for CheckedFunction {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let mut given = Vec::with_capacity(args.args.len());
        for argument in &args.args {
            given.push(floats(&argument.to_array(rows)?)?);
        }
        for row in 0..rows {
            let values = given
                .iter()
                .map(|values| values.is_valid(row).then(|| values.value(row)))
                .collect::<Option<Vec<_>>>();
            if let Some(values) = values {
                self.check_given(&values)?;
            }
        }
        let is_double = *args.return_field.data_type() == DataType::Float64;
        let answer = match (self.name(), given.as_slice()) {
            ("log", [values]) if is_double => {
                let logarithms: Float64Array = values.unary(f64::log10);
                ColumnarValue::Array(Arc::new(logarithms))
            }
            ("log", [bases, values]) if is_double => {
                let logarithms: Float64Array = binary(bases, values, logarithm)?;
                ColumnarValue::Array(Arc::new(logarithms))
            }
            _ => self.inner.invoke_with_args(args)?,
        };
        if answer.data_type().is_floating() {
            self.check_answers(&given, &floats(&answer.to_array(rows)?)?)?;
        }
        Ok(answer)
    }
}

/// DataFusion divides logarithms whatever their base, so that that of 1000 would be less than 3.
fn logarithm(base: f64, value: f64) -> f64 {
    if base == 10.0 {
        value.log10()
    } else if base == 2.0 {
        value.log2()
    } else {
        value.ln() / base.ln()
    }
}

impl CheckedFunction {
    /// The errors of PostgreSQL's `float.c`, in its words.
    fn check_given(&self, given: &[f64]) -> Result<(), FunctionError> {
        match (self.name(), given) {
            ("ln" | "log" | "log10", values) => {
                if values.contains(&0.0) {
                    return Err(error("2201E", "cannot take logarithm of zero"));
                }
                if values.iter().any(|value| *value < 0.0) {
                    return Err(error("2201E", "cannot take logarithm of a negative number"));
                }
                // The logarithm of the base, which is divided by.
                if let [base, _] = values
                    && *base == 1.0
                {
                    return Err(error("22012", "division by zero"));
                }
            }
            ("sqrt", [value]) if *value < 0.0 => {
                return Err(error(
                    "2201F",
                    "cannot take square root of a negative number",
                ));
            }
            ("power", [base, exponent]) => {
                if *base == 0.0 && *exponent < 0.0 {
                    return Err(error(
                        "2201F",
                        "zero raised to a negative power is undefined",
                    ));
                }
                if *base < 0.0 && exponent.is_finite() && exponent.fract() != 0.0 {
                    return Err(error(
                        "2201F",
                        "a negative number raised to a non-integer power yields a complex result",
                    ));
                }
            }
            ("acos" | "asin" | "atanh", [value]) if value.abs() > 1.0 => {
                return Err(error("22003", "input is out of range"));
            }
            ("cos" | "cot" | "sin" | "tan", [value]) if value.is_infinite() => {
                return Err(error("22003", "input is out of range"));
            }
            ("acosh", [value]) if *value < 1.0 => {
                return Err(error("22003", "input is out of range"));
            }
            _ => {}
        }
        Ok(())
    }

    /// An infinity out of numbers is an overflow, but for `atanh(1)`, `cot(0)` and the like.
    fn check_answers(&self, given: &[Float64Array], answers: &Float64Array) -> Result<()> {
        if matches!(self.name(), "atanh" | "cot" | "tan") || given.is_empty() {
            return Ok(());
        }
        let Some(len) = given.iter().map(Array::len).min() else {
            return internal_err!("{} has no arguments", self.name());
        };
        for row in 0..len.min(answers.len()) {
            let overflows = answers.is_valid(row)
                && answers.value(row).is_infinite()
                && given.iter().all(|values| values.value(row).is_finite());
            if overflows {
                return Err(FunctionError::out_of_range("value out of range: overflow").into());
            }
        }
        Ok(())
    }
}

fn floats(values: &ArrayRef) -> Result<Float64Array> {
    let values = cast(values, &DataType::Float64)?;
    Ok(values.as_primitive::<Float64Type>().clone())
}

fn error(sqlstate: &'static str, message: &str) -> FunctionError {
    FunctionError {
        sqlstate,
        message: message.to_owned(),
        hint: None,
    }
}
