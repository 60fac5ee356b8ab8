//! `EXECUTE name [(expression, ...)]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;
use super::query::check_expression;
use super::shown::Shown;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Execute {
    /// The prepared statement.
    pub name: String,
    /// The values of its parameters.
    pub arguments: Vec<Expr>,
}

impl Execute {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["EXECUTE"])?;
        let name = parser.identifier()?;
        let mut arguments = Vec::new();
        if parser.consume_token(&Token::LParen) {
            loop {
                let place = parser.peek_token_ref().span.start;
                let argument = parser.parse_expr()?;
                check_expression(&argument, place)?;
                arguments.push(argument);
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            parser.expect_token(&Token::RParen)?;
        }
        Ok(Self { name, arguments })
    }
}

impl fmt::Display for Execute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EXECUTE {}", Quoted(&self.name))?;
        for (index, argument) in self.arguments.iter().enumerate() {
            let separator = if index == 0 { "(" } else { ", " };
            write!(f, "{separator}{}", Shown(argument))?;
        }
        f.write_str(if self.arguments.is_empty() { "" } else { ")" })
    }
}
