//! Intervals in an array of distinct ones: of those of one length one stays, and they are in the order of
//! their lengths.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, take};
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;
use datafusion::scalar::ScalarValue;

use super::interval::spans;

/// What collects intervals that are not the same.
#[derive(Debug)]
pub(super) struct IntervalsApart {
    inner: Box<dyn Accumulator>,
    order: SortOptions,
}

impl IntervalsApart {
    pub(super) fn new(inner: Box<dyn Accumulator>, order: SortOptions) -> Self {
        Self { inner, order }
    }

    /// Whether the answer is an array of intervals.
    pub(super) fn is_answer(answer: &DataType) -> bool {
        matches!(answer, DataType::List(item) if matches!(item.data_type(), DataType::Interval(_)))
    }

    fn compare(&self, one: Option<i128>, other: Option<i128>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if self.order.descending => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            // NULLs are told by whether there is a value.
            _ if self.order.nulls_first => one.is_some().cmp(&other.is_some()),
            _ => other.is_some().cmp(&one.is_some()),
        }
    }
}

impl Accumulator for IntervalsApart {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let answer = self.inner.evaluate()?;
        let ScalarValue::List(list) = &answer else {
            return Ok(answer);
        };
        let DataType::List(item) = list.data_type() else {
            return Ok(answer);
        };
        if list.is_empty() || list.is_null(0) {
            return Ok(answer);
        }
        let intervals = list.value(0);
        let lengths = spans(&intervals)?;
        let lengths = lengths.as_primitive::<Decimal128Type>();
        let mut places: Vec<(Option<i128>, u32)> = lengths.iter().zip(0..).collect();
        // Of equal ones the first stays.
        places.sort_by(|(one, _), (other, _)| self.compare(*one, *other));
        places.dedup_by_key(|(length, _)| *length);
        let places: UInt32Array = places.into_iter().map(|(_, place)| Some(place)).collect();
        let apart = take(&intervals, &places, None)?;
        let offsets = OffsetBuffer::from_lengths([apart.len()]);
        let apart = ListArray::try_new(Arc::clone(item), offsets, apart, None)?;
        Ok(ScalarValue::List(Arc::new(apart)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }
}
