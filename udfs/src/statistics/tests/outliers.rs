//! Scores within a partition.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use proptest::prelude::*;

use super::near;
use crate::arguments::WindowFunction;
use crate::statistics::{iqr_outlier, mad_score, zscore};

fn scores(function: &WindowFunction, values: &[Option<f64>]) -> Vec<Option<f64>> {
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let answer = function.over(&[column]).unwrap();
    answer.as_primitive::<Float64Type>().iter().collect()
}

fn outliers(values: &[Option<f64>], k: f64) -> Vec<Option<bool>> {
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let ks: ArrayRef = Arc::new(Float64Array::from(vec![k; values.len()]));
    let answer = iqr_outlier::FUNCTION.over(&[column, ks]).unwrap();
    answer.as_boolean().iter().collect()
}

/// The middle of what is sorted, or of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        (values[half - 1] + values[half]) / 2.0
    }
}

/// Values as they are found in tables: some missing, many equal.
fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        2 => (-5..5_i32).prop_map(f64::from),
        1 => -1000.0..1000.0_f64,
    ];
    prop::collection::vec(prop::option::weighted(0.9, value), 0..40)
}

proptest! {
    #[test]
    fn zscore_is_the_distance_in_deviations(values in values()) {
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        let count = known.len() as f64;
        let mean = known.iter().sum::<f64>() / count;
        let variance = known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        for (value, score) in values.iter().zip(scores(&zscore::FUNCTION, &values)) {
            match value {
                None => prop_assert_eq!(score, None),
                Some(_) if known.len() < 2 => prop_assert_eq!(score, None),
                Some(_) if known.iter().all(|other| *other == known[0]) => {
                    prop_assert_eq!(score, Some(0.0));
                }
                Some(value) => {
                    let expected = (value - mean) / variance.sqrt();
                    let score = score.unwrap();
                    prop_assert!((score - expected).abs() < 1e-9, "{} {}", score, expected);
                }
            }
        }
    }

    #[test]
    fn mad_score_is_the_distance_in_median_distances(values in values()) {
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        for (value, score) in values.iter().zip(scores(&mad_score::FUNCTION, &values)) {
            let Some(value) = value else {
                prop_assert_eq!(score, None);
                continue;
            };
            let middle = median(known.clone());
            let distances: Vec<f64> = known.iter().map(|other| (other - middle).abs()).collect();
            let mean = distances.iter().sum::<f64>() / distances.len() as f64;
            let expected = match median(distances) {
                0.0 if mean == 0.0 => 0.0,
                0.0 => (value - middle) / (1.253_314_137_3 * mean),
                deviation => 0.6745 * (value - middle) / deviation,
            };
            prop_assert!((score.unwrap() - expected).abs() < 1e-8 * (1.0 + expected.abs()));
        }
    }

    #[test]
    fn iqr_outlier_is_beyond_the_fences(values in values(), k in prop_oneof![Just(1.5), 0.0..4.0_f64]) {
        let mut known: Vec<f64> = values.iter().flatten().copied().collect();
        known.sort_by(f64::total_cmp);
        let quartile = |fraction: f64| {
            let position = fraction * (known.len() as f64 - 1.0);
            let (below, above) = (known[position.floor() as usize], known[position.ceil() as usize]);
            below * (1.0 - position.fract()) + above * position.fract()
        };
        for (value, outlier) in values.iter().zip(outliers(&values, k)) {
            let expected = value.map(|value| {
                let reach = k * (quartile(0.75) - quartile(0.25));
                value < quartile(0.25) - reach || value > quartile(0.75) + reach
            });
            prop_assert_eq!(outlier, expected);
        }
    }
}

/// `scipy.stats.zscore(x, ddof=1)` and `scipy.stats.median_abs_deviation` of SciPy 1.17.1.
#[test]
fn scores_equal_scipy() {
    let values = [20.0, 22.0, 21.0, 23.0, 90.0].map(Some);
    let expected = [
        -0.495_848_466_590_076_1,
        -0.430_605_247_301_908_2,
        -0.463_226_856_945_992_14,
        -0.397_983_637_657_824_24,
        1.787_664_208_495_8,
    ];
    for (score, expected) in scores(&zscore::FUNCTION, &values).iter().zip(expected) {
        assert!(near(score.unwrap(), expected, 1e-13), "{score:?}");
    }
    let expected = [-1.349, 0.0, -0.674_5, 0.674_5, 45.866];
    for (score, expected) in scores(&mad_score::FUNCTION, &values).iter().zip(expected) {
        assert!(near(score.unwrap(), expected, 1e-13), "{score:?}");
    }
}

#[test]
fn equal_numbers_are_at_no_distance() {
    for number in [0.0, 0.1, -7.0] {
        for function in [&zscore::FUNCTION, &mad_score::FUNCTION] {
            let equal = [number; 3].map(Some);
            assert_eq!(scores(function, &equal), [Some(0.0); 3]);
        }
    }
}

#[test]
fn what_is_not_finite_spoils_no_score() {
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    let plain = [1.0, 2.0, 3.0, 4.0].map(Some);
    let with_others = [
        Some(1.0),
        Some(2.0),
        Some(nan),
        Some(3.0),
        Some(-infinity),
        Some(4.0),
    ];
    for function in [&zscore::FUNCTION, &mad_score::FUNCTION] {
        let plain = scores(function, &plain);
        let scores = scores(function, &with_others);
        assert_eq!([scores[0], scores[1], scores[3], scores[5]], *plain);
        assert!(scores[2].unwrap().is_nan());
        assert_eq!(scores[4], Some(-infinity));
    }
    assert_eq!(
        outliers(&with_others, 1.5),
        [false, false, true, false, true, false].map(Some)
    );
}

#[test]
fn scores_do_not_depend_on_the_unit() {
    let plain = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0];
    for unit in [1e300, -1e300, 1e-300, 1e-310, 1e154] {
        let values = plain.map(|value| Some(value * unit));
        for function in [&zscore::FUNCTION, &mad_score::FUNCTION] {
            let expected = scores(function, &plain.map(Some));
            for (score, expected) in scores(function, &values).into_iter().zip(expected) {
                let expected = expected.unwrap() * unit.signum();
                assert!(
                    (score.unwrap() - expected).abs() < 1e-9,
                    "{unit}: {score:?}"
                );
            }
        }
        assert_eq!(outliers(&values, 0.1), outliers(&plain.map(Some), 0.1));
    }
}

#[test]
fn a_parameter_is_one_for_all_rows() {
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    for (ks, message) in [
        (
            [1.5, 3.0],
            "iqr_outlier: k is not the same in all rows of a partition",
        ),
        ([-1.0, -1.0], "iqr_outlier: k is -1"),
    ] {
        let ks: ArrayRef = Arc::new(Float64Array::from(ks.to_vec()));
        let error = iqr_outlier::FUNCTION.over(&[Arc::clone(&column), ks]);
        assert!(error.unwrap_err().to_string().contains(message));
    }
    let ks: ArrayRef = Arc::new(Float64Array::new_null(2));
    let answer = iqr_outlier::FUNCTION.over(&[column, ks]).unwrap();
    assert_eq!(answer.null_count(), 2);
}

#[test]
fn fences_may_stand_at_the_quartiles() {
    let values = [1.0, 2.0, 3.0, 4.0, 5.0].map(Some);
    let expected = [true, false, false, false, true].map(Some);
    assert_eq!(outliers(&values, 0.0), expected);
}
