//! Numerics as whole numbers and how many of their digits stand behind the point.

use arrow::array::{ArrayRef, AsArray, Decimal256Array};
use arrow::compute::cast;
use arrow::datatypes::{DECIMAL256_MAX_PRECISION, DataType, Decimal256Type, i256};
use datafusion::error::Result;

use crate::FunctionError;

/// How many digits behind the point the numbers of a type have.
///
/// # Errors
/// 42883 for floats, which have no certain number of them.
pub(super) fn scale_of(name: &str, given: &DataType) -> Result<i8, FunctionError> {
    match given {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Ok((*scale).max(0)),
        given if given.is_floating() => Err(FunctionError::no_such_form(format!(
            "{name} takes numerics and integers, not double precision"
        ))
        .with_hint("Cast the argument to numeric.")),
        _ => Ok(0),
    }
}

/// Numbers with so many digits behind the point, without the point.
pub(super) fn unscaled(values: &ArrayRef, scale: i8) -> Result<Decimal256Array> {
    let wide = DataType::Decimal256(DECIMAL256_MAX_PRECISION, scale);
    let wide = cast(values, &wide)?;
    Ok(wide.as_primitive::<Decimal256Type>().clone())
}

/// The fewest digits behind the point that a number can be written with.
pub(super) fn fewest(mut number: i256, scale: i8) -> i8 {
    let ten = i256::from_i128(10);
    let mut digits = scale;
    while digits > 0 {
        let (Some(rest), Some(shorter)) = (number.checked_rem(ten), number.checked_div(ten)) else {
            break;
        };
        if rest != i256::ZERO {
            break;
        }
        number = shorter;
        digits -= 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_at_the_end_are_not_needed() {
        let fewest = |number: i128, scale| fewest(i256::from_i128(number), scale);
        assert_eq!(fewest(84_100, 4), 2);
        assert_eq!(fewest(84_101, 4), 4);
        assert_eq!(fewest(0, 4), 0);
        assert_eq!(fewest(-1_000, 3), 0);
        assert_eq!(fewest(1_000, 0), 0);
    }
}
