//! The numbers of a partition that say what is usual there.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};

use super::compensated_sum::CompensatedSum;
use super::quantile::median;

/// Squares of numbers between these bounds neither overflow nor vanish.
const GREATEST: f64 = 1e150;
const LEAST: f64 = 1e-150;
/// 2^600: it brings any number within those bounds, and rounds none.
const SCALE: f64 = 4.149_515_568_880_993e180;

/// The finite numbers of a partition, all of them times a power of two where their squares would
/// leave the range of floating-point numbers.
///
/// NaN and the infinities are no measure of what is usual, and one of them would spoil it for all.
#[derive(Debug)]
pub(super) struct Sample {
    scale: f64,
    /// The numbers times the scale.
    pub(super) numbers: Vec<f64>,
}

impl Sample {
    /// What of a partition's numbers is finite.
    pub(super) fn new(numbers: &Float64Array) -> Self {
        let mut finite: Vec<f64> = numbers
            .iter()
            .flatten()
            .filter(|number| number.is_finite())
            .collect();
        let scale = scale_for(&finite);
        for number in &mut finite {
            *number *= scale;
        }
        Self {
            scale,
            numbers: finite,
        }
    }

    /// A number on the scale of the sample's.
    pub(super) fn scaled(&self, number: f64) -> f64 {
        number * self.scale
    }

    /// Mean and sample standard deviation; `None` where there are fewer than two numbers.
    pub(super) fn mean_and_deviation(&self) -> Option<(f64, f64)> {
        if self.numbers.len() < 2 {
            return None;
        }
        let count = self.numbers.len() as f64;
        let sum: CompensatedSum = self.numbers.iter().copied().collect();
        let mean = sum.value() / count;
        let squares: CompensatedSum = self
            .numbers
            .iter()
            .map(|number| (number - mean) * (number - mean))
            .collect();
        Some((mean, (squares.value() / (count - 1.0)).sqrt()))
    }

    /// Whether all numbers are the same.
    pub(super) fn is_constant(&self) -> bool {
        self.numbers.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// The median, and all distances from it; `None` where there are no numbers.
    pub(super) fn median_and_distances(&mut self) -> Option<(f64, Vec<f64>)> {
        let median = median(&mut self.numbers)?;
        let distances = self.numbers.iter();
        Some((
            median,
            distances.map(|number| (number - median).abs()).collect(),
        ))
    }
}

/// What to multiply these numbers by so that they can be squared.
pub(super) fn scale_for(numbers: &[f64]) -> f64 {
    let greatest = numbers
        .iter()
        .fold(0.0, |greatest: f64, number| greatest.max(number.abs()));
    if greatest > GREATEST {
        1.0 / SCALE
    } else if greatest < LEAST && greatest > 0.0 {
        SCALE
    } else {
        1.0
    }
}

/// A score for each number of a row: NULL for NULL, NaN for NaN, itself for an infinity, since it is
/// infinitely far from what is usual.
pub(super) fn scores(
    numbers: &Float64Array,
    mut score: impl FnMut(usize, f64) -> Option<f64>,
) -> ArrayRef {
    let scored: Float64Array = numbers
        .iter()
        .enumerate()
        .map(|(row, number)| match number? {
            number if number.is_finite() => score(row, number),
            number => Some(number),
        })
        .collect();
    Arc::new(scored)
}
