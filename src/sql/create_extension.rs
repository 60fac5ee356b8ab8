//! `CREATE EXTENSION [IF NOT EXISTS] name [WITH] [SCHEMA schema] [VERSION version] [CASCADE]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;
use crate::error::{Error, SqlState};

/// The statement. Where an extension is put, and which version of it, is told by the one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateExtension {
    /// The extension.
    pub name: String,
    /// Whether one that is there is fine.
    pub if_not_exists: bool,
}

impl CreateExtension {
    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["EXTENSION"])?;
        let if_not_exists = parser.take_if_not_exists(false)?;
        let name = parser.identifier()?;
        let _ = parser.take_word("WITH");
        let mut said = Vec::new();
        loop {
            let twice = parser.error_here(Error::new(
                SqlState::SYNTAX_ERROR,
                "conflicting or redundant options",
            ));
            let option = if parser.take_word("SCHEMA") {
                parser.identifier()?;
                "SCHEMA"
            } else if parser.take_word("VERSION") {
                match &parser.peek_token_ref().token {
                    Token::Word(_) => parser.identifier()?,
                    _ => parser.string()?,
                };
                "VERSION"
            } else if parser.take_word("CASCADE") {
                "CASCADE"
            } else {
                break;
            };
            if said.contains(&option) {
                return Err(twice);
            }
            said.push(option);
        }
        if parser.peek_word(0).as_deref() == Some("FROM") {
            let message = "CREATE EXTENSION ... FROM is no longer supported";
            let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, message);
            return Err(parser.error_here(error));
        }
        Ok(Self {
            name,
            if_not_exists,
        })
    }
}

impl fmt::Display for CreateExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_not_exists = match self.if_not_exists {
            true => "IF NOT EXISTS ",
            false => "",
        };
        write!(f, "CREATE EXTENSION {if_not_exists}{}", Quoted(&self.name))
    }
}
