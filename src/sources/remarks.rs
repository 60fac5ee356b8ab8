//! What a statement is told of the files that it reads, beside their bad rows.

use std::collections::{BTreeMap, BTreeSet};

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
    /// A column is not there, and NULL.
    Missing(String),
}

/// The remarks of a statement: each is told once for a source, or for a file that is empty.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// By source and remark, the first file.
    found: BTreeMap<(String, Remark), String>,
    /// Of empty files, each.
    empty: BTreeSet<(String, String)>,
    /// More than are kept.
    more: bool,
}

impl Remarks {
    pub fn push(&mut self, source: &str, file: &str, remark: Remark) {
        let is_full = self.found.len() + self.empty.len() >= MAX_REMARKS;
        if remark == Remark::Empty {
            let key = (source.to_owned(), file.to_owned());
            if is_full && !self.empty.contains(&key) {
                self.more = true;
            } else {
                self.empty.insert(key);
            }
            return;
        }
        let key = (source.to_owned(), remark);
        match self.found.get_mut(&key) {
            Some(first) if file < first.as_str() => file.clone_into(first),
            Some(_) => {}
            None if is_full => self.more = true,
            None => drop(self.found.insert(key, file.to_owned())),
        }
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
        let found = self.found.iter().map(|((source, remark), file)| match remark {
            Remark::Empty => warning(format!("{source}: {file} is empty"), String::new()),
            Remark::LeftOut(column, extra) => warning(
                format!("{source}: column \"{column}\" of {file} is left out, since the table lacks it"),
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
                format!("{source}: {file} has more values in a record than the table has columns, which are left out"),
                "Declare more columns to read them.".to_owned(),
            ),
            Remark::Missing(column) => warning(
                format!("{source}: {file} has no column \"{column}\", which is NULL in its rows"),
                "The option on_missing_columns 'null' takes that as it is, and 'fail' makes it an error."
                    .to_owned(),
            ),
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
