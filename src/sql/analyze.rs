//! `ANALYZE [VERBOSE] [name [(column, ...)], ...]`, as in Postgres. There is nothing to gather: the
//! statistics of a table (rows, bounds, NULLs) are written with each of its commits, and are those of
//! the version that a query reads. So the statement sees whether the tables and columns are there.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, write_columns};

/// What Postgres lets one write in parentheses.
const OPTIONS: &[&str] = &["VERBOSE", "SKIP_LOCKED", "BUFFER_USAGE_LIMIT"];

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Analyze {
    /// The tables; all, where there are none.
    pub tables: Vec<Analyzed>,
}

/// A table, and which columns of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Analyzed {
    /// The table or materialized view.
    pub name: ObjectName,
    /// Its columns; all, where there are none.
    pub columns: Vec<String>,
}

impl Analyze {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        if !parser.take_word("ANALYSE") {
            parser.expect_words(&["ANALYZE"])?;
        }
        if parser.consume_token(&Token::LParen) {
            loop {
                let option = parser.peek_word(0);
                if !option.is_some_and(|option| OPTIONS.contains(&option.as_str())) {
                    return parser.fail("an option of ANALYZE");
                }
                parser.advance_token();
                if !matches!(parser.peek_token_ref().token, Token::Comma | Token::RParen) {
                    parser.advance_token();
                }
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            parser.expect_token(&Token::RParen)?;
        } else {
            let _ = parser.take_word("VERBOSE");
        }
        let mut tables = Vec::new();
        while !parser.at_end() {
            tables.push(Analyzed {
                name: parser.object_name()?,
                columns: parser.optional_columns()?,
            });
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        Ok(Self { tables })
    }
}

impl fmt::Display for Analyze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ANALYZE")?;
        for (index, table) in self.tables.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma} {}", table.name)?;
            write_columns(f, &table.columns)?;
        }
        Ok(())
    }
}
