//! Composite values.

use arrow::array::StructArray;
use arrow::datatypes::Fields;
use bytes::{BufMut, BytesMut};

use super::json::write_quoted;
use super::{Column, Encode, Style};
use crate::error::Result;

/// Structs, sent as `record`.
pub(super) struct Records<'a> {
    names: Vec<String>,
    columns: Vec<Column<'a>>,
}

impl<'a> Records<'a> {
    /// Prepares to write structs of these fields.
    pub(super) fn new(fields: &Fields, array: &'a StructArray, style: Style) -> Result<Self> {
        let columns = fields
            .iter()
            .zip(array.columns())
            .map(|(field, column)| Column::new(field, column.as_ref(), style))
            .collect::<Result<_>>()?;
        let names = fields.iter().map(|field| field.name().clone()).collect();
        Ok(Self { names, columns })
    }
}

impl Encode for Records<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_u8(b'(');
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.put_u8(b',');
            }
            if column.is_null(row) {
                continue;
            }
            let start = out.len();
            column.text(row, out)?;
            if needs_quotes(&out[start..]) {
                let plain = out.split_off(start);
                out.put_u8(b'"');
                for byte in plain {
                    if matches!(byte, b'"' | b'\\') {
                        out.put_u8(byte);
                    }
                    out.put_u8(byte);
                }
                out.put_u8(b'"');
            }
        }
        out.put_u8(b')');
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_i32(self.columns.len() as i32);
        for column in &self.columns {
            out.put_u32(column.postgres_type.oid);
            column.binary_field(row, out)?;
        }
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_u8(b'{');
        for (index, (name, column)) in self.names.iter().zip(&self.columns).enumerate() {
            if index > 0 {
                out.put_u8(b',');
            }
            write_quoted(out, |out| {
                out.put_slice(name.as_bytes());
                Ok(())
            })?;
            out.put_u8(b':');
            column.json(row, out)?;
        }
        out.put_u8(b'}');
        Ok(())
    }
}

fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty()
        || text.iter().any(|byte| {
            matches!(
                byte,
                b'(' | b')' | b',' | b'"' | b'\\' | b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c
            )
        })
}
