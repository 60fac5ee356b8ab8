//! Similarities of a pattern and the part of a text most like it, as functions and operators answer
//! them.

use std::sync::Arc;

use arrow::array::Float32Array;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, Volatility};

use super::extent::{Bounds, Finder};
use super::pairs::{at_least, distance};
use super::thresholds::TrigramThresholds;
use crate::arguments::{Call, Form, Function, Kind, Strings};
use crate::interrupt;

/// An operator on a pattern and a text, or on a text and a pattern.
pub(super) trait Operator {
    /// The SQL name of its function.
    const NAME: &'static str;
    /// Which side the pattern stands on.
    const PATTERN: Pattern;
    /// Where the part of the text that is compared may begin and end.
    const BOUNDS: Bounds;
    /// What its `#[user_doc]` says.
    fn documentation() -> Option<&'static Documentation>;
}

/// What the functions of operators have in common.
const fn of_two_texts<O: Operator>() -> Function {
    Function {
        form: Form {
            name: O::NAME,
            parameters: &[Kind::Text, Kind::Text],
            counts: &[2],
        },
        documentation: O::documentation,
        ..Function::IMMUTABLE
    }
}

/// The function of an operator that tells whether the text has something like the pattern in it: as
/// like it as the setting of these bounds asks for.
pub(super) const fn alike<O: Operator>() -> Function {
    Function {
        volatility: Volatility::Stable,
        answer: |_| Ok(DataType::Boolean),
        invoke: |call| {
            let settings = call.settings::<TrigramThresholds>();
            let threshold = match O::BOUNDS {
                Bounds::Trigrams => settings.word_similarity_threshold,
                Bounds::Words => settings.strict_word_similarity_threshold,
            };
            are_at_least(call, O::PATTERN, O::BOUNDS, threshold)
        },
        ..of_two_texts::<O>()
    }
}

/// The function of an operator that answers how unlike the pattern everything in the text is: 1
/// less the similarity.
pub(super) const fn unlike<O: Operator>() -> Function {
    Function {
        answer: |_| Ok(DataType::Float32),
        invoke: |call| {
            compute(call, O::PATTERN, |finder, text| {
                distance(finder.find(text, O::BOUNDS, f64::INFINITY))
            })
        },
        ..of_two_texts::<O>()
    }
}

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

/// Whether the similarities are at least a threshold.
fn are_at_least(
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
    let listener = interrupt::listen();
    if let Strings::Constant(Some(pattern)) = pattern {
        finder.prepare(pattern);
        return call.over_distinct(&text, |texts, rows| {
            let found: Float32Array = (0..rows)
                .map(|row| {
                    listener.check()?;
                    Ok(texts.get(row).map(|text| find(&mut finder, text)))
                })
                .collect::<Result<_>>()?;
            Ok(Arc::new(found))
        });
    }
    let found: Float32Array = (0..call.rows())
        .map(|row| {
            listener.check()?;
            let (Some(text), Some(pattern)) = (text.get(row), pattern.get(row)) else {
                return Ok(None);
            };
            finder.prepare(pattern);
            Ok(Some(find(&mut finder, text)))
        })
        .collect::<Result<_>>()?;
    call.answer(Arc::new(found))
}
