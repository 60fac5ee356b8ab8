//! Short codes that are each one of few: all there are stand in an array, from which those of a
//! batch are taken by number.

use std::sync::LazyLock;

use arrow::array::{ArrayRef, StringViewArray, UInt16Array};
use arrow::buffer::NullBuffer;
use datafusion::error::Result;

/// All codes by number.
pub(super) struct Codes(LazyLock<StringViewArray>);

impl Codes {
    /// The codes that a function has for the numbers below a limit.
    pub(super) const fn new(all: fn() -> StringViewArray) -> Self {
        Self(LazyLock::new(all))
    }

    /// The codes with these numbers, NULL where that is.
    pub(super) fn take(&self, numbers: Vec<u16>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let numbers = UInt16Array::new(numbers.into(), nulls);
        Ok(arrow::compute::take(&*self.0, &numbers, None)?)
    }
}
