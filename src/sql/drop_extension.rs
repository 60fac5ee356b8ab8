//! `DROP EXTENSION [IF EXISTS] name, ... [CASCADE | RESTRICT]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropExtension {
    /// The extensions.
    pub names: Vec<String>,
    /// Whether one that is missing is fine.
    pub if_exists: bool,
}

impl DropExtension {
    /// Parses the statement after `DROP`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["EXTENSION"])?;
        let if_exists = parser.take_words(&["IF", "EXISTS"]);
        let mut names = vec![parser.identifier()?];
        while parser.consume_token(&Token::Comma) {
            names.push(parser.identifier()?);
        }
        let _ = parser.take_word("CASCADE") || parser.take_word("RESTRICT");
        Ok(Self { names, if_exists })
    }
}

impl fmt::Display for DropExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        let names: Vec<String> = self.names.iter().map(|it| Quoted(it).to_string()).collect();
        write!(f, "DROP EXTENSION {if_exists}{}", names.join(", "))
    }
}
