//! What a statement is told of the files that it reads, beside their bad rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::options::ExtraColumns;
use crate::error::{Error, SqlState};

/// How many remarks a statement is told.
const MAX_REMARKS: usize = 20;

/// Something of a file that a statement is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remark {
    /// It holds nothing, not even a header.
    Empty,
    /// A column is left out, since the table lacks it.
    LeftOut(String, ExtraColumns),
    /// Values beyond those of the table's columns are left out.
    Beyond,
    /// A column is not there, and NULL. Of files that come one after the other this is told where later
    /// ones have it no more, and not where earlier ones do not have it yet.
    Missing(String),
    /// A column is there: nothing to tell, but of others.
    Present(String),
}

/// The remarks of a statement: each is told once for a source, or for a file that is empty.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// By source and remark, the first file, or of columns that are missing or there the latest one.
    found: BTreeMap<(String, Remark), (String, DateTime<Utc>)>,
    /// Of empty files, each.
    empty: BTreeSet<(String, String)>,
    /// How many there are to tell.
    told: usize,
    /// More than are kept.
    more: bool,
}

impl Remarks {
    pub fn push(&mut self, source: &str, file: &str, modified: DateTime<Utc>, remark: Remark) {
        let is_told = !matches!(remark, Remark::Present(_));
        let is_full = is_told && self.told >= MAX_REMARKS;
        if remark == Remark::Empty {
            let key = (source.to_owned(), file.to_owned());
            match is_full && !self.empty.contains(&key) {
                true => self.more = true,
                false => self.told += usize::from(self.empty.insert(key)),
            }
            return;
        }
        let wants_latest = matches!(remark, Remark::Missing(_) | Remark::Present(_));
        let new = (file.to_owned(), modified);
        let key = (source.to_owned(), remark);
        match self.found.get_mut(&key) {
            Some(known) => {
                let is_before = match wants_latest {
                    true => (known.1, &known.0) < (new.1, &new.0),
                    false => new.0 < known.0,
                };
                if is_before {
                    *known = new;
                }
            }
            None if is_full => self.more = true,
            None => {
                self.told += usize::from(is_told);
                self.found.insert(key, new);
            }
        }
    }

    /// Whether a later file has a column that a file does not have.
    fn comes_later(&self, source: &str, column: &str, modified: DateTime<Utc>) -> bool {
        let key = (source.to_owned(), Remark::Present(column.to_owned()));
        let latest = self.found.get(&key);
        latest.is_some_and(|(_, latest)| *latest >= modified)
    }

    /// As warnings.
    pub fn warnings(&self) -> Vec<Error> {
        let warning =
            |message: String, hint: String| Error::new(SqlState::WARNING, message).with_hint(hint);
        let empty = self.empty.iter().map(|(source, file)| {
            warning(
                format!("{source}: {file} is empty, without even a header"),
                "A file of no rows has a header: this one may have been cut off.".to_owned(),
            )
        });
        let found = self.found.iter().filter_map(|((source, remark), (file, modified))| {
            Some(match remark {
                Remark::Empty | Remark::Present(_) => return None,
                Remark::Missing(column) if self.comes_later(source, column, *modified) => return None,
                Remark::LeftOut(column, extra) => warning(
                    format!(
                        "{source}: column \"{column}\" of {file} is left out, since the table lacks it"
                    ),
                    match extra {
                        ExtraColumns::Add => format!(
                            "ALTER EXTERNAL TABLE {source} REFRESH adds it, as does the next refresh of what reads the table."
                        ),
                        ExtraColumns::Fail | ExtraColumns::Ignore => {
                            "Declare the column to read it.".to_owned()
                        }
                    },
                ),
                Remark::Beyond => warning(
                    format!(
                        "{source}: {file} has more values in a record than the table has columns, which are left out"
                    ),
                    "Declare more columns to read them.".to_owned(),
                ),
                Remark::Missing(column) => warning(
                    format!("{source}: {file} has no column \"{column}\", which is NULL in its rows"),
                    "The option on_missing_columns 'null' takes that as it is, and 'fail' makes it an error."
                        .to_owned(),
                ),
            })
        });
        let mut warnings: Vec<Error> = empty.chain(found).collect();
        if self.more {
            warnings.push(Error::new(
                SqlState::WARNING,
                format!("more than {MAX_REMARKS} such differences between files and tables"),
            ));
        }
        warnings
    }
}
