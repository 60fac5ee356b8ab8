//! Gaps filled by a curve through the values around them.

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;

use super::FILLING;
use super::amounts::{Amount, Amounts, amount_type, first_amount_type};
use super::gaps::Gaps;
use super::monotone_cubic::MonotoneCubic;
use super::rounding::Rounding;
use super::times::Time;
use crate::FunctionError;
use crate::arguments::{Form, Kind, Partition, WindowFunction};

/// The curve from one known value to the next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Curve {
    /// A straight line.
    Line,
    /// A cubic that has neither hills nor valleys where the values have none.
    MonotoneCubic,
}

/// What functions that fill gaps by a curve have in common.
pub(super) const OVER_TIME: WindowFunction = WindowFunction {
    form: Form {
        name: "",
        parameters: &[Kind::Any, Kind::Any],
        counts: &[1, 2],
    },
    ordered: |arguments| arguments == 1,
    answer: answer_type,
    ..FILLING
};

/// The type of the answer to a value and, where one is given, a time.
fn answer_type(function: &str, given: &[DataType]) -> Result<DataType, FunctionError> {
    if let Some(time) = given.get(1)
        && amount_type(time).is_none()
    {
        return Err(FunctionError::no_such_form(format!(
            "{function} takes a number, date, time or duration as argument 2, not {}",
            crate::type_name(time)
        ))
        .with_hint("Cast the argument to the type that the function takes."));
    }
    first_amount_type(function, given)
}

impl Curve {
    /// Fills the gaps of the first argument over the times that the second one is, or over the
    /// rows in their order.
    pub(super) fn fill(self, partition: &Partition<'_>) -> Result<ArrayRef> {
        let values = partition.column(0)?;
        let answer = first_amount_type(partition.name, std::slice::from_ref(values.data_type()))?;
        let kept = cast(values, &answer)?;
        let Some(gaps) = Gaps::of(values) else {
            return Ok(kept);
        };
        if gaps.count() == values.len() {
            return Ok(kept);
        }
        let fills = match Amounts::read(partition.name, values)? {
            Amounts::Whole(units) => {
                let amounts = units.values();
                self.over_times(partition, &gaps, amounts, &answer)
            }
            Amounts::Floats(floats) => {
                let amounts = floats.values();
                self.over_times(partition, &gaps, amounts, &answer)
            }
        }?;
        gaps.fill_each(&kept, &fills)
    }

    fn over_times<A: Amount>(
        self,
        partition: &Partition<'_>,
        gaps: &Gaps,
        amounts: &[A],
        answer: &DataType,
    ) -> Result<ArrayRef> {
        let rounding = Rounding::of(answer);
        let fills = match partition.columns_from(1).first() {
            None => {
                let times: Vec<_> = (0..amounts.len()).map(|row| Some(row as i128)).collect();
                self.interpolate(gaps, amounts, &times, rounding)
            }
            Some(times) => match Amounts::read(partition.name, times)? {
                Amounts::Whole(units) => {
                    let times: Vec<_> = units.iter().collect();
                    self.interpolate(gaps, amounts, &times, rounding)
                }
                Amounts::Floats(floats) => {
                    let finite = |time: &f64| time.is_finite();
                    let times: Vec<_> = floats.iter().map(|time| time.filter(finite)).collect();
                    self.interpolate(gaps, amounts, &times, rounding)
                }
            },
        };
        A::array(fills, answer)
    }

    /// One amount for each gap in turn.
    fn interpolate<A: Amount, T: Time>(
        self,
        gaps: &Gaps,
        amounts: &[A],
        times: &[Option<T>],
        rounding: Rounding,
    ) -> Vec<Option<A>> {
        let known = gaps
            .known()
            .filter_map(|row| Some((times[row]?, amounts[row])))
            .collect();
        let knots = Knots::new(known, rounding);
        let mut missing: Vec<(T, usize)> = gaps
            .rows()
            .enumerate()
            .filter_map(|(number, row)| Some((times[row]?, number)))
            .collect();
        missing.sort_unstable_by(|left, right| left.0.compare(right.0));
        let cubic = match self {
            Self::Line => None,
            Self::MonotoneCubic => Some(MonotoneCubic::new(&knots)),
        };
        let mut fills = vec![None; gaps.count()];
        // The first knot that is not before the gap: as the gaps, it only moves forward.
        let mut next = 0;
        for (time, number) in missing {
            while next < knots.len() && knots.times[next].compare(time).is_lt() {
                next += 1;
            }
            if next == knots.len() {
                break;
            }
            fills[number] = if knots.times[next].compare(time).is_eq() {
                Some(knots.amounts[next])
            } else if next == 0 {
                None
            } else {
                let way = time.way(knots.times[next - 1], knots.times[next]);
                let way = match &cubic {
                    Some(cubic) => cubic.way(next - 1, way),
                    None => way,
                };
                let (from, to) = (knots.amounts[next - 1], knots.amounts[next]);
                Some(from.towards(to, way, rounding))
            };
        }
        fills
    }
}

/// What the curve goes through: the known amounts at their times, ascending, one a time.
#[derive(Debug)]
pub(super) struct Knots<A, T> {
    /// When.
    pub(super) times: Vec<T>,
    /// What.
    pub(super) amounts: Vec<A>,
}

impl<A: Amount, T: Time> Knots<A, T> {
    /// Several amounts at the same time are their mean.
    fn new(mut known: Vec<(T, A)>, rounding: Rounding) -> Self {
        if !known.is_sorted_by(|left, right| left.0.compare(right.0).is_lt()) {
            known.sort_unstable_by(|left, right| left.0.compare(right.0));
        }
        let mut knots = Self {
            times: Vec::with_capacity(known.len()),
            amounts: Vec::with_capacity(known.len()),
        };
        for same in known.chunk_by(|left, right| left.0.compare(right.0).is_eq()) {
            let amount = match same {
                [(_, amount)] => *amount,
                several => {
                    let mut amounts: Vec<A> = several.iter().map(|(_, amount)| *amount).collect();
                    A::mean(&mut amounts, rounding)
                }
            };
            knots.times.push(same[0].0);
            knots.amounts.push(amount);
        }
        knots
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }
}
