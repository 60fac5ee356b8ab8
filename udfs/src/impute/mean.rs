//! Means that do not depend on the order of what they are of.

use super::rounding::Rounding;

/// How many bits of a number are summed apart from the others.
const LOW_BITS: u32 = 64;

/// The mean of at least one number, exact but for the rounding at the end.
///
/// The sum may need more than 128 bits: upper and lower halves are summed apart.
pub(super) fn mean_of_integers(numbers: &[i128], rounding: Rounding) -> i128 {
    let mut high = 0_i128;
    let mut low = 0_i128;
    for number in numbers {
        high += number >> LOW_BITS;
        low += i128::from(*number as u64);
    }
    let count = numbers.len().max(1) as i128;
    // Carrying what the lower halves add up to keeps the rest below the count.
    high += low >> LOW_BITS;
    low &= i128::from(u64::MAX);
    let rest = (high.rem_euclid(count) << LOW_BITS) + low;
    let whole = (high.div_euclid(count) << LOW_BITS) + rest.div_euclid(count);
    let remainder = rest.rem_euclid(count);
    rounding.round(whole, remainder.unsigned_abs(), count.unsigned_abs())
}

/// The mean of at least one number; sorts them.
///
/// Summed in their order with compensation: Neumaier, "Rundungsfehleranalyse einiger Verfahren
/// zur Summation endlicher Summen", ZAMM 54 (1974). Where the sum would overflow and the mean
/// does not, the numbers are scaled down by a power of two before.
pub(super) fn mean_of_floats(numbers: &mut [f64]) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let count = numbers.len() as f64;
    let (Some(least), Some(most)) = (numbers.first(), numbers.last()) else {
        return f64::NAN;
    };
    let (least, most) = (*least, *most);
    if numbers.iter().any(|number| !number.is_finite()) {
        return numbers.iter().sum::<f64>() / count;
    }
    let greatest = least.abs().max(most.abs());
    let scale = if greatest > f64::MAX / count {
        // There are no more than 2^64 numbers.
        2.0_f64.powi(-64)
    } else {
        1.0
    };
    let mut sum = 0.0_f64;
    let mut compensation = 0.0_f64;
    for number in numbers.iter() {
        let number = number * scale;
        let next = sum + number;
        compensation += if sum.abs() >= number.abs() {
            (sum - next) + number
        } else {
            (number - next) + sum
        };
        sum = next;
    }
    let mean = (sum + compensation) / count / scale;
    mean.clamp(least, most)
}
