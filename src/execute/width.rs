//! How many values a row that is put in has.

use datafusion::sql::sqlparser::ast::{Query, SelectItem, SetExpr};

use super::query;
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;

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
    match written(&query.body) {
        Some(width) => Ok(width),
        None => Ok(query::plan(context, query).await?.schema().fields().len()),
    }
}

fn written(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Select(select) => {
            let is_one = |item: &SelectItem| {
                matches!(
                    item,
                    SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
                )
            };
            let all_are = select.projection.iter().all(is_one);
            all_are.then_some(select.projection.len())
        }
        SetExpr::SetOperation { left, .. } => written(left),
        SetExpr::Query(query) => written(&query.body),
        SetExpr::Values(values) => values.rows.first().map(|row| row.len()),
        _ => None,
    }
}
