//! Takes the bytes of a file apart into lines.

use memchr::memchr;

use crate::error::SqlState;
use crate::sources::input::{BadRow, Numbering, Window};
use crate::sources::rejected::cut;

/// A line that is not blank, without the white space around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub number: i64,
    pub text: &'a [u8],
}

/// Where a file stands.
#[derive(Debug)]
pub(super) struct LineReader {
    next: i64,
    /// A line too long to hold is being skipped to its end.
    skipping: bool,
}

impl LineReader {
    pub fn new() -> Self {
        Self {
            next: 1,
            skipping: false,
        }
    }

    /// At most `limit` lines from the front of `bytes`, how many bytes are done with, and the line
    /// that is too long.
    pub fn read<'a>(
        &mut self,
        bytes: &'a [u8],
        window: Window,
        limit: usize,
    ) -> (Vec<Line<'a>>, usize, Option<BadRow>) {
        let mut lines = Vec::new();
        let mut position = 0;
        if self.next == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            position = 3;
        }
        while lines.len() < limit {
            let rest = bytes.get(position..).unwrap_or_default();
            let (text, used) = match memchr(b'\n', rest) {
                Some(length) => (rest.get(..length).unwrap_or_default(), length + 1),
                None if rest.is_empty() => break,
                None => match window {
                    Window::Last => (rest, rest.len()),
                    _ if self.skipping => return (lines, bytes.len(), None),
                    Window::Full if position == 0 || (self.next == 1 && position == 3) => {
                        self.skipping = true;
                        return (lines, bytes.len(), Some(too_long(self.next, rest)));
                    }
                    Window::Open | Window::Full => {
                        // A mark at the start alone is no progress: it is seen again.
                        let is_mark = self.next == 1 && position == 3;
                        return (lines, if is_mark { 0 } else { position }, None);
                    }
                },
            };
            position += used;
            let text = text.trim_ascii();
            if !self.skipping && !text.is_empty() {
                lines.push(Line {
                    number: self.next,
                    text,
                });
            }
            self.skipping = false;
            self.next += 1;
        }
        (lines, position, None)
    }
}

fn too_long(number: i64, line: &[u8]) -> BadRow {
    BadRow {
        line: number,
        numbering: Numbering::Lines,
        column: None,
        value: None,
        reason: "line longer than 16 MiB".to_owned(),
        sqlstate: SqlState::BAD_COPY_FILE_FORMAT,
        record: cut(line),
        remedy: None,
    }
}
