//! Queries: sqlparser's, without what DataFusion would skip in silence.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Query, SelectInto, SetExpr, TableFactor, Visit, Visitor};
use datafusion::sql::sqlparser::tokenizer::{Location, Token};

use super::cursor::{Failure, Parsed, Parser};
use super::{row_locks, sampled};
use crate::error::Error;

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
    let query = parser.parse_query()?;
    check_expression(query.as_ref(), place)?;
    Ok(query)
}

/// Parses `SELECT`, and what it has behind `INTO`.
pub(super) fn parse_with_target(parser: &mut Parser) -> Parsed<(Box<Query>, Option<SelectInto>)> {
    let place = parser.peek_token_ref().span.start;
    let mut query = parser.parse_query()?;
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
        ControlFlow::Break(what) => Err(Failure::Told(Error::unsupported(what), Some(place))),
    }
}

/// Finds what sqlparser reads and DataFusion's planner drops or cannot have.
struct Refusals;

impl Visitor for Refusals {
    type Break = &'static str;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
        if query.for_clause.is_some() {
            return ControlFlow::Break("FOR XML, FOR JSON and FOR BROWSE");
        }
        check_body(&query.body)
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<&'static str> {
        match table {
            TableFactor::Table {
                sample: Some(sample),
                ..
            } if !sampled::is_known(sample) => {
                ControlFlow::Break("TABLESAMPLE but BERNOULLI and SYSTEM of a percentage")
            }
            TableFactor::Derived {
                sample: Some(_), ..
            } => ControlFlow::Break("TABLESAMPLE of a subquery"),
            TableFactor::Table { with_hints, .. } if !with_hints.is_empty() => {
                ControlFlow::Break("a table hint")
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn check_body(body: &SetExpr) -> ControlFlow<&'static str> {
    match body {
        SetExpr::Insert(_) => ControlFlow::Break("INSERT within a query"),
        SetExpr::Update(_) => ControlFlow::Break("UPDATE within a query"),
        SetExpr::Delete(_) => ControlFlow::Break("DELETE within a query"),
        SetExpr::Merge(_) => ControlFlow::Break("MERGE within a query"),
        SetExpr::Table(_) => ControlFlow::Break("TABLE within a query"),
        SetExpr::Select(select) if select.into.is_some() => ControlFlow::Break("SELECT INTO"),
        SetExpr::SetOperation { left, right, .. } => {
            check_body(left)?;
            check_body(right)
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
    }
}
