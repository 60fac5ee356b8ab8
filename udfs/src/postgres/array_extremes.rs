//! `min` and `max` of arrays of several dimensions. DataFusion's compare no lists of lists.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, ReversedUDAF, Signature,
};
use datafusion::scalar::ScalarValue;

use super::comparable::in_order;
use super::converted::only_value;

/// `min` or `max` of such arrays.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ArrayExtreme {
    inner: Arc<AggregateUDF>,
    is_greatest: bool,
}

impl ArrayExtreme {
    pub(super) fn max() -> Self {
        Self {
            inner: max_udaf(),
            is_greatest: true,
        }
    }

    pub(super) fn min() -> Self {
        Self {
            inner: min_udaf(),
            is_greatest: false,
        }
    }
}

impl AggregateUDFImpl for ArrayExtreme {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(given)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Extreme {
            is_greatest: self.is_greatest,
            none: ScalarValue::try_from(args.return_type())?,
            found: None,
        }))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SlidingExtreme {
            is_greatest: self.is_greatest,
            none: ScalarValue::try_from(args.return_type())?,
            within: VecDeque::new(),
        }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// The greatest or the least of values and of one that was found before, as an array of one; nothing where all
/// are NULL.
fn extreme(
    values: &ArrayRef,
    found: Option<ArrayRef>,
    is_greatest: bool,
) -> Result<Option<ArrayRef>> {
    let compare = in_order(values, values)?;
    let places = (0..values.len()).filter(|place| values.is_valid(*place));
    let place = match is_greatest {
        true => places.max_by(|one, other| compare(*one, *other)),
        false => places.min_by(|one, other| compare(*one, *other)),
    };
    let Some(place) = place.and_then(|place| u32::try_from(place).ok()) else {
        return Ok(found);
    };
    // What is kept does not keep the values around it.
    let own = take(values, &UInt32Array::from(vec![place]), None)?;
    let Some(found) = found else {
        return Ok(Some(own));
    };
    let order = in_order(&own, &found)?(0, 0);
    let is_beyond = match is_greatest {
        true => order.is_gt(),
        false => order.is_lt(),
    };
    Ok(Some(if is_beyond { own } else { found }))
}

#[derive(Debug)]
struct Extreme {
    is_greatest: bool,
    /// The answer where there are no values.
    none: ScalarValue,
    found: Option<ArrayRef>,
}

impl Accumulator for Extreme {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if let Some(values) = values.first() {
            self.found = extreme(values, self.found.take(), self.is_greatest)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match &self.found {
            Some(found) => only_value(found),
            None => Ok(self.none.clone()),
        }
    }

    fn size(&self) -> usize {
        let found = self.found.as_ref();
        size_of_val(self) + found.map_or(0, |found| found.get_array_memory_size())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}

/// The extreme of a window's frame, whose rows go in the order in which they came.
#[derive(Debug)]
struct SlidingExtreme {
    is_greatest: bool,
    /// The answer where there are no values.
    none: ScalarValue,
    within: VecDeque<ArrayRef>,
}

impl Accumulator for SlidingExtreme {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.within.extend(values.first().cloned());
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut left = values.first().map_or(0, |values| values.len());
        while let Some(first) = self.within.pop_front() {
            if first.len() > left {
                self.within
                    .push_front(first.slice(left, first.len() - left));
                break;
            }
            left -= first.len();
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut found = None;
        for values in &self.within {
            found = extreme(values, found, self.is_greatest)?;
        }
        match found {
            Some(found) => only_value(&found),
            None => Ok(self.none.clone()),
        }
    }

    fn size(&self) -> usize {
        let within = self.within.iter();
        let bytes: usize = within.map(|values| values.get_array_memory_size()).sum();
        size_of_val(self) + bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
