//! `EXPLAIN [ANALYZE] [VERBOSE] statement` and `EXPLAIN (ANALYZE, VERBOSE, ...) statement`, of a query
//! or a change of rows. `EXPLAIN REFRESH [MATERIALIZED VIEW] name`, `EXPLAIN REFRESH MODEL name [FULL]`,
//! `EXPLAIN ANALYZE REFRESH ...`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::drop::DropKind;
use super::refresh::{Refresh, RefreshExtent};
use super::{Options, Statement, parser};
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// Whether it runs, to report what it did.
    pub analyze: bool,
    /// Whether every detail is shown.
    pub verbose: bool,
    /// What is explained.
    pub statement: Box<Statement>,
}

impl Explain {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["EXPLAIN"])?;
        let (mut analyze, mut verbose) = (false, false);
        let is_query = |parser: &Parser| {
            matches!(
                parser.peek_word(1).as_deref(),
                Some("SELECT" | "WITH" | "VALUES" | "TABLE")
            ) || parser.peek_nth_token_ref(1).token == Token::LParen
        };
        if parser.peek_token_ref().token == Token::LParen && !is_query(parser) {
            let failure = parser.error_here(Error::new(
                SqlState::SYNTAX_ERROR,
                "unrecognized EXPLAIN option",
            ));
            for (key, value) in Options::parse(parser)?.0 {
                let on = matches!(value.as_str(), "true" | "on" | "1");
                match key.as_str() {
                    "analyze" => analyze = on,
                    "verbose" => verbose = on,
                    "format" if value != "text" => {
                        return parser.unsupported_here(format_args!("EXPLAIN (FORMAT {value})"));
                    }
                    "format" | "costs" | "settings" | "buffers" | "wal" | "timing" | "summary"
                    | "memory" => {}
                    _ => return Err(failure),
                }
            }
        } else {
            analyze = parser.take_word("ANALYZE") || parser.take_word("ANALYSE");
            verbose = parser.take_word("VERBOSE");
        }
        let plannable = [
            "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE",
        ];
        if analyze && parser.peek_word(0).as_deref() == Some("REFRESH") {
            return Ok(Self {
                analyze,
                verbose,
                statement: Box::new(Statement::Refresh(Refresh::parse(parser)?)),
            });
        }
        if !analyze && parser.take_word("REFRESH") {
            let kind = match parser.take_word("MODEL") {
                true => DropKind::Model,
                false => {
                    let _ = parser.take_words(&["MATERIALIZED", "VIEW"]);
                    DropKind::MaterializedView
                }
            };
            let name = parser.object_name()?;
            let extent = match kind == DropKind::Model && parser.take_word("FULL") {
                true => RefreshExtent::Full,
                false => RefreshExtent::Usual,
            };
            let refresh = Refresh { kind, name, extent };
            return Ok(Self {
                analyze,
                verbose,
                statement: Box::new(Statement::Refresh(refresh)),
            });
        }
        if let Some(word) = parser.peek_word(0)
            && !plannable.contains(&word.as_str())
            && parser::is_statement(&word)
        {
            return parser.unsupported_here(format_args!("EXPLAIN {word}"));
        }
        Ok(Self {
            analyze,
            verbose,
            statement: Box::new(parser::parse_plannable(parser)?),
        })
    }
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let analyze = if self.analyze { "ANALYZE " } else { "" };
        let verbose = if self.verbose { "VERBOSE " } else { "" };
        write!(f, "EXPLAIN {analyze}{verbose}{}", self.statement)
    }
}
