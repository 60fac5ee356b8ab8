//! How long a call may take, judged by the lengths of its texts before it begins.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;

/// A batch of texts up to so many bytes takes no function longer than some milliseconds.
const SHORT: u64 = 64;

/// How many steps are long: of some functions about ten milliseconds, of others less than one.
const LONG: u64 = 1 << 24;

/// How many steps it takes to read a byte of a text; a step compares two bytes.
const READ: u64 = 16;

/// Whether a call on so many rows may take long: its first two texts are read, and compared byte by
/// byte. What is not text does not count.
pub(super) fn is_long(arguments: &[ColumnarValue], rows: usize) -> bool {
    let mut texts = arguments.iter().filter_map(Lengths::of);
    let left = texts.next().unwrap_or(Lengths::Same(0));
    let right = texts.next().unwrap_or(Lengths::Same(0));
    let (longest_left, longest_right) = (left.longest(), right.longest());
    if longest_left.max(longest_right) <= SHORT
        || steps(longest_left, longest_right).saturating_mul(rows as u64) < LONG
    {
        return false;
    }
    let mut sum = 0_u64;
    (0..rows).any(|row| {
        sum = sum.saturating_add(steps(left.of_row(row), right.of_row(row)));
        sum >= LONG
    })
}

/// How many rows of a partition are many: what is computed over all of them at once takes more than
/// a moment.
const MANY_ROWS: usize = 1 << 10;

/// Whether a partition of these columns has so many rows that what is computed over it may take
/// long.
pub(super) fn has_many_rows(columns: &[ArrayRef]) -> bool {
    columns
        .first()
        .is_some_and(|column| column.len() >= MANY_ROWS)
}

fn steps(left: u64, right: u64) -> u64 {
    let compared = left.saturating_mul(right);
    compared.saturating_add((left + right).saturating_mul(READ))
}

/// How many bytes the texts of an argument have.
enum Lengths<'a> {
    /// No more than so many in any row.
    Same(u64),
    Offsets(&'a [i32]),
    LargeOffsets(&'a [i64]),
    Views(&'a [u128]),
}

impl<'a> Lengths<'a> {
    fn of(argument: &'a ColumnarValue) -> Option<Self> {
        match argument {
            ColumnarValue::Scalar(scalar) => {
                let text = scalar.try_as_str()?;
                Some(Self::Same(text.map_or(0, str::len) as u64))
            }
            ColumnarValue::Array(array) => Self::of_array(array),
        }
    }

    fn of_array(array: &'a ArrayRef) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8 => Some(Self::Offsets(array.as_string::<i32>().value_offsets())),
            DataType::LargeUtf8 => {
                Some(Self::LargeOffsets(array.as_string::<i64>().value_offsets()))
            }
            DataType::Utf8View => Some(Self::Views(array.as_string_view().views())),
            DataType::Dictionary(_, _) => {
                let values = Self::of_array(array.as_any_dictionary_opt()?.values())?;
                Some(Self::Same(values.longest()))
            }
            _ => None,
        }
    }

    fn longest(&self) -> u64 {
        let longest = match self {
            Self::Same(bytes) => return *bytes,
            Self::Offsets(offsets) => offsets
                .windows(2)
                .map(|ends| (ends[1] - ends[0]) as u64)
                .max(),
            Self::LargeOffsets(offsets) => offsets
                .windows(2)
                .map(|ends| (ends[1] - ends[0]) as u64)
                .max(),
            Self::Views(views) => views.iter().map(|view| length(*view)).max(),
        };
        longest.unwrap_or(0)
    }

    fn of_row(&self, row: usize) -> u64 {
        match self {
            Self::Same(bytes) => *bytes,
            Self::Offsets(offsets) => (offsets[row + 1] - offsets[row]) as u64,
            Self::LargeOffsets(offsets) => (offsets[row + 1] - offsets[row]) as u64,
            Self::Views(views) => length(views[row]),
        }
    }
}

/// A view begins with the length of its text.
fn length(view: u128) -> u64 {
    u64::from(view as u32)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{DictionaryArray, LargeStringArray, StringArray, StringViewArray};
    use arrow::datatypes::Int32Type;
    use datafusion::common::ScalarValue;

    use super::*;

    fn arrays(texts: &[&str]) -> Vec<ColumnarValue> {
        let dictionary: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        let arrays: [ArrayRef; 4] = [
            Arc::new(StringArray::from(texts.to_vec())),
            Arc::new(LargeStringArray::from(texts.to_vec())),
            Arc::new(StringViewArray::from(texts.to_vec())),
            Arc::new(dictionary),
        ];
        arrays.map(ColumnarValue::Array).into()
    }

    fn constant(text: String) -> ColumnarValue {
        ColumnarValue::Scalar(ScalarValue::Utf8(Some(text)))
    }

    #[test]
    fn many_short_texts_are_not_long() {
        let texts = vec!["a name of a usual length"; 8192];
        for left in arrays(&texts) {
            for right in arrays(&texts) {
                assert!(!is_long(&[left.clone(), right], 8192));
            }
        }
    }

    #[test]
    fn long_texts_are_long_by_their_product() {
        let long = "x".repeat(5000);
        let texts = vec![long.as_str(); 2];
        for left in arrays(&texts) {
            for right in arrays(&texts) {
                assert!(is_long(&[left.clone(), right.clone()], 2));
            }
            assert!(!is_long(&[left.clone(), constant("short".into())], 2));
            assert!(is_long(&[constant("x".repeat(10_000)), left], 2));
        }
    }

    #[test]
    fn one_long_text_is_long_to_read() {
        assert!(is_long(&[constant("x".repeat(2_000_000))], 1));
        assert!(!is_long(&[constant("x".repeat(2000))], 1));
        assert!(!is_long(
            &[ColumnarValue::Scalar(ScalarValue::Int64(None))],
            1
        ));
    }
}
