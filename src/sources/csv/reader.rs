//! Reads headers and runs of records, and sets aside what is no record.

use memchr::memchr;

use super::record::{Place, Records, Split, Splitter};
use crate::error::{Error, Result, SqlState};
use crate::sources::input::{BadRow, Numbering, Window};
use crate::sources::options::CsvOptions;
use crate::sources::rejected::{CONVERT, cut};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where a file stands.
#[derive(Debug)]
pub(super) struct RecordReader {
    splitter: Splitter,
    comment: Option<u8>,
    /// The line that comes next, from 1.
    line: i64,
    /// A line too long to hold is being skipped to its end.
    skipping: bool,
    /// More fields than the table has columns are fine.
    allow_more: bool,
    /// There were more.
    pub found_more: bool,
    pub records: Records,
}

/// What a look at the front of the bytes tells.
enum Front {
    /// A record may begin here.
    At(usize),
    /// Only blank lines and comments, up to here.
    Nothing(usize),
}

impl RecordReader {
    pub fn new(options: &CsvOptions, allow_more: bool) -> Self {
        Self {
            splitter: Splitter::new(options),
            comment: options.comment,
            line: 1,
            skipping: false,
            allow_more,
            found_more: false,
            records: Records::default(),
        }
    }

    /// How many bytes at the start of a file are a mark of its encoding.
    ///
    /// # Errors
    /// 22021 for UTF-16.
    pub fn start(bytes: &[u8]) -> Result<usize> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(Error::new(
                SqlState::CHARACTER_NOT_IN_REPERTOIRE,
                "the file is encoded in UTF-16",
            )
            .with_hint("Convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8."));
        }
        Ok(if bytes.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        })
    }

    /// Reads one record as the names of columns; `None` with the bytes that hold none yet.
    pub fn header(&mut self, bytes: &[u8], window: Window) -> Result<(usize, Option<Vec<String>>)> {
        let start = match self.skip_to_record(bytes, 0, window) {
            Front::At(start) => start,
            Front::Nothing(end) => return Ok((end, None)),
        };
        self.records.clear(0);
        match self
            .splitter
            .split(bytes, start, window == Window::Last, &mut self.records)
        {
            Split::Record { next, lines } => {
                let names = self
                    .records
                    .texts_from(bytes, 0)
                    .enumerate()
                    .map(|(index, field)| {
                        let name = std::str::from_utf8(field.bytes).map_err(|_| not_utf8())?;
                        Ok(match name.trim() {
                            "" => format!("column_{}", index + 1),
                            name => name.to_owned(),
                        })
                    })
                    .collect::<Result<_>>()?;
                self.line += lines;
                Ok((next, Some(names)))
            }
            Split::Incomplete if window == Window::Open => Ok((0, None)),
            Split::Incomplete => Err(bad_header("it is longer than 16 MiB")),
            Split::Malformed(reason) => Err(bad_header(reason)),
        }
    }

    /// Splits at most `limit` records of `width` fields into `self.records`; returns how many
    /// bytes are done with, and the bad rows among them.
    pub fn read(
        &mut self,
        bytes: &[u8],
        window: Window,
        width: usize,
        limit: usize,
    ) -> (usize, Vec<BadRow>) {
        self.records.clear(width);
        let mut bad = Vec::new();
        let mut position = 0;
        if self.skipping {
            match memchr(b'\n', bytes) {
                Some(end) => {
                    self.skipping = false;
                    self.line += 1;
                    position = end + 1;
                }
                None => return (bytes.len(), bad),
            }
        }
        while self.records.len() + bad.len() < limit {
            let start = match self.skip_to_record(bytes, position, window) {
                Front::At(start) => start,
                Front::Nothing(end) => return (end, bad),
            };
            let first = self.records.span_count();
            let line = self.line;
            match self
                .splitter
                .split(bytes, start, window == Window::Last, &mut self.records)
            {
                Split::Record { next, lines } => {
                    let found = self.records.span_count() - first;
                    self.line += lines;
                    position = next;
                    if found == width || (found > width && self.allow_more) {
                        self.found_more |= found > width;
                        self.records.keep(
                            first,
                            Place {
                                line,
                                start,
                                end: next,
                            },
                        );
                    } else {
                        self.records.drop_from(first);
                        let record = bytes.get(start..next).unwrap_or_default();
                        let fields = if width == 1 { "field" } else { "fields" };
                        let reason = format!("expected {width} {fields}, found {found}");
                        bad.push(malformed(line, reason, record));
                    }
                }
                Split::Incomplete if window == Window::Open => {
                    self.records.drop_from(first);
                    return (start, bad);
                }
                split => {
                    self.records.drop_from(first);
                    let reason = match split {
                        Split::Malformed(reason) => reason,
                        _ => "record longer than 16 MiB, perhaps by an unterminated quoted value",
                    };
                    // Only the first line is given up: what follows may be whole.
                    let Some(end) = self.end_of_line(bytes, start, window) else {
                        return (start, bad);
                    };
                    let record = bytes.get(start..end).unwrap_or_default();
                    bad.push(malformed(line, reason.to_owned(), record));
                    position = end;
                }
            }
        }
        (position, bad)
    }

    /// Gives up the line at `start`, and returns where the next one begins; `None` where more must
    /// be seen.
    fn end_of_line(&mut self, bytes: &[u8], start: usize, window: Window) -> Option<usize> {
        match memchr(b'\n', bytes.get(start..).unwrap_or_default()) {
            Some(length) => {
                self.line += 1;
                Some(start + length + 1)
            }
            None if window == Window::Open => None,
            None => {
                self.skipping = window == Window::Full;
                Some(bytes.len())
            }
        }
    }

    /// Skips blank lines and comments.
    fn skip_to_record(&mut self, bytes: &[u8], from: usize, window: Window) -> Front {
        let mut at = from;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            match rest {
                [] => return Front::Nothing(at),
                [b'\n', ..] => {
                    at += 1;
                    self.line += 1;
                }
                [b'\r', b'\n', ..] => {
                    at += 2;
                    self.line += 1;
                }
                [b'\r'] if window == Window::Last => return Front::Nothing(bytes.len()),
                [b'\r'] if window == Window::Open => return Front::Nothing(at),
                [first, ..] if Some(*first) == self.comment => {
                    match self.end_of_line(bytes, at, window) {
                        Some(end) => at = end,
                        None => return Front::Nothing(at),
                    }
                }
                _ => return Front::At(at),
            }
        }
    }
}

fn malformed(line: i64, reason: String, record: &[u8]) -> BadRow {
    BadRow {
        line,
        numbering: Numbering::Lines,
        column: None,
        value: None,
        reason,
        sqlstate: SqlState::BAD_COPY_FILE_FORMAT,
        record: line_text(record),
        remedy: None,
    }
}

/// A record without its line break.
pub(super) fn line_text(record: &[u8]) -> String {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    cut(record.strip_suffix(b"\r").unwrap_or(record))
}

fn not_utf8() -> Error {
    Error::new(
        SqlState::CHARACTER_NOT_IN_REPERTOIRE,
        "the header is not encoded in UTF-8",
    )
    .with_hint(CONVERT)
}

fn bad_header(reason: &str) -> Error {
    Error::new(
        SqlState::BAD_COPY_FILE_FORMAT,
        format!("the header cannot be read: {reason}"),
    )
}
