//! Relations that a statement which changes rows reads in the place of its table, as the queries that it is put
//! together of name them. Users cannot write such names themselves.

use crate::error::{Error, Result, SqlState};

/// Behind the table's name, where the rows' places are wanted.
pub const ROWS: &str = "@rows";

/// Behind the table's name, where its new rows are wanted.
pub const NEW_ROWS: &str = "@new";

/// Behind the table's name, where the rows are wanted that are put into it.
pub const PUT_ROWS: &str = "@put";

/// Behind the table's name, where the rows of an `INSERT` are wanted.
pub const PROPOSED: &str = "@proposed";

/// Behind the table's name, where keys that were looked up are wanted.
pub const KEY_ROWS: &str = "@keys";

/// Behind the table's name, where its columns are wanted as rows may give them, without `NOT NULL`.
pub const GIVEN: &str = "@given";

/// Refuses a name that such a relation could have.
///
/// # Errors
/// 42602 for one.
pub fn refuse(name: &str) -> Result<()> {
    let suffixes = [ROWS, NEW_ROWS, PUT_ROWS, PROPOSED, KEY_ROWS, GIVEN];
    let Some(suffix) = suffixes.iter().find(|suffix| name.ends_with(*suffix)) else {
        return Ok(());
    };
    Err(Error::new(
        SqlState::INVALID_NAME,
        format!("the name \"{name}\" is reserved"),
    )
    .with_hint(format!(
        "Names that end with \"{suffix}\" are the server's own."
    )))
}
