//! Arithmetic that tells of overflow: `+`, `-`, `*`, `/`, `%` of numbers, and the sign of integers.
//!
//! DataFusion wraps integers around, lets floats become infinite, and gives quotients of numerics
//! four digits after the point more than the dividend has.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Datum, PrimitiveArray, Scalar};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, FieldRef, Float16Type, Float32Type, Float64Type,
};
use arrow::error::ArrowError;
use datafusion::common::{exec_err, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;

use super::floats::one_nan;
use super::numeric as numerics;
use super::range::{arithmetic_error, out_of_range, underflow};

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Negate,
}

impl Operation {
    pub(super) fn of(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Plus => Self::Add,
            Operator::Minus => Self::Subtract,
            Operator::Multiply => Self::Multiply,
            Operator::Divide => Self::Divide,
            Operator::Modulo => Self::Modulo,
            _ => return None,
        })
    }

    /// The operation of a function, by its name.
    pub(super) fn of_function(name: &str) -> Option<Self> {
        let all = [
            Self::Add,
            Self::Subtract,
            Self::Multiply,
            Self::Divide,
            Self::Modulo,
            Self::Negate,
        ];
        all.into_iter().find(|each| each.function() == name)
    }

    /// The name of its function.
    fn function(self) -> &'static str {
        match self {
            Self::Add => "checked_add",
            Self::Subtract => "checked_subtract",
            Self::Multiply => "checked_multiply",
            Self::Divide => "checked_divide",
            Self::Modulo => "checked_modulo",
            Self::Negate => "checked_negate",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract | Self::Negate => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// Whether DataFusion's own arithmetic of this type gives wrong answers.
pub(super) fn is_checked(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_floating()
}

/// An operator over two numbers of one type, over numerics and integers, or over one number.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckedArithmetic {
    operation: Operation,
    signature: Signature,
}

impl CheckedArithmetic {
    pub(super) fn new(operation: Operation) -> Self {
        Self {
            operation,
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }

    pub(super) fn operation(&self) -> Operation {
        self.operation
    }

    fn compute(&self, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
        match self.operation {
            Operation::Add => numeric::add(left, right),
            Operation::Subtract => numeric::sub(left, right),
            Operation::Multiply => numeric::mul(left, right),
            Operation::Divide => numeric::div(left, right),
            Operation::Modulo => numeric::rem(left, right),
            Operation::Negate => numeric::neg(left.get().0),
        }
    }
}

impl ScalarUDFImpl for CheckedArithmetic {
    fn name(&self) -> &str {
        self.operation.function()
    }

    /// The name that the operator gives to its column.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let sign = self.operation.sign();
        match args {
            [left, right] => Ok(format!(
                "{} {sign} {}",
                left.schema_name(),
                right.schema_name()
            )),
            [value] => Ok(format!("({sign} {})", value.schema_name())),
            _ => internal_err!("an operator has one operand or two"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [one] => Ok(one.clone()),
            [left, right] if left == right && !left.is_decimal() => Ok(left.clone()),
            [left, right] => match numerics::answer(self.operation, left, right) {
                Some(data_type) => Ok(data_type),
                // What was numeric when it was planned has become a float since.
                None => Ok(DataType::Float64),
            },
            _ => exec_err!("an operator has one operand or two"),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        let types: Vec<_> = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        Ok(Arc::new(Field::new(
            self.name(),
            self.return_type(&types)?,
            nullable,
        )))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let data_type = args.return_field.data_type().clone();
        let is_scalar = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let operands = args
            .args
            .iter()
            .map(|value| operand(value, &data_type))
            .collect::<Result<Vec<_>>>()?;
        let (left, right) = match operands.as_slice() {
            [left, right] => (left.as_ref(), right.as_ref()),
            [value] => (value.as_ref(), value.as_ref()),
            _ => return internal_err!("an operator has one operand or two"),
        };
        if self.operation == Operation::Divide && data_type.is_floating() {
            refuse_zero(left, right)?;
        }
        let computed = match data_type.is_decimal() {
            true => numerics::compute(self.operation, left, right, &data_type),
            false => self.compute(left, right),
        };
        let answer = computed.map_err(|error| arithmetic_error(error, &data_type))?;
        if data_type.is_floating() && self.operation != Operation::Modulo {
            refuse_lost(self.operation, &answer, left, right)?;
        }
        let answer = one_nan(&answer);
        if is_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &answer, 0,
            )?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

/// An operand; for floats, as one.
fn operand(value: &ColumnarValue, answer: &DataType) -> Result<Box<dyn Datum>> {
    let value = match answer.is_floating() && value.data_type() != *answer {
        true => &value.cast_to(answer, None)?,
        false => value,
    };
    Ok(match value {
        ColumnarValue::Array(array) => Box::new(Arc::clone(array)),
        ColumnarValue::Scalar(scalar) => Box::new(Scalar::new(scalar.to_array()?)),
    })
}

/// A number that is divided by zero is an error; what is NaN or NULL stays so.
fn refuse_zero(dividend: &dyn Datum, divisor: &dyn Datum) -> Result<()> {
    let is_refused = match divisor.get().0.data_type() {
        DataType::Float16 => {
            divides_by_zero::<Float16Type>(dividend, divisor, |value| value.to_f64())
        }
        DataType::Float32 => divides_by_zero::<Float32Type>(dividend, divisor, f64::from),
        _ => divides_by_zero::<Float64Type>(dividend, divisor, |value| value),
    };
    if is_refused {
        return Err(ArrowError::DivideByZero.into());
    }
    Ok(())
}

fn divides_by_zero<T: ArrowPrimitiveType>(
    dividend: &dyn Datum,
    divisor: &dyn Datum,
    wide: impl Fn(T::Native) -> f64,
) -> bool {
    if !any::<T>(divisor.get().0, |value| wide(value) == 0.0) {
        return false;
    }
    let rows = dividend.get().0.len().max(divisor.get().0.len());
    (0..rows).any(|row| {
        let is_zero = value_of::<T>(divisor, row).is_some_and(|value| wide(value) == 0.0);
        is_zero && value_of::<T>(dividend, row).is_some_and(|value| !wide(value).is_nan())
    })
}

/// An answer without end is an overflow where no operand is infinite, and a product or quotient of zero an
/// underflow where the operands do not make it zero.
fn refuse_lost(
    operation: Operation,
    answer: &ArrayRef,
    left: &dyn Datum,
    right: &dyn Datum,
) -> Result<()> {
    match answer.data_type() {
        DataType::Float16 => {
            refuse_lost_of::<Float16Type>(operation, answer, left, right, |value| value.to_f64())
        }
        DataType::Float32 => {
            refuse_lost_of::<Float32Type>(operation, answer, left, right, f64::from)
        }
        _ => refuse_lost_of::<Float64Type>(operation, answer, left, right, |value| value),
    }
}

fn refuse_lost_of<T: ArrowPrimitiveType>(
    operation: Operation,
    answer: &dyn Array,
    left: &dyn Datum,
    right: &dyn Datum,
    wide: impl Fn(T::Native) -> f64,
) -> Result<()> {
    let answer: &PrimitiveArray<T> = answer.as_primitive();
    let may_underflow = matches!(operation, Operation::Multiply | Operation::Divide);
    for (row, value) in answer.iter().enumerate() {
        let Some(value) = value.map(&wide) else {
            continue;
        };
        if !(value.is_infinite() || may_underflow && value == 0.0) {
            continue;
        }
        let operand = |operand: &dyn Datum| value_of::<T>(operand, row).map_or(0.0, &wide);
        let (left, right) = (operand(left), operand(right));
        let is_underflow = value == 0.0
            && left != 0.0
            && match operation {
                Operation::Divide => right.is_finite(),
                _ => right != 0.0,
            };
        if is_underflow {
            return Err(underflow().into());
        }
        if value.is_infinite() && left.is_finite() && right.is_finite() {
            return Err(out_of_range(answer.data_type()).into());
        }
    }
    Ok(())
}

/// The value of an operand that belongs to a row.
fn value_of<T: ArrowPrimitiveType>(operand: &dyn Datum, row: usize) -> Option<T::Native> {
    let (array, is_scalar) = operand.get();
    let array: &PrimitiveArray<T> = array.as_primitive();
    let row = if is_scalar { 0 } else { row };
    array.is_valid(row).then(|| array.value(row))
}

fn any<T: ArrowPrimitiveType>(array: &dyn Array, is: impl Fn(T::Native) -> bool) -> bool {
    let array: &PrimitiveArray<T> = array.as_primitive();
    array.iter().flatten().any(is)
}
