//! `COPY name [(columns)] FROM STDIN | COPY name [(columns)] TO STDOUT | COPY (query) TO STDOUT
//! [WITH (FORMAT csv | text | binary, DELIMITER, NULL, HEADER, QUOTE, ESCAPE, FORCE_QUOTE, ...)]
//! [WHERE condition]`, the condition of the rows that come `FROM STDIN`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Expr, Query};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::copy_options;
use super::cursor::{Parsed, Parser};
use super::delete::write_condition;
use super::name::{ObjectName, write_columns};
use super::options::Literal;
use super::query::{self, check_expression};
use super::shown::Shown;
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// From where, or to where.
    pub direction: Direction,
    /// How rows are written.
    pub format: CopyFormat,
    /// In which encoding; in the client's where it is not said.
    pub encoding: Option<&'static str>,
    /// Which of the rows that come are put in; all where it is not said.
    pub condition: Option<Box<Expr>>,
}

/// Which way the rows go.
#[derive(Clone, Debug, PartialEq)]
pub enum Direction {
    /// `COPY table FROM STDIN`.
    FromStdin {
        /// The table that takes the rows.
        table: ObjectName,
        /// The columns given; empty for all, in order.
        columns: Vec<String>,
    },
    /// `COPY table TO STDOUT`.
    TableToStdout {
        /// The relation read.
        table: ObjectName,
        /// The columns read; empty for all.
        columns: Vec<String>,
    },
    /// `COPY (query) TO STDOUT`.
    QueryToStdout(Box<Query>),
}

/// The format of rows, with Postgres's defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyFormat {
    /// Tab-separated with backslash escapes.
    Text {
        /// Between fields.
        delimiter: u8,
        /// What stands for NULL.
        null: String,
        /// What the first line is.
        header: Header,
    },
    /// Comma-separated.
    Csv {
        /// Between fields.
        delimiter: u8,
        /// What stands, unquoted, for NULL.
        null: String,
        /// What the first line is.
        header: Header,
        /// Around fields.
        quote: u8,
        /// Before a quote within quotes.
        escape: u8,
        /// What holds of some columns.
        forced: Forced,
    },
    /// Each value as the protocol writes it in binary.
    Binary,
}

/// What the first line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// A row.
    #[default]
    None,
    /// The names of the columns, which are not looked at.
    Line,
    /// The names of the columns that are copied, in this order.
    Match,
}

/// What CSV does with the values of some columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forced {
    /// Those that are quoted, also where they need not be.
    pub quote: Quoting,
    /// Those in which what stands for NULL is a text.
    pub not_null: Vec<String>,
    /// Those in which what stands for NULL does so in quotes too.
    pub null: Vec<String>,
}

/// Columns that are quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Those of these names.
    Columns(Vec<String>),
    /// `*`.
    All,
}

impl Default for Quoting {
    fn default() -> Self {
        Self::Columns(Vec::new())
    }
}

impl Quoting {
    /// The columns that are named.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Columns(names) => names,
            Self::All => &[],
        }
    }
}

impl CopyFormat {
    /// What holds of some columns, where the format knows such.
    pub fn forced(&self) -> Option<&Forced> {
        match self {
            Self::Csv { forced, .. } => Some(forced),
            Self::Text { .. } | Self::Binary => None,
        }
    }
}

impl Copy {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["COPY"])?;
        // `COPY BINARY t` is the form of PostgreSQL 7, which its clients still write.
        let second = parser.peek_word(1);
        let place = parser.error_here(Error::internal(""));
        let is_binary = parser.peek_word(0).as_deref() == Some("BINARY")
            && !matches!(second.as_deref(), None | Some("FROM" | "TO"))
            && parser.take_word("BINARY");
        let binary = is_binary.then_some(place);
        let direction = if parser.consume_token(&Token::LParen) {
            let query = query::parse_to_run(parser)?;
            parser.expect_token(&Token::RParen)?;
            parser.expect_words(&["TO"])?;
            expect_stream(parser, "STDOUT")?;
            Direction::QueryToStdout(query)
        } else {
            let table = parser.object_name()?;
            let columns = parser.optional_columns()?;
            if parser.take_word("FROM") {
                expect_stream(parser, "STDIN")?;
                Direction::FromStdin { table, columns }
            } else if parser.take_word("TO") {
                expect_stream(parser, "STDOUT")?;
                Direction::TableToStdout { table, columns }
            } else {
                return parser.fail("FROM or TO");
            }
        };
        let is_from = matches!(direction, Direction::FromStdin { .. });
        let (format, encoding) = copy_options::parse(parser, binary, is_from)?;
        let condition = match direction {
            Direction::FromStdin { .. } if parser.take_word("WHERE") => {
                let place = parser.peek_token_ref().span.start;
                let condition = parser.parse_expr()?;
                check_expression(&condition, place)?;
                Some(Box::new(condition))
            }
            Direction::TableToStdout { .. } if parser.peek_word(0).as_deref() == Some("WHERE") => {
                let message = "WHERE clause not allowed with COPY TO";
                return Err(parser.error_here(
                    Error::new(SqlState::SYNTAX_ERROR, message)
                        .with_hint("Copy a query: COPY (SELECT ... WHERE ...) TO STDOUT."),
                ));
            }
            _ => None,
        };
        Ok(Self {
            direction,
            format,
            encoding,
            condition,
        })
    }
}

/// `STDIN` or `STDOUT`: the server reads and writes no files for its clients.
fn expect_stream(parser: &mut Parser, stream: &str) -> Parsed<()> {
    let is_file = matches!(
        parser.peek_token_ref().token,
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_)
    );
    if is_file || parser.peek_word(0).as_deref() == Some("PROGRAM") {
        return Err(parser.error_here(
            Error::unsupported("COPY of a file or program of the server").with_hint(format!(
                "Use COPY ... {stream}, or \\copy in psql for a file of the client's; \
                 CREATE EXTERNAL TABLE reads files of the server's."
            )),
        ));
    }
    // Postgres too takes either word in either direction.
    if parser.take_word("STDIN") || parser.take_word("STDOUT") {
        return Ok(());
    }
    parser.fail(stream)
}

impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("COPY ")?;
        match &self.direction {
            Direction::FromStdin { table, columns } => {
                write!(f, "{table}")?;
                write_columns(f, columns)?;
                f.write_str(" FROM STDIN")?;
            }
            Direction::TableToStdout { table, columns } => {
                write!(f, "{table}")?;
                write_columns(f, columns)?;
                f.write_str(" TO STDOUT")?;
            }
            Direction::QueryToStdout(query) => {
                write!(f, "({}) TO STDOUT", Shown(query.as_ref()))?;
            }
        }
        write!(f, " WITH ({}", self.format)?;
        if let Some(encoding) = self.encoding {
            write!(f, ", ENCODING {}", Literal(encoding))?;
        }
        f.write_str(")")?;
        write_condition(f, self.condition.as_deref())
    }
}

impl fmt::Display for CopyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let byte = |byte: &u8| Literal(&char::from(*byte).to_string()).to_string();
        match self {
            Self::Text {
                delimiter,
                null,
                header,
            } => write!(
                f,
                "FORMAT text, DELIMITER {}, NULL {}, HEADER {header}",
                byte(delimiter),
                Literal(null)
            ),
            Self::Csv {
                delimiter,
                null,
                header,
                quote,
                escape,
                forced,
            } => write!(
                f,
                "FORMAT csv, DELIMITER {}, NULL {}, HEADER {header}, QUOTE {}, ESCAPE {}{forced}",
                byte(delimiter),
                Literal(null),
                byte(quote),
                byte(escape)
            ),
            Self::Binary => f.write_str("FORMAT binary"),
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "false",
            Self::Line => "true",
            Self::Match => "match",
        })
    }
}

impl fmt::Display for Forced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quote == Quoting::All {
            f.write_str(", FORCE_QUOTE *")?;
        }
        let lists = [
            ("FORCE_QUOTE", self.quote.names()),
            ("FORCE_NOT_NULL", &self.not_null),
            ("FORCE_NULL", &self.null),
        ];
        for (option, names) in lists {
            if !names.is_empty() {
                write!(f, ", {option}")?;
                write_columns(f, names)?;
            }
        }
        Ok(())
    }
}
