//! What computes variances and standard deviations: of all values, of distinct ones, and of many groups.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Decimal256Array, Int64Array,
};
use arrow::datatypes::{
    DECIMAL256_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type, DecimalType, Int64Type,
    i256,
};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;

use super::moments::{Measure, Moments};
use crate::FunctionError;

/// Sums of units of the last digit, or of their squares.
pub(super) const UNITS: DataType = DataType::Decimal256(DECIMAL256_MAX_PRECISION, 0);

/// How an answer is computed: what it tells, of values of which type, and in which type.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    measure: Measure,
    value: DataType,
    answer: DataType,
}

impl Spread {
    pub(super) fn of(measure: Measure, args: &AccumulatorArgs<'_>) -> Result<Self> {
        let [value] = args.expr_fields else {
            return internal_err!("a variance is one of one column");
        };
        Ok(Self {
            measure,
            value: value.data_type().clone(),
            answer: args.return_type().clone(),
        })
    }

    fn evaluate(&self, moments: Moments) -> Result<Option<i128>> {
        let (DataType::Decimal128(_, scale), DataType::Decimal128(precision, digits)) =
            (&self.value, &self.answer)
        else {
            return internal_err!("a variance of {} is no {}", self.value, self.answer);
        };
        let spread = moments.spread(self.measure, *scale, *digits);
        let Some(spread) = spread.ok_or_else(out_of_range)? else {
            return Ok(None);
        };
        let fits = |spread: &i128| Decimal128Type::is_valid_decimal_precision(*spread, *precision);
        let spread = spread.to_i128().filter(fits).ok_or_else(out_of_range)?;
        Ok(Some(spread))
    }
}

fn out_of_range() -> FunctionError {
    FunctionError::out_of_range("numeric field overflow")
        .with_hint("Take it of double precision, as in variance(n::double precision).")
}

/// The only column that comes in.
fn numerics(values: &[ArrayRef]) -> Result<&Decimal128Array> {
    match values {
        [values] if matches!(values.data_type(), DataType::Decimal128(..)) => {
            Ok(values.as_primitive::<Decimal128Type>())
        }
        _ => internal_err!("a variance is one of one column of numerics"),
    }
}

fn of_value(value: i128) -> Result<Moments, FunctionError> {
    Moments::of(value).ok_or_else(out_of_range)
}

fn with(moments: &mut Moments, other: Moments) -> Result<(), FunctionError> {
    *moments = moments.with(other).ok_or_else(out_of_range)?;
    Ok(())
}

/// Moments that others have kept, row by row.
fn states(columns: &[ArrayRef]) -> Result<impl Iterator<Item = Moments>> {
    let [counts, sums, squares] = columns else {
        return internal_err!("the state of a variance has three columns");
    };
    let counts = counts.as_primitive::<Int64Type>().values();
    let sums = sums.as_primitive::<Decimal256Type>().values();
    let squares = squares.as_primitive::<Decimal256Type>().values();
    let sums = sums.iter().zip(squares);
    let rows = counts.iter().zip(sums);
    Ok(rows.map(|(count, (sum, squares))| Moments {
        count: *count,
        sum: *sum,
        squares: *squares,
    }))
}

/// Moments as others are to go on with them.
fn state(moments: &[Moments]) -> Vec<ArrayRef> {
    let units = |of: fn(&Moments) -> i256| -> ArrayRef {
        let units = Decimal256Array::from_iter_values(moments.iter().map(of));
        Arc::new(units.with_data_type(UNITS))
    };
    let counts = moments.iter().map(|moments| moments.count);
    vec![
        Arc::new(Int64Array::from_iter_values(counts)),
        units(|moments| moments.sum),
        units(|moments| moments.squares),
    ]
}

/// That of all values. Those that leave a window's frame are subtracted again.
#[derive(Debug)]
pub(super) struct SpreadOfAll {
    spread: Spread,
    moments: Moments,
}

impl SpreadOfAll {
    pub(super) fn new(spread: Spread) -> Self {
        Self {
            spread,
            moments: Moments::default(),
        }
    }

    fn answer(&self) -> Result<ScalarValue> {
        let answer = self.spread.evaluate(self.moments)?;
        match self.spread.answer {
            DataType::Decimal128(precision, scale) => {
                Ok(ScalarValue::Decimal128(answer, precision, scale))
            }
            ref other => internal_err!("a variance of numerics is no {other}"),
        }
    }
}

impl Accumulator for SpreadOfAll {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in numerics(values)?.iter().flatten() {
            with(&mut self.moments, of_value(value)?)?;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in numerics(values)?.iter().flatten() {
            let left = self.moments.without(of_value(value)?);
            self.moments = left.ok_or_else(out_of_range)?;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.answer()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let columns = state(&[self.moments]);
        let columns = columns.iter();
        columns
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn merge_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        for other in states(columns)? {
            with(&mut self.moments, other)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// That of values of which equal ones count once.
#[derive(Debug)]
pub(super) struct SpreadOfDistinct {
    spread: Spread,
    values: HashSet<i128>,
}

impl SpreadOfDistinct {
    pub(super) fn new(spread: Spread) -> Self {
        Self {
            spread,
            values: HashSet::new(),
        }
    }
}

impl Accumulator for SpreadOfDistinct {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.values.extend(numerics(values)?.iter().flatten());
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut all = SpreadOfAll::new(self.spread.clone());
        for value in &self.values {
            with(&mut all.moments, of_value(*value)?)?;
        }
        all.answer()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let DataType::Decimal128(precision, scale) = self.spread.value else {
            return internal_err!("a variance of numerics is of no {}", self.spread.value);
        };
        let values = self.values.iter();
        let values = values.map(|value| ScalarValue::Decimal128(Some(*value), precision, scale));
        let values: Vec<ScalarValue> = values.collect();
        let list = ScalarValue::new_list_nullable(&values, &self.spread.value);
        Ok(vec![ScalarValue::List(list)])
    }

    fn merge_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let [lists] = columns else {
            return internal_err!("the state of a variance of distinct numerics is one list");
        };
        for list in lists.as_list::<i32>().iter().flatten() {
            self.update_batch(&[list])?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * (size_of::<i128>() + 1)
    }
}

/// That of many groups at once.
#[derive(Debug)]
pub(super) struct SpreadOfGroups {
    spread: Spread,
    groups: Vec<Moments>,
}

impl SpreadOfGroups {
    pub(super) fn new(spread: Spread) -> Self {
        Self {
            spread,
            groups: Vec::new(),
        }
    }
}

/// Whether a filter lets a row through.
fn keeps(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl GroupsAccumulator for SpreadOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.groups.resize(groups, Moments::default());
        let values = numerics(values)?.iter().zip(group_indices);
        for (row, (value, group)) in values.enumerate() {
            if let Some(value) = value.filter(|_| keeps(filter, row)) {
                with(&mut self.groups[*group], of_value(value)?)?;
            }
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        columns: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.groups.resize(groups, Moments::default());
        for (other, group) in states(columns)?.zip(group_indices) {
            with(&mut self.groups[*group], other)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = emit_to.take_needed(&mut self.groups).into_iter();
        let answers = groups.map(|moments| self.spread.evaluate(moments));
        let answers: Decimal128Array = answers.collect::<Result<Vec<Option<i128>>>>()?.into();
        Ok(Arc::new(answers.with_data_type(self.spread.answer.clone())))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(state(&emit_to.take_needed(&mut self.groups)))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut rows = Vec::with_capacity(values.first().map_or(0, Array::len));
        for (row, value) in numerics(values)?.iter().enumerate() {
            let value = value.filter(|_| keeps(filter, row));
            let moments = value.map(of_value).transpose()?;
            rows.push(moments.unwrap_or_default());
        }
        Ok(state(&rows))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.capacity() * size_of::<Moments>()
    }
}
