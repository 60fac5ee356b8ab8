//! Similarities of pairs of texts, as functions answer them.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::datatypes::Float32Type;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::lanes::similarities;
use super::overlap::Counter;
use crate::FunctionError;
use crate::arguments::{Metric, Sides};
use crate::lanes::{self, Group, InLanes, Lanes};

/// Common trigrams by all.
#[derive(Debug, Default)]
pub(super) struct Similarity32(Counter);

impl Metric for Similarity32 {
    type Answer = Float32Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> f32 {
        self.0.count(left, right).similarity()
    }

    fn prepare(&mut self, constant: &str) {
        self.0.prepare(constant);
    }

    #[inline]
    fn prepared(&mut self, other: &str) -> f32 {
        self.0.count_prepared(other).similarity()
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f32]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl InLanes for Similarity32 {
    const ASKS_FOR_EQUALITY: bool = false;

    fn group(&mut self, group: &Group) -> Lanes<f32> {
        similarities(group)
    }
}

/// 1 less the similarity.
#[derive(Debug, Default)]
pub(super) struct Distance32(Similarity32);

impl Metric for Distance32 {
    type Answer = Float32Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> f32 {
        distance(self.0.pair(left, right))
    }

    fn prepare(&mut self, constant: &str) {
        self.0.prepare(constant);
    }

    #[inline]
    fn prepared(&mut self, other: &str) -> f32 {
        distance(self.0.prepared(other))
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f32]) {
        self.0.many(sides, rows, answers);
        for answer in answers {
            *answer = distance(*answer);
        }
    }
}

/// 1 less a similarity, as PostgreSQL rounds it.
pub(crate) fn distance(similarity: f32) -> f32 {
    (1.0 - f64::from(similarity)) as f32
}

/// Whether similarities are at least a threshold. A `real` is compared with it as the double that
/// it is, as in PostgreSQL.
pub(super) fn at_least(similarities: &ColumnarValue, threshold: f64) -> Result<ColumnarValue> {
    let at_least = |similarity: f32| f64::from(similarity) >= threshold;
    match similarities {
        ColumnarValue::Scalar(ScalarValue::Float32(similarity)) => Ok(ColumnarValue::Scalar(
            ScalarValue::Boolean(similarity.map(at_least)),
        )),
        ColumnarValue::Array(array) => {
            let similarities = array.as_primitive_opt::<Float32Type>().ok_or_else(|| {
                FunctionError::no_such_form(format!("{} is no similarity", array.data_type()))
            })?;
            let alike = BooleanArray::from_unary(similarities, at_least);
            Ok(ColumnarValue::Array(Arc::new(alike)))
        }
        ColumnarValue::Scalar(other) => {
            Err(FunctionError::no_such_form(format!("{other} is no similarity")).into())
        }
    }
}
