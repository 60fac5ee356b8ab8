//! How many values a row that is put in has.

use crate::error::{Error, Result, SqlState};

/// That so many values are for the columns that an `INSERT` names, or, where it names none, for the
/// first ones of the table.
///
/// # Errors
/// 42601 for more values than columns, or fewer than are named.
pub fn check(given: usize, named: usize, own: usize) -> Result<()> {
    let wanted = if named == 0 { own } else { named };
    let message = if given > wanted {
        "INSERT has more expressions than target columns"
    } else if given < named {
        "INSERT has more target columns than expressions"
    } else {
        return Ok(());
    };
    Err(Error::new(SqlState::SYNTAX_ERROR, message))
}
