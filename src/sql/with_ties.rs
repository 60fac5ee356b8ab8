//! `FETCH FIRST n ROWS WITH TIES`, which DataFusion's planner does not know: it is a `LIMIT` whose number of
//! rows is within a function of its own, which the plan is told by (`session/ties.rs`).

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Fetch, Ident, LimitClause, NonBlock, Query, Value, VisitorMut,
};

use super::standard_forms::{arguments, call};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

/// The function that the number of rows is within.
pub const ROWS_WITH_TIES: &str = "rows_with_ties";

/// Says such clauses by that function.
///
/// # Errors
/// 42601 for one without `ORDER BY`, beside `SKIP LOCKED` or beside a `LIMIT`; 2201W for `NULL` rows.
pub fn mark(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Marker))
}

struct Marker;

impl VisitorMut for Marker {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        flow(of_query(query))
    }
}

fn of_query(query: &mut Query) -> Result<()> {
    let Some(fetch) = query.fetch.take_if(|it| it.with_ties && !it.percent) else {
        return Ok(());
    };
    let wrong = |message: &str| Error::new(SqlState::SYNTAX_ERROR, message);
    if query.order_by.is_none() {
        return Err(
            wrong("WITH TIES cannot be specified without ORDER BY clause")
                .with_hint("Say by ORDER BY which rows are alike, or write ROWS ONLY."),
        );
    }
    let mut locks = query.locks.iter();
    if locks.any(|lock| matches!(lock.nonblock, Some(NonBlock::SkipLocked))) {
        let message = "SKIP LOCKED and WITH TIES options cannot be used together";
        return Err(wrong(message));
    }
    let offset = match query.limit_clause.take() {
        None => None,
        Some(LimitClause::LimitOffset {
            limit: None,
            offset,
            ..
        }) => offset,
        Some(_) => return Err(wrong("a query has one LIMIT or one FETCH, not both")),
    };
    query.limit_clause = Some(LimitClause::LimitOffset {
        limit: Some(rows(fetch)?),
        offset,
        limit_by: Vec::new(),
    });
    Ok(())
}

/// The number of rows, within the function.
fn rows(fetch: Fetch) -> Result<Expr> {
    let one = || Expr::value(Value::Number("1".to_owned(), false));
    let quantity = fetch.quantity.unwrap_or_else(one);
    if matches!(&quantity, Expr::Value(value) if value.value == Value::Null) {
        return Err(Error::new(
            SqlState::INVALID_ROW_COUNT_IN_LIMIT,
            "row count cannot be null in FETCH FIRST ... WITH TIES clause",
        ));
    }
    let mut function = call(Ident::new(ROWS_WITH_TIES));
    function.args = arguments(vec![quantity]);
    Ok(Expr::Function(function))
}
