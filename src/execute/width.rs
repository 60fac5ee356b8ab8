//! How many values a row that is put in has.

use datafusion::sql::sqlparser::ast::Query;

use super::query;
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::sql::row_membership;

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

/// How many values the rows of a query have, whose names are resolved.
///
/// # Errors
/// What planning it says, where its text does not tell.
pub async fn of_query(context: &StatementContext, query: &Query) -> Result<usize> {
    match row_membership::width(&query.body) {
        Some(width) => Ok(width),
        None => Ok(query::plan(context, query).await?.schema().fields().len()),
    }
}
