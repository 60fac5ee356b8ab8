//! `TRUNCATE [TABLE] name, ... [RESTART | CONTINUE IDENTITY]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Truncate {
    /// The tables.
    pub tables: Vec<ObjectName>,
    /// Whether identity columns begin anew.
    pub restarts_identity: bool,
}

impl Truncate {
    /// Parses the statement. What Postgres lets one say of foreign keys changes nothing where there
    /// are none.
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
        let restarts_identity = parser.take_words(&["RESTART", "IDENTITY"]);
        if !restarts_identity {
            let _ = parser.take_words(&["CONTINUE", "IDENTITY"]);
        }
        let _ = parser.take_word("CASCADE") || parser.take_word("RESTRICT");
        Ok(Self {
            tables,
            restarts_identity,
        })
    }
}

impl fmt::Display for Truncate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TRUNCATE TABLE ")?;
        for (index, table) in self.tables.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{table}")?;
        }
        match self.restarts_identity {
            true => f.write_str(" RESTART IDENTITY"),
            false => Ok(()),
        }
    }
}
