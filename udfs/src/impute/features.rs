//! What rows are compared by: features, scaled so that each weighs the same.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;

use super::amounts::{Amounts, amount_type, canonical};
use crate::FunctionError;

/// The most features of a row: which of them it has fits in the bits of a [`Mask`].
pub(super) const MOST_FEATURES: usize = 64;

/// Which features are known, a bit each.
pub(super) type Mask = u64;

/// An order of places in which the same ones are equal: what is known, then where that is.
pub(super) fn compare_places(left: (Mask, &[f64]), right: (Mask, &[f64])) -> Ordering {
    left.0.cmp(&right.0).then_with(|| {
        let left = left.1.iter().map(|float| float.to_bits());
        left.cmp(right.1.iter().map(|float| float.to_bits()))
    })
}

/// Checks that values of this type can be features.
pub(super) fn check_feature(
    function: &str,
    position: usize,
    given: &DataType,
) -> Result<(), FunctionError> {
    if given == &DataType::Boolean || amount_type(given).is_some() {
        return Ok(());
    }
    Err(FunctionError::no_such_form(format!(
        "{function} takes a number, date, time, duration or boolean as argument {}, not {}",
        position + 1,
        crate::type_name(given),
    ))
    .with_hint(
        "PARTITION BY a text, or compare by what a number says of it, such as segment = 'b2b'.",
    ))
}

/// The features of all rows of a partition, in units of their standard deviation.
#[derive(Debug)]
pub(super) struct Features {
    /// How many each row has.
    count: usize,
    /// Row after row; 0 where a feature is not known.
    scaled: Vec<f64>,
    /// Which features of a row are known.
    masks: Vec<Mask>,
}

impl Features {
    /// Scales columns of features.
    pub(super) fn new(function: &str, columns: &[ArrayRef], rows: usize) -> Result<Self> {
        let mut features = Self {
            count: columns.len(),
            scaled: vec![0.0; rows * columns.len()],
            masks: vec![0; rows],
        };
        for (number, column) in columns.iter().enumerate() {
            let floats = floats(function, column)?;
            let Some(scale) = Scale::of(&floats) else {
                continue;
            };
            for (row, float) in floats.iter().enumerate() {
                if let Some(float) = float.filter(|float| float.is_finite()) {
                    features.scaled[row * columns.len() + number] = scale.apply(float);
                    features.masks[row] |= 1 << number;
                }
            }
        }
        Ok(features)
    }

    /// How many features there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The scaled features of a row.
    pub(super) fn of(&self, row: usize) -> &[f64] {
        &self.scaled[row * self.count..(row + 1) * self.count]
    }

    /// Which features of a row are known.
    pub(super) fn mask(&self, row: usize) -> Mask {
        self.masks[row]
    }

    /// An order of rows in which those with the same features are equal.
    pub(super) fn compare(&self, left: usize, right: usize) -> Ordering {
        compare_places(
            (self.mask(left), self.of(left)),
            (self.mask(right), self.of(right)),
        )
    }
}

fn floats(function: &str, column: &ArrayRef) -> Result<Float64Array> {
    if column.data_type() == &DataType::Boolean {
        let floats = cast(column, &DataType::Float64)?;
        return Ok(floats.as_primitive::<Float64Type>().clone());
    }
    Ok(match Amounts::read(function, column)? {
        Amounts::Floats(floats) => floats,
        Amounts::Whole(units) => units.unary(|units| units as f64),
    })
}

/// How a feature is scaled: to standard deviations from its mean.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// The greatest absolute value, by which all are divided first, so that no square overflows.
    greatest: f64,
    mean: f64,
    /// Of the divided values; where all are the same it is 1, and they are all 0.
    deviation: f64,
}

impl Scale {
    /// The scale of the finite values of a column, or `None` where there are none.
    fn of(floats: &Float64Array) -> Option<Self> {
        let mut known: Vec<f64> = floats
            .iter()
            .flatten()
            .filter(|float| float.is_finite())
            .map(canonical)
            .collect();
        // Sums of floats depend on their order, and the answer must not.
        known.sort_unstable_by(f64::total_cmp);
        let (least, most) = (*known.first()?, *known.last()?);
        let greatest = least.abs().max(most.abs());
        let same = Self {
            greatest: 1.0,
            mean: least,
            deviation: 1.0,
        };
        if least == most {
            return Some(same);
        }
        let count = known.len() as f64;
        let mean = known.iter().map(|float| float / greatest).sum::<f64>() / count;
        let squares = known.iter().map(|float| (float / greatest - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        Some(Self {
            greatest,
            mean,
            deviation,
        })
    }

    fn apply(self, float: f64) -> f64 {
        canonical((float / self.greatest - self.mean) / self.deviation)
    }
}
