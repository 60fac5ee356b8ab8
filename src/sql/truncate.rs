//! `TRUNCATE [TABLE] name, ... [RESTART | CONTINUE IDENTITY] [CASCADE | RESTRICT]`.

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
    /// Whether tables that refer to them are emptied too.
    pub cascade: bool,
}

impl Truncate {
    /// Parses the statement.
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
        let cascade = parser.take_word("CASCADE");
        let _ = !cascade && parser.take_word("RESTRICT");
        Ok(Self {
            tables,
            restarts_identity,
            cascade,
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
        if self.restarts_identity {
            f.write_str(" RESTART IDENTITY")?;
        }
        match self.cascade {
            true => f.write_str(" CASCADE"),
            false => Ok(()),
        }
    }
}
