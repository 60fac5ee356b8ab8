//! `[WITH ...] UPDATE name [[AS] alias] SET column[places] = value, ... [FROM ...] [WHERE condition] [RETURNING ...]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Expr, SelectItem, TableWithJoins, With};

use super::assignment::{self, Assignment};
use super::cursor::{Parsed, Parser};
use super::delete::{condition, write_condition, write_relations};
use super::returning::{self, Target};
use super::with::Clause;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Queries that it may read by a name.
    pub with: Option<With>,
    /// The table.
    pub target: Target,
    /// The new values.
    pub assignments: Vec<Assignment>,
    /// What it is joined with.
    pub from: Vec<TableWithJoins>,
    /// Which rows change; all without it.
    pub condition: Option<Expr>,
    /// What is answered of each row that changes, as it is then.
    pub returning: Vec<SelectItem>,
}

impl Update {
    /// Parses the statement behind its `WITH`.
    pub(super) fn parse(parser: &mut Parser, with: Option<With>) -> Parsed<Self> {
        parser.expect_words(&["UPDATE"])?;
        let target = Target::parse(parser, &["SET"])?;
        parser.expect_words(&["SET"])?;
        let assignments = assignment::parse(parser, target.name())?;
        let from = if parser.take_word("FROM") {
            parser.parse_comma_separated(|parser| parser.parse_table_and_joins())?
        } else {
            Vec::new()
        };
        Ok(Self {
            with,
            target,
            assignments,
            from,
            condition: condition(parser)?,
            returning: returning::parse(parser)?,
        })
    }
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = Clause(self.with.as_ref());
        write!(f, "{with}UPDATE {} SET ", self.target)?;
        assignment::write(f, &self.assignments)?;
        write_relations(f, "FROM", &self.from)?;
        write_condition(f, self.condition.as_ref())?;
        returning::write(f, &self.returning)
    }
}
