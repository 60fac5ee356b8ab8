//! What may not be called where a statement speaks of one row: functions that read many rows, or give
//! many.

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{Expr, Query, Visitor};

use crate::error::{Error, Result, SqlState};
use crate::sql::cursor::fold;
use crate::sql::set_returning::gives_rows;
use crate::sql::walk::Visit;

/// Refuses such functions outside of subqueries; `place` is where the expressions stand.
///
/// # Errors
/// 42803 for aggregate, 42P20 for window and 0A000 for set-returning functions.
pub fn refuse(state: &SessionState, expressions: &impl Visit, place: &str) -> Result<()> {
    let mut finder = Finder { state, depth: 0 };
    match expressions.visit(&mut finder) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break((sqlstate, kind)) => Err(Error::new(
            sqlstate,
            format!("{kind} functions are not allowed in {place}"),
        )),
    }
}

struct Finder<'a> {
    state: &'a SessionState,
    /// How many subqueries are around.
    depth: usize,
}

impl Visitor for Finder<'_> {
    type Break = (SqlState, &'static str);

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Self::Break> {
        let Expr::Function(call) = expression else {
            return ControlFlow::Continue(());
        };
        let Some(name) = call.name.0.last().and_then(|part| part.as_ident()) else {
            return ControlFlow::Continue(());
        };
        let name = fold(name.value.clone(), name.quote_style);
        if self.depth > 0 {
            ControlFlow::Continue(())
        } else if call.over.is_some() {
            ControlFlow::Break((SqlState::WINDOWING_ERROR, "window"))
        } else if self.state.aggregate_functions().contains_key(&name) {
            ControlFlow::Break((SqlState::GROUPING_ERROR, "aggregate"))
        } else if gives_rows(&name) {
            ControlFlow::Break((SqlState::FEATURE_NOT_SUPPORTED, "set-returning"))
        } else {
            ControlFlow::Continue(())
        }
    }
}
