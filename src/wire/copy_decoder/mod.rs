//! The bytes of `COPY ... FROM STDIN` as rows of fields, however they are cut into pieces.

mod binary;
mod lines;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::error::Result;
use crate::sql::copy::CopyFormat;

pub(super) use binary::{END, SIGNATURE};

/// A row longer than this is refused rather than collected.
const MAX_ROW_BYTES: usize = 64 << 20;

/// The most characters of a line, or of a field, that an error shows: as many as PostgreSQL does.
const SHOWN_CHARACTERS: usize = 100;

/// The fields of a row, of which `None` is NULL: text in UTF-8, or values in binary.
pub type CopyFields = Vec<Option<Bytes>>;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyRow {
    /// Where it begins, counted from 1 in lines of the data; rows of the binary format are lines.
    pub line: u64,
    /// What it holds.
    pub fields: CopyFields,
}

/// A line or a field as errors show it.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("\"{}...\"", text.get(..end).unwrap_or(text)),
        None => format!("\"{text}\""),
    }
}

/// Takes the bytes of a COPY piece by piece and gives whole rows.
pub struct CopyDecoder(Decoder);

enum Decoder {
    Lines(lines::Lines),
    Binary(binary::Tuples),
}

impl CopyDecoder {
    /// Decodes rows of `columns` for `table`, both of which errors name.
    pub fn new(format: CopyFormat, table: impl Into<String>, columns: Vec<String>) -> Self {
        let table = table.into();
        Self(match format {
            CopyFormat::Binary => Decoder::Binary(binary::Tuples::new(table, columns.len())),
            lines => Decoder::Lines(lines::Lines::new(lines, table, columns)),
        })
    }

    /// Takes the next piece and gives the rows that end in it.
    ///
    /// # Errors
    /// 22P04 for a row that cannot be read, 22021 for text that is not UTF-8, 54000 for a row beyond
    /// 64 MB.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<CopyRow>> {
        match &mut self.0 {
            Decoder::Lines(lines) => lines.push(bytes),
            Decoder::Binary(tuples) => tuples.push(bytes),
        }
    }

    /// How many bytes wait for the end of their row.
    pub fn pending_bytes(&self) -> usize {
        match &self.0 {
            Decoder::Lines(lines) => lines.pending_bytes(),
            Decoder::Binary(tuples) => tuples.pending_bytes(),
        }
    }

    /// Takes the end of the bytes and gives the last row, if it had no end of its own.
    ///
    /// # Errors
    /// As [`Self::push`], and 22P04 for a row that is not complete.
    pub fn finish(&mut self) -> Result<Option<CopyRow>> {
        match &mut self.0 {
            Decoder::Lines(lines) => lines.finish(),
            Decoder::Binary(tuples) => tuples.finish().map(|()| None),
        }
    }
}
