//! `gcd` and `lcm` of numerics, of which one may be an integer.

use std::sync::Arc;

use arrow::array::{AsArray, Decimal128Array};
use arrow::compute::cast;
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type,
    DecimalType as _, Field, FieldRef, i256,
};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use crate::FunctionError;

/// Registers the functions, in the place of those that know integers.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for (name, compute) in [("gcd", Compute::Divisor), ("lcm", Compute::Multiple)] {
        let inner = registry.udf(name)?;
        let function = NumericDivisor { inner, compute };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(function)))?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Compute {
    /// The greatest common divisor; 0 of zeros.
    Divisor,
    /// The least common multiple; 0 where one of the numbers is.
    Multiple,
}

impl Compute {
    /// Of numbers without their points, which stand before as many digits; none where that is too large.
    fn of(self, left: i256, right: i256) -> Option<i256> {
        let (left, right) = (left.wrapping_abs(), right.wrapping_abs());
        let mut rest = (left, right);
        while rest.1 != i256::ZERO {
            rest = (rest.1, rest.0.checked_rem(rest.1)?);
        }
        let divisor = rest.0;
        match self {
            Self::Divisor => Some(divisor),
            Self::Multiple if divisor == i256::ZERO => Some(divisor),
            Self::Multiple => left.checked_div(divisor)?.checked_mul(right),
        }
    }
}

/// A function, whose answers to integers are those of the one within.
#[derive(Debug, PartialEq, Eq, Hash)]
struct NumericDivisor {
    inner: Arc<ScalarUDF>,
    compute: Compute,
}

/// The type of both numbers where one is a numeric: they have the digits of the one that has most.
fn number_type(given: &[DataType]) -> Option<DataType> {
    if given.len() != 2 || !given.iter().any(DataType::is_decimal) {
        return None;
    }
    let scales = given.iter().map(|given| match given {
        DataType::Decimal128(_, scale) => Some((*scale).max(0)),
        other => (other.is_integer() || other.is_null() || other.is_string()).then_some(0),
    });
    let scales: Option<Vec<i8>> = scales.collect();
    let scale = scales?.into_iter().max()?;
    Some(DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale))
}

impl ScalarUDFImpl for NumericDivisor {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match number_type(given) {
            // What is no numeric yet becomes one; each keeps its own digits.
            Some(number) => Ok(given
                .iter()
                .map(|given| match given.is_decimal() || given.is_integer() {
                    true => given.clone(),
                    false => number.clone(),
                })
                .collect()),
            None => self.inner.inner().coerce_types(given),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match number_type(given) {
            Some(number) => Ok(number),
            None => self.inner.return_type(given),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args.arg_fields.iter();
        let given: Vec<DataType> = given.map(|field| field.data_type().clone()).collect();
        match number_type(&given) {
            Some(number) => Ok(Arc::new(Field::new(self.name(), number, true))),
            None => self.inner.return_field_from_args(args),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given: Vec<DataType> = args.args.iter().map(ColumnarValue::data_type).collect();
        let Some(number) = number_type(&given) else {
            return self.inner.invoke_with_args(args);
        };
        let DataType::Decimal128(_, scale) = number else {
            return internal_err!("a numeric is of no type of numerics");
        };
        let wide = DataType::Decimal256(DECIMAL256_MAX_PRECISION, scale);
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let numbers = arrays.iter().map(|array| cast(array, &wide));
        let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
        let [left, right] = numbers.as_slice() else {
            return internal_err!("{} has two arguments", self.name());
        };
        let (left, right) = (
            left.as_primitive::<Decimal256Type>(),
            right.as_primitive::<Decimal256Type>(),
        );
        let answers = left.iter().zip(right).map(|pair| match pair {
            (Some(left), Some(right)) => {
                let answer = self.compute.of(left, right).and_then(i256::to_i128);
                let fits = |it: &i128| {
                    Decimal128Type::is_valid_decimal_precision(*it, DECIMAL128_MAX_PRECISION)
                };
                let too_large = || FunctionError::out_of_range("numeric out of range");
                answer.filter(fits).ok_or_else(too_large).map(Some)
            }
            _ => Ok(None),
        });
        let answers = answers.collect::<Result<Decimal128Array, FunctionError>>()?;
        Ok(ColumnarValue::Array(Arc::new(
            answers.with_data_type(number),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisors_and_multiples_are_those_of_the_numbers_without_points() {
        let of = |compute: Compute, left: i128, right: i128| {
            let answer = compute.of(i256::from_i128(left), i256::from_i128(right));
            answer.and_then(i256::to_i128)
        };
        assert_eq!(of(Compute::Divisor, 125, 50), Some(25));
        assert_eq!(of(Compute::Divisor, -12_500, 5_000), Some(2_500));
        assert_eq!(of(Compute::Divisor, 0, 0), Some(0));
        assert_eq!(of(Compute::Multiple, 125, -50), Some(250));
        assert_eq!(of(Compute::Multiple, 0, 15), Some(0));
    }
}
