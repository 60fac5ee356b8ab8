//! `REFRESH MATERIALIZED VIEW | MODEL name [FULL]`, `REFRESH MATERIALIZED VIEW name WITH NO DATA`,
//! `REFRESH MATERIALIZED VIEW name FROM 'version' [TO 'version']`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::drop::DropKind;
use super::name::ObjectName;
use super::options::Literal;
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// What kind of object: a materialized view or a model.
    pub kind: DropKind,
    /// The object.
    pub name: ObjectName,
    /// What is read.
    pub extent: RefreshExtent,
}

/// What a refresh reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshExtent {
    /// What has changed.
    Usual,
    /// Everything; a model is trained again.
    Full,
    /// Nothing: its rows go, and it is not populated until it is refreshed.
    NoData,
    /// What is of some versions.
    Range(VersionRange),
}

/// Versions of rows, by the first of their version columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// The first.
    pub from: String,
    /// The one before which it ends, if it does.
    pub to: Option<String>,
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FROM {}", Literal(&self.from))?;
        match &self.to {
            Some(to) => write!(f, " TO {}", Literal(to)),
            None => Ok(()),
        }
    }
}

impl Refresh {
    /// Parses the statement. `CONCURRENTLY` and `WITH DATA` of Postgres change nothing: readers
    /// are never blocked, and a refresh always fills.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["REFRESH"])?;
        let kind = if parser.take_word("MODEL") {
            DropKind::Model
        } else {
            parser.expect_words(&["MATERIALIZED", "VIEW"])?;
            DropKind::MaterializedView
        };
        Self::parse_of(parser, kind)
    }

    /// Parses the rest of the statement, behind the kind.
    pub(super) fn parse_of(parser: &mut Parser, kind: DropKind) -> Parsed<Self> {
        let concurrently = parser.take_word("CONCURRENTLY");
        let name = parser.object_name()?;
        let extent = if parser.take_word("FULL") {
            RefreshExtent::Full
        } else if kind == DropKind::MaterializedView && parser.take_word("FROM") {
            let from = parser.string()?;
            let to = match parser.take_word("TO") {
                true => Some(parser.string()?),
                false => None,
            };
            RefreshExtent::Range(VersionRange { from, to })
        } else {
            RefreshExtent::Usual
        };
        if parser.take_words(&["WITH", "DATA"]) || parser.peek_word(0).as_deref() != Some("WITH") {
            return Ok(Self { kind, name, extent });
        }
        if kind == DropKind::Model || extent != RefreshExtent::Usual {
            return parser.unsupported_here(format_args!("REFRESH {kind} WITH NO DATA"));
        }
        if concurrently {
            let message = "CONCURRENTLY and WITH NO DATA options cannot be used together";
            return Err(parser.error_here(Error::new(SqlState::SYNTAX_ERROR, message)));
        }
        parser.expect_words(&["WITH", "NO", "DATA"])?;
        let extent = RefreshExtent::NoData;
        Ok(Self { kind, name, extent })
    }
}

impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "REFRESH {} {}", self.kind, self.name)?;
        match &self.extent {
            RefreshExtent::Usual => Ok(()),
            RefreshExtent::Full => f.write_str(" FULL"),
            RefreshExtent::NoData => f.write_str(" WITH NO DATA"),
            RefreshExtent::Range(range) => write!(f, " {range}"),
        }
    }
}
