//! The Levenshtein distance where each kind of edit has its own cost.

use arrow::array::Array;
use arrow::datatypes::Int32Type;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::distance::{Bounded, Levenshtein};
use super::kernel::characters::{Decoder, Pair};
use super::kernel::weighted::{self, Costs};
use crate::FunctionError;
use crate::arguments::{Call, Metric};

/// Answers a call with two texts and three costs; `max` gives the greatest cost of interest in a
/// row, if there is one, and `None` where it is NULL. What is more gives one more than it.
pub(super) fn invoke(
    function: &str,
    call: &Call<'_>,
    max: impl Fn(usize) -> Option<Option<i32>>,
) -> Result<ColumnarValue> {
    let sources = call.text(0)?;
    let targets = call.text(1)?;
    let inserts = call.numbers::<Int32Type>(2)?;
    let deletes = call.numbers::<Int32Type>(3)?;
    let substitutes = call.numbers::<Int32Type>(4)?;
    let mut unweighted = Bounded::<Levenshtein>::unbounded();
    let mut decoder = Decoder::default();
    let mut row = Vec::new();
    call.rows_to_primitive::<Int32Type>(|index| {
        let (Some(source), Some(target), Some(max)) =
            (sources.get(index), targets.get(index), max(index))
        else {
            return Ok(None);
        };
        if inserts.is_null(index) || deletes.is_null(index) || substitutes.is_null(index) {
            return Ok(None);
        }
        let costs = Costs {
            insert: inserts.value(index),
            delete: deletes.value(index),
            substitute: substitutes.value(index),
        };
        let cost = match costs.uniform() {
            Some(cost) => i64::from(unweighted.pair(source, target)) * i64::from(cost),
            None => match decoder.decode(source, target) {
                Pair::Ascii(source, target) => weighted::distance(source, target, costs, &mut row),
                Pair::Unicode(source, target) => {
                    weighted::distance(source, target, costs, &mut row)
                }
            },
        };
        if let Some(max) = max
            && cost > i64::from(max)
        {
            return Ok(Some(max.saturating_add(1)));
        }
        match i32::try_from(cost) {
            Ok(cost) => Ok(Some(cost)),
            Err(_) => Err(FunctionError::out_of_range(format!(
                "{function}: the cost {cost} is out of range for an integer"
            ))
            .into()),
        }
    })
}
