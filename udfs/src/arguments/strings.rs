//! A text argument, whatever its encoding.

use arrow::array::{
    Array, ArrayRef, AsArray, ByteView, DictionaryArray, LargeStringArray, OffsetSizeTrait,
    StringArray, StringViewArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowDictionaryKeyType, DataType};
use arrow::downcast_dictionary_array;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::FunctionError;
use crate::wording::type_name;

/// How many bytes a view holds itself.
const INLINE: u32 = 12;

/// The high bits of the bytes that a view holds itself; behind the value's end they are 0.
const INLINE_HIGH_BITS: u128 = 0x8080_8080_8080_8080_8080_8080;

/// A text argument: one value for all rows, or an array of any string type.
#[derive(Clone, Debug)]
pub(crate) enum Strings<'a> {
    /// The same value in every row.
    Constant(Option<&'a str>),
    /// One value a row.
    Utf8(&'a StringArray),
    /// One value a row, with 64-bit offsets.
    LargeUtf8(&'a LargeStringArray),
    /// One value a row, as views.
    Utf8View(&'a StringViewArray),
    /// One key a row into an array of values; no key where the row is NULL.
    Dictionary {
        /// The place of each row's value; what stands at a NULL row means nothing.
        keys: Vec<usize>,
        /// The NULL rows, be it the key or the value that is NULL.
        nulls: Option<NullBuffer>,
        /// The distinct values.
        values: Box<Strings<'a>>,
    },
}

impl<'a> Strings<'a> {
    /// Reads an argument; one that is not text is an error.
    pub(crate) fn new(argument: &'a ColumnarValue) -> Result<Self> {
        match argument {
            ColumnarValue::Scalar(scalar) => Self::from_scalar(scalar),
            ColumnarValue::Array(array) => Self::from_array(array),
        }
    }

    fn from_scalar(scalar: &'a ScalarValue) -> Result<Self> {
        if scalar.is_null() {
            return Ok(Self::Constant(None));
        }
        match scalar.try_as_str() {
            Some(text) => Ok(Self::Constant(text)),
            None => Err(not_text(&scalar.data_type())),
        }
    }

    /// Reads an array; one that is not of text (or all NULL) is an error.
    pub(crate) fn from_array(array: &'a ArrayRef) -> Result<Self> {
        match array.data_type() {
            DataType::Utf8 => Ok(Self::Utf8(array.as_string())),
            DataType::LargeUtf8 => Ok(Self::LargeUtf8(array.as_string())),
            DataType::Utf8View => Ok(Self::Utf8View(array.as_string_view())),
            DataType::Null => Ok(Self::Constant(None)),
            _ => downcast_dictionary_array!(
                array => Self::from_dictionary(array),
                other => Err(not_text(other))
            ),
        }
    }

    fn from_dictionary<K: ArrowDictionaryKeyType>(array: &'a DictionaryArray<K>) -> Result<Self> {
        let nulls = array.logical_nulls();
        let keys = (0..array.len())
            .map(|row| array.key(row).unwrap_or_default())
            .collect();
        Ok(Self::Dictionary {
            keys,
            nulls,
            values: Box::new(Self::from_array(array.values())?),
        })
    }

    /// The value in a row below the number of rows; NULL is `None`.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        if let Self::Constant(value) = self {
            return *value;
        }
        if self.is_null(row) {
            return None;
        }
        Some(self.value(row))
    }

    /// The value in a row that is not NULL; what a NULL row gives means nothing.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> &'a str {
        match self {
            Self::Constant(value) => value.unwrap_or_default(),
            Self::Utf8(array) => array.value(row),
            Self::LargeUtf8(array) => array.value(row),
            Self::Utf8View(array) => array.value(row),
            Self::Dictionary { keys, values, .. } => values.value(keys[row]),
        }
    }

    /// Hands over, row by row, the bytes of the buffer that the row's value stands in, from its
    /// first byte on; they are at least those of the value. What a NULL row gives means nothing.
    #[inline(always)]
    pub(crate) fn each_from(
        &self,
        rows: impl Iterator<Item = usize>,
        mut take: impl FnMut(&'a [u8]),
    ) {
        match self {
            Self::Constant(value) => {
                let bytes = value.unwrap_or_default().as_bytes();
                rows.for_each(|_| take(bytes));
            }
            Self::Utf8(array) => {
                let (offsets, bytes) = (array.value_offsets(), array.value_data());
                rows.for_each(|row| take(&bytes[offsets[row] as usize..]));
            }
            Self::LargeUtf8(array) => {
                let (offsets, bytes) = (array.value_offsets(), array.value_data());
                rows.for_each(|row| take(&bytes[offsets[row] as usize..]));
            }
            Self::Utf8View(array) => {
                let (views, buffers) = (array.views(), array.data_buffers());
                let inline = views.inner().as_slice();
                rows.for_each(|row| {
                    let view = ByteView::from(views.get(row).copied().unwrap_or_default());
                    let (buffer, start) = if view.length <= INLINE {
                        (inline, row * size_of::<u128>() + size_of::<u32>())
                    } else {
                        let buffer = buffers.get(view.buffer_index as usize);
                        let buffer = buffer.map_or(&[][..], |buffer| buffer.as_slice());
                        (buffer, view.offset as usize)
                    };
                    take(buffer.get(start..).unwrap_or_default());
                });
            }
            Self::Dictionary { keys, values, .. } => {
                let rows: Vec<usize> = rows.map(|row| keys[row]).collect();
                values.each_from(rows.into_iter(), take);
            }
        }
    }

    /// How many bytes the value of each of so many rows has; what a NULL row gives means nothing.
    pub(crate) fn lengths(&self, rows: usize) -> Vec<u32> {
        match self {
            Self::Constant(value) => vec![value.unwrap_or_default().len() as u32; rows],
            Self::Utf8(array) => {
                let offsets = array.value_offsets();
                let length = |(begin, end): (&i32, &i32)| (end - begin) as u32;
                offsets.iter().zip(&offsets[1..]).map(length).collect()
            }
            Self::LargeUtf8(array) => {
                let offsets = array.value_offsets();
                let length = |(begin, end): (&i64, &i64)| (end - begin).min(u32::MAX.into()) as u32;
                offsets.iter().zip(&offsets[1..]).map(length).collect()
            }
            Self::Utf8View(array) => array.views().iter().map(|view| *view as u32).collect(),
            Self::Dictionary { keys, values, .. } => {
                let lengths = values.lengths(values.len());
                let length = |key: &usize| lengths.get(*key).copied().unwrap_or_default();
                keys.iter().map(length).collect()
            }
        }
    }

    /// Whether all values are known to be ASCII, told without looking at each.
    pub(crate) fn is_ascii(&self) -> bool {
        fn of_buffer<O: OffsetSizeTrait>(offsets: &[O], bytes: &[u8]) -> bool {
            let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
                return true;
            };
            bytes[first.as_usize()..last.as_usize()].is_ascii()
        }
        match self {
            Self::Constant(value) => value.unwrap_or_default().is_ascii(),
            Self::Utf8(array) => of_buffer(array.value_offsets(), array.value_data()),
            Self::LargeUtf8(array) => of_buffer(array.value_offsets(), array.value_data()),
            Self::Utf8View(array) => array.views().iter().all(|view| {
                let inline = *view >> u32::BITS;
                let view = ByteView::from(*view);
                if view.length <= INLINE {
                    return inline & INLINE_HIGH_BITS == 0;
                }
                let start = view.offset as usize;
                let buffer = array.data_buffers().get(view.buffer_index as usize);
                let text =
                    buffer.and_then(|buffer| buffer.get(start..start + view.length as usize));
                text.is_some_and(<[u8]>::is_ascii)
            }),
            Self::Dictionary { values, .. } => values.is_ascii(),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Constant(value) => value.is_none(),
            Self::Utf8(array) => array.is_null(row),
            Self::LargeUtf8(array) => array.is_null(row),
            Self::Utf8View(array) => array.is_null(row),
            Self::Dictionary { nulls, .. } => {
                nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
            }
        }
    }

    /// The NULL rows of an argument of this many rows.
    pub(crate) fn nulls(&self, rows: usize) -> Option<NullBuffer> {
        match self {
            Self::Constant(None) => Some(NullBuffer::new_null(rows)),
            Self::Constant(Some(_)) => None,
            Self::Utf8(array) => array.nulls().cloned(),
            Self::LargeUtf8(array) => array.nulls().cloned(),
            Self::Utf8View(array) => array.nulls().cloned(),
            Self::Dictionary { nulls, .. } => nulls.clone(),
        }
    }

    /// How many values an array of distinct values holds.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Constant(_) => 1,
            Self::Utf8(array) => array.len(),
            Self::LargeUtf8(array) => array.len(),
            Self::Utf8View(array) => array.len(),
            Self::Dictionary { keys, .. } => keys.len(),
        }
    }
}

fn not_text(given: &DataType) -> datafusion::error::DataFusionError {
    FunctionError::no_such_form(format!(
        "a text argument was expected, not {}",
        type_name(given)
    ))
    .into()
}
