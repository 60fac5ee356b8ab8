//! The clause of a condition that is no truth: DataFusion tells of a filter alone, which may be one of `WHERE` or
//! of `HAVING`.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Query, Select, Visitor};

use crate::error::Error;
use crate::sql::walk::Visit;

/// How an error begins of a condition that is no truth, before the type that it is of.
pub(super) const NO_TRUTH: &str = "a condition must be of type boolean, not of type ";

/// The clause that all conditions of a query stand in; none where they stand in several.
pub fn of(query: &Query) -> Option<&'static str> {
    #[derive(Default)]
    struct Search {
        has_where: bool,
        has_having: bool,
    }
    impl Visitor for Search {
        type Break = Infallible;

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Infallible> {
            self.has_where |= select.selection.is_some();
            self.has_having |= select.having.is_some();
            ControlFlow::Continue(())
        }
    }
    let mut search = Search::default();
    // Nothing breaks the walk.
    let _ = Visit::visit(query, &mut search);
    match (search.has_where, search.has_having) {
        (true, false) => Some("WHERE"),
        (false, true) => Some("HAVING"),
        _ => None,
    }
}

/// An error of planning, in which a condition that is no truth is told as one of this clause.
pub fn named(error: Error, clause: Option<&str>) -> Error {
    let own = error.message().strip_prefix(NO_TRUTH).zip(clause);
    let message = own
        .map(|(own, clause)| format!("argument of {clause} must be type boolean, not type {own}"));
    match message {
        Some(message) => error.with_message(message),
        None => error,
    }
}
