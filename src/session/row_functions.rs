//! What may not be called where a statement speaks of one row: functions that read many rows, or give
//! many.

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::Expr;

use crate::error::{Error, Result, SqlState};
use crate::sql::cursor::folded;
use crate::sql::set_returning::gives_rows;
use crate::sql::walk::{Visit, visit_own_expressions};

/// Refuses such functions outside of subqueries; `place` is where the expressions stand.
///
/// # Errors
/// 42803 for aggregate, 42P20 for window and 0A000 for set-returning functions.
pub fn refuse(state: &SessionState, expressions: &impl Visit, place: &str) -> Result<()> {
    let found = visit_own_expressions(expressions, |expression| match refused(state, expression) {
        Some(found) => ControlFlow::Break(found),
        None => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break((sqlstate, kind)) => Err(Error::new(
            sqlstate,
            format!("{kind} functions are not allowed in {place}"),
        )),
    }
}

/// What kind of such a function an expression calls, and how that is refused.
fn refused(state: &SessionState, expression: &Expr) -> Option<(SqlState, &'static str)> {
    let Expr::Function(call) = expression else {
        return None;
    };
    let name = call.name.0.last().and_then(|part| part.as_ident())?;
    let name = folded(name);
    if call.over.is_some() {
        Some((SqlState::WINDOWING_ERROR, "window"))
    } else if state.aggregate_functions().contains_key(&name) {
        Some((SqlState::GROUPING_ERROR, "aggregate"))
    } else if gives_rows(&name) {
        Some((SqlState::FEATURE_NOT_SUPPORTED, "set-returning"))
    } else {
        None
    }
}
