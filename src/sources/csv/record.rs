//! Takes the bytes of a CSV file apart into records and fields.
//!
//! The grammar is RFC 4180 with what files in the wild need: a quote that does not begin a field
//! stands for itself, records may end in LF or CRLF, and blank lines mean nothing.

use memchr::{memchr, memchr2};

use crate::sources::options::CsvOptions;

/// Where a field's text stands.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
    quoted: bool,
    /// The text is in the scratch buffer, since quotes were taken out of it.
    unescaped: bool,
}

/// Records of one width and where they stand in the bytes they were split from.
#[derive(Debug, Default)]
pub(super) struct Records {
    spans: Vec<Span>,
    scratch: Vec<u8>,
    width: usize,
    /// For each record: its line, and its place in the bytes.
    places: Vec<Place>,
}

/// A record's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub line: i64,
    pub start: usize,
    pub end: usize,
}

/// One field of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldText<'a> {
    pub bytes: &'a [u8],
    pub quoted: bool,
}

impl Records {
    /// Forgets all, and expects records of `width` fields.
    pub fn clear(&mut self, width: usize) {
        self.spans.clear();
        self.scratch.clear();
        self.places.clear();
        self.width = width;
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn place(&self, record: usize) -> Option<Place> {
        self.places.get(record).copied()
    }

    pub fn lines(&self) -> impl Iterator<Item = i64> {
        self.places.iter().map(|place| place.line)
    }

    /// Field `column` of `record`, of the bytes it was split from.
    pub fn field<'a>(&'a self, bytes: &'a [u8], record: usize, column: usize) -> FieldText<'a> {
        self.spans.get(record * self.width + column).map_or(
            FieldText {
                bytes: &[],
                quoted: false,
            },
            |span| self.text(bytes, *span),
        )
    }

    /// Keeps the record that was split last, whose spans begin at `first`, cut to the width.
    pub fn keep(&mut self, first: usize, place: Place) {
        self.spans.truncate(first + self.width);
        self.places.push(place);
    }

    /// Drops what was split last.
    pub fn drop_from(&mut self, first: usize) {
        self.spans.truncate(first);
    }

    pub fn span_count(&self) -> usize {
        self.spans.len()
    }

    /// The texts of the fields from span `first` on.
    pub fn texts_from<'a>(
        &'a self,
        bytes: &'a [u8],
        first: usize,
    ) -> impl Iterator<Item = FieldText<'a>> {
        self.spans
            .iter()
            .skip(first)
            .map(move |span| self.text(bytes, *span))
    }

    fn text<'a>(&'a self, bytes: &'a [u8], span: Span) -> FieldText<'a> {
        let from = if span.unescaped { &self.scratch } else { bytes };
        FieldText {
            bytes: from
                .get(span.start as usize..span.end as usize)
                .unwrap_or_default(),
            quoted: span.quoted,
        }
    }
}

/// What stands at the front of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// A record; its fields were pushed.
    Record {
        /// Where the next one begins.
        next: usize,
        /// How many lines this one covers.
        lines: i64,
    },
    /// The bytes end within a record.
    Incomplete,
    /// No record, because of this.
    Malformed(&'static str),
}

pub(super) const UNTERMINATED: &str = "unterminated quoted value";
const TEXT_AFTER_QUOTE: &str = "unexpected text after a quoted value";

/// How a file is split.
#[derive(Debug)]
pub(super) struct Splitter {
    delimiter: u8,
    quote: Option<u8>,
    escape: Option<u8>,
    trim: bool,
    /// Bytes at which an unquoted field ends.
    ends_field: [bool; 256],
}

impl Splitter {
    pub fn new(options: &CsvOptions) -> Self {
        let mut ends_field = [false; 256];
        ends_field[usize::from(b'\n')] = true;
        ends_field[usize::from(options.delimiter)] = true;
        Self {
            delimiter: options.delimiter,
            quote: options.quote,
            escape: options
                .escape
                .filter(|escape| Some(*escape) != options.quote),
            trim: options.trim,
            ends_field,
        }
    }

    /// Splits the record at `start`, offsets counted from the front of `bytes`; `last` tells that
    /// nothing follows them.
    pub fn split(&self, bytes: &[u8], start: usize, last: bool, records: &mut Records) -> Split {
        let mut at = start;
        let mut lines = 1;
        loop {
            let open = if self.trim {
                self.skip_space(bytes, at)
            } else {
                at
            };
            let end = match (self.quote, bytes.get(open)) {
                (Some(quote), Some(byte)) if quote == *byte => {
                    match self.quoted(bytes, open, quote, last, records, &mut lines) {
                        Ok(end) => end,
                        Err(split) => return split,
                    }
                }
                _ => {
                    let rest = bytes.get(at..).unwrap_or_default();
                    let length = rest
                        .iter()
                        .position(|byte| self.ends_field[usize::from(*byte)]);
                    let end = match length {
                        Some(length) => at + length,
                        None if last => bytes.len(),
                        None => return Split::Incomplete,
                    };
                    let is_line_end = bytes.get(end) != Some(&self.delimiter);
                    self.push_unquoted(bytes, at, end, is_line_end, records);
                    end
                }
            };
            match bytes.get(end) {
                Some(byte) if *byte == self.delimiter => at = end + 1,
                Some(_) => {
                    return Split::Record {
                        next: end + 1,
                        lines,
                    };
                }
                None => return Split::Record { next: end, lines },
            }
        }
    }

    fn push_unquoted(
        &self,
        bytes: &[u8],
        start: usize,
        end: usize,
        is_line_end: bool,
        records: &mut Records,
    ) {
        let mut text = bytes.get(start..end).unwrap_or_default();
        let mut start = start;
        if is_line_end {
            text = text.strip_suffix(b"\r").unwrap_or(text);
        }
        if self.trim {
            start += text.len() - text.trim_ascii_start().len();
            text = text.trim_ascii();
        }
        records.spans.push(Span {
            start: start as u32,
            end: (start + text.len()) as u32,
            quoted: false,
            unescaped: false,
        });
    }

    /// Reads the field whose quote stands at `open`, and returns where it ends: at a delimiter, a
    /// line feed or the end of the bytes.
    fn quoted(
        &self,
        bytes: &[u8],
        open: usize,
        quote: u8,
        last: bool,
        records: &mut Records,
        lines: &mut i64,
    ) -> Result<usize, Split> {
        let unfinished = if last {
            Split::Malformed(UNTERMINATED)
        } else {
            Split::Incomplete
        };
        let scratch_start = records.scratch.len();
        let mut from = open + 1;
        let mut cursor = from;
        let close = loop {
            let rest = bytes.get(cursor..).unwrap_or_default();
            let found = match self.escape {
                Some(escape) => memchr2(quote, escape, rest),
                None => memchr(quote, rest),
            };
            let Some(at) = found.map(|offset| cursor + offset) else {
                return Err(unfinished);
            };
            let next = bytes.get(at + 1).copied();
            if next.is_none() && !last {
                return Err(Split::Incomplete);
            }
            if bytes.get(at) != Some(&quote) {
                // An escape stands for itself unless a quote or another escape follows.
                if next == Some(quote) || next == self.escape {
                    records
                        .scratch
                        .extend_from_slice(bytes.get(from..at).unwrap_or_default());
                    from = at + 1;
                    cursor = at + 2;
                } else {
                    cursor = at + 1;
                }
            } else if next == Some(quote) {
                records
                    .scratch
                    .extend_from_slice(bytes.get(from..=at).unwrap_or_default());
                from = at + 2;
                cursor = from;
            } else {
                break at;
            }
        };
        let end = self.end_after_quote(bytes, close + 1, last)?;
        *lines +=
            memchr::memchr_iter(b'\n', bytes.get(open..close).unwrap_or_default()).count() as i64;
        let unescaped = from != open + 1;
        let (start, stop) = if unescaped {
            records
                .scratch
                .extend_from_slice(bytes.get(from..close).unwrap_or_default());
            (scratch_start, records.scratch.len())
        } else {
            (from, close)
        };
        records.spans.push(Span {
            start: start as u32,
            end: stop as u32,
            quoted: true,
            unescaped,
        });
        Ok(end)
    }

    /// After a closing quote only white space may stand before the field ends.
    fn end_after_quote(&self, bytes: &[u8], after: usize, last: bool) -> Result<usize, Split> {
        let at = self.skip_space(bytes, after);
        match bytes.get(at) {
            Some(byte) if *byte == self.delimiter || *byte == b'\n' => Ok(at),
            Some(b'\r') => match bytes.get(at + 1) {
                Some(b'\n') => Ok(at + 1),
                None if last => Ok(bytes.len()),
                None => Err(Split::Incomplete),
                Some(_) => Err(Split::Malformed(TEXT_AFTER_QUOTE)),
            },
            None if last => Ok(bytes.len()),
            None => Err(Split::Incomplete),
            Some(_) => Err(Split::Malformed(TEXT_AFTER_QUOTE)),
        }
    }

    fn skip_space(&self, bytes: &[u8], from: usize) -> usize {
        let rest = bytes.get(from..).unwrap_or_default();
        let skipped = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t') && **byte != self.delimiter)
            .count();
        from + skipped
    }
}
