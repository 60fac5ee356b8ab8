//! `percentile_cont` of one fraction. DataFusion's keeps the values, and rounds the share of the way from one
//! to the next to six digits, so that 90 of a hundred out of 1 to 10 are 9.099999; here nothing is rounded.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;

use super::fractions::{constant, number};

/// What is asked for: a fraction, and the order of the values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interpolation {
    fraction: f64,
    is_descending: bool,
}

impl Interpolation {
    /// That of a call; none where the fraction is NULL.
    ///
    /// # Errors
    /// 0A000 for a fraction that columns tell; 22003 for one below 0 or above 1.
    pub(super) fn of(name: &str, args: &AccumulatorArgs) -> Result<Option<Self>> {
        let fraction = number(&constant(name, args)?)?;
        let order = args.order_bys.first();
        let is_descending = order.is_some_and(|order| order.options.descending);
        Ok(fraction.map(|fraction| Self {
            fraction,
            is_descending,
        }))
    }

    /// The value at the fraction, as PostgreSQL computes it; none of no values. It moves them.
    fn of_values(self, values: &mut [f64]) -> Option<f64> {
        let order = move |one: &f64, other: &f64| -> Ordering {
            // NaN is greater than all numbers.
            let nan = || one.is_nan().cmp(&other.is_nan());
            let order = one.partial_cmp(other).unwrap_or_else(nan);
            match self.is_descending {
                true => order.reverse(),
                false => order,
            }
        };
        let last = values.len().checked_sub(1)?;
        let position = self.fraction * last as f64;
        let place = (position.floor() as usize).min(last);
        let (_, below, behind) = values.select_nth_unstable_by(place, order);
        let (below, share) = (*below, position.fract());
        if share == 0.0 {
            return Some(below);
        }
        let above = behind.iter().copied().min_by(order).unwrap_or(below);
        Some(below + share * (above - below))
    }

    /// The values at the fraction of lists, one for each.
    fn of_lists(self, lists: &ArrayRef) -> Result<Float64Array> {
        let Some(lists) = lists.as_list_opt::<i32>() else {
            return internal_err!("{} is no list of values", lists.data_type());
        };
        let answers = lists.iter().map(|values| -> Result<Option<f64>> {
            let Some(values) = values else {
                return Ok(None);
            };
            match values.as_primitive_opt::<Float64Type>() {
                Some(values) => Ok(self.of_values(&mut values.values().to_vec())),
                None => internal_err!("{} are no floats", values.data_type()),
            }
        });
        answers.collect()
    }
}

/// DataFusion's accumulator, whose values are asked for.
#[derive(Debug)]
pub(super) struct Interpolated {
    pub(super) inner: Box<dyn Accumulator>,
    pub(super) interpolation: Interpolation,
    /// Whether what it tells of its values stays with it.
    pub(super) is_distinct: bool,
}

impl Accumulator for Interpolated {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(values)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let state = self.inner.state()?;
        let Some(values) = state.first() else {
            return internal_err!("percentile_cont keeps no values");
        };
        let values = values.to_array()?;
        let answer = self.interpolation.of_lists(&values)?;
        if !self.is_distinct {
            self.inner.merge_batch(&[values])?;
        }
        ScalarValue::try_from_array(&answer, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }
}

/// The same of groups.
pub(super) struct InterpolatedGroups {
    pub(super) inner: Box<dyn GroupsAccumulator>,
    pub(super) interpolation: Interpolation,
}

impl GroupsAccumulator for InterpolatedGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.inner
            .update_batch(values, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let state = self.inner.state(emit_to)?;
        match state.first() {
            Some(values) => Ok(Arc::new(self.interpolation.of_lists(values)?)),
            None => internal_err!("percentile_cont keeps no values"),
        }
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.inner.merge_batch(states, group_indices, groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }
}
