//! SQL expressions that options of a model hold as text.

use std::fmt::Display;
use std::ops::ControlFlow;

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::{Expr, Query, Value, ValueWithSpan, Visitor};

use crate::error::{Error, Result, SqlState};
use crate::sql::walk::Visit;
use crate::sql::{option_expressions, standard_forms};

/// The one expression of a text.
///
/// # Errors
/// 42601 for a text that is no expression; 0A000 for a subquery, 42P02 for a parameter.
pub fn expression(text: &str) -> Result<Expr> {
    let mut query = option_expressions::query(text)?;
    if let Some(expression) = option_expressions::only(&query)
        && let ControlFlow::Break(error) = expression.visit(&mut Unfit)
    {
        return Err(error);
    }
    standard_forms::rewrite(&mut query)?;
    let expression = option_expressions::only(&query).cloned();
    expression.ok_or_else(|| Error::internal("an expression was rewritten as several"))
}

/// The error that computing an expression met; `place` is which one.
pub fn failed(error: DataFusionError, place: impl Display) -> Error {
    let error = Error::from(error);
    match error.sqlstate() {
        // It is of the statement, whatever that was at.
        SqlState::QUERY_CANCELED | SqlState::OUT_OF_MEMORY => error,
        _ => error.within(place),
    }
}

/// Finds what an option of a model cannot have.
struct Unfit;

impl Visitor for Unfit {
    type Break = Error;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        let subquery = Error::unsupported("a subquery in an option of a model");
        ControlFlow::Break(
            subquery.with_hint("Join it in the query of the model, which gives a column."),
        )
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Error> {
        let Value::Placeholder(name) = &value.value else {
            return ControlFlow::Continue(());
        };
        let parameter = Error::new(
            SqlState::UNDEFINED_PARAMETER,
            format!("there is no parameter {name}"),
        );
        ControlFlow::Break(
            parameter
                .with_hint("An option of a model takes no parameters: write the value itself."),
        )
    }
}
