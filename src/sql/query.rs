//! Queries: sqlparser's, without what DataFusion would skip in silence.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Query, SelectInto, SetExpr, TableFactor, Visitor};
use datafusion::sql::sqlparser::tokenizer::{Location, Token};

use super::cursor::{Failure, Parsed, Parser};
use super::{row_expansions, row_locks, sampled, with_changes};
use crate::error::Error;
use crate::sql::walk::Visit;

/// Parses `SELECT`, `VALUES`, `WITH` or one of them in parentheses, which defines something and so locks
/// no rows.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Box<Query>> {
    let place = parser.peek_token_ref().span.start;
    let query = parse_to_run(parser)?;
    match row_locks::command(&query) {
        None => Ok(query),
        Some(_) => {
            let error = Error::unsupported("FOR UPDATE or FOR SHARE in a definition")
                .with_hint("Lock the rows in the query that reads it.");
            Err(Failure::Told(error, Some(place)))
        }
    }
}

/// Parses a query that is run, and may lock the rows that it reads.
pub(super) fn parse_to_run(parser: &mut Parser) -> Parsed<Box<Query>> {
    let place = parser.peek_token_ref().span.start;
    match parser.peek_word(0).as_deref() {
        Some("SELECT" | "VALUES" | "WITH") => {}
        _ if parser.peek_token_ref().token == Token::LParen => {}
        _ => return parser.fail("a query"),
    }
    let mut query = parser.parse_query()?;
    row_expansions::expand(&mut query);
    check_expression(query.as_ref(), place)?;
    Ok(query)
}

/// Parses `SELECT`, and what it has behind `INTO`.
pub(super) fn parse_with_target(parser: &mut Parser) -> Parsed<(Box<Query>, Option<SelectInto>)> {
    let place = parser.peek_token_ref().span.start;
    let mut query = parser.parse_query()?;
    row_expansions::expand(&mut query);
    let into = match query.body.as_mut() {
        SetExpr::Select(select) => select.into.take(),
        _ => None,
    };
    check_expression(query.as_ref(), place)?;
    Ok((query, into))
}

/// Refuses an expression that has what a query must not have.
pub(super) fn check_expression(expression: &impl Visit, place: Location) -> Parsed<()> {
    match expression.visit(&mut Refusals) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refused) => Err(Failure::Told(refused, Some(place))),
    }
}

/// Finds what sqlparser reads and DataFusion's planner drops or cannot have.
struct Refusals;

impl Visitor for Refusals {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        if query.for_clause.is_some() {
            return refused("FOR XML, FOR JSON and FOR BROWSE");
        }
        if with_changes::changes_rows(query) {
            return ControlFlow::Break(with_changes::below_the_top());
        }
        check_body(&query.body)
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Error> {
        match table {
            TableFactor::Table {
                sample: Some(sample),
                with_hints,
                ..
            } if with_hints.is_empty() => match sampled::check(sample) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => ControlFlow::Break(error),
            },
            TableFactor::Derived {
                sample: Some(_), ..
            } => refused("TABLESAMPLE of a subquery"),
            TableFactor::Table { with_hints, .. } if !with_hints.is_empty() => {
                refused("a table hint")
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn check_body(body: &SetExpr) -> ControlFlow<Error> {
    match body {
        SetExpr::Insert(_) => refused("INSERT within a query"),
        SetExpr::Update(_) => refused("UPDATE within a query"),
        SetExpr::Delete(_) => refused("DELETE within a query"),
        SetExpr::Merge(_) => refused("MERGE within a query"),
        SetExpr::Table(_) => refused("TABLE within a query"),
        SetExpr::Select(select) if select.into.is_some() => refused("SELECT INTO"),
        SetExpr::SetOperation { left, right, .. } => {
            check_body(left)?;
            check_body(right)
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
    }
}

fn refused(what: &str) -> ControlFlow<Error> {
    ControlFlow::Break(Error::unsupported(what))
}
