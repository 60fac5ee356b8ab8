//! `avg` of intervals, which DataFusion's own does not take.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Field, FieldRef, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, IntervalUnit,
};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;
use datafusion::logical_expr::function::StateFieldsArgs;
use datafusion::logical_expr::utils::format_state_name;
use datafusion::scalar::ScalarValue;

use super::functions::{IntervalSums, interval_span};

pub(super) const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// Microseconds of any number of intervals.
const MICROS: DataType = DataType::Decimal128(38, 0);

/// What the accumulators keep of rows that others go on with.
pub(super) fn state_fields(args: &StateFieldsArgs<'_>) -> Vec<FieldRef> {
    let field = |what: &str, data_type: DataType| -> FieldRef {
        Arc::new(Field::new(
            format_state_name(args.name, what),
            data_type,
            true,
        ))
    };
    if args.is_distinct {
        let list = DataType::List(Arc::new(Field::new_list_field(INTERVAL, true)));
        return vec![field("distinct", list)];
    }
    vec![
        field("count", DataType::Int64),
        field("months", DataType::Int64),
        field("days", DataType::Int64),
        field("micros", MICROS),
    ]
}

/// What averages intervals.
pub(super) fn accumulator(is_distinct: bool) -> Box<dyn Accumulator> {
    match is_distinct {
        true => Box::new(DistinctIntervalAverage::default()),
        false => Box::new(IntervalAverage::default()),
    }
}

fn average(sums: &IntervalSums) -> Result<ScalarValue> {
    Ok(ScalarValue::IntervalMonthDayNano(sums.average()?))
}

/// The average of all intervals. Those that leave a window's frame are subtracted again.
#[derive(Debug, Default)]
struct IntervalAverage {
    sums: IntervalSums,
}

impl Accumulator for IntervalAverage {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = values else {
            return internal_err!("an average is one of one column");
        };
        let values = values.as_primitive::<IntervalMonthDayNanoType>();
        values
            .iter()
            .flatten()
            .for_each(|value| self.sums.add(value));
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = values else {
            return internal_err!("an average is one of one column");
        };
        let values = values.as_primitive::<IntervalMonthDayNanoType>();
        values
            .iter()
            .flatten()
            .for_each(|value| self.sums.subtract(value));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        average(&self.sums)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![
            ScalarValue::Int64(Some(self.sums.count)),
            ScalarValue::Int64(Some(self.sums.months)),
            ScalarValue::Int64(Some(self.sums.days)),
            ScalarValue::Decimal128(Some(self.sums.micros), 38, 0),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [counts, months, days, micros] = states else {
            return internal_err!("the state of an average of intervals has four columns");
        };
        let total = |values: &ArrayRef| -> i64 {
            values.as_primitive::<Int64Type>().iter().flatten().sum()
        };
        let micros = micros.as_primitive::<Decimal128Type>();
        self.sums.count += total(counts);
        self.sums.months += total(months);
        self.sums.days += total(days);
        self.sums.micros += micros.iter().flatten().sum::<i128>();
        Ok(())
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The average of intervals of which those that are as long as others count once.
#[derive(Debug, Default)]
struct DistinctIntervalAverage {
    /// By how long they are.
    intervals: HashMap<i128, IntervalMonthDayNano>,
}

impl Accumulator for DistinctIntervalAverage {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = values else {
            return internal_err!("an average is one of one column");
        };
        let values = values.as_primitive::<IntervalMonthDayNanoType>();
        for value in values.iter().flatten() {
            self.intervals.entry(interval_span(value)).or_insert(value);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut sums = IntervalSums::default();
        self.intervals.values().for_each(|value| sums.add(*value));
        average(&sums)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = self.intervals.values();
        let values = values.map(|value| ScalarValue::IntervalMonthDayNano(Some(*value)));
        let values: Vec<ScalarValue> = values.collect();
        let list = ScalarValue::new_list_nullable(&values, &INTERVAL);
        Ok(vec![ScalarValue::List(list)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [lists] = states else {
            return internal_err!("the state of an average of distinct intervals is one list");
        };
        for list in lists.as_list::<i32>().iter().flatten() {
            self.update_batch(&[list])?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let entry = size_of::<(i128, IntervalMonthDayNano)>() + 1;
        size_of_val(self) + self.intervals.capacity() * entry
    }
}
