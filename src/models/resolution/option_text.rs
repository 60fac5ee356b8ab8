//! SQL expressions that options of a model hold as text.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, SelectItem, SetExpr, Visit, Visitor};

use crate::error::{Error, Result, SqlState};
use crate::sql::{Statement, parse_one, standard_forms};

/// The one expression of a text.
///
/// # Errors
/// 42601 for a text that is no expression; 0A000 for a subquery.
pub fn expression(text: &str) -> Result<Expr> {
    let wrong = || {
        Error::new(
            SqlState::SYNTAX_ERROR,
            format!("\"{text}\" is not an expression"),
        )
    };
    let Statement::Query(mut query) = parse_one(&format!("SELECT {text}"))? else {
        return Err(wrong());
    };
    let Some(expression) = only(&query) else {
        return Err(wrong());
    };
    // Nothing but the expression: no FROM, no second query.
    if query.to_string() != format!("SELECT {expression}") {
        return Err(wrong());
    }
    if expression.visit(&mut Subqueries).is_break() {
        return Err(Error::unsupported("a subquery in an option of a model")
            .with_hint("Join it in the query of the model, which gives a column."));
    }
    standard_forms::rewrite(&mut query)?;
    only(&query).cloned().ok_or_else(wrong)
}

/// The only column of a query.
fn only(query: &Query) -> Option<&Expr> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expression)] => Some(expression),
        _ => None,
    }
}

struct Subqueries;

impl Visitor for Subqueries {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}
