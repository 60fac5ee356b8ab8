//! Values that have a mean: numbers, dates, times and durations, as the numbers behind them.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Float64Type};
use datafusion::error::Result;

use super::mean::{mean_of_floats, mean_of_integers};
use super::rounding::{Rounding, halfway, multiply_and_divide};
use crate::FunctionError;

/// The type in which amounts of a type are answered, or `None` where it has no mean.
pub(super) fn amount_type(given: &DataType) -> Option<DataType> {
    match given {
        DataType::Null => Some(DataType::Float64),
        DataType::Dictionary(_, values) => amount_type(values),
        DataType::Interval(_) => None,
        given if given.is_numeric() || given.is_temporal() => Some(given.clone()),
        _ => None,
    }
}

/// [`amount_type`] of the first argument, or an error that names the function.
pub(super) fn first_amount_type(
    function: &str,
    given: &[DataType],
) -> Result<DataType, FunctionError> {
    let first = given.first().unwrap_or(&DataType::Null);
    amount_type(first).ok_or_else(|| {
        FunctionError::no_such_form(format!(
            "{function} takes a number, date, time or duration, not {}",
            crate::type_name(first)
        ))
        .with_hint(
            "impute_mode, impute_last and impute_hot_deck fill gaps in values of any type that \
             can be compared.",
        )
    })
}

/// The amounts of an array.
#[derive(Debug)]
pub(super) enum Amounts {
    /// Integers, decimals, dates and the like: how many of the type's smallest units.
    Whole(Decimal128Array),
    /// Floats of any width.
    Floats(Float64Array),
}

impl Amounts {
    /// Reads an array whose type has an [`amount_type`].
    pub(super) fn read(function: &str, array: &ArrayRef) -> Result<Self> {
        let kept = first_amount_type(function, std::slice::from_ref(array.data_type()))?;
        let array = &cast(array, &kept)?;
        let whole = |array: &ArrayRef, scale: i8| -> Result<Self> {
            let target = DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale);
            let options = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            let units = cast_with_options(array, &target, &options).map_err(|_| {
                FunctionError::out_of_range(format!(
                    "{function} takes numbers of at most {DECIMAL128_MAX_PRECISION} digits"
                ))
            })?;
            Ok(Self::Whole(units.as_primitive::<Decimal128Type>().clone()))
        };
        match &kept {
            kept if kept.is_floating() => {
                let floats = cast(array, &DataType::Float64)?;
                Ok(Self::Floats(floats.as_primitive::<Float64Type>().clone()))
            }
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale)
            | DataType::Decimal256(_, scale) => whole(array, *scale),
            DataType::Date32 | DataType::Time32(_) => whole(&cast(array, &DataType::Int32)?, 0),
            kept if kept.is_temporal() => whole(&cast(array, &DataType::Int64)?, 0),
            _ => whole(array, 0),
        }
    }
}

/// One amount: an `i128` of whole units, or an `f64`.
pub(super) trait Amount: Copy + Default + 'static {
    /// The amounts of these rows as an array of the answer's type.
    fn array(amounts: Vec<Option<Self>>, answer: &DataType) -> Result<ArrayRef>;

    /// NaN is greater than any number, and -0 is 0.
    fn compare(self, other: Self) -> Ordering;

    /// The mean of at least one amount, whatever their order; they may be sorted on the way.
    fn mean(amounts: &mut [Self], rounding: Rounding) -> Self;

    /// The middle between two amounts, the first not greater than the second.
    fn middle(self, upper: Self, rounding: Rounding) -> Self;

    /// How far it is from this amount to another.
    fn distance(self, to: Self) -> f64;

    /// What lies so far from this amount towards another, and not beyond it.
    fn towards(self, other: Self, way: Way, rounding: Rounding) -> Self;
}

/// Part of the way from one amount to another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// So many parts of so many, both positive, the first not greater than the second.
    Parts(i128, i128),
    /// A share from 0 to 1.
    Share(f64),
    /// A distance, as [`Amount::distance`] measures.
    Distance(f64),
}

impl Amount for i128 {
    fn array(amounts: Vec<Option<Self>>, answer: &DataType) -> Result<ArrayRef> {
        let scale = match answer {
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale)
            | DataType::Decimal256(_, scale) => *scale,
            _ => 0,
        };
        let units: ArrayRef = Arc::new(
            Decimal128Array::from(amounts)
                .with_precision_and_scale(DECIMAL128_MAX_PRECISION, scale)?,
        );
        // A filled amount lies between two that the type holds.
        Ok(match answer {
            DataType::Date32 | DataType::Time32(_) => {
                cast(&cast(&units, &DataType::Int32)?, answer)?
            }
            answer if answer.is_temporal() => cast(&cast(&units, &DataType::Int64)?, answer)?,
            answer => cast(&units, answer)?,
        })
    }

    fn compare(self, other: Self) -> Ordering {
        self.cmp(&other)
    }

    fn mean(amounts: &mut [Self], rounding: Rounding) -> Self {
        mean_of_integers(amounts, rounding)
    }

    fn middle(self, upper: Self, rounding: Rounding) -> Self {
        halfway(self, upper, rounding)
    }

    fn distance(self, to: Self) -> f64 {
        match to.checked_sub(self) {
            Some(distance) => distance as f64,
            None => to as f64 - self as f64,
        }
    }

    fn towards(self, other: Self, way: Way, rounding: Rounding) -> Self {
        let exact = match way {
            Way::Parts(parts, of) => other
                .checked_sub(self)
                .and_then(|distance| multiply_and_divide(self, distance, parts, of, rounding)),
            _ => None,
        };
        let between = exact.unwrap_or_else(|| {
            let offset = match way {
                Way::Parts(parts, of) => self.distance(other) * (parts as f64 / of as f64),
                Way::Share(share) => self.distance(other) * share,
                Way::Distance(distance) => distance,
            };
            self.saturating_add(rounding.nearest(self, offset))
        });
        between.clamp(self.min(other), self.max(other))
    }
}

impl Amount for f64 {
    fn array(amounts: Vec<Option<Self>>, answer: &DataType) -> Result<ArrayRef> {
        let floats: ArrayRef = Arc::new(Float64Array::from(amounts));
        Ok(cast(&floats, answer)?)
    }

    fn compare(self, other: Self) -> Ordering {
        canonical(self).total_cmp(&canonical(other))
    }

    fn mean(amounts: &mut [Self], _rounding: Rounding) -> Self {
        mean_of_floats(amounts)
    }

    fn middle(self, upper: Self, _rounding: Rounding) -> Self {
        if self == upper {
            // Also two infinities, whose difference is no number.
            self
        } else if self.is_sign_negative() == upper.is_sign_negative() {
            self + (upper - self) / 2.0
        } else {
            Self::midpoint(self, upper)
        }
    }

    fn distance(self, to: Self) -> f64 {
        to - self
    }

    fn towards(self, other: Self, way: Way, _rounding: Rounding) -> Self {
        let share = match way {
            Way::Parts(parts, of) => parts as f64 / of as f64,
            Way::Share(share) => share,
            Way::Distance(distance) => {
                return (self + distance).max(self.min(other)).min(self.max(other));
            }
        };
        interpolate(self, other, share)
    }
}

/// A NaN without sign or payload, and 0 without sign.
pub(super) fn canonical(number: f64) -> f64 {
    if number.is_nan() {
        f64::NAN
    } else {
        number + 0.0
    }
}

/// Linear interpolation that is exact at both ends, monotonic and never beyond them: `lerp` of
/// the C++ standard library, as proposed in P0811R3.
fn interpolate(from: f64, to: f64, share: f64) -> f64 {
    if (from <= 0.0 && to >= 0.0) || (from >= 0.0 && to <= 0.0) {
        return share * to + (1.0 - share) * from;
    }
    if share == 1.0 || to.is_nan() {
        return to;
    }
    if from.is_nan() {
        return from;
    }
    let between = from + share * (to - from);
    if (share > 1.0) == (to > from) {
        between.max(to)
    } else {
        between.min(to)
    }
}
