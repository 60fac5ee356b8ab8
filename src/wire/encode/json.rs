//! Maps, which PostgreSQL has not, as `json` objects.

use arrow::array::{Array, MapArray};
use arrow::datatypes::DataType;
use bytes::{BufMut, BytesMut};

use super::{Column, Encode, Style};
use crate::error::{Error, Result};

/// Maps of one key and value type.
pub(super) struct Maps<'a> {
    array: &'a MapArray,
    keys: Column<'a>,
    values: Column<'a>,
}

impl<'a> Maps<'a> {
    /// Prepares to write maps.
    pub(super) fn new(array: &'a MapArray, style: Style) -> Result<Self> {
        let DataType::Struct(fields) = array.entries().data_type() else {
            return Err(Error::internal("the entries of a map are not a struct"));
        };
        let [key, value] = fields.as_ref() else {
            return Err(Error::internal("the entries of a map are not pairs"));
        };
        Ok(Self {
            array,
            keys: Column::new(key, array.keys().as_ref(), style)?,
            values: Column::new(value, array.values().as_ref(), style)?,
        })
    }
}

impl Encode for Maps<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let offsets = self.array.value_offsets();
        let start = usize::try_from(offsets[row]).unwrap_or_default();
        let end = usize::try_from(offsets[row + 1]).unwrap_or_default();
        out.put_u8(b'{');
        for entry in start..end {
            if entry > start {
                out.put_u8(b',');
            }
            write_quoted(out, |out| self.keys.text(entry, out))?;
            out.put_u8(b':');
            self.values.json(entry, out)?;
        }
        out.put_u8(b'}');
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.text(row, out)
    }
}

/// Appends what `write` appends as a JSON string.
pub(super) fn write_quoted(
    out: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut) -> Result<()>,
) -> Result<()> {
    out.put_u8(b'"');
    let start = out.len();
    write(out)?;
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
    if !out[start..].iter().all(is_plain) {
        let plain = out.split_off(start);
        for byte in plain {
            match byte {
                b'"' | b'\\' => out.put_slice(&[b'\\', byte]),
                b'\n' => out.put_slice(b"\\n"),
                b'\r' => out.put_slice(b"\\r"),
                b'\t' => out.put_slice(b"\\t"),
                0..=0x1f => out.put_slice(format!("\\u{byte:04x}").as_bytes()),
                other => out.put_u8(other),
            }
        }
    }
    out.put_u8(b'"');
    Ok(())
}
