//! `TRUNCATE [TABLE] name, ...`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Truncate {
    /// The tables.
    pub tables: Vec<ObjectName>,
}

impl Truncate {
    /// Parses the statement. What Postgres lets one say of identity columns and of foreign keys
    /// changes nothing where there are none.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["TRUNCATE"])?;
        let _ = parser.take_word("TABLE");
        let mut tables = Vec::new();
        loop {
            let _ = parser.take_word("ONLY");
            tables.push(parser.object_name()?);
            let _ = parser.consume_token(&Token::Mul);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        let _ = parser.take_words(&["RESTART", "IDENTITY"])
            || parser.take_words(&["CONTINUE", "IDENTITY"]);
        let _ = parser.take_word("CASCADE") || parser.take_word("RESTRICT");
        Ok(Self { tables })
    }
}

impl fmt::Display for Truncate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TRUNCATE TABLE ")?;
        for (index, table) in self.tables.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{table}")?;
        }
        Ok(())
    }
}
