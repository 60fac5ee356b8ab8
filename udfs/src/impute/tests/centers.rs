//! Means, medians and modes against sums, sorting and counting.

use std::collections::BTreeMap;

use arrow::array::{Decimal128Array, DictionaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{Decimal128Type, Int8Type, i256};

use super::*;

proptest! {
    #[test]
    fn the_mean_of_integers_is_their_sum_by_their_count(
        values in prop::collection::vec(prop::option::of(prop_oneof![-50_i64..50, any::<i64>()]), 0..40),
    ) {
        let known: Vec<i128> = values.iter().flatten().map(|value| i128::from(*value)).collect();
        let mean = (!known.is_empty())
            .then(|| rounded(known.iter().sum(), known.len() as i128) as i64);
        let expected: Vec<_> = values.iter().map(|value| value.or(mean)).collect();
        prop_assert_eq!(of_integers(&fill("impute_mean", &[integers(&values)])), expected);
    }

    #[test]
    fn the_mean_of_great_decimals_does_not_overflow(
        values in prop::collection::vec(-(10_i128.pow(38) - 1)..10_i128.pow(38), 1..20),
    ) {
        let sum = values.iter().fold(i256::ZERO, |sum, value| sum + i256::from_i128(*value));
        let count = i256::from_i128(values.len() as i128);
        let twice = (sum.wrapping_abs() + sum.wrapping_abs() + count) / (count + count);
        let expected = twice.to_i128().unwrap() * if sum < i256::ZERO { -1 } else { 1 };
        let with_gap = values.iter().copied().map(Some).chain([None]);
        let array: ArrayRef = Arc::new(
            with_gap.collect::<Decimal128Array>().with_precision_and_scale(38, 4).unwrap(),
        );
        let filled = fill("impute_mean", &[array]);
        prop_assert_eq!(filled.as_primitive::<Decimal128Type>().value(values.len()), expected);
    }

    #[test]
    fn the_mean_of_floats_is_the_same_in_any_order(
        (values, order) in gappy_and_order(prop_oneof![-1e3..1e3, any::<f64>()], 30),
    ) {
        let arguments = [floats(&values)];
        let filled = permuted(&[fill("impute_mean", &arguments)], &order);
        let again = fill("impute_mean", &permuted(&arguments, &order));
        let bits = |array: &ArrayRef| -> Vec<Option<u64>> {
            of_floats(array).iter().map(|value| value.map(|value| (value + 0.0).to_bits())).collect()
        };
        if values.iter().flatten().all(|value| value.is_finite()) {
            prop_assert_eq!(bits(&filled[0]), bits(&again));
        }
    }

    /// Quarters add up without rounding.
    #[test]
    fn the_mean_of_quarters_is_exact(values in prop::collection::vec(-4000_i64..4000, 1..40)) {
        let sum: i64 = values.iter().sum();
        let expected = sum as f64 / 4.0 / values.len() as f64;
        let quarters = values.iter().map(|value| Some(*value as f64 / 4.0)).chain([None]);
        let filled = fill("impute_mean", &[floats(&quarters.collect::<Vec<_>>())]);
        let mean = of_floats(&filled)[values.len()].unwrap();
        let tolerance = expected.abs().max(1.0) * f64::EPSILON;
        prop_assert!((mean - expected).abs() <= tolerance, "{mean} is not {expected}");
    }

    #[test]
    fn the_median_equals_sorting(values in prop::collection::vec(prop::option::of(-50_i64..50), 0..40)) {
        let mut known: Vec<i64> = values.iter().flatten().copied().collect();
        known.sort_unstable();
        let middle = known.len() / 2;
        let median = match known.len() {
            0 => None,
            length if length % 2 == 1 => Some(known[middle]),
            _ => Some(rounded(i128::from(known[middle - 1] + known[middle]), 2) as i64),
        };
        let expected: Vec<_> = values.iter().map(|value| value.or(median)).collect();
        prop_assert_eq!(of_integers(&fill("impute_median", &[integers(&values)])), expected);
    }

    #[test]
    fn the_mode_equals_counting(values in prop::collection::vec(prop::option::of("[a-d]"), 0..30)) {
        let mut counts: BTreeMap<&str, i32> = BTreeMap::new();
        for value in values.iter().flatten() {
            *counts.entry(value).or_default() += 1;
        }
        let mut mode: Option<(&str, i32)> = None;
        for (value, count) in counts {
            if mode.is_none_or(|(_, best)| count > best) {
                mode = Some((value, count));
            }
        }
        let expected: StringArray = values
            .iter()
            .map(|value| value.as_deref().or(mode.map(|(value, _)| value)))
            .collect();
        let array: ArrayRef = Arc::new(StringArray::from(values.clone()));
        let filled = fill("impute_mode", &[array]);
        prop_assert_eq!(filled.as_string::<i32>(), &expected);

        let encoded: DictionaryArray<Int8Type> = values.iter().map(Option::as_deref).collect();
        let filled = fill("impute_mode", &[Arc::new(encoded)]);
        let filled = cast(&filled, expected.data_type()).unwrap();
        prop_assert_eq!(filled.as_string::<i32>(), &expected);
    }
}

#[test]
fn great_floats_do_not_overflow() {
    let infinity = f64::INFINITY;
    for (lower, upper, mean, median) in [
        (f64::MAX, f64::MAX, f64::MAX, f64::MAX),
        (-f64::MAX, f64::MAX, 0.0, 0.0),
        (infinity, infinity, infinity, infinity),
        (1.0, infinity, infinity, infinity),
        (
            f64::MIN_POSITIVE,
            f64::MIN_POSITIVE,
            f64::MIN_POSITIVE,
            f64::MIN_POSITIVE,
        ),
    ] {
        let values = floats(&[Some(upper), None, Some(lower)]);
        let filled = |name| of_floats(&fill(name, &[Arc::clone(&values)]))[1].unwrap();
        assert_eq!(filled("impute_mean"), mean);
        assert_eq!(filled("impute_median"), median);
    }
    let values = floats(&[Some(1.0), None, Some(f64::NAN)]);
    assert!(
        of_floats(&fill("impute_mean", &[values]))[1]
            .unwrap()
            .is_nan()
    );
    let values = floats(&[Some(-infinity), None, Some(infinity)]);
    assert!(
        of_floats(&fill("impute_mean", &[values]))[1]
            .unwrap()
            .is_nan()
    );
}

/// The same number added up and divided again need not be that number.
#[test]
fn the_mean_of_equal_floats_is_that_float() {
    for count in 1..200 {
        let values: Vec<_> = vec![Some(0.1); count].into_iter().chain([None]).collect();
        assert_eq!(
            of_floats(&fill("impute_mean", &[floats(&values)]))[count],
            Some(0.1)
        );
    }
}

#[test]
fn zeros_and_nans_are_one_value_each() {
    let values = floats(&[Some(-0.0), Some(0.0), Some(1.0), None]);
    let filled = of_floats(&fill("impute_mode", &[values]));
    assert_eq!(filled[3].unwrap().to_bits(), 0);
    let values = floats(&[Some(-f64::NAN), Some(f64::NAN), Some(1.0), None]);
    assert!(
        of_floats(&fill("impute_mode", &[values]))[3]
            .unwrap()
            .is_nan()
    );
    // A NaN with a sign is no less than others.
    let values = floats(&[Some(-f64::NAN), Some(1.0), Some(2.0), None]);
    assert_eq!(of_floats(&fill("impute_median", &[values]))[3], Some(2.0));
}
