//! `OPTIMIZE [TABLE] name [ZORDER BY (column, ...)]`, as in Databricks: small files, and files that have
//! lost rows, become few large ones. The server does the same by itself where it pays; readers and
//! writers go on meanwhile. With `ZORDER BY` all rows are written anew, so that those with similar
//! values in the columns lie near each other, and queries that filter by any of the columns read few
//! files, and few pages of these; by one column, rows are sorted. Rows that come later are not, until
//! the statement is run again. Who changes rows of the table waits meanwhile. Of a model all tables are
//! compacted, and none is put in order.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, write_columns};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimize {
    /// The table, materialized view or model.
    pub name: ObjectName,
    /// The columns that rows are put in order by; none where they stay in theirs.
    pub z_order: Vec<String>,
}

impl Optimize {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["OPTIMIZE"])?;
        let _ = parser.take_word("TABLE");
        let name = parser.object_name()?;
        if matches!(parser.peek_word(0).as_deref(), Some("WHERE" | "FULL")) {
            return parser.unsupported_here("a clause of OPTIMIZE");
        }
        let mut z_order = Vec::new();
        if parser.take_word("ZORDER") {
            parser.expect_words(&["BY"])?;
            if parser.peek_token_ref().token != Token::LParen {
                return parser.fail("columns in parentheses");
            }
            z_order = parser.optional_columns()?;
        }
        Ok(Self { name, z_order })
    }
}

impl fmt::Display for Optimize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OPTIMIZE {}", self.name)?;
        if !self.z_order.is_empty() {
            f.write_str(" ZORDER BY")?;
            write_columns(f, &self.z_order)?;
        }
        Ok(())
    }
}
