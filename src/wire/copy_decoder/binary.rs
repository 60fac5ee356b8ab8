//! Rows of PostgreSQL's binary format: a header, for each row the count of its fields and each field
//! with its length, and the count -1 at the end.

use bytes::{Buf, Bytes, BytesMut};

use super::{CopyRow, MAX_ROW_BYTES};
use crate::error::{Error, Result, SqlState};

/// What the data begins with.
pub const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// The signature, flags, and the length of what else is in the header.
const HEADER_BYTES: usize = SIGNATURE.len() + 8;
/// The flags in this half change how rows are read; none of them is known here.
const CRITICAL_FLAGS: u32 = 0xffff_0000;
/// The count of fields that ends the data, and the length of NULL.
pub const END: i16 = -1;

/// Finds the rows.
pub struct Tuples {
    table: String,
    columns: usize,
    /// What no row was made of yet.
    pending: BytesMut,
    state: State,
    /// The number of the next row.
    row: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Ended,
}

impl Tuples {
    /// Finds rows of so many columns for `table`, which errors name.
    pub fn new(table: String, columns: usize) -> Self {
        Self {
            table,
            columns,
            pending: BytesMut::new(),
            state: State::Header,
            row: 1,
        }
    }

    /// Takes the next piece and gives the rows that end in it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<CopyRow>> {
        self.pending.extend_from_slice(bytes);
        let mut rows = Vec::new();
        if self.state == State::Header && !self.skip_header()? {
            return Ok(rows);
        }
        while self.state == State::Rows {
            match self.next_row()? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        if self.state == State::Ended && !self.pending.is_empty() {
            return Err(self.bad_format("received copy data after EOF marker"));
        }
        if self.pending.len() > MAX_ROW_BYTES {
            let message = format!("row is longer than {MAX_ROW_BYTES} bytes");
            return Err(self.error(SqlState::PROGRAM_LIMIT_EXCEEDED, message));
        }
        Ok(rows)
    }

    /// How many bytes wait for the end of their row.
    pub fn pending_bytes(&self) -> usize {
        self.pending.capacity()
    }

    /// That the bytes end where a row does. As in PostgreSQL, the mark of the end may be missing.
    pub fn finish(&self) -> Result<()> {
        match (self.state, self.pending.is_empty()) {
            (State::Header, _) => Err(self.bad_format("COPY file signature not recognized")),
            (_, true) => Ok(()),
            (_, false) => Err(self.bad_format("unexpected EOF in COPY data")),
        }
    }

    /// Takes the header once all of it is there; whether it was.
    fn skip_header(&mut self) -> Result<bool> {
        let known = self.pending.len().min(SIGNATURE.len());
        if self.pending[..known] != SIGNATURE[..known] {
            return Err(self.bad_format("COPY file signature not recognized"));
        }
        let Some(mut rest) = self.pending.get(SIGNATURE.len()..HEADER_BYTES) else {
            return Ok(false);
        };
        if rest.get_u32() & CRITICAL_FLAGS != 0 {
            return Err(self.bad_format("unrecognized critical flags in COPY file header"));
        }
        let more = usize::try_from(rest.get_i32());
        let Some(more) = more.ok().filter(|more| *more <= MAX_ROW_BYTES) else {
            return Err(self.bad_format("invalid COPY file header (wrong length)"));
        };
        if self.pending.len() < HEADER_BYTES + more {
            return Ok(false);
        }
        self.pending.advance(HEADER_BYTES + more);
        self.state = State::Rows;
        Ok(true)
    }

    /// The next row, if all of it is there.
    fn next_row(&mut self) -> Result<Option<CopyRow>> {
        let Some(mut count) = self.pending.get(..2) else {
            return Ok(None);
        };
        let count = count.get_i16();
        if count == END {
            self.pending.advance(2);
            self.state = State::Ended;
            return Ok(None);
        }
        if usize::try_from(count) != Ok(self.columns) {
            let expected = self.columns;
            return Err(self.bad_format(format!("row field count is {count}, expected {expected}")));
        }
        let Some(end) = self.end_of_row()? else {
            return Ok(None);
        };
        let mut bytes: Bytes = self.pending.split_to(end).freeze();
        bytes.advance(2);
        let mut fields = Vec::with_capacity(self.columns);
        for _ in 0..self.columns {
            let length = bytes.get_i32();
            fields.push(
                usize::try_from(length)
                    .ok()
                    .map(|length| bytes.split_to(length)),
            );
        }
        let line = self.row;
        self.row += 1;
        Ok(Some(CopyRow { line, fields }))
    }

    /// Where the row ends that the bytes begin with, if all of it is there.
    fn end_of_row(&self) -> Result<Option<usize>> {
        let mut at = 2;
        for _ in 0..self.columns {
            let Some(mut length) = self.pending.get(at..at + 4) else {
                return Ok(None);
            };
            let length = length.get_i32();
            at += 4;
            match usize::try_from(length) {
                Ok(length) if length > MAX_ROW_BYTES => {
                    let message = format!("row is longer than {MAX_ROW_BYTES} bytes");
                    return Err(self.error(SqlState::PROGRAM_LIMIT_EXCEEDED, message));
                }
                Ok(length) => at += length,
                Err(_) if length == i32::from(END) => {}
                Err(_) => return Err(self.bad_format("invalid field size")),
            }
        }
        Ok((self.pending.len() >= at).then_some(at))
    }

    fn bad_format(&self, message: impl Into<String>) -> Error {
        self.error(SqlState::BAD_COPY_FILE_FORMAT, message)
    }

    fn error(&self, sqlstate: SqlState, message: impl Into<String>) -> Error {
        let context = format!("COPY {}, line {}", self.table, self.row);
        Error::new(sqlstate, message).with_context(context)
    }
}
