//! `[WITH ...] DELETE FROM name [[AS] alias] [USING ...] [WHERE condition] [RETURNING ...]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Expr, SelectItem, TableWithJoins, With};

use super::cursor::{Parsed, Parser};
use super::returning::{self, Target};
use super::shown::Shown;
use super::with::Clause;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// Queries that it may read by a name.
    pub with: Option<With>,
    /// The table.
    pub target: Target,
    /// What it is joined with.
    pub using: Vec<TableWithJoins>,
    /// Which rows go; all without it.
    pub condition: Option<Expr>,
    /// What is answered of each row that goes.
    pub returning: Vec<SelectItem>,
}

impl Delete {
    /// Parses the statement behind its `WITH`.
    pub(super) fn parse(parser: &mut Parser, with: Option<With>) -> Parsed<Self> {
        parser.expect_words(&["DELETE", "FROM"])?;
        let target = Target::parse(parser, &["USING", "WHERE", "RETURNING"])?;
        let using = if parser.take_word("USING") {
            parser.parse_comma_separated(|parser| parser.parse_table_and_joins())?
        } else {
            Vec::new()
        };
        Ok(Self {
            with,
            target,
            using,
            condition: condition(parser)?,
            returning: returning::parse(parser)?,
        })
    }
}

/// Parses `WHERE condition`, where it is there.
pub(super) fn condition(parser: &mut Parser) -> Parsed<Option<Expr>> {
    if !parser.take_word("WHERE") {
        return Ok(None);
    }
    if parser.peek_word(0).as_deref() == Some("CURRENT")
        && parser.peek_word(1).as_deref() == Some("OF")
    {
        return parser.unsupported_here("WHERE CURRENT OF");
    }
    Ok(Some(parser.parse_expr()?))
}

/// Writes relations behind a word, where there are any.
pub(super) fn write_relations(
    f: &mut fmt::Formatter<'_>,
    word: &str,
    relations: &[TableWithJoins],
) -> fmt::Result {
    for (index, relation) in relations.iter().enumerate() {
        match index {
            0 => write!(f, " {word} ")?,
            _ => f.write_str(", ")?,
        }
        write!(f, "{}", Shown(relation))?;
    }
    Ok(())
}

/// Writes `WHERE condition`, where it is there.
pub(super) fn write_condition(f: &mut fmt::Formatter<'_>, condition: Option<&Expr>) -> fmt::Result {
    match condition {
        Some(condition) => write!(f, " WHERE {}", Shown(condition)),
        None => Ok(()),
    }
}

/// More relations of a `FROM` that has one, and its `WHERE`.
pub struct Joined<'a>(pub &'a [TableWithJoins], pub Option<&'a Expr>);

/// The relations of a `FROM`, with commas between them.
pub struct Listed<'a>(pub &'a [TableWithJoins]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, relation) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", Shown(relation))?;
        }
        Ok(())
    }
}

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for relation in self.0 {
            write!(f, ", {}", Shown(relation))?;
        }
        write_condition(f, self.1)
    }
}

impl fmt::Display for Delete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = Clause(self.with.as_ref());
        write!(f, "{with}DELETE FROM {}", self.target)?;
        write_relations(f, "USING", &self.using)?;
        write_condition(f, self.condition.as_ref())?;
        returning::write(f, &self.returning)
    }
}
