//! What `ALTER COLUMN` says of how PostgreSQL keeps a column and what it gathers of it: `SET STATISTICS n`,
//! `SET STORAGE word`, `SET COMPRESSION method | DEFAULT`, `SET (option = value, ...)`, `RESET (option, ...)`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::create_sequence::number;
use super::cursor::{Parsed, Parser};
use super::name::Quoted;
use super::options::Options;

/// What is said.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnStorage {
    /// How many values are gathered; -1 for as many as of others.
    Statistics(i64),
    /// Whether long values stand elsewhere, and are made smaller.
    Storage(String),
    /// By which method they are made smaller.
    Compression(String),
    /// What is known of its values.
    Options(Options),
    /// What is not known any more.
    Reset(Vec<String>),
}

impl ColumnStorage {
    /// Parses it behind the column's name; none where something else is said.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        let has_list = parser.peek_nth_token_ref(1).token == Token::LParen;
        Ok(Some(if parser.take_words(&["SET", "STATISTICS"]) {
            let is_word = matches!(parser.peek_token_ref().token, Token::Word(_));
            if is_word {
                return parser.fail("a number");
            }
            Self::Statistics(number(parser)?)
        } else if parser.take_words(&["SET", "STORAGE"]) {
            Self::Storage(parser.identifier()?)
        } else if parser.take_words(&["SET", "COMPRESSION"]) {
            Self::Compression(parser.identifier()?)
        } else if has_list && parser.take_word("SET") {
            Self::Options(Options::parse(parser)?)
        } else if has_list && parser.take_word("RESET") {
            Self::Reset(parser.identifier_list()?)
        } else {
            return Ok(None);
        }))
    }
}

impl fmt::Display for ColumnStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statistics(target) => write!(f, "SET STATISTICS {target}"),
            Self::Storage(word) => write!(f, "SET STORAGE {}", Quoted(word)),
            Self::Compression(method) if method == "default" => {
                f.write_str("SET COMPRESSION DEFAULT")
            }
            Self::Compression(method) => write!(f, "SET COMPRESSION {}", Quoted(method)),
            Self::Options(options) => {
                f.write_str("SET")?;
                options.write_list(f)
            }
            Self::Reset(names) => {
                let names: Vec<String> = names.iter().map(|it| Quoted(it).to_string()).collect();
                write!(f, "RESET ({})", names.join(", "))
            }
        }
    }
}
