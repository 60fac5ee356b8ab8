//! Gaps filled with what is usual in the whole partition.

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;

use super::FILLING;
use super::amounts::{Amount, Amounts, first_amount_type};
use super::gaps::Gaps;
use super::rounding::Rounding;
use crate::arguments::{Partition, WindowFunction};

/// What functions that fill gaps with what is usual have in common.
pub(super) const CENTERED: WindowFunction = WindowFunction {
    answer: first_amount_type,
    ..FILLING
};

/// What counts as usual.
#[derive(Clone, Copy, Debug)]
pub(super) enum Center {
    /// The arithmetic mean.
    Mean,
    /// The middle one, or halfway between the middle two.
    Median,
}

impl Center {
    /// Fills the gaps of values that have an amount.
    pub(super) fn fill(self, partition: &Partition<'_>) -> Result<ArrayRef> {
        let (function, values) = (partition.name, partition.column(0)?);
        let answer = first_amount_type(function, std::slice::from_ref(values.data_type()))?;
        let Some(gaps) = Gaps::of(values) else {
            return Ok(cast(values, &answer)?);
        };
        if gaps.count() == values.len() {
            return Ok(cast(values, &answer)?);
        }
        let fill = match Amounts::read(function, values)? {
            Amounts::Whole(units) => self.of(units.iter().flatten().collect(), &answer),
            Amounts::Floats(floats) => self.of(floats.iter().flatten().collect(), &answer),
        }?;
        gaps.fill_with(&cast(values, &answer)?, &fill)
    }

    fn of<A: Amount>(self, mut known: Vec<A>, answer: &DataType) -> Result<ArrayRef> {
        let rounding = Rounding::of(answer);
        let center = match self {
            Self::Mean => Some(A::mean(&mut known, rounding)),
            Self::Median => median(&mut known, rounding),
        };
        A::array(vec![center], answer)
    }
}

/// The median in linear time; the order of the amounts is lost.
fn median<A: Amount>(amounts: &mut [A], rounding: Rounding) -> Option<A> {
    if amounts.is_empty() {
        return None;
    }
    let middle = amounts.len() / 2;
    let even = amounts.len().is_multiple_of(2);
    let (below, upper, _) =
        amounts.select_nth_unstable_by(middle, |left, right| left.compare(*right));
    let lower = below
        .iter()
        .copied()
        .max_by(|left, right| left.compare(*right));
    match lower {
        Some(lower) if even => Some(lower.middle(*upper, rounding)),
        _ => Some(*upper),
    }
}
