//! `ALTER TABLE ... SET (option = value, ...)` and `RESET (option, ...)`: options that no row follows from
//! get other values, and the rows stay.

use super::rows::Rows;
use crate::error::{Error, Result};
use crate::models::define::{STORAGE_OPTIONS, TABLE_OPTIONS, is_of_storage};
use crate::sql::Options;
use crate::sql::options::check_known;

/// Gives options values, or takes them away; none where they have these already. Values are looked at
/// where the definition is.
///
/// # Errors
/// 22023 for what is no option of a table; 0A000 for one that rows follow from.
pub(super) fn change<'a>(
    options: &mut Options,
    changes: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<Option<Rows>> {
    let known: Vec<&str> = TABLE_OPTIONS.iter().map(|option| option.name).collect();
    let before = options.clone();
    for (name, value) in changes {
        // Which rows there are follows from the others.
        if !is_of_storage(name) {
            check_known([name], &known, "table")?;
            return Err(Error::unsupported(format!("ALTER of the option \"{name}\"")).with_hint(
                format!(
                    "ALTER TABLE sets and resets {}. Replace the table by one with other options: CREATE OR REPLACE TABLE ... WITH (...) AS.",
                    STORAGE_OPTIONS.join(" and ")
                ),
            ));
        }
        match value {
            Some(value) => options.set(name, value),
            None => options.0.retain(|(key, _)| key != name),
        }
    }
    Ok((*options != before).then_some(Rows::Stay))
}
