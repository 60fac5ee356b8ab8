//! `[WITH ...] INSERT INTO name [AS alias] [(column, column.attribute, column[place], ...)] [OVERRIDING SYSTEM | USER VALUE] query | VALUES ... | DEFAULT VALUES
//! [ON CONFLICT [(columns) | ON CONSTRAINT c] DO NOTHING | DO UPDATE SET column = value, ... [WHERE condition]]
//! [RETURNING ...]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Query, SelectItem, With};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::dialect::TributaryDialect;
use super::identity::Overriding;
use super::on_conflict::OnConflict;
use super::query;
use super::returning::{self, Target};
use super::shown::Shown;
use super::target_columns::{self, ColumnParts};
use super::with;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub target: Target,
    /// The columns given; empty for all, in order.
    pub columns: Vec<String>,
    /// Of which parts of these values are; empty where none is of a part.
    pub parts: ColumnParts,
    /// What becomes of values of identity columns.
    pub overriding: Option<Overriding>,
    /// The rows; in `VALUES`, the name `DEFAULT` stands for a column's default. Its `WITH` is that of
    /// the statement too.
    pub source: Box<Query>,
    /// What happens where a key is there already.
    pub on_conflict: Option<OnConflict>,
    /// What is answered of each row that is put in or changed.
    pub returning: Vec<SelectItem>,
}

impl Insert {
    /// Parses the statement behind its `WITH`.
    pub(super) fn parse(parser: &mut Parser, with: Option<With>) -> Parsed<Self> {
        parser.expect_words(&["INSERT", "INTO"])?;
        let mut target = Target {
            table: parser.object_name()?,
            alias: None,
        };
        if parser.take_word("AS") {
            target.alias = Some(parser.identifier()?);
        }
        let starts_query = matches!(
            parser.peek_word(1).as_deref(),
            Some("SELECT" | "WITH" | "VALUES" | "TABLE")
        ) || parser.peek_nth_token_ref(1).token == Token::LParen;
        let (columns, parts) = match starts_query {
            true => (Vec::new(), Vec::new()),
            false => target_columns::parse(parser)?,
        };
        let overriding = Overriding::parse(parser)?;
        let mut source = if columns.is_empty() && parser.take_words(&["DEFAULT", "VALUES"]) {
            // The other columns get their defaults, too.
            query::parse_to_run(&mut Parser::new(
                &TributaryDialect::default(),
                "VALUES (DEFAULT)",
            )?)?
        } else {
            query::parse_to_run(parser)?
        };
        source.with = with::joined(with, source.with.take());
        let on_conflict = OnConflict::parse(parser, target.name())?;
        Ok(Self {
            target,
            columns,
            parts,
            overriding,
            source,
            on_conflict,
            returning: returning::parse(parser)?,
        })
    }
}

impl fmt::Display for Insert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INSERT INTO {}", self.target)?;
        target_columns::write(f, &self.columns, &self.parts)?;
        if let Some(overriding) = self.overriding {
            overriding.fmt(f)?;
        }
        write!(f, " {}", Shown(self.source.as_ref()))?;
        if let Some(clause) = &self.on_conflict {
            clause.fmt(f)?;
        }
        returning::write(f, &self.returning)
    }
}
