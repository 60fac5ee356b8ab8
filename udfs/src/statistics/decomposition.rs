//! The classical additive decomposition of a series into trend, season and the rest, which outliers
//! do not move.

use std::ops::Range;

use super::compensated_sum::CompensatedSum;
use super::quantile::median;

/// Beyond this many times the median of all residuals, regardless of their sign, one is an outlier:
/// where the weights of STL are 0 (R. B. Cleveland and others, "STL: a seasonal-trend decomposition
/// procedure based on loess", Journal of Official Statistics 6, 1990).
const OUTLIER: f64 = 6.0;
/// What rounding may leave of a residual, as a share of the numbers: it is no outlier, even where all
/// others are 0.
const ROUNDING: f64 = 1e-12;
/// How often outliers are looked for, and left out of trend and season.
const ROUNDS: usize = 2;

/// What trend and season leave of each number that there is; `None` where the series is shorter than
/// two periods, or empty.
pub(super) fn residuals(series: &[Option<f64>], period: usize) -> Option<Vec<Option<f64>>> {
    if series.len() / 2 < period {
        return None;
    }
    let mut residuals = rest(series, series, period)?;
    for _ in 0..ROUNDS {
        let usual = without_outliers(series, &residuals)?;
        residuals = rest(series, &usual, period)?;
    }
    Some(residuals)
}

/// The series without the numbers whose residuals are far greater than the others.
fn without_outliers(series: &[Option<f64>], residuals: &[Option<f64>]) -> Option<Vec<Option<f64>>> {
    let mut sizes: Vec<f64> = residuals.iter().flatten().map(|rest| rest.abs()).collect();
    let numbers = series.iter().flatten();
    let greatest = numbers.fold(0.0, |greatest: f64, number| greatest.max(number.abs()));
    let bound = (OUTLIER * median(&mut sizes)?).max(ROUNDING * greatest);
    let rows = series.iter().zip(residuals);
    Some(
        rows.map(|(number, rest)| number.filter(|_| rest.is_some_and(|rest| rest.abs() <= bound)))
            .collect(),
    )
}

/// What trend and season of the usual numbers leave of the series.
fn rest(series: &[Option<f64>], usual: &[Option<f64>], period: usize) -> Option<Vec<Option<f64>>> {
    let complete = fill_gaps(usual, period)?;
    let trend = trend(&complete, period);
    let detrended = |series: &[Option<f64>]| -> Vec<Option<f64>> {
        let rows = series.iter().zip(&trend);
        rows.map(|(number, trend)| number.map(|number| number - trend))
            .collect()
    };
    let (usual, all) = (detrended(usual), detrended(series));
    let season = season(&usual, &all, period);
    let rows = all.iter().enumerate();
    Some(
        rows.map(|(row, number)| Some((*number)? - season.get(row % period)?))
            .collect(),
    )
}

/// The series with something in each gap: what stands at the same place of the periods around it,
/// or where the place is nowhere known, what stands around it in the series. `None` where nothing
/// is known at all.
fn fill_gaps(series: &[Option<f64>], period: usize) -> Option<Vec<f64>> {
    let mut filled = series.to_vec();
    for place in 0..period {
        interpolate(&mut filled, place, period);
    }
    interpolate(&mut filled, 0, 1);
    filled.into_iter().collect()
}

/// Fills the gaps among the rows that are `step` apart: on the line between the numbers around
/// them, at the ends with the number next to them.
fn interpolate(series: &mut [Option<f64>], start: usize, step: usize) {
    let rows: Vec<usize> = (start..series.len()).step_by(step).collect();
    let mut before: Option<f64> = None;
    let mut gap = 0;
    for (at, row) in rows.iter().enumerate() {
        let Some(number) = series[*row] else {
            gap += 1;
            continue;
        };
        for (offset, missing) in rows[at - gap..at].iter().enumerate() {
            series[*missing] = Some(match before {
                None => number,
                Some(previous) => {
                    let share = (offset + 1) as f64 / (gap + 1) as f64;
                    previous * (1.0 - share) + number * share
                }
            });
        }
        before = Some(number);
        gap = 0;
    }
    if let Some(last) = before {
        for missing in &rows[rows.len() - gap..] {
            series[*missing] = Some(last);
        }
    }
}

/// The moving average over one period; over an even one, the mean of the two that lie half a row
/// before and behind. At the ends the line goes on that fits the period of averages next to them
/// best, so that the latest rows have a trend too.
fn trend(series: &[f64], period: usize) -> Vec<f64> {
    let half = period / 2;
    let mut window = CompensatedSum::default();
    for number in &series[..period] {
        window.add(*number);
    }
    let mut averages = Vec::with_capacity(series.len() - period + 1);
    for start in 0.. {
        averages.push(window.value() / period as f64);
        let Some(next) = series.get(start + period) else {
            break;
        };
        window.add(*next);
        window.add(-series[start]);
    }
    if period.is_multiple_of(2) {
        averages = averages
            .windows(2)
            .map(|pair| f64::midpoint(pair[0], pair[1]))
            .collect();
    }
    let fitted = period.min(averages.len());
    let first = Line::through(&averages, 0..fitted);
    let last = Line::through(&averages, averages.len() - fitted..averages.len());
    (0..series.len())
        .map(|row| {
            let at = row as f64 - half as f64;
            match row.checked_sub(half) {
                None => first.at(at),
                Some(index) => averages.get(index).copied().unwrap_or_else(|| last.at(at)),
            }
        })
        .collect()
}

/// The median of each place in the period, of the usual numbers or, where a place has none of them,
/// of all; together they come to nothing.
fn season(usual: &[Option<f64>], all: &[Option<f64>], period: usize) -> Vec<f64> {
    let of_place = |series: &[Option<f64>], place: usize| {
        let mut known: Vec<f64> = series
            .iter()
            .skip(place)
            .step_by(period)
            .flatten()
            .copied()
            .collect();
        median(&mut known)
    };
    let medians: Vec<Option<f64>> = (0..period)
        .map(|place| of_place(usual, place).or_else(|| of_place(all, place)))
        .collect();
    let known = medians.iter().flatten().count();
    let sum: CompensatedSum = medians.iter().flatten().copied().collect();
    let mean = sum.value() / known.max(1) as f64;
    medians
        .into_iter()
        .map(|median| median.map_or(0.0, |median| median - mean))
        .collect()
}

/// A straight line.
struct Line {
    middle: f64,
    height: f64,
    slope: f64,
}

impl Line {
    /// The least squares line through some of these numbers, by their positions.
    fn through(numbers: &[f64], positions: Range<usize>) -> Self {
        let count = positions.len() as f64;
        let middle = positions.start as f64 + (count - 1.0) / 2.0;
        let numbers = &numbers[positions.clone()];
        let sum: CompensatedSum = numbers.iter().copied().collect();
        let height = sum.value() / count;
        let (mut across, mut along) = (CompensatedSum::default(), CompensatedSum::default());
        for (position, number) in positions.zip(numbers) {
            let offset = position as f64 - middle;
            across.add(offset * (number - height));
            along.add(offset * offset);
        }
        let slope = match along.value() {
            0.0 => 0.0,
            along => across.value() / along,
        };
        Self {
            middle,
            height,
            slope,
        }
    }

    fn at(&self, position: f64) -> f64 {
        self.height + self.slope * (position - self.middle)
    }
}
