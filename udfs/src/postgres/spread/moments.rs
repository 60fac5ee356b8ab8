//! The first two moments of numerics: exact sums, of which variances and standard deviations are made by one
//! division at the end, as in `numeric_stddev_internal` of PostgreSQL's `numeric.c`.

use arrow::datatypes::i256;

use super::super::numeric::quotient;

/// What is told of how far values are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Measure {
    /// Of a sample, and not of all that there are.
    pub(super) is_sample: bool,
    /// The standard deviation, and not the variance.
    pub(super) is_root: bool,
}

/// How many values there are, their sum, and that of their squares, in units of their last digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moments {
    pub(super) count: i64,
    pub(super) sum: i256,
    pub(super) squares: i256,
}

impl Moments {
    /// Those of one value; none where there is no room.
    pub(super) fn of(value: i128) -> Option<Self> {
        let squares = match u64::try_from(value.unsigned_abs()) {
            Ok(small) => i256::from_parts(u128::from(small) * u128::from(small), 0),
            Err(_) => i256::from_i128(value).checked_mul(i256::from_i128(value))?,
        };
        Some(Self {
            count: 1,
            sum: i256::from_i128(value),
            squares,
        })
    }

    /// Those of other values too.
    pub(super) fn with(self, other: Self) -> Option<Self> {
        Some(Self {
            count: self.count.checked_add(other.count)?,
            sum: self.sum.checked_add(other.sum)?,
            squares: self.squares.checked_add(other.squares)?,
        })
    }

    /// Those that are left when other values go.
    pub(super) fn without(self, other: Self) -> Option<Self> {
        Some(Self {
            count: self.count.checked_sub(other.count)?,
            sum: self.sum.checked_sub(other.sum)?,
            squares: self.squares.checked_sub(other.squares)?,
        })
    }

    /// How far apart the values are, which have `scale` digits after the point, to `digits` of them; within,
    /// none of too few values. None where a sum has no room.
    pub(super) fn spread(self, measure: Measure, scale: i8, digits: i8) -> Option<Option<i256>> {
        if self.count <= i64::from(measure.is_sample) {
            return Some(None);
        }
        let count = i256::from_i128(self.count.into());
        let apart = count
            .checked_mul(self.squares)?
            .checked_sub(self.sum.checked_mul(self.sum)?)?;
        let of = count.checked_mul(match measure.is_sample {
            true => count.checked_sub(i256::ONE)?,
            false => count,
        })?;
        let (scale, digits) = (i32::from(scale), i32::from(digits));
        let variance = |digits: i32| ratio(apart, of, digits - 2 * scale);
        let rounded = variance(digits)?;
        if !measure.is_root {
            return Some(Some(rounded));
        }
        // A root has as many digits as what it is of: PostgreSQL gives a group of four more to less than one.
        let digits_of_variance = match rounded < power(digits)? {
            true => digits + 4,
            false => digits,
        };
        let variance = variance(digits_of_variance)?;
        let squared = variance.checked_mul(power(2 * digits - digits_of_variance)?)?;
        Some(Some(root(squared)))
    }
}

fn power(exponent: i32) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::try_from(exponent).ok()?)
}

/// A quotient times a power of ten, rounded a half away from zero.
fn ratio(dividend: i256, divisor: i256, shift: i32) -> Option<i256> {
    if shift < 0 {
        return quotient(dividend, divisor.checked_mul(power(-shift)?)?).ok();
    }
    // The whole first: with the digits behind it the dividend might have no room.
    let shift = power(shift)?;
    let whole = dividend.checked_div(divisor)?.checked_mul(shift)?;
    let rest = dividend.wrapping_rem(divisor).checked_mul(shift)?;
    whole.checked_add(quotient(rest, divisor).ok()?)
}

/// The square root, rounded to the nearest.
fn root(value: i256) -> i256 {
    if value <= i256::ZERO {
        return i256::ZERO;
    }
    let (low, high) = value.to_parts();
    let bits = match high {
        0 => 128 - low.leading_zeros(),
        high => 256 - high.leading_zeros(),
    };
    // Newton's method from above.
    let above = 1_u128.checked_shl(bits.div_ceil(2));
    let mut root = above.map_or(i256::from_parts(0, 1), |above| i256::from_parts(above, 0));
    loop {
        let next = value.wrapping_div(root).wrapping_add(root) >> 1;
        if next >= root {
            break;
        }
        root = next;
    }
    let rest = value.wrapping_sub(root.wrapping_mul(root));
    match rest > root {
        true => root.wrapping_add(i256::ONE),
        false => root,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VARIANCE: Measure = Measure {
        is_sample: true,
        is_root: false,
    };
    const DEVIATION: Measure = Measure {
        is_sample: true,
        is_root: true,
    };

    fn of(values: &[i128]) -> Moments {
        let moments = values.iter().map(|value| Moments::of(*value).unwrap());
        moments.fold(Moments::default(), |all, each| all.with(each).unwrap())
    }

    fn shown(values: &[i128], measure: Measure, scale: i8, digits: i8) -> Option<String> {
        let spread = of(values).spread(measure, scale, digits).unwrap();
        spread.map(|spread| spread.to_string())
    }

    #[test]
    fn spreads_are_those_of_postgres() {
        let ten: Vec<i128> = (1..=10).collect();
        let cases = [
            (VARIANCE, "91666666666666667"),
            (DEVIATION, "30276503540974917"),
            (
                Measure {
                    is_sample: false,
                    ..VARIANCE
                },
                "82500000000000000",
            ),
            (
                Measure {
                    is_sample: false,
                    ..DEVIATION
                },
                "28722813232690143",
            ),
        ];
        for (measure, expected) in cases {
            assert_eq!(shown(&ten, measure, 0, 16).as_deref(), Some(expected));
        }
        assert_eq!(
            shown(&[1250, 9999], DEVIATION, 2, 16).as_deref(),
            Some("618647722860110429")
        );
        assert_eq!(
            shown(&[50, 25, 100], DEVIATION, 2, 16).as_deref(),
            Some("3818813079129867")
        );
        let ends = [i64::MAX.into(), -i128::from(i64::MAX), 7];
        assert_eq!(
            shown(&ends, DEVIATION, 0, 16).as_deref(),
            Some("92233720368547758070000000000000000")
        );
        assert_eq!(shown(&[7], VARIANCE, 0, 16), None);
        assert_eq!(shown(&[7, 7], VARIANCE, 0, 16).as_deref(), Some("0"));
    }

    proptest! {
        #[test]
        fn what_goes_is_as_if_it_had_not_been(all in prop::collection::vec(any::<i128>(), 2..9)) {
            // Squares of numbers as large have room.
            let all: Vec<i128> = all.into_iter().map(|value| value >> 8).collect();
            let (gone, left) = all.split_first().unwrap();
            let gone = Moments::of(*gone).unwrap();
            prop_assert_eq!(of(&all).without(gone), Some(of(left)));
        }

        #[test]
        fn roots_are_the_nearest(value in any::<u128>()) {
            let value = i256::from_parts(value, 0);
            let root = root(value);
            // Twice the root is at most one away from the root of four times the value.
            let twice = root.wrapping_add(root);
            let below = twice.wrapping_sub(i256::ONE);
            let above = twice.wrapping_add(i256::ONE);
            let four = i256::from_i128(4).wrapping_mul(value);
            prop_assert!(root == i256::ZERO || below.wrapping_mul(below) <= four);
            prop_assert!(four <= above.wrapping_mul(above));
        }

        #[test]
        fn variances_are_those_of_floats(values in prop::collection::vec(-1000_i128..1000, 2..20)) {
            let count = values.len() as f64;
            let mean = values.iter().sum::<i128>() as f64 / count;
            let squares: f64 = values.iter().map(|value| (*value as f64 - mean).powi(2)).sum();
            let expected = squares / (count - 1.0);
            let found = of(&values).spread(VARIANCE, 0, 6).unwrap().unwrap();
            let found = found.to_i128().unwrap() as f64 / 1e6;
            prop_assert!((found - expected).abs() <= 1e-5, "{} {}", found, expected);
        }
    }
}
