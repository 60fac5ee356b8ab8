//! `EXPLAIN [ANALYZE] [VERBOSE] statement` and `EXPLAIN (ANALYZE, VERBOSE, COSTS, FORMAT {TEXT | JSON | XML |
//! YAML}, ...) statement`, of a query or a change of rows. `EXPLAIN REFRESH [MATERIALIZED VIEW] name`, `EXPLAIN REFRESH MODEL name [FULL]`,
//! `EXPLAIN ANALYZE REFRESH [MATERIALIZED VIEW] name ...`, `EXPLAIN ANALYZE CREATE [OR REPLACE] MODEL name ...`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::create_model::CreateModel;
use super::cursor::{Failure, Parsed, Parser};
use super::drop::DropKind;
use super::refresh::{Refresh, RefreshExtent};
use super::{Options, Statement, parser};
use crate::error::{Error, SqlState};

/// How a plan is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A line for each operator.
    #[default]
    Text,
    /// A document of JSON.
    Json,
    /// A document of XML.
    Xml,
    /// A document of YAML.
    Yaml,
}

impl Format {
    fn of(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "text" => Self::Text,
            "json" => Self::Json,
            "xml" => Self::Xml,
            "yaml" => Self::Yaml,
            _ => return None,
        })
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Json => "JSON",
            Self::Xml => "XML",
            Self::Yaml => "YAML",
        }
    }
}

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// Whether it runs, to report what it did.
    pub analyze: bool,
    /// Whether every detail is shown.
    pub verbose: bool,
    /// How the plan is written.
    pub format: Format,
    /// Whether a plan that is written as a document tells of how many rows it is thought to be.
    pub costs: bool,
    /// What is explained.
    pub statement: Box<Statement>,
}

impl Explain {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["EXPLAIN"])?;
        let (mut analyze, mut verbose, mut costs) = (false, false, true);
        let mut format = Format::Text;
        let is_query = |parser: &Parser| {
            matches!(
                parser.peek_word(1).as_deref(),
                Some("SELECT" | "WITH" | "VALUES" | "TABLE")
            ) || parser.peek_nth_token_ref(1).token == Token::LParen
        };
        if parser.peek_token_ref().token == Token::LParen && !is_query(parser) {
            // They are told at the beginning of the list.
            let place = parser.peek_token_ref().span.start;
            let failure = |sqlstate, message: String| {
                Err(Failure::Told(Error::new(sqlstate, message), Some(place)))
            };
            for (key, value) in Options::parse(parser)?.0 {
                let truth = match value.to_lowercase().as_str() {
                    "true" | "on" | "1" => Some(true),
                    "false" | "off" | "0" => Some(false),
                    _ => None,
                };
                if key == "format" {
                    let Some(known) = Format::of(&value) else {
                        let message = format!(
                            "unrecognized value for EXPLAIN option \"format\": \"{value}\""
                        );
                        return failure(SqlState::INVALID_PARAMETER_VALUE, message);
                    };
                    format = known;
                    continue;
                }
                let known = [
                    "analyze", "verbose", "costs", "settings", "buffers", "wal", "timing",
                    "summary", "memory",
                ];
                if !known.contains(&key.as_str()) {
                    let message = format!("unrecognized EXPLAIN option \"{key}\"");
                    return failure(SqlState::SYNTAX_ERROR, message);
                }
                let Some(truth) = truth else {
                    let message = format!("{key} requires a Boolean value");
                    return failure(SqlState::SYNTAX_ERROR, message);
                };
                match key.as_str() {
                    "analyze" => analyze = truth,
                    "verbose" => verbose = truth,
                    "costs" => costs = truth,
                    _ => {}
                }
            }
            costs |= format == Format::Text;
        } else {
            analyze = parser.take_word("ANALYZE") || parser.take_word("ANALYSE");
            verbose = parser.take_word("VERBOSE");
        }
        let plannable = [
            "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE",
        ];
        if format != Format::Text && parser.peek_word(0).as_deref() == Some("REFRESH") {
            let what = format_args!("EXPLAIN (FORMAT {}) of a refresh", format.sql());
            return parser.unsupported_here(what);
        }
        if parser.take_word("REFRESH") {
            let kind = match parser.take_word("MODEL") {
                true => DropKind::Model,
                false => {
                    let _ = parser.take_words(&["MATERIALIZED", "VIEW"]);
                    DropKind::MaterializedView
                }
            };
            if analyze {
                let refresh = Refresh::parse_of(parser, kind)?;
                if refresh.extent == RefreshExtent::NoData {
                    return parser
                        .unsupported_here(format_args!("EXPLAIN ANALYZE REFRESH WITH NO DATA"));
                }
                return Ok(Self {
                    analyze,
                    verbose,
                    format,
                    costs,
                    statement: Box::new(Statement::Refresh(refresh)),
                });
            }
            let name = parser.object_name()?;
            let extent = match kind == DropKind::Model && parser.take_word("FULL") {
                true => RefreshExtent::Full,
                false => RefreshExtent::Usual,
            };
            let refresh = Refresh { kind, name, extent };
            return Ok(Self {
                analyze,
                verbose,
                format,
                costs,
                statement: Box::new(Statement::Refresh(refresh)),
            });
        }
        if let Some(or_replace) = creates_model(parser) {
            if !analyze {
                let hint = "EXPLAIN ANALYZE creates it, and tells what that took.";
                let error = Error::unsupported("EXPLAIN CREATE MODEL").with_hint(hint);
                return Err(parser.error_here(error));
            }
            if format != Format::Text {
                let what = format_args!("EXPLAIN (FORMAT {}) of CREATE MODEL", format.sql());
                return parser.unsupported_here(what);
            }
            parser.expect_words(&["CREATE"])?;
            let _ = parser.take_words(&["OR", "REPLACE"]);
            let create = CreateModel::parse(parser, or_replace)?;
            if !create.with_data {
                return parser
                    .unsupported_here(format_args!("EXPLAIN ANALYZE CREATE MODEL WITH NO DATA"));
            }
            return Ok(Self {
                analyze,
                verbose,
                format,
                costs,
                statement: Box::new(Statement::CreateModel(create)),
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
            format,
            costs,
            statement: Box::new(parser::parse_plannable(parser)?),
        })
    }
}

/// Whether a model is created next and, if so, whether one that exists is replaced.
fn creates_model(parser: &Parser) -> Option<bool> {
    let is = |at: usize, word: &str| parser.peek_word(at).as_deref() == Some(word);
    let or_replace = is(1, "OR") && is(2, "REPLACE");
    let kind = if or_replace { 3 } else { 1 };
    (is(0, "CREATE") && is(kind, "MODEL")).then_some(or_replace)
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.format != Format::Text {
            let analyze = if self.analyze { "ANALYZE, " } else { "" };
            let verbose = if self.verbose { "VERBOSE, " } else { "" };
            let costs = if self.costs { "" } else { "COSTS off, " };
            let format = self.format.sql();
            let statement = &self.statement;
            return write!(
                f,
                "EXPLAIN ({analyze}{verbose}{costs}FORMAT {format}) {statement}"
            );
        }
        let analyze = if self.analyze { "ANALYZE " } else { "" };
        let verbose = if self.verbose { "VERBOSE " } else { "" };
        write!(f, "EXPLAIN {analyze}{verbose}{}", self.statement)
    }
}
