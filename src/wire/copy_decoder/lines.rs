//! Rows of text and of CSV.

use bytes::Bytes;

use super::{CopyFields, CopyRow, MAX_ROW_BYTES, shown};
use crate::error::{Error, Result, SqlState};
use crate::sql::copy::{CopyFormat, Forced, Header};
use crate::wire::utf8;

/// A line of this alone ends the data.
const END_OF_DATA: &[u8] = b"\\.";

/// Finds the lines of a COPY in text or CSV.
///
/// Every error names the table and the line, which is counted from 1 and in lines of the file, so
/// that a quoted field over two lines counts as two.
pub struct Lines {
    format: CopyFormat,
    table: String,
    columns: Vec<String>,
    /// What no line end was found in yet.
    pending: Vec<u8>,
    /// How far `pending` was searched.
    searched: usize,
    scan: Scan,
    /// How lines end, once one has.
    line_end: Option<LineEnd>,
    /// The line that `pending` begins with.
    line: u64,
    /// Lines within the record being searched.
    lines_in_record: u64,
    /// What the first line is, until it has been read.
    header: Header,
    /// What holds of each column; nothing where it holds of none.
    forced: Vec<ForcedColumn>,
    has_ended: bool,
}

/// What a column makes of what stands for NULL.
#[derive(Clone, Copy, Debug)]
struct ForcedColumn {
    /// A text, where it is not in quotes.
    not_null: bool,
    /// NULL, in quotes too.
    null: bool,
}

/// How lines end: as the first of them does, and all others must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    Newline,
    Return,
    ReturnNewline,
}

/// Where a record ends, and where the next one begins.
struct Found {
    end: usize,
    next: usize,
}

/// What the bytes before mean for the next.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    in_quotes: bool,
    is_escaped: bool,
}

impl Lines {
    /// Decodes rows of `columns` for `table`, both of which errors name.
    pub fn new(format: CopyFormat, table: String, columns: Vec<String>) -> Self {
        let header = match &format {
            CopyFormat::Text { header, .. } | CopyFormat::Csv { header, .. } => *header,
            CopyFormat::Binary => Header::None,
        };
        let forced = match format.forced() {
            Some(forced) => forced_columns(forced, &columns),
            None => Vec::new(),
        };
        Self {
            format,
            table,
            columns,
            pending: Vec::new(),
            searched: 0,
            scan: Scan::default(),
            line_end: None,
            line: 1,
            lines_in_record: 0,
            header,
            forced,
            has_ended: false,
        }
    }

    /// Takes the next piece and gives the rows that end in it.
    ///
    /// # Errors
    /// 22P04 for a row that cannot be read, 22021 for bytes that are not UTF-8, 54000 for a line
    /// beyond 64 MB.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<CopyRow>> {
        let mut rows = Vec::new();
        if self.has_ended {
            return Ok(rows);
        }
        self.pending.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(Found { end, next }) = self.find_line_end(start, false)? {
            let record = &self.pending[start..end];
            if record == END_OF_DATA {
                self.check_header(&[])?;
                self.has_ended = true;
                break;
            }
            if self.header == Header::None {
                rows.push(self.row(record)?);
            } else {
                self.check_header(record)?;
                self.header = Header::None;
            }
            start = next;
            self.line += self.lines_in_record;
            self.lines_in_record = 0;
        }
        if self.has_ended {
            self.pending = Vec::new();
            return Ok(rows);
        }
        self.pending.drain(..start);
        self.searched -= start;
        if self.pending.len() > MAX_ROW_BYTES {
            let message = format!("line is longer than {MAX_ROW_BYTES} bytes");
            return Err(self.error(SqlState::PROGRAM_LIMIT_EXCEEDED, message));
        }
        Ok(rows)
    }

    /// How many bytes wait for the end of their line.
    pub fn pending_bytes(&self) -> usize {
        self.pending.capacity()
    }

    /// Takes the end of the bytes and gives the last row, if it had no line end.
    ///
    /// # Errors
    /// As [`Self::push`], and 22P04 for a quoted field that never ends.
    pub fn finish(&mut self) -> Result<Option<CopyRow>> {
        // Only what follows a carriage return at the end was still open.
        let found = self.find_line_end(0, true)?;
        let mut record = std::mem::take(&mut self.pending);
        self.searched = 0;
        match found {
            Some(Found { end, .. }) => record.truncate(end),
            None if record.is_empty() && self.header == Header::None => return Ok(None),
            None => {}
        }
        if self.has_ended {
            return Ok(None);
        }
        self.has_ended = true;
        if record == END_OF_DATA {
            return self.check_header(&[]).map(|()| None);
        }
        if self.header != Header::None {
            return self.check_header(&record).map(|()| None);
        }
        self.row(&record).map(Some)
    }

    /// Searches on for the end of the record that begins at `start`, over what may be quoted or
    /// escaped. Whether a carriage return ends the first line, or a newline is part of that end, is
    /// open until the next byte comes or there `is_no_more`.
    ///
    /// # Errors
    /// 22P04 for an end that is not as that of the first line.
    fn find_line_end(&mut self, start: usize, is_no_more: bool) -> Result<Option<Found>> {
        let (quote, escape) = match &self.format {
            CopyFormat::Text { .. } | CopyFormat::Binary => (None, Some(b'\\')),
            // A doubled quote leaves and enters the quotes again, as good as an escape.
            CopyFormat::Csv { quote, escape, .. } => {
                (Some(*quote), (quote != escape).then_some(*escape))
            }
        };
        while let Some(byte) = self.pending.get(self.searched).copied() {
            let at = self.searched;
            let next = self.pending.get(at + 1).copied();
            let is_end =
                matches!(byte, b'\n' | b'\r') && !self.scan.is_escaped && !self.scan.in_quotes;
            let is_open = self
                .line_end
                .is_none_or(|end| end == LineEnd::ReturnNewline);
            if is_end && byte == b'\r' && is_open && next.is_none() && !is_no_more {
                return Ok(None);
            }
            self.searched += 1;
            let counted = match self.line_end {
                Some(LineEnd::Return) => b'\r',
                _ => b'\n',
            };
            if byte == counted || is_end && byte == b'\r' {
                self.lines_in_record += 1;
            }
            if is_end {
                let line_end = match (byte, next) {
                    (b'\n', _) => LineEnd::Newline,
                    (_, Some(b'\n')) if is_open => LineEnd::ReturnNewline,
                    _ => LineEnd::Return,
                };
                if *self.line_end.get_or_insert(line_end) != line_end {
                    return Err(self.other_line_end(byte, &self.pending[start..at]));
                }
                if line_end == LineEnd::ReturnNewline {
                    self.searched += 1;
                }
                let next = self.searched;
                return Ok(Some(Found { end: at, next }));
            }
            if self.scan.is_escaped {
                self.scan.is_escaped = false;
            } else if escape == Some(byte) && (quote.is_none() || self.scan.in_quotes) {
                self.scan.is_escaped = true;
            } else if quote == Some(byte) {
                self.scan.in_quotes = !self.scan.in_quotes;
            }
        }
        Ok(None)
    }

    /// Of a byte that ends no line where the first one ended otherwise.
    fn other_line_end(&self, byte: u8, record: &[u8]) -> Error {
        if record == END_OF_DATA {
            let message = "end-of-copy marker does not match previous newline style";
            return self.error(SqlState::BAD_COPY_FILE_FORMAT, message);
        }
        let (name, letter) = match byte {
            b'\n' => ("newline", "\\n"),
            _ => ("carriage return", "\\r"),
        };
        let (found, hint) = match &self.format {
            CopyFormat::Csv { .. } => (
                "unquoted",
                format!("Use quoted CSV field to represent {name}."),
            ),
            _ => ("literal", format!("Use \"{letter}\" to represent {name}.")),
        };
        self.error(
            SqlState::BAD_COPY_FILE_FORMAT,
            format!("{found} {name} found in data"),
        )
        .with_hint(hint)
    }

    /// That the first line names the columns, where it must.
    fn check_header(&self, record: &[u8]) -> Result<()> {
        if self.header != Header::Match {
            return Ok(());
        }
        let names = self.fields(record)?;
        let (got, expected) = (names.len(), self.columns.len());
        if got != expected {
            let message =
                format!("wrong number of fields in header line: got {got}, expected {expected}");
            return Err(self.bad_format(message, record));
        }
        for (place, (name, column)) in (1..).zip(names.iter().zip(&self.columns)) {
            let got = match name {
                Some(name) if name == column.as_bytes() => continue,
                Some(name) => format!("\"{}\"", String::from_utf8_lossy(name)),
                None => format!("null value (\"{}\")", String::from_utf8_lossy(self.null())),
            };
            let message = format!(
                "column name mismatch in header line field {place}: got {got}, expected \"{column}\""
            );
            return Err(self.bad_format(message, record));
        }
        Ok(())
    }

    /// What stands for NULL.
    fn null(&self) -> &[u8] {
        match &self.format {
            CopyFormat::Text { null, .. } | CopyFormat::Csv { null, .. } => null.as_bytes(),
            CopyFormat::Binary => &[],
        }
    }

    fn fields(&self, record: &[u8]) -> Result<CopyFields> {
        match &self.format {
            CopyFormat::Text {
                delimiter, null, ..
            } => self.text_row(record, *delimiter, null.as_bytes()),
            CopyFormat::Csv {
                delimiter,
                null,
                quote,
                escape,
                ..
            } => self.csv_row(record, *delimiter, null.as_bytes(), *quote, *escape),
            CopyFormat::Binary => Err(Error::internal("binary rows have no lines")),
        }
    }

    fn row(&self, record: &[u8]) -> Result<CopyRow> {
        let mut row = self.fields(record)?;
        // A table without columns takes empty lines.
        if self.columns.is_empty() && record.is_empty() {
            row.clear();
        }
        if let Some(missing) = self.columns.get(row.len()) {
            let message = format!("missing data for column \"{missing}\"");
            return Err(self.bad_format(message, record));
        }
        if row.len() > self.columns.len() {
            return Err(self.bad_format("extra data after last expected column", record));
        }
        for (field, forced) in row.iter_mut().zip(&self.forced) {
            match field {
                None if forced.not_null => *field = Some(Bytes::copy_from_slice(self.null())),
                Some(text) if forced.null && text == self.null() => *field = None,
                _ => {}
            }
        }
        Ok(CopyRow {
            line: self.line,
            fields: row,
        })
    }

    fn text_row(&self, record: &[u8], delimiter: u8, null: &[u8]) -> Result<CopyFields> {
        let mut row = Vec::with_capacity(self.columns.len());
        let mut rest = record;
        loop {
            let end = end_of_text_field(rest, delimiter);
            let raw = &rest[..end];
            row.push(if raw == null {
                None
            } else if raw.contains(&b'\\') {
                Some(self.utf8(unescape(raw))?)
            } else {
                Some(self.utf8(raw.to_vec())?)
            });
            match rest.get(end + 1..) {
                Some(next) if end < rest.len() => rest = next,
                _ => return Ok(row),
            }
        }
    }

    fn csv_row(
        &self,
        record: &[u8],
        delimiter: u8,
        null: &[u8],
        quote: u8,
        escape: u8,
    ) -> Result<CopyFields> {
        let mut row = Vec::with_capacity(self.columns.len());
        let mut field = Vec::new();
        let (mut in_quotes, mut was_quoted) = (false, false);
        let mut bytes = record.iter().copied().peekable();
        loop {
            match bytes.next() {
                Some(byte) if in_quotes => {
                    let next = bytes.peek().copied();
                    if byte == escape && (next == Some(quote) || next == Some(escape)) {
                        field.extend(bytes.next());
                    } else if byte == quote {
                        in_quotes = false;
                    } else {
                        field.push(byte);
                    }
                }
                None if in_quotes => {
                    return Err(self.bad_format("unterminated CSV quoted field", record));
                }
                Some(byte) if byte == quote => {
                    in_quotes = true;
                    was_quoted = true;
                }
                Some(byte) if byte != delimiter => field.push(byte),
                end => {
                    let value = std::mem::take(&mut field);
                    let is_null = !was_quoted && value == null;
                    row.push(if is_null {
                        None
                    } else {
                        Some(self.utf8(value)?)
                    });
                    was_quoted = false;
                    if end.is_none() {
                        return Ok(row);
                    }
                }
            }
        }
    }

    fn utf8(&self, bytes: Vec<u8>) -> Result<Bytes> {
        if let Err(error) = utf8(&bytes) {
            return Err(self.error(error.sqlstate(), error.message()));
        }
        Ok(bytes.into())
    }

    fn bad_format(&self, message: impl Into<String>, record: &[u8]) -> Error {
        let error = Error::new(SqlState::BAD_COPY_FILE_FORMAT, message);
        let record = String::from_utf8_lossy(record);
        let place = format!("COPY {}, line {}", self.table, self.line);
        error.with_context(format!("{place}: {}", shown(&record)))
    }

    fn error(&self, sqlstate: SqlState, message: impl Into<String>) -> Error {
        Error::new(sqlstate, message)
            .with_context(format!("COPY {}, line {}", self.table, self.line))
    }
}

/// What holds of each of the columns, in their order.
fn forced_columns(forced: &Forced, columns: &[String]) -> Vec<ForcedColumn> {
    if forced.not_null.is_empty() && forced.null.is_empty() {
        return Vec::new();
    }
    let forced = columns.iter().map(|column| ForcedColumn {
        not_null: forced.not_null.contains(column),
        null: forced.null.contains(column),
    });
    forced.collect()
}

/// Where the field ends that the bytes begin with: a delimiter that is not escaped.
fn end_of_text_field(bytes: &[u8], delimiter: u8) -> usize {
    let mut is_escaped = false;
    bytes
        .iter()
        .position(|byte| {
            if is_escaped {
                is_escaped = false;
                return false;
            }
            is_escaped = *byte == b'\\';
            *byte == delimiter
        })
        .unwrap_or(bytes.len())
}

/// Takes the backslashes out of a field: letters for control characters, octal and hexadecimal
/// numbers for bytes, and any other character for itself.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut field = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            field.push(*byte);
            continue;
        }
        let [escaped, tail @ ..] = rest else {
            field.push(b'\\');
            break;
        };
        rest = tail;
        field.push(match escaped {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let (number, digits) = number(rest, 8, 2, u32::from(escaped - b'0'));
                rest = &rest[digits..];
                number
            }
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
                let (number, digits) = number(rest, 16, 2, 0);
                rest = &rest[digits..];
                number
            }
            other => *other,
        });
    }
    field
}

/// Goes on reading a number by at most so many digits; gives its low byte and the digits taken.
fn number(bytes: &[u8], radix: u32, max_digits: usize, start: u32) -> (u8, usize) {
    let digits = bytes
        .iter()
        .take(max_digits)
        .map_while(|byte| char::from(*byte).to_digit(radix));
    let (number, count) = digits.fold((start, 0), |(number, count), digit| {
        (number * radix + digit, count + 1)
    });
    ((number & 0xff) as u8, count)
}
