//! `CREATE [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table [USING method]
//! (column [ASC | DESC] [NULLS FIRST | LAST], ...) [INCLUDE (columns)] [NULLS [NOT] DISTINCT]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, Quoted, write_columns};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// Its name, where it was given.
    pub name: Option<String>,
    /// The table.
    pub table: ObjectName,
    /// The columns.
    pub columns: Vec<String>,
    /// Whether no two rows have the same values in these columns.
    pub is_unique: bool,
    /// Whether NULL is the same as NULL.
    pub nulls_equal: bool,
    /// Whether an existing index is fine.
    pub if_not_exists: bool,
}

impl CreateIndex {
    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let is_unique = parser.take_word("UNIQUE");
        parser.expect_words(&["INDEX"])?;
        let _ = parser.take_word("CONCURRENTLY");
        let if_not_exists = parser.take_words(&["IF", "NOT", "EXISTS"]);
        let is_named = if_not_exists || parser.peek_word(0).as_deref() != Some("ON");
        let name = match is_named {
            true => Some(parser.identifier()?),
            false => None,
        };
        parser.expect_words(&["ON"])?;
        let _ = parser.take_word("ONLY");
        let table = parser.object_name()?;
        if parser.take_word("USING") {
            parser.identifier()?;
        }
        let columns = parse_columns(parser)?;
        if parser.take_word("INCLUDE") {
            parser.identifier_list()?;
        }
        let nulls_equal = parser.take_words(&["NULLS", "NOT", "DISTINCT"]);
        let _ = parser.take_words(&["NULLS", "DISTINCT"]);
        if !parser.at_end() {
            return parser.unsupported_here("this property of an index");
        }
        Ok(Self {
            name,
            table,
            columns,
            is_unique,
            nulls_equal,
            if_not_exists,
        })
    }
}

fn parse_columns(parser: &mut Parser) -> Parsed<Vec<String>> {
    parser.expect_token(&Token::LParen)?;
    let mut columns = Vec::new();
    loop {
        columns.push(parser.identifier()?);
        let _ = parser.take_word("ASC") || parser.take_word("DESC");
        let _ = parser.take_words(&["NULLS", "FIRST"]) || parser.take_words(&["NULLS", "LAST"]);
        if parser.consume_token(&Token::Comma) {
            continue;
        }
        if parser.consume_token(&Token::RParen) {
            return Ok(columns);
        }
        return parser.unsupported_here("an index on an expression");
    }
}

impl fmt::Display for CreateIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unique = if self.is_unique { "UNIQUE " } else { "" };
        let if_not_exists = if self.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        write!(f, "CREATE {unique}INDEX {if_not_exists}")?;
        if let Some(name) = &self.name {
            write!(f, "{} ", Quoted(name))?;
        }
        write!(f, "ON {}", self.table)?;
        write_columns(f, &self.columns)?;
        if self.nulls_equal {
            f.write_str(" NULLS NOT DISTINCT")?;
        }
        Ok(())
    }
}
