//! What names a record: its identifier, and the system that it is from.

use datafusion::error::{DataFusionError, Result};

use super::dictionary::Interner;
use super::records::write_key;
use super::rows::Rows;
use crate::FunctionError;
use crate::wording::quoted;

/// The names of records, in their order.
pub(super) struct Identifiers {
    /// Source and identifier of each record; its place is the number less one.
    pub(super) ids: Interner,
    pub(super) sources: Vec<u32>,
    pub(super) source_names: Vec<String>,
}

/// Reads the columns of the identifiers and of the sources.
///
/// # Errors
/// 23502 for a record without an identifier, 23505 for one that another record has.
pub(super) fn identifiers(rows: &Rows, id: usize, source: Option<usize>) -> Result<Identifiers> {
    let mut sources = Vec::new();
    let mut names = Interner::default();
    if let Some(source) = source {
        sources.reserve(rows.count);
        rows.texts(source, |text| {
            sources.push(names.intern(text.unwrap_or_default())?);
            Ok(())
        })?;
    }
    let mut ids = Interner::default();
    ids.reserve(rows.count);
    let mut key = String::new();
    let mut row = 0;
    let name = rows.name(id);
    rows.texts(id, |text| {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Err(refused(
                "23502",
                format!("{} of a record is NULL or empty", quoted(name)),
                "Every record needs its own identifier: leave out those without.",
            ));
        };
        write_key(
            &mut key,
            sources.get(row).map(|code| names.dictionary().text(*code)),
            text,
        );
        row += 1;
        if ids.intern(&key)? as usize != row {
            return Err(repeated(name, text));
        }
        Ok(())
    })?;
    let texts = std::iter::once("").chain(names.dictionary().texts());
    let source_names = texts.map(str::to_owned).collect();
    Ok(Identifiers {
        ids,
        sources,
        source_names,
    })
}

/// That two records have one identifier, in the column of this name.
pub fn repeated(column: &str, id: &str) -> DataFusionError {
    refused(
        "23505",
        format!(
            "two records have the same {}: {}",
            quoted(column),
            quoted(id)
        ),
        "Every record needs its own identifier: take SELECT DISTINCT ON, or name the column that \
         tells systems apart with the option source.",
    )
}

fn refused(sqlstate: &'static str, message: String, hint: &str) -> DataFusionError {
    FunctionError {
        sqlstate,
        message,
        hint: Some(hint.to_owned()),
    }
    .into()
}
