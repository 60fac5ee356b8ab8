//! Similarities of a pattern and the part of a text most like it, as functions answer them.

use std::sync::Arc;

use arrow::array::Float32Array;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::extent::{Bounds, Finder};
use super::pairs::{at_least, distance};
use crate::arguments::{Call, Strings};

/// Which of two arguments the pattern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    First,
    Second,
}

/// The similarities.
pub(super) fn similarities(
    call: &Call<'_>,
    pattern: Pattern,
    bounds: Bounds,
) -> Result<ColumnarValue> {
    compute(call, pattern, |finder, text| {
        finder.find(text, bounds, f64::INFINITY)
    })
}

/// 1 less the similarities.
pub(super) fn distances(
    call: &Call<'_>,
    pattern: Pattern,
    bounds: Bounds,
) -> Result<ColumnarValue> {
    compute(call, pattern, |finder, text| {
        distance(finder.find(text, bounds, f64::INFINITY))
    })
}

/// Whether the similarities are at least a threshold.
pub(super) fn are_at_least(
    call: &Call<'_>,
    pattern: Pattern,
    bounds: Bounds,
    threshold: f64,
) -> Result<ColumnarValue> {
    let found = compute(call, pattern, |finder, text| {
        finder.find(text, bounds, threshold)
    })?;
    at_least(&found, threshold)
}

/// Computes a number for each pair; a constant pattern is prepared once, and held once against
/// each distinct value of a dictionary.
fn compute(
    call: &Call<'_>,
    pattern: Pattern,
    mut find: impl FnMut(&mut Finder, &str) -> f32,
) -> Result<ColumnarValue> {
    let (pattern, text) = match pattern {
        Pattern::First => (call.text(0)?, call.text(1)?),
        Pattern::Second => (call.text(1)?, call.text(0)?),
    };
    let mut finder = Finder::default();
    if let Strings::Constant(Some(pattern)) = pattern {
        finder.prepare(pattern);
        return call.over_distinct(&text, |texts, rows| {
            let found: Float32Array = (0..rows)
                .map(|row| texts.get(row).map(|text| find(&mut finder, text)))
                .collect();
            Ok(Arc::new(found))
        });
    }
    let found: Float32Array = (0..call.rows())
        .map(|row| {
            let text = text.get(row)?;
            finder.prepare(pattern.get(row)?);
            Some(find(&mut finder, text))
        })
        .collect();
    call.answer(Arc::new(found))
}
