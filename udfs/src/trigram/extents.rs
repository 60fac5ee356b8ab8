//! Similarities of a pattern and the part of a text most like it, as functions and operators answer
//! them.

use arrow::datatypes::{DataType, Float32Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, Volatility};

use super::extent::{Bounds, Finder};
use super::extent_lanes;
use super::pairs::{at_least, distance};
use super::thresholds::TrigramThresholds;
use crate::arguments::{Call, Form, Function, Kind, Metric, Sides};
use crate::lanes::{self, Group, InLanes, Lanes};

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
            let extents = Extents {
                answer: distance,
                ..Extents::new(O::BOUNDS)
            };
            compute(call, O::PATTERN, extents)
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
    compute(call, pattern, Extents::new(bounds))
}

/// Whether the similarities are at least a threshold.
fn are_at_least(
    call: &Call<'_>,
    pattern: Pattern,
    bounds: Bounds,
    threshold: f64,
) -> Result<ColumnarValue> {
    let extents = Extents {
        enough: threshold,
        ..Extents::new(bounds)
    };
    at_least(&compute(call, pattern, extents)?, threshold)
}

fn compute(call: &Call<'_>, pattern: Pattern, extents: Extents) -> Result<ColumnarValue> {
    match pattern {
        Pattern::First => call.ordered_pairs(extents, &call.text(0)?, &call.text(1)?),
        Pattern::Second => call.ordered_pairs(extents, &call.text(1)?, &call.text(0)?),
    }
}

/// Patterns and texts: what becomes of the similarity of the extent most like the pattern.
struct Extents {
    finder: Finder,
    bounds: Bounds,
    /// What is at least as similar need not be told apart.
    enough: f64,
    answer: fn(f32) -> f32,
}

impl Extents {
    fn new(bounds: Bounds) -> Self {
        Self {
            finder: Finder::default(),
            bounds,
            enough: f64::INFINITY,
            answer: |similarity| similarity,
        }
    }
}

impl Metric for Extents {
    type Answer = Float32Type;

    fn pair(&mut self, pattern: &str, text: &str) -> f32 {
        self.prepare(pattern);
        self.prepared(text)
    }

    fn prepare(&mut self, pattern: &str) {
        self.finder.prepare(pattern);
    }

    fn prepared(&mut self, text: &str) -> f32 {
        (self.answer)(self.finder.find(text, self.bounds, self.enough))
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f32]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl InLanes for Extents {
    const ASKS_FOR_EQUALITY: bool = false;
    const IS_ORDERED: bool = true;

    fn group(&mut self, group: &Group) -> Lanes<f32> {
        let similarities = extent_lanes::similarities(group, self.bounds);
        Lanes::of(|lane| (self.answer)(similarities.0[lane]))
    }
}
