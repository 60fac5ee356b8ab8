//! `DEFAULT` in a selection, which is no value: it stands for one in `VALUES` and behind `SET` alone.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Query, Select, Visitor};

use super::assignment::is_default;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, ended, visit_expressions};

/// That no selection of a query has one.
///
/// # Errors
/// 42601 for one that has.
pub fn check(query: &Query) -> Result<()> {
    struct Checker;
    impl Visitor for Checker {
        type Break = Error;

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
            visit_expressions(select, |part| match is_default(part) {
                true => {
                    let message = "DEFAULT is not allowed in this context";
                    ControlFlow::Break(Error::new(SqlState::SYNTAX_ERROR, message))
                }
                false => ControlFlow::Continue(()),
            })
        }
    }
    ended(query.visit(&mut Checker))
}
