//! Floats of numerics: the nearest ones, as PostgreSQL finds them by reading the digits. Arrow divides by
//! a power of ten, which rounds digits of more than 53 bits twice.

use std::fmt::Display;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type,
    DecimalType, Float32Type, Float64Type, i256,
};
use datafusion::common::internal_err;
use datafusion::error::Result;

use crate::FunctionError;

/// What a float holds of integers, and of powers of ten, without rounding: the quotient of two such
/// numbers is rounded once.
struct Exactly {
    integers: u128,
    tens: i8,
}

const DOUBLE: Exactly = Exactly {
    integers: 1 << 53,
    tens: 22,
};
const SINGLE: Exactly = Exactly {
    integers: 1 << 24,
    tens: 10,
};

/// The floats that are nearest to numerics.
///
/// # Errors
/// 22003 for a numeric that the type cannot hold, or of which it would hold zero.
pub fn nearest_floats(numerics: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(match (numerics.data_type(), to) {
        (DataType::Decimal128(_, scale), DataType::Float64) => {
            let numerics = numerics.as_primitive::<Decimal128Type>();
            Arc::new(doubles(numerics, *scale, Some)?)
        }
        (DataType::Decimal256(_, scale), DataType::Float64) => {
            let numerics = numerics.as_primitive::<Decimal256Type>();
            Arc::new(doubles(numerics, *scale, i256::to_i128)?)
        }
        (DataType::Decimal128(_, scale), DataType::Float32) => {
            let numerics = numerics.as_primitive::<Decimal128Type>();
            Arc::new(singles(numerics, *scale, Some)?)
        }
        (DataType::Decimal256(_, scale), DataType::Float32) => {
            let numerics = numerics.as_primitive::<Decimal256Type>();
            Arc::new(singles(numerics, *scale, i256::to_i128)?)
        }
        (DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale), _) => {
            let wider = DataType::Decimal128(DECIMAL128_MAX_PRECISION, *scale);
            nearest_floats(&cast(numerics, &wider)?, to)?
        }
        (from, to) => return internal_err!("{from} is no numeric, or {to} no float"),
    })
}

fn doubles<T: DecimalType>(
    numerics: &PrimitiveArray<T>,
    scale: i8,
    narrow: impl Fn(T::Native) -> Option<i128>,
) -> Result<PrimitiveArray<Float64Type>>
where
    T::Native: Display,
{
    read(numerics, &DOUBLE, scale, narrow, |digits| {
        let double: f64 = digits.parse().ok()?;
        let is_held = double.is_finite() && (double != 0.0 || is_zero(digits));
        is_held.then_some(double)
    })
}

fn singles<T: DecimalType>(
    numerics: &PrimitiveArray<T>,
    scale: i8,
    narrow: impl Fn(T::Native) -> Option<i128>,
) -> Result<PrimitiveArray<Float32Type>>
where
    T::Native: Display,
{
    read(numerics, &SINGLE, scale, narrow, |digits| {
        let single: f32 = digits.parse().ok()?;
        let is_held = single.is_finite() && (single != 0.0 || is_zero(digits));
        is_held.then_some(single)
    })
}

/// Whether digits before an exponent are those of zero.
fn is_zero(digits: &str) -> bool {
    let mantissa = digits.split('e').next().unwrap_or(digits);
    mantissa.bytes().all(|byte| matches!(byte, b'-' | b'0'))
}

/// Divides what is held exactly, and has all else read off its digits.
fn read<T, F>(
    numerics: &PrimitiveArray<T>,
    exactly: &Exactly,
    scale: i8,
    narrow: impl Fn(T::Native) -> Option<i128>,
    parse: impl Fn(&str) -> Option<F::Native>,
) -> Result<PrimitiveArray<F>>
where
    T: DecimalType,
    T::Native: Display,
    F: ArrowPrimitiveType,
    F::Native: FromDouble,
{
    let is_exact = (0..=exactly.tens).contains(&scale);
    let power = 10_i128.pow(u32::from(scale.clamp(0, exactly.tens).unsigned_abs())) as f64;
    numerics.try_unary(|value| {
        let few = narrow(value).filter(|few| is_exact && few.unsigned_abs() <= exactly.integers);
        if let Some(few) = few {
            return Ok(F::Native::from_double(few as f64 / power));
        }
        let digits = format!("{value}e{}", -i16::from(scale));
        parse(&digits).ok_or_else(|| out_of_range(&value.to_string(), scale, F::DATA_TYPE).into())
    })
}

/// A float of the quotient of two numbers that it holds exactly. A single of it is the nearest one too,
/// since a double has more than twice its bits and two.
trait FromDouble {
    fn from_double(value: f64) -> Self;
}

impl FromDouble for f64 {
    fn from_double(value: f64) -> Self {
        value
    }
}

impl FromDouble for f32 {
    fn from_double(value: f64) -> Self {
        value as f32
    }
}

fn out_of_range(unscaled: &str, scale: i8, to: DataType) -> FunctionError {
    let name = match to {
        DataType::Float32 => "real",
        _ => "double precision",
    };
    let digits = unscaled.trim_start_matches('-');
    let sign = &unscaled[..unscaled.len() - digits.len()];
    let places = usize::from(scale.unsigned_abs());
    let shown = match scale {
        ..=0 => format!("{digits}{}", "0".repeat(places)),
        1.. => {
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            format!("{whole}.{fraction}")
        }
    };
    FunctionError::out_of_range(format!("\"{sign}{shown}\" is out of range for type {name}"))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, Decimal128Array, Decimal256Array};
    use proptest::prelude::*;

    use super::*;

    fn one(unscaled: i128, scale: i8, to: &DataType) -> ArrayRef {
        let numerics = Decimal128Array::from(vec![Some(unscaled), None]);
        let numerics = numerics.with_precision_and_scale(38, scale).unwrap();
        let floats = nearest_floats(&(Arc::new(numerics) as ArrayRef), to).unwrap();
        assert!(floats.is_null(1));
        floats
    }

    proptest! {
        #[test]
        fn floats_are_what_their_digits_are_read_as(
            unscaled in prop_oneof![
                any::<i128>(),
                -(1_i128 << 54)..(1_i128 << 54),
                -(1_i128 << 25)..(1_i128 << 25),
            ],
            scale in 0_i8..38,
        ) {
            let unscaled = unscaled % 10_i128.pow(38);
            let digits = format!("{unscaled}e{}", -i16::from(scale));
            let double = one(unscaled, scale, &DataType::Float64);
            let double = double.as_primitive::<Float64Type>().value(0);
            prop_assert_eq!(double, digits.parse::<f64>().unwrap());
            let single = one(unscaled, scale, &DataType::Float32);
            let single = single.as_primitive::<Float32Type>().value(0);
            prop_assert_eq!(single, digits.parse::<f32>().unwrap());
        }
    }

    #[test]
    fn a_scale_may_be_negative() {
        let double = one(15, -3, &DataType::Float64);
        let double = double.as_primitive::<Float64Type>().value(0);
        assert_eq!(double.to_bits(), 15_000_f64.to_bits());
    }

    #[test]
    fn what_a_float_cannot_hold_is_said() {
        let read = |unscaled: &str, scale: i8| {
            let unscaled = i256::from_string(unscaled).unwrap();
            let numerics = Decimal256Array::from(vec![unscaled]);
            let numerics = numerics.with_precision_and_scale(76, scale).unwrap();
            let floats = nearest_floats(&(Arc::new(numerics) as ArrayRef), &DataType::Float32);
            floats.map(|it| it.as_primitive::<Float32Type>().value(0))
        };
        let large = format!("-1{}", "0".repeat(41));
        let error = read(&large, 2).unwrap_err().to_string();
        let shown = format!("\"-1{}.00\" is out of range for type real", "0".repeat(39));
        assert!(error.contains(&shown), "{error}");
        let error = read("15", 51).unwrap_err().to_string();
        let shown = format!("\"0.{}15\" is out of range for type real", "0".repeat(49));
        assert!(error.contains(&shown), "{error}");
        assert_eq!(read("0", 51).unwrap().to_bits(), 0);
        assert_eq!(read("15", 45).unwrap().to_bits(), 15e-45_f32.to_bits());
    }
}
