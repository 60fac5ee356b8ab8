//! The columns of an `INSERT`: `(id, home.street, home.zip, tags[1])`. Several values may be of parts of one column.

use std::fmt;

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Subscript, Value};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Failure, Parsed, Parser};
use super::name::Quoted;
use crate::error::{Error, SqlState};

/// Of which attribute or element of its column each value is: empty for all of it.
pub type ColumnParts = Vec<Vec<AccessExpr>>;

/// Parses the columns, where there are any, and of which parts of them values are, where one is of any.
pub(super) fn parse(parser: &mut Parser) -> Parsed<(Vec<String>, ColumnParts)> {
    let place = parser.peek_token_ref().span.start;
    let (mut columns, mut parts) = (Vec::new(), ColumnParts::new());
    if !parser.consume_token(&Token::LParen) {
        return Ok((columns, parts));
    }
    loop {
        let (name, part) = (parser.identifier()?, part(parser)?);
        let mut others = columns.iter().zip(&parts).filter(|(it, _)| **it == name);
        if others.any(|(_, other)| other.is_empty() || part.is_empty()) {
            let message = format!("column \"{name}\" specified more than once");
            let error = Error::new(SqlState::DUPLICATE_COLUMN, message);
            return Err(Failure::Told(error, Some(place)));
        }
        columns.push(name);
        parts.push(part);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    if parts.iter().all(Vec::is_empty) {
        parts.clear();
    }
    Ok((columns, parts))
}

fn part(parser: &mut Parser) -> Parsed<Vec<AccessExpr>> {
    let mut part = Vec::new();
    loop {
        let place = parser.error_here(Error::internal(""));
        if parser.consume_token(&Token::Period) {
            let name = parser.parse_identifier()?;
            part.push(AccessExpr::Dot(Expr::Identifier(name)));
        } else if parser.peek_token_ref().token == Token::LBracket {
            let before = part.len();
            parser.parse_multi_dim_subscript(&mut part)?;
            if !part.iter().skip(before).all(is_written) {
                let what = "a subscript that is computed in the columns of an INSERT";
                return Err(place.with_error(Error::unsupported(what)));
            }
        } else {
            return Ok(part);
        }
    }
}

/// Whether a subscript is of numbers, or keys, that are written out.
fn is_written(access: &AccessExpr) -> bool {
    let is_literal = |bound: &Expr| match bound {
        Expr::Value(value) => {
            matches!(
                value.value,
                Value::Number(..) | Value::SingleQuotedString(_)
            )
        }
        _ => false,
    };
    match access {
        AccessExpr::Subscript(Subscript::Index { index }) => is_literal(index),
        AccessExpr::Subscript(Subscript::Slice {
            lower_bound,
            upper_bound,
            ..
        }) => [lower_bound, upper_bound]
            .into_iter()
            .flatten()
            .all(is_literal),
        AccessExpr::Dot(_) => false,
    }
}

/// Writes the columns, where there are any.
pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    columns: &[String],
    parts: &[Vec<AccessExpr>],
) -> fmt::Result {
    for (index, name) in columns.iter().enumerate() {
        let separator = if index == 0 { " (" } else { ", " };
        write!(f, "{separator}{}", Quoted(name))?;
        let part = parts.get(index).into_iter().flatten();
        for access in part {
            write!(f, "{access}")?;
        }
    }
    match columns {
        [] => Ok(()),
        _ => f.write_str(")"),
    }
}
