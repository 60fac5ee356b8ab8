//! Scores along an ordered partition.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::Float64Type;
use proptest::prelude::*;

use crate::statistics::{ewma, seasonal_residual};

fn averages(values: &[Option<f64>], alpha: f64) -> Vec<Option<f64>> {
    let alphas: ArrayRef = Arc::new(Float64Array::from(vec![alpha; values.len()]));
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let answer = ewma::FUNCTION.over(&[column, alphas]).unwrap();
    answer.as_primitive::<Float64Type>().iter().collect()
}

fn residuals(values: &[Option<f64>], period: i64) -> Vec<Option<f64>> {
    let periods: ArrayRef = Arc::new(Int64Array::from(vec![period; values.len()]));
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let answer = seasonal_residual::FUNCTION
        .over(&[column, periods])
        .unwrap();
    answer.as_primitive::<Float64Type>().iter().collect()
}

fn series(longest: usize) -> impl Strategy<Value = Vec<Option<f64>>> {
    prop::collection::vec(prop::option::weighted(0.85, -100.0..100.0_f64), 0..longest)
}

/// The weighted mean that the recursion stands for.
fn weighted_mean(known: &[f64], alpha: f64) -> f64 {
    let last = known.len() - 1;
    (0..=last)
        .map(|row| {
            let first = if row == 0 { 1.0 } else { alpha };
            known[row] * first * (1.0 - alpha).powi((last - row) as i32)
        })
        .sum()
}

/// The decomposition by its definition, three times, twice without what lay far off the time before.
fn decomposed(values: &[Option<f64>], period: usize) -> Vec<Option<f64>> {
    if values.len() < 2 * period || values.iter().all(Option::is_none) {
        return vec![None; values.len()];
    }
    let mut residuals = decomposed_once(values, values, period);
    for _ in 0..2 {
        let mut sizes: Vec<f64> = residuals.iter().flatten().map(|rest| rest.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let middle = sizes.len() / 2;
        let median = match sizes.len() % 2 {
            1 => sizes[middle],
            _ => (sizes[middle - 1] + sizes[middle]) / 2.0,
        };
        let greatest = values
            .iter()
            .flatten()
            .fold(0.0_f64, |greatest, value| greatest.max(value.abs()));
        let bound = (6.0 * median).max(1e-12 * greatest);
        let usual: Vec<Option<f64>> = values
            .iter()
            .zip(&residuals)
            .map(|(value, rest)| (*value).filter(|_| rest.unwrap().abs() <= bound))
            .collect();
        residuals = decomposed_once(values, &usual, period);
    }
    residuals
}

/// What trend and season of the usual values leave of all, window by window.
fn decomposed_once(all: &[Option<f64>], values: &[Option<f64>], period: usize) -> Vec<Option<f64>> {
    let length = values.len();
    // What is known of some rows, at a row: on the line between its neighbours among them.
    let on_the_line = |known: &[(usize, f64)], row: usize| -> Option<f64> {
        let before = known.iter().rev().find(|(other, _)| *other <= row);
        let after = known.iter().find(|(other, _)| *other >= row);
        match (before, after) {
            (Some(before), Some(after)) if before.0 == after.0 => Some(before.1),
            (Some(before), Some(after)) => {
                let share = (row - before.0) as f64 / (after.0 - before.0) as f64;
                Some(before.1 + (after.1 - before.1) * share)
            }
            (before, after) => before.or(after).map(|known| known.1),
        }
    };
    let known = |keep: &dyn Fn(usize) -> bool| -> Vec<(usize, f64)> {
        let rows = values.iter().enumerate().filter(|(row, _)| keep(*row));
        rows.filter_map(|(row, value)| Some((row, (*value)?)))
            .collect()
    };
    let by_place: Vec<Option<f64>> = (0..length)
        .map(|row| on_the_line(&known(&|other| other % period == row % period), row))
        .collect();
    let placed: Vec<(usize, f64)> = by_place
        .iter()
        .enumerate()
        .filter_map(|(row, value)| Some((row, (*value)?)))
        .collect();
    let filled: Vec<f64> = (0..length)
        .map(|row| on_the_line(&placed, row).unwrap())
        .collect();

    let half = period / 2;
    let inner: Vec<(f64, f64)> = (half..length - half)
        .map(|row| {
            let mut sum: f64 = filled[row - half..=row + half].iter().sum();
            if period.is_multiple_of(2) {
                sum -= (filled[row - half] + filled[row + half]) / 2.0;
            }
            (row as f64, sum / period as f64)
        })
        .collect();
    let line = |points: &[(f64, f64)], row: f64| {
        let count = points.len() as f64;
        let x = points.iter().map(|point| point.0).sum::<f64>() / count;
        let y = points.iter().map(|point| point.1).sum::<f64>() / count;
        let across: f64 = points
            .iter()
            .map(|point| (point.0 - x) * (point.1 - y))
            .sum();
        let along: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        y + if along == 0.0 {
            0.0
        } else {
            across / along * (row - x)
        }
    };
    let fitted = period.min(inner.len());
    let detrended = |values: &[Option<f64>]| -> Vec<Option<f64>> {
        (0..length)
            .map(|row| {
                let trend = if row < half {
                    line(&inner[..fitted], row as f64)
                } else if row >= length - half {
                    line(&inner[inner.len() - fitted..], row as f64)
                } else {
                    inner[row - half].1
                };
                Some(values[row]? - trend)
            })
            .collect()
    };
    let (usual, all) = (detrended(values), detrended(all));
    let median_of = |values: &[Option<f64>], place: usize| {
        let mut known: Vec<f64> = (place..length)
            .step_by(period)
            .filter_map(|row| values[row])
            .collect();
        known.sort_by(f64::total_cmp);
        let middle = known.len() / 2;
        match known.len() {
            0 => None,
            count if count % 2 == 1 => Some(known[middle]),
            _ => Some((known[middle - 1] + known[middle]) / 2.0),
        }
    };
    let medians: Vec<Option<f64>> = (0..period)
        .map(|place| median_of(&usual, place).or(median_of(&all, place)))
        .collect();
    let mean = medians.iter().flatten().sum::<f64>() / medians.iter().flatten().count() as f64;
    (0..length)
        .map(|row| Some(all[row]? - (medians[row % period]? - mean)))
        .collect()
}

proptest! {
    #[test]
    fn ewma_is_a_weighted_mean(values in series(30), alpha in 0.01..=1.0_f64) {
        let mut known = Vec::new();
        for (value, average) in values.iter().zip(averages(&values, alpha)) {
            let Some(value) = value else {
                prop_assert_eq!(average, None);
                continue;
            };
            known.push(*value);
            let expected = weighted_mean(&known, alpha);
            prop_assert!((average.unwrap() - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn residuals_are_those_of_the_definition(values in series(50), period in 2..9_usize) {
        let answers = residuals(&values, period as i64);
        for (answer, expected) in answers.into_iter().zip(decomposed(&values, period)) {
            match (answer, expected) {
                (Some(answer), Some(expected)) => {
                    prop_assert!((answer - expected).abs() < 1e-8, "{} {}", answer, expected);
                }
                (answer, expected) => prop_assert_eq!(answer, expected),
            }
        }
    }

    /// What is nothing but a line and a season leaves nothing.
    #[test]
    fn line_and_season_leave_nothing(
        season in prop::collection::vec(-50.0..50.0_f64, 2..8),
        slope in -3.0..3.0_f64,
        rows in 0..40_usize,
    ) {
        let period = season.len();
        let values: Vec<Option<f64>> = (0..2 * period + rows)
            .map(|row| Some(slope * row as f64 + season[row % period]))
            .collect();
        for residual in residuals(&values, period as i64) {
            prop_assert!(residual.unwrap().abs() < 1e-9);
        }
    }
}

#[test]
fn an_outlier_shows_in_its_own_row() {
    let wave = |day: i32| f64::from(day % 7) * 10.0 + f64::from(day * day % 5);
    let mut values: Vec<Option<f64>> = (0..70).map(|day| Some(wave(day))).collect();
    values[38] = Some(500.0);
    values[20] = None;
    let residuals = residuals(&values, 7);
    assert_eq!(residuals[20], None);
    for (day, residual) in residuals.iter().enumerate().filter(|(day, _)| *day != 20) {
        let residual = residual.unwrap().abs();
        assert!(
            if day == 38 {
                residual > 400.0
            } else {
                residual < 6.0
            },
            "{day}: {residual}"
        );
    }
}

/// A great number that has left the window of the trend leaves nothing behind.
#[test]
fn a_great_outlier_does_not_blur_the_rest() {
    let mut values: Vec<Option<f64>> = (0..60).map(|row| Some(f64::from(row % 3))).collect();
    values[4] = Some(1e17);
    for residual in &residuals(&values, 3)[20..40] {
        assert!(residual.unwrap().abs() < 1e-9, "{residual:?}");
    }
}

#[test]
fn an_alpha_of_one_forgets_at_once() {
    let values = [Some(1.0), None, Some(5.0), Some(2.0)];
    assert_eq!(averages(&values, 1.0), values);
}

#[test]
fn parameters_out_of_range_are_errors() {
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    for alpha in [0.0, -0.1, 1.1, f64::NAN] {
        let alpha: ArrayRef = Arc::new(Float64Array::from(vec![alpha]));
        let error = ewma::FUNCTION
            .over(&[Arc::clone(&column), alpha])
            .unwrap_err();
        assert!(error.to_string().contains("ewma: alpha is "), "{error}");
    }
    for period in [1, 0, -7] {
        let period: ArrayRef = Arc::new(Int64Array::from(vec![period]));
        let error = seasonal_residual::FUNCTION.over(&[Arc::clone(&column), period]);
        let message = error.unwrap_err().to_string();
        assert!(
            message.contains("seasonal_residual: the period is "),
            "{message}"
        );
    }
}
