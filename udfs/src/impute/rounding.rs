//! Fractions of whole units, rounded to whole ones.

use arrow::datatypes::DataType;

/// Where a half goes; everything else goes to the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// Away from zero, as PostgreSQL rounds a `numeric`.
    AwayFromZero,
    /// Up, which is later: dates and times have no zero to speak of.
    Up,
}

impl Rounding {
    /// The rule for amounts of a type.
    pub(super) fn of(answer: &DataType) -> Self {
        if answer.is_temporal() {
            Self::Up
        } else {
            Self::AwayFromZero
        }
    }

    /// Whether a half above a whole number goes up.
    fn half_goes_up(self, whole: i128) -> bool {
        self == Self::Up || whole >= 0
    }

    /// The whole number nearest to a fraction from 0 to 1 above `whole`: `remainder` of `divisor`.
    pub(super) fn round(self, whole: i128, remainder: u128, divisor: u128) -> i128 {
        let rest = divisor - remainder;
        let up = remainder > rest || (remainder == rest && self.half_goes_up(whole));
        whole + i128::from(up)
    }

    /// The whole offset nearest to `offset`, so that `base` and it together are rounded by the
    /// rule.
    pub(super) fn nearest(self, base: i128, offset: f64) -> i128 {
        let whole = offset.floor();
        let rest = offset - whole;
        let below = whole as i128;
        let up = rest > 0.5 || (rest == 0.5 && self.half_goes_up(base.saturating_add(below)));
        below.saturating_add(i128::from(up))
    }
}

/// `base + distance * parts / of`, rounded as a whole; `None` where it takes more than 128 bits
/// on the way. `of` is positive.
pub(super) fn multiply_and_divide(
    base: i128,
    distance: i128,
    parts: i128,
    of: i128,
    rounding: Rounding,
) -> Option<i128> {
    let product = distance.checked_mul(parts)?;
    let whole = base.checked_add(product.div_euclid(of))?;
    let remainder = product.rem_euclid(of);
    Some(rounding.round(whole, remainder.unsigned_abs(), of.unsigned_abs()))
}

/// The middle between two numbers, rounded, without their sum, which would not always fit.
pub(super) fn halfway(lower: i128, upper: i128, rounding: Rounding) -> i128 {
    let whole = (lower & upper) + ((lower ^ upper) >> 1);
    let half = (lower ^ upper) & 1 == 1;
    whole + i128::from(half && rounding.half_goes_up(whole))
}
