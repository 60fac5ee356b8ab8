//! A text argument, whatever its encoding.

use arrow::array::{
    Array, ArrayRef, AsArray, ByteView, DictionaryArray, LargeStringArray, StringArray,
    StringViewArray,
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

    /// The value in a row that is not NULL, and the bytes of the buffer that it stands in, from
    /// its first byte on.
    #[inline]
    pub(crate) fn placed(&self, row: usize) -> (&'a str, &'a [u8]) {
        let text = self.value(row);
        let bytes = match self {
            Self::Constant(_) => None,
            Self::Utf8(array) => {
                let start = array.value_offsets()[row];
                array.value_data().get(start as usize..)
            }
            Self::LargeUtf8(array) => {
                let start = array.value_offsets()[row];
                array.value_data().get(start as usize..)
            }
            Self::Utf8View(array) => {
                let view = ByteView::from(array.views()[row]);
                if view.length <= INLINE {
                    let start = row * size_of::<u128>() + size_of::<u32>();
                    array.views().inner().as_slice().get(start..)
                } else {
                    let buffer = &array.data_buffers()[view.buffer_index as usize];
                    buffer.as_slice().get(view.offset as usize..)
                }
            }
            Self::Dictionary { keys, values, .. } => return values.placed(keys[row]),
        };
        (text, bytes.unwrap_or(text.as_bytes()))
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
