//! `DROP SCHEMA | TABLE | EXTERNAL TABLE | VIEW | MATERIALIZED VIEW | MODEL | CHECK | SEQUENCE | TYPE | DOMAIN | INDEX [CONCURRENTLY] [IF EXISTS] name, ... [CASCADE | RESTRICT]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Drop {
    /// What kind of object.
    pub kind: DropKind,
    /// The objects; a schema is a name without one.
    pub names: Vec<ObjectName>,
    /// Whether a missing object is fine.
    pub if_exists: bool,
    /// Whether what stands on the objects goes too.
    pub cascade: bool,
}

/// What `DROP` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropKind {
    /// A schema.
    Schema,
    /// A table of the warehouse.
    Table,
    /// A source.
    ExternalTable,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A model.
    Model,
    /// A check.
    Check,
    /// An index.
    Index,
    /// A sequence.
    Sequence,
    /// A type.
    Type,
    /// A domain.
    Domain,
}

impl DropKind {
    /// Whether it is a kind of types.
    pub fn is_type(self) -> bool {
        matches!(self, Self::Type | Self::Domain)
    }

    const ALL: [Self; 11] = [
        Self::Schema,
        Self::Table,
        Self::ExternalTable,
        Self::View,
        Self::MaterializedView,
        Self::Model,
        Self::Check,
        Self::Index,
        Self::Sequence,
        Self::Type,
        Self::Domain,
    ];

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Schema => &["SCHEMA"],
            Self::Table => &["TABLE"],
            Self::ExternalTable => &["EXTERNAL", "TABLE"],
            Self::View => &["VIEW"],
            Self::MaterializedView => &["MATERIALIZED", "VIEW"],
            Self::Model => &["MODEL"],
            Self::Check => &["CHECK"],
            Self::Index => &["INDEX"],
            Self::Sequence => &["SEQUENCE"],
            Self::Type => &["TYPE"],
            Self::Domain => &["DOMAIN"],
        }
    }

    /// Takes the words of a kind.
    pub(super) fn parse(parser: &mut Parser, statement: &str) -> Parsed<Self> {
        if let Some(kind) = Self::ALL
            .into_iter()
            .find(|kind| parser.take_words(kind.words()))
        {
            return Ok(kind);
        }
        // What PostgreSQL calls it, and dumps do.
        if parser.take_words(&["FOREIGN", "TABLE"]) {
            return Ok(Self::ExternalTable);
        }
        match parser.peek_word(0) {
            Some(word) if super::parser::is_object_kind(&word) => {
                parser.unsupported_here(format_args!("{statement} {word}"))
            }
            _ => parser.fail("a kind of object"),
        }
    }
}

impl fmt::Display for DropKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

impl Drop {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["DROP"])?;
        let kind = DropKind::parse(parser, "DROP")?;
        if kind == DropKind::Index {
            let _ = parser.take_word("CONCURRENTLY");
        }
        let if_exists = parser.take_words(&["IF", "EXISTS"]);
        let mut names = Vec::new();
        loop {
            names.push(match kind {
                DropKind::Schema => ObjectName {
                    schema: None,
                    name: parser.schema_name()?,
                },
                _ => parser.object_name()?,
            });
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        let cascade = parser.take_word("CASCADE");
        if !cascade {
            let _ = parser.take_word("RESTRICT");
        }
        Ok(Self {
            kind,
            names,
            if_exists,
            cascade,
        })
    }
}

impl fmt::Display for Drop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "DROP {} {if_exists}", self.kind)?;
        for (index, name) in self.names.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name}")?;
        }
        if self.cascade {
            f.write_str(" CASCADE")
        } else {
            Ok(())
        }
    }
}
