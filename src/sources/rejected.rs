//! Rows that a source could not read, and where they go under `on_error = 'quarantine'`.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::input::Numbering;
use super::remarks::{Remark, Remarks};
use crate::error::{Error, Result, SqlState};

/// How much of a record is kept with it.
pub const RECORD_LIMIT: usize = 8 * 1024;

/// What to do about a file in another encoding.
pub(super) const CONVERT: &str = "Convert the file to UTF-8, as with iconv -f ISO-8859-1 -t UTF-8.";

/// How much of a value is shown in a message.
const VALUE_LIMIT: usize = 100;

/// How many rows are kept for a notice.
const KEPT_FOR_NOTICE: usize = 3;

/// How many notices are kept of what is no row.
const KEPT_OF_OTHERS: usize = 16;

/// How many rows are known again when a source is read twice; later ones count each time.
const KNOWN_ROWS: usize = 1 << 20;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The external table, `schema.name`.
    pub source: String,
    /// The file, as `_file` names it.
    pub file: String,
    /// The line where the record begins, from 1, as `_row` counts.
    pub row: i64,
    /// The column at fault, where one is.
    pub column_name: Option<String>,
    /// Its text, cut to 8 KiB.
    pub value: Option<String>,
    /// What was wrong.
    pub reason: String,
    /// The SQLSTATE that `on_error = 'fail'` would raise.
    pub sqlstate: SqlState,
    /// The whole record as it stood in the file, cut to 8 KiB, what is not UTF-8 replaced.
    pub record: String,
    /// What `row` counts.
    pub numbering: Numbering,
    /// What to do about it, where that is known.
    pub remedy: Option<String>,
}

impl RejectedRow {
    /// The row as the error of `on_error = 'fail'`.
    pub fn to_error(&self) -> Error {
        let counted = match self.numbering {
            Numbering::Lines => "line",
            Numbering::Rows => "row",
        };
        let place = format!("{}: {}, {counted} {}", self.source, self.file, self.row);
        let place = match &self.column_name {
            Some(column) => format!("{place}, column \"{column}\""),
            None => place,
        };
        Error::new(self.sqlstate, self.reason.clone())
            .within(place)
            .with_detail(format!("The record is: {}", shorten(&self.record)))
            .with_hint(self.hint())
    }

    /// What tells the row from others of its statement.
    fn key(&self) -> u128 {
        let hash = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            let place = (&self.source, &self.file, self.row);
            (seed, place, &self.column_name, &self.reason).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        hash(0) << 64 | hash(1)
    }

    fn hint(&self) -> String {
        let correct = match self.sqlstate {
            _ if self.remedy.is_some() => self.remedy.as_deref().unwrap_or_default(),
            SqlState::CHARACTER_NOT_IN_REPERTOIRE => CONVERT,
            _ if self.column_name.is_none() && self.record.starts_with('[') => {
                "A file of JSON has one object a line: take an array apart, as with jq -c '.[]'."
            }
            _ => "Correct the file, or declare other columns.",
        };
        format!("{correct} The option on_error 'quarantine' sets bad rows aside.")
    }
}

/// Where a query's rejected rows go: put one in the session's configuration with
/// `SessionConfig::with_extension(Arc<RejectedRows>)` before planning.
///
/// A row counts once, however often a query reads its source. A query with a LIMIT reports the rows
/// that it happened to read.
#[derive(Debug)]
pub struct RejectedRows {
    sender: Option<mpsc::Sender<RejectedRow>>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    count: u64,
    first: Vec<RejectedRow>,
    /// The rows that came so far, by their hashes.
    known: HashSet<u128>,
    /// What else is to be told of files.
    remarks: Remarks,
    /// What is to be told of other things, each once.
    others: Vec<Error>,
    /// The notice was asked for.
    told: bool,
}

impl RejectedRows {
    /// Sends every row to `sender`, whose receiver keeps it in `tributary.rejected_rows`, and waits
    /// while its channel is full: another task must drain it while the query runs.
    pub fn new(sender: mpsc::Sender<RejectedRow>) -> Self {
        Self {
            sender: Some(sender),
            seen: Mutex::default(),
        }
    }

    /// Counts rows and keeps the first few, for a notice.
    pub fn counting() -> Self {
        Self {
            sender: None,
            seen: Mutex::default(),
        }
    }

    /// How many rows came so far.
    pub fn count(&self) -> u64 {
        self.seen.lock().count
    }

    /// The warnings that tell a client of rows that its statement left out, and of what else was found
    /// as it ran.
    pub fn notices(&self) -> Vec<Error> {
        let mut notices = self.remarks();
        notices.extend(self.left_out());
        notices.append(&mut self.seen.lock().others);
        notices
    }

    /// Has a client told of something else that its statement finds as it runs.
    pub fn tell(&self, notice: Error) {
        let mut seen = self.seen.lock();
        let is_known = |other: &Error| other.message() == notice.message();
        if seen.others.len() < KEPT_OF_OTHERS && !seen.others.iter().any(is_known) {
            seen.others.push(notice);
        }
    }

    /// The warnings of what was found of files, such as columns that the table lacks.
    pub fn remarks(&self) -> Vec<Error> {
        std::mem::take(&mut self.seen.lock().remarks).warnings()
    }

    /// Whether the rows that are read are stored.
    pub(super) fn stores(&self) -> bool {
        self.sender.is_some()
    }

    fn left_out(&self) -> Option<Error> {
        let mut seen = self.seen.lock();
        seen.told = true;
        if seen.count == 0 {
            return None;
        }
        let rows = if seen.count == 1 { "row" } else { "rows" };
        let examples: Vec<_> = seen
            .first
            .iter()
            .map(|row| format!("{}.", row.to_error()))
            .collect();
        let notice = Error::new(
            SqlState::WARNING,
            format!("{} bad {rows} left out", seen.count),
        )
        .with_detail(examples.join("\n"));
        Some(match self.sender {
            Some(_) => notice.with_hint("All of them are in tributary.rejected_rows."),
            None => notice,
        })
    }

    /// Takes note of something about a file.
    pub(super) fn remark(&self, source: &str, file: &str, modified: DateTime<Utc>, remark: Remark) {
        let mut seen = self.seen.lock();
        seen.remarks.push(source, file, modified, remark);
    }

    /// Takes a row, waiting for room.
    ///
    /// # Errors
    /// 57014 where the receiver is gone: rows must not vanish unseen.
    pub(super) async fn push(&self, row: RejectedRow) -> Result<()> {
        {
            let mut seen = self.seen.lock();
            let key = row.key();
            let is_known = if seen.known.len() < KNOWN_ROWS {
                !seen.known.insert(key)
            } else {
                seen.known.contains(&key)
            };
            if is_known {
                return Ok(());
            }
            seen.count += 1;
            if seen.first.len() < KEPT_FOR_NOTICE {
                seen.first.push(row.clone());
            }
        }
        match &self.sender {
            None => Ok(()),
            Some(sender) => sender.send(row).await.map_err(|_| {
                Error::new(
                    SqlState::QUERY_CANCELED,
                    "the collector of rejected rows has stopped",
                )
            }),
        }
    }
}

impl Drop for RejectedRows {
    /// What nobody was told of goes to the log.
    fn drop(&mut self) {
        for remark in self.remarks() {
            tracing::warn!("{remark}");
        }
        let told = self.sender.is_some() || self.seen.lock().told;
        if let Some(notice) = (!told).then(|| self.left_out()).flatten() {
            tracing::warn!("{notice}: {}", notice.detail().unwrap_or_default());
        }
    }
}

/// Bytes as text of at most [`RECORD_LIMIT`] bytes, what is not UTF-8 replaced.
pub(super) fn cut(bytes: &[u8]) -> String {
    let head = bytes.get(..RECORD_LIMIT).unwrap_or(bytes);
    // Of a character that the cut halved nothing is kept.
    let head = match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() && head.len() < bytes.len() => {
            head.get(..error.valid_up_to()).unwrap_or(head)
        }
        _ => head,
    };
    String::from_utf8_lossy(head).into_owned()
}

/// Text as a message shows it.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(VALUE_LIMIT) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
