//! `RETURNING item, ...`, and the names by which a statement knows the table that it changes.

use std::fmt;

use datafusion::sql::sqlparser::ast::SelectItem;
use datafusion::sql::sqlparser::tokenizer::{Token, Word};

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, Quoted};
use super::shown::Shown;

/// Parses the clause, where it is there.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Vec<SelectItem>> {
    if !parser.take_word("RETURNING") {
        return Ok(Vec::new());
    }
    Ok(parser.parse_comma_separated(|parser| parser.parse_select_item())?)
}

/// Writes the clause, where it is there.
pub(super) fn write(f: &mut fmt::Formatter<'_>, items: &[SelectItem]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { " RETURNING " } else { ", " })?;
        write!(f, "{}", Shown(item))?;
    }
    Ok(())
}

/// A table to be changed, and another name for it in the statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The table.
    pub table: ObjectName,
    /// Its other name.
    pub alias: Option<String>,
}

impl Target {
    /// Parses `[ONLY] name [*] [[AS] alias]`; `ends` are the words that may follow.
    pub(super) fn parse(parser: &mut Parser, ends: &[&str]) -> Parsed<Self> {
        let _ = parser.take_word("ONLY");
        let table = parser.object_name()?;
        let _ = parser.consume_token(&Token::Mul);
        let named = parser.take_word("AS")
            || match &parser.peek_token_ref().token {
                Token::Word(Word {
                    quote_style: Some(_),
                    ..
                }) => true,
                Token::Word(word) => !ends.contains(&word.value.to_ascii_uppercase().as_str()),
                _ => false,
            };
        let alias = if named {
            Some(parser.identifier()?)
        } else {
            None
        };
        Ok(Self { table, alias })
    }

    /// The name by which expressions of the statement know the table.
    pub fn name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.table.name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)?;
        match &self.alias {
            Some(alias) => write!(f, " AS {}", Quoted(alias)),
            None => Ok(()),
        }
    }
}
