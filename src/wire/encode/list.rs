//! Arrays, of any number of dimensions.

use std::ops::Range;

use arrow::array::{
    Array, FixedSizeListArray, GenericListArray, GenericListViewArray, ListArray, OffsetSizeTrait,
};
use arrow::datatypes::{DataType, Field};
use bytes::{BufMut, BytesMut};

use super::{Column, Encode, Style};
use crate::error::{Error, Result, SqlState};
use crate::wire::types::{POSTGRES_TYPE, PostgresType, innermost};

/// Where a list's elements lie among all elements.
pub(super) trait Spans: Send + Sync {
    /// The elements of one list.
    fn span(&self, row: usize) -> Range<usize>;
}

impl<O: OffsetSizeTrait> Spans for &GenericListArray<O> {
    fn span(&self, row: usize) -> Range<usize> {
        let offsets = self.value_offsets();
        offsets[row].as_usize()..offsets[row + 1].as_usize()
    }
}

impl<O: OffsetSizeTrait> Spans for &GenericListViewArray<O> {
    fn span(&self, row: usize) -> Range<usize> {
        let start = self.value_offset(row).as_usize();
        start..start + self.value_size(row).as_usize()
    }
}

impl Spans for &FixedSizeListArray {
    fn span(&self, row: usize) -> Range<usize> {
        let start = usize::try_from(self.value_offset(row)).unwrap_or_default();
        start..start + usize::try_from(self.value_length()).unwrap_or_default()
    }
}

/// Lists of one element type.
pub(super) struct Lists<'a, S> {
    spans: S,
    elements: Column<'a>,
    element_oid: u32,
}

impl<'a, S: Spans> Lists<'a, S> {
    /// Prepares to write lists whose elements are those of `values` in `spans`.
    pub(super) fn new(
        element: &Field,
        spans: S,
        values: &'a dyn Array,
        style: Style,
    ) -> Result<Self> {
        Ok(Self {
            spans,
            elements: Column::new(element, values, style)?,
            element_oid: PostgresType::of_field(innermost(element)).oid,
        })
    }
}

/// The shape of an array of arrays, and its elements in a row.
pub(super) trait Dimensions {
    /// Adds the lengths from this depth downwards, or checks them against what is there.
    fn measure(&self, row: usize, depth: usize, lengths: &mut Vec<usize>) -> Result<()>;

    /// Appends the innermost elements in binary; tells whether one is NULL.
    fn flatten(&self, row: usize, out: &mut BytesMut) -> Result<bool>;
}

impl<S: Spans> Dimensions for Lists<'_, S> {
    fn measure(&self, row: usize, depth: usize, lengths: &mut Vec<usize>) -> Result<()> {
        let span = self.spans.span(row);
        match lengths.get(depth) {
            None => lengths.push(span.len()),
            Some(length) if *length == span.len() => {}
            Some(_) => return Err(ragged()),
        }
        if let Some(inner) = self.elements.values.as_array() {
            for element in span {
                if self.elements.is_null(element) {
                    return Err(ragged());
                }
                inner.measure(element, depth + 1, lengths)?;
            }
        }
        Ok(())
    }

    fn flatten(&self, row: usize, out: &mut BytesMut) -> Result<bool> {
        let mut has_null = false;
        for element in self.spans.span(row) {
            if let Some(inner) = self.elements.values.as_array() {
                has_null |= inner.flatten(element, out)?;
            } else {
                has_null |= self.elements.is_null(element);
                self.elements.binary_field(element, out)?;
            }
        }
        Ok(has_null)
    }
}

impl<S: Spans> Encode for Lists<'_, S> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let is_nested = self.elements.values.as_array().is_some();
        out.put_u8(b'{');
        for (index, element) in self.spans.span(row).enumerate() {
            if index > 0 {
                out.put_u8(b',');
            }
            if self.elements.is_null(element) {
                out.put_slice(b"NULL");
                continue;
            }
            let start = out.len();
            self.elements.text(element, out)?;
            if !is_nested && needs_quotes(&out[start..]) {
                let plain = out.split_off(start);
                out.put_u8(b'"');
                for byte in plain {
                    if matches!(byte, b'"' | b'\\') {
                        out.put_u8(b'\\');
                    }
                    out.put_u8(byte);
                }
                out.put_u8(b'"');
            }
        }
        out.put_u8(b'}');
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let mut lengths = Vec::new();
        self.measure(row, 0, &mut lengths)?;
        if lengths.contains(&0) {
            lengths.clear();
        }
        out.put_i32(lengths.len() as i32);
        let flags = out.len();
        out.put_i32(0);
        out.put_u32(self.element_oid);
        for length in &lengths {
            let length = i32::try_from(*length).map_err(|_| super::too_large(*length))?;
            out.put_i32(length);
            out.put_i32(1);
        }
        if !lengths.is_empty() && self.flatten(row, out)? {
            out[flags..flags + 4].copy_from_slice(&1_i32.to_be_bytes());
        }
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_u8(b'[');
        for (index, element) in self.spans.span(row).enumerate() {
            if index > 0 {
                out.put_u8(b',');
            }
            self.elements.json(element, out)?;
        }
        out.put_u8(b']');
        Ok(())
    }

    fn as_array(&self) -> Option<&dyn Dimensions> {
        Some(self)
    }
}

/// PostgreSQL's `int2vector` and `oidvector`: arrays of numbers that count from 0 and are written with
/// blanks between.
pub(super) struct Vectors<'a> {
    lists: Lists<'a, &'a ListArray>,
}

impl<'a> Vectors<'a> {
    /// Prepares to write lists of 16-bit numbers, or of numbers of objects.
    pub(super) fn new(lists: &'a ListArray, style: Style) -> Result<Self> {
        let values = lists.values();
        let name = match values.data_type() {
            DataType::Int16 => "smallint",
            _ => "oid",
        };
        let metadata = [(POSTGRES_TYPE.to_owned(), name.to_owned())];
        let element =
            Field::new_list_field(values.data_type().clone(), true).with_metadata(metadata.into());
        let lists = Lists::new(&element, lists, values.as_ref(), style)?;
        Ok(Self { lists })
    }
}

impl Encode for Vectors<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        for (index, element) in self.lists.spans.span(row).enumerate() {
            if index > 0 {
                out.put_u8(b' ');
            }
            self.lists.elements.text(element, out)?;
        }
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let span = self.lists.spans.span(row);
        // One dimension, no NULL, and how many from 0 on.
        out.put_slice(&[0, 0, 0, 1, 0, 0, 0, 0]);
        out.put_u32(self.lists.element_oid);
        let length = i32::try_from(span.len()).map_err(|_| super::too_large(span.len()))?;
        out.put_i32(length);
        out.put_i32(0);
        for element in span {
            self.lists.elements.binary_field(element, out)?;
        }
        Ok(())
    }
}

fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case(b"null")
        || text.iter().any(|byte| {
            matches!(
                byte,
                b'{' | b'}' | b',' | b'"' | b'\\' | b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c
            )
        })
}

fn ragged() -> Error {
    Error::new(
        SqlState::ARRAY_SUBSCRIPT_ERROR,
        "multidimensional arrays must have sub-arrays with matching dimensions",
    )
    .with_hint("Read the column as text, or unnest it.")
}
