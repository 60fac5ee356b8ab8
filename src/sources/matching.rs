//! Which columns of a file are which of the table, and what it means where one has what the other lacks.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field, Schema};

use super::conversion::{Conflict, Conversion};
use super::options::{ExtraColumns, MissingColumns};
use super::remarks::Remark;
use super::type_name;
use crate::error::{Error, Result, SqlState, nearest};

/// What is to be done about columns that only the file, or only the table, has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Differences {
    pub extra: ExtraColumns,
    pub missing: MissingColumns,
    /// Rows are stored: what is left out of them would be lost.
    pub stores: bool,
}

impl Differences {
    /// There are to be none.
    #[cfg(test)]
    pub const NONE: Self = Self {
        extra: ExtraColumns::Fail,
        missing: MissingColumns::Fail,
        stores: false,
    };

    /// Whether a column that the table lacks is left out. Where the table is to get it, rows that are
    /// stored must wait for that.
    pub fn leaves_out(self) -> bool {
        match self.extra {
            ExtraColumns::Ignore => true,
            ExtraColumns::Add => !self.stores,
            ExtraColumns::Fail => false,
        }
    }

    /// What to do about a column that the table lacks.
    pub fn hint_of_extra(self) -> &'static str {
        match self.extra {
            ExtraColumns::Add => {
                "ALTER EXTERNAL TABLE ... REFRESH adds it to the table, as does the next refresh of what reads it."
            }
            ExtraColumns::Fail | ExtraColumns::Ignore => {
                "Declare the column, or set the option on_extra_columns 'ignore' to leave it out."
            }
        }
    }
}

/// For each column of the table, where the file has it.
#[derive(Debug, PartialEq)]
pub(super) struct Matched<T> {
    pub columns: Vec<Option<T>>,
    pub remarks: Vec<Remark>,
}

/// Matches columns by their names.
///
/// # Errors
/// 42703 for a column that the file must have; 22P04 for one that the table must have; 42702 where a
/// column fits two of the file's.
pub(super) fn by_name(
    schema: &Schema,
    names: &[String],
    differences: Differences,
) -> Result<Matched<usize>> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    let mut remarks = Vec::new();
    let fields = schema.fields().iter();
    let of_table: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
    for field in schema.fields() {
        let found = find(field.name(), names, &of_table)?;
        if found.is_some() && differences.missing == MissingColumns::Warn {
            remarks.push(Remark::Present(field.name().clone()));
        }
        if found.is_none() {
            match differences.missing {
                // NULL cannot be in its place.
                _ if !field.is_nullable() => return Err(missing(field, names, false)),
                MissingColumns::Fail => return Err(missing(field, names, true)),
                MissingColumns::Warn => remarks.push(Remark::Missing(field.name().clone())),
                MissingColumns::Null => {}
            }
        }
        columns.push(found);
    }
    let is_extra = |index: &usize| !columns.contains(&Some(*index));
    let mut extra = (0..names.len())
        .filter(is_extra)
        .filter_map(|it| names.get(it));
    if differences.leaves_out() {
        remarks.extend(extra.map(|name| Remark::LeftOut(name.clone(), differences.extra)));
    } else if let Some(name) = extra.next() {
        return Err(extra_column(name, differences));
    }
    Ok(Matched { columns, remarks })
}

/// The error of a column that the table lacks.
pub(super) fn extra_column(name: &str, differences: Differences) -> Error {
    Error::new(
        SqlState::BAD_COPY_FILE_FORMAT,
        format!("the file has a column \"{name}\" that the table lacks"),
    )
    .with_hint(differences.hint_of_extra())
}

/// Where a file of these names has the table's column `wanted`. A name matches exactly, or else in
/// whatever case the file writes it, where no other column of the table may be meant: one without
/// upper-case letters (as names have that were written without quotes) comes before others.
///
/// # Errors
/// 42702 where such a one fits several of the file's.
fn find(wanted: &str, names: &[String], columns: &[&str]) -> Result<Option<usize>> {
    if let Some(index) = names.iter().position(|name| name == wanted) {
        return Ok(Some(index));
    }
    let mut found = names
        .iter()
        .enumerate()
        .filter(|(_, name)| differ_in_case(name, wanted) && !columns.contains(&name.as_str()));
    let has = |column: &str| names.iter().any(|name| name == column);
    let is_meant = || {
        let mut columns = columns.iter().filter(|column| **column != wanted);
        !columns.any(|column| differ_in_case(column, wanted) && !has(column))
    };
    let is_lower = lower(wanted).eq(wanted.chars());
    match (found.next(), found.next()) {
        (Some((index, _)), None) if is_lower || is_meant() => Ok(Some(index)),
        (Some((_, one)), Some((_, other))) if is_lower => Err(Error::new(
            SqlState::AMBIGUOUS_COLUMN,
            format!("column \"{wanted}\" fits the file's columns \"{one}\" and \"{other}\""),
        )
        .with_hint("Write the column's name in double quotes, as the file has it.")),
        _ => Ok(None),
    }
}

fn differ_in_case(one: &str, other: &str) -> bool {
    lower(one).eq(lower(other))
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Of each of a file's names, which of these columns has it, where one does.
pub(super) fn columns_of(names: &[String], columns: &[&str]) -> Vec<Option<usize>> {
    let mut found = vec![None; names.len()];
    for (column, wanted) in columns.iter().enumerate() {
        if let Ok(Some(place)) = find(wanted, names, columns)
            && let Some(of_name) = found.get_mut(place)
        {
            *of_name = Some(column);
        }
    }
    found
}

fn missing(field: &Field, names: &[String], may_be_null: bool) -> Error {
    let wanted = field.name();
    let hint = match nearest(wanted, names.iter().map(String::as_str)) {
        Some(name) => format!("Perhaps you meant the column \"{name}\"."),
        None => format!("Its columns are \"{}\".", names.join("\", \"")),
    };
    let hint = match may_be_null {
        true => format!("{hint} The option on_missing_columns 'null' reads NULL for it."),
        false => hint,
    };
    Error::new(
        SqlState::UNDEFINED_COLUMN,
        format!("the file has no column \"{wanted}\""),
    )
    .with_hint(hint)
}

/// That no name is there twice, as in a header.
pub(super) fn check_duplicates(names: &[String]) -> Result<()> {
    let mut seen = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(first) = seen.insert(name, index) {
            return Err(Error::new(
                SqlState::DUPLICATE_COLUMN,
                format!(
                    "the header names \"{name}\" twice, as columns {} and {}",
                    first + 1,
                    index + 1
                ),
            )
            .with_hint(
                "Rename one of them, or read the file with the option header 'false' and declared \
                 columns.",
            ));
        }
    }
    Ok(())
}

/// Matches the columns of a file that has types, and tells how each becomes one of the table.
///
/// # Errors
/// Those of [`by_name`]; 42804 for types that cannot be made of each other.
pub(super) fn by_type(
    schema: &Schema,
    file: &Schema,
    differences: Differences,
) -> Result<Matched<(usize, Conversion)>> {
    let names: Vec<String> = file.fields().iter().map(|it| it.name().clone()).collect();
    let Matched {
        columns,
        mut remarks,
    } = by_name(schema, &names, differences)?;
    let mut conversions = Vec::with_capacity(columns.len());
    let mut extra = Vec::new();
    for (field, place) in schema.fields().iter().zip(columns) {
        let found = place.and_then(|place| Some((place, file.fields().get(place)?)));
        conversions.push(match found {
            None => None,
            Some((place, of_file)) => {
                let (from, to) = (of_file.data_type(), field.data_type());
                let conversion = Conversion::between(field.name(), from, to, &mut extra);
                Some((place, conversion.map_err(|it| conflict(&it))?))
            }
        });
    }
    match extra.first() {
        Some(path) if !differences.leaves_out() => return Err(extra_column(path, differences)),
        _ => {}
    }
    remarks.extend(
        extra
            .into_iter()
            .map(|path| Remark::LeftOut(path, differences.extra)),
    );
    Ok(Matched {
        columns: conversions,
        remarks,
    })
}

fn conflict(conflict: &Conflict) -> Error {
    let Conflict { path, from, to } = conflict;
    let (from_name, to_name) = (type_name(from), type_name(to));
    let error = Error::new(
        SqlState::DATATYPE_MISMATCH,
        format!(
            "column \"{path}\" of the file is of type {from_name}, and that of the table of type {to_name}"
        ),
    );
    let is_text = |data_type: &DataType| matches!(data_type, DataType::Utf8);
    let nested = from.is_nested() || to.is_nested();
    error.with_hint(match nested || is_text(to) {
        true => format!(
            "Declare the column as {from_name}, or read files of the two types as two external tables."
        ),
        false => format!(
            "Declare the column as text, which values of both types can be read as, or as {from_name} if all files have that."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of a file, the columns of a table, and which of these each name is.
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [Option<usize>]);

    #[test]
    fn a_column_is_found_in_another_case_where_no_other_is_meant() {
        let cases: [Case<'_>; 10] = [
            (&["id", "extra"], &["id", "Extra"], &[Some(0), Some(1)]),
            (&["EXTRA"], &["extra"], &[Some(0)]),
            (
                &["Stra\u{df}e", "\u{c4}GE"],
                &["\u{e4}ge"],
                &[None, Some(0)],
            ),
            (
                &["Extra", "extra"],
                &["extra", "Extra"],
                &[Some(1), Some(0)],
            ),
            // The other column has its name.
            (&["extra", "Extra"], &["Extra"], &[None, Some(0)]),
            (
                &["extra", "EXTRA"],
                &["extra", "Extra"],
                &[Some(0), Some(1)],
            ),
            // One without upper-case letters comes first.
            (&["EXTRA"], &["Extra", "extra"], &[Some(1)]),
            // Two of the table's fit, or two of the file's.
            (&["EXTRA"], &["Extra", "eXtra"], &[None]),
            (&["extra", "EXTRA"], &["Extra"], &[None, None]),
            (&["Extra", "EXTRA"], &["extra"], &[None, None]),
        ];
        for (names, columns, expected) in cases {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(
                columns_of(&names, columns),
                expected,
                "{names:?} {columns:?}"
            );
        }
    }
}
