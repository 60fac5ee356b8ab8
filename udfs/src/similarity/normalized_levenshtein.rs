//! `normalized_levenshtein(left, right [, cutoff])`.

use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::cutoff::checked;
use super::distance::{Distance, Levenshtein, Pairs};
use super::parameter;
use crate::arguments::{Call, Form, Function, Kind, Metric, Sides};
use crate::lanes::{self, Group, InLanes, Lanes};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Levenshtein distance as a similarity, from 0 (every character differs) to 1 (equal): 1 - d / n, where d is the distance and n the number of characters of the longer text.

Two empty texts are equal and give 1, one empty text gives 0. Upper and lower case differ. Compared with a constant, as in `normalized_levenshtein(a, b) >= 0.8`, that becomes the cutoff.",
    syntax_example = "normalized_levenshtein(left, right)",
    alternative_syntax = "normalized_levenshtein(left, right, cutoff)",
    sql_example = r#"```sql
> SELECT normalized_levenshtein('Jane Smith', 'Jane Smyth') AS alike, normalized_levenshtein('Anna', 'Otto', 0.8) AS cut;
+-------+-----+
| alike | cut |
+-------+-----+
| 0.9   | 0.0 |
+-------+-----+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "cutoff",
        description = "From 0 to 1: what is less alike gives 0, and sooner. 0 where it is not given."
    ),
    related_udf(name = "levenshtein")
)]
struct NormalizedLevenshtein;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalized_levenshtein",
        parameters: &[Kind::Text, Kind::Text, Kind::Number],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || NormalizedLevenshtein.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Normalized::<Levenshtein>::new(0.0));
    }
    parameter::pairs::<Float64Type, _>(call, 2, |cutoff| {
        let cutoff = checked(FUNCTION.form.name, cutoff)?;
        Ok(Normalized::<Levenshtein>::new(cutoff))
    })
}

/// A distance for the length of the longer text, taken from 1; or 0 where that is below a cutoff.
#[derive(Debug)]
struct Normalized<D> {
    pairs: Pairs<D>,
    cutoff: f64,
}

impl<D: Distance> Normalized<D> {
    fn new(cutoff: f64) -> Self {
        Self {
            pairs: Pairs::default(),
            cutoff,
        }
    }

    #[inline(always)]
    fn answer(&self, distance: usize, longer: usize) -> f64 {
        let similarity = similarity(distance, longer);
        if similarity < self.cutoff {
            0.0
        } else {
            similarity
        }
    }
}

/// The similarity of two texts a distance apart.
#[inline(always)]
fn similarity(distance: usize, longer: usize) -> f64 {
    if longer == 0 {
        1.0
    } else {
        1.0 - distance as f64 / longer as f64
    }
}

/// The greatest distance that reaches a cutoff.
fn bound(cutoff: f64, longer: usize) -> usize {
    // Rounding may have cost one.
    let mut bound = ((1.0 - cutoff) * longer as f64) as usize + 1;
    while bound > 0 && similarity(bound, longer) < cutoff {
        bound -= 1;
    }
    bound
}

impl<D: Distance> Metric for Normalized<D> {
    type Answer = Float64Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> f64 {
        let cutoff = self.cutoff;
        let bound = |longer| bound(cutoff, longer);
        let measured = self.pairs.measure(left, right, bound);
        self.answer(measured.distance, measured.longer)
    }

    fn prepare(&mut self, constant: &str) {
        self.pairs.prepare(constant);
    }

    fn prepared(&mut self, other: &str) -> f64 {
        let constant = self.pairs.constant().to_string();
        self.pair(&constant, other)
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f64]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl<D: Distance> InLanes for Normalized<D> {
    const ENDS_MATCH: bool = true;

    #[inline(always)]
    fn by_lengths(&self, shorter: usize, longer: usize) -> Option<f64> {
        let nearest = self.answer(longer - shorter, longer);
        (nearest == 0.0).then_some(0.0)
    }

    fn group(&mut self, group: &Group) -> Lanes<f64> {
        let bound = bound(self.cutoff, group.second.longest());
        let distances = self.pairs.group(group, bound);
        Lanes::of(|lane| {
            let longer = group.second.lengths.0[lane];
            self.answer(usize::from(distances.0[lane]), usize::from(longer))
        })
    }
}
