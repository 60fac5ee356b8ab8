//! `REINDEX [(VERBOSE | CONCURRENTLY [value] | TABLESPACE pg_default, ...)]
//! INDEX | TABLE | SCHEMA | DATABASE | SYSTEM [CONCURRENTLY] name`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Failure, Parsed, Parser};
use super::name::{ObjectName, Quoted};
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Reindex {
    /// Which indexes.
    pub of: ReindexOf,
    /// Whether others may change rows meanwhile.
    pub concurrently: bool,
}

/// Which indexes are built anew.
#[derive(Clone, Debug, PartialEq)]
pub enum ReindexOf {
    /// One.
    Index(ObjectName),
    /// Those of a table or materialized view.
    Table(ObjectName),
    /// Those of a schema's tables.
    Schema(String),
    /// All.
    Database(String),
    /// Those of the catalog's tables.
    System(String),
}

impl ReindexOf {
    /// Its word in SQL.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Index(_) => "INDEX",
            Self::Table(_) => "TABLE",
            Self::Schema(_) => "SCHEMA",
            Self::Database(_) => "DATABASE",
            Self::System(_) => "SYSTEM",
        }
    }
}

/// The words that tell which indexes are meant.
const KINDS: [&str; 5] = ["INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"];

impl Reindex {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["REINDEX"])?;
        let mut concurrently = false;
        if parser.consume_token(&Token::LParen) {
            loop {
                parse_option(parser, &mut concurrently)?;
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            parser.expect_token(&Token::RParen)?;
        }
        let Some(kind) = KINDS.into_iter().find(|word| parser.take_word(word)) else {
            return parser.fail("INDEX, TABLE, SCHEMA, DATABASE or SYSTEM");
        };
        concurrently |= parser.take_word("CONCURRENTLY");
        let of = match kind {
            "INDEX" => ReindexOf::Index(parser.object_name()?),
            "TABLE" => ReindexOf::Table(parser.object_name()?),
            "SCHEMA" => ReindexOf::Schema(parser.schema_name()?),
            "DATABASE" => ReindexOf::Database(parser.identifier()?),
            _ => ReindexOf::System(parser.identifier()?),
        };
        Ok(Self { of, concurrently })
    }
}

/// Parses one option; nothing depends on most of them.
fn parse_option(parser: &mut Parser, concurrently: &mut bool) -> Parsed<()> {
    let place = parser.error_here(Error::internal(""));
    let option = parser.identifier()?;
    match option.as_str() {
        "verbose" => {
            parse_truth(parser, "verbose")?;
        }
        "concurrently" => *concurrently = parse_truth(parser, "concurrently")?,
        "tablespace" => {
            let name = parser.identifier()?;
            if name != "pg_default" {
                let message = format!("tablespace \"{name}\" does not exist");
                let error = Error::new(SqlState::UNDEFINED_OBJECT, message);
                return Err(Failure::Told(error, None));
            }
        }
        _ => {
            let message = format!("unrecognized REINDEX option \"{option}\"");
            return Err(place.with_error(Error::new(SqlState::SYNTAX_ERROR, message)));
        }
    }
    Ok(())
}

/// The value of an option that is on where it has none.
fn parse_truth(parser: &mut Parser, option: &str) -> Parsed<bool> {
    if matches!(parser.peek_token_ref().token, Token::Comma | Token::RParen) {
        return Ok(true);
    }
    let word = parser.next_token().token.to_string().to_lowercase();
    match word.trim_matches('\'') {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => {
            let message = format!("{option} requires a Boolean value");
            let error = Error::new(SqlState::SYNTAX_ERROR, message);
            Err(Failure::Told(error, None))
        }
    }
}

impl fmt::Display for Reindex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "REINDEX {} ", self.of.word())?;
        if self.concurrently {
            f.write_str("CONCURRENTLY ")?;
        }
        match &self.of {
            ReindexOf::Index(name) | ReindexOf::Table(name) => name.fmt(f),
            ReindexOf::Schema(name) | ReindexOf::Database(name) | ReindexOf::System(name) => {
                Quoted(name).fmt(f)
            }
        }
    }
}
