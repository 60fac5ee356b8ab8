//! Values in an array of distinct ones that are equal and not the same: of equal intervals and arrays one
//! stays, and they are in the order of the forms that they are compared by.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DynComparator, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, take};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;
use datafusion::scalar::ScalarValue;

use super::comparable::{in_order, is_by_form};
use super::nested_order::is_nested;

/// What collects values that are not the same.
#[derive(Debug)]
pub(super) struct FormsApart {
    inner: Box<dyn Accumulator>,
    order: SortOptions,
}

impl FormsApart {
    pub(super) fn new(inner: Box<dyn Accumulator>, order: SortOptions) -> Self {
        Self { inner, order }
    }

    /// Whether the answer is an array of such values.
    pub(super) fn is_answer(answer: &DataType) -> bool {
        let DataType::List(item) = answer else {
            return false;
        };
        is_by_form(item.data_type()) || is_nested(item.data_type())
    }

    /// Which of two values comes first.
    fn compare(
        &self,
        values: &ArrayRef,
        in_order: &DynComparator,
        one: u32,
        other: u32,
    ) -> Ordering {
        let (one, other) = (one as usize, other as usize);
        match (values.is_valid(one), values.is_valid(other)) {
            (true, true) if self.order.descending => in_order(other, one),
            (true, true) => in_order(one, other),
            (is_value, is_other) if self.order.nulls_first => is_value.cmp(&is_other),
            (is_value, is_other) => is_other.cmp(&is_value),
        }
    }
}

impl Accumulator for FormsApart {
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
        let values = list.value(0);
        let in_order = in_order(&values, &values)?;
        let compare = |one: u32, other: u32| self.compare(&values, &in_order, one, other);
        let mut places: Vec<u32> = (0..).take(values.len()).collect();
        // Of equal ones the first stays.
        places.sort_by(|one, other| compare(*one, *other));
        places.dedup_by(|other, one| compare(*one, *other).is_eq());
        let apart = take(&values, &UInt32Array::from(places), None)?;
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
