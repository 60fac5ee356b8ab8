//! `PREPARE name [(type, ...)] AS query | insert | update | delete | merge`.

use std::fmt;

use datafusion::sql::sqlparser::ast::DataType;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;
use super::{Statement, parser};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepare {
    /// What it is called.
    pub name: String,
    /// The types of `$1`, `$2`, ...; `None` for `unknown`, which leaves the type to the statement.
    pub types: Vec<Option<DataType>>,
    /// What is prepared.
    pub statement: Box<Statement>,
}

impl Prepare {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["PREPARE"])?;
        if parser.peek_word(0).as_deref() == Some("TRANSACTION") {
            return parser.unsupported_here("two-phase commit");
        }
        let name = parser.identifier()?;
        let mut types = Vec::new();
        if parser.consume_token(&Token::LParen) {
            loop {
                types.push(match parser.take_word("UNKNOWN") {
                    true => None,
                    false => Some(parser.data_type()?),
                });
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            parser.expect_token(&Token::RParen)?;
        }
        parser.expect_words(&["AS"])?;
        Ok(Self {
            name,
            types,
            statement: Box::new(parser::parse_plannable(parser)?),
        })
    }
}

impl fmt::Display for Prepare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PREPARE {}", Quoted(&self.name))?;
        for (index, data_type) in self.types.iter().enumerate() {
            f.write_str(if index == 0 { " (" } else { ", " })?;
            match data_type {
                Some(data_type) => write!(f, "{data_type}")?,
                None => f.write_str("unknown")?,
            }
        }
        let close = if self.types.is_empty() { "" } else { ")" };
        write!(f, "{close} AS {}", self.statement)
    }
}
