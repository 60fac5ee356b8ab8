//! What sqlparser could not read, told as Postgres tells it.

use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::Location;

use super::cursor::Failure;
use super::escape_errors;
use crate::error::{Error, SqlState, nearest};

/// The words that mistyped words are most likely meant to be.
const COMMON_WORDS: &[&str] = &[
    "ANALYZE",
    "BEGIN",
    "BETWEEN",
    "CHECK",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "CROSS",
    "DESCRIBE",
    "DISTINCT",
    "DROP",
    "EXISTS",
    "EXPECT",
    "EXPLAIN",
    "EXTERNAL",
    "FROM",
    "GROUP",
    "HAVING",
    "HISTORY",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIMIT",
    "LOCATION",
    "MATERIALIZED",
    "OFFSET",
    "OPTIONS",
    "ORDER",
    "OUTER",
    "PARTITION",
    "REFRESH",
    "REPLACE",
    "RIGHT",
    "ROLLBACK",
    "SCHEMA",
    "SELECT",
    "SHOW",
    "STORED",
    "TABLE",
    "UNION",
    "USING",
    "VALUES",
    "VERSION",
    "VIEW",
    "VIOLATION",
    "WHERE",
    "WITH",
];

/// The user's error for a failure in `sql`.
pub fn explain(failure: Failure, sql: &str) -> Error {
    match failure {
        Failure::Told(error, None) => error,
        Failure::Told(error, Some(location)) => {
            let offset = byte_offset(sql, location);
            error.with_position(position(sql, offset))
        }
        Failure::Syntax(ParserError::RecursionLimitExceeded) => Error::new(
            SqlState::STATEMENT_TOO_COMPLEX,
            "the statement is nested too deeply",
        )
        .with_hint("Name the inner queries in WITH, or make views of them."),
        Failure::Syntax(ParserError::TokenizerError(message)) => {
            let (message, location) = split_location(&message);
            let offset = location.map_or(sql.len(), |location| byte_offset(sql, location));
            let escape = match message.contains("encoded string") {
                true => sql.get(offset..).and_then(escape_errors::find),
                false => None,
            };
            escape
                .unwrap_or_else(|| Error::new(SqlState::SYNTAX_ERROR, token_problem(message)))
                .with_position(position(sql, offset))
        }
        Failure::Syntax(ParserError::ParserError(message)) => parser_problem(&message, sql),
    }
}

fn parser_problem(message: &str, sql: &str) -> Error {
    let (message, location) = split_location(message);
    let expected = message
        .strip_prefix("Expected: ")
        .and_then(|rest| rest.rsplit_once(", found: "))
        .map(|(expected, _)| expected);
    if expected.is_none() {
        let mut chars = message.chars();
        let lower: String = chars
            .next()
            .into_iter()
            .flat_map(char::to_lowercase)
            .chain(chars)
            .collect();
        let error = Error::new(SqlState::SYNTAX_ERROR, lower.trim_end_matches('.'));
        return match location {
            Some(location) => error.with_position(position(sql, byte_offset(sql, location))),
            None => error,
        };
    }
    let offset = location.map_or(sql.len(), |location| byte_offset(sql, location));
    let found = token_at(sql, offset);
    let message = match found {
        "" => "syntax error at end of input".to_owned(),
        found => format!("syntax error at or near \"{found}\""),
    };
    let mut error =
        Error::new(SqlState::SYNTAX_ERROR, message).with_position(position(sql, offset));
    if let Some(expected) = expected {
        error = error.with_detail(format!("Expected {expected}."));
    }
    let before = word_before(sql, offset);
    match [found, before].into_iter().find_map(meant) {
        Some(word) => error.with_hint(format!("Perhaps you meant \"{word}\".")),
        None => error,
    }
}

/// The keyword that a word, which is none, looks like.
fn meant(word: &str) -> Option<&'static str> {
    let upper = word.to_ascii_uppercase();
    let is_word = upper.len() > 2 && upper.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_known = ALL_KEYWORDS.binary_search(&upper.as_str()).is_ok()
        || COMMON_WORDS.contains(&upper.as_str());
    if !is_word || is_known {
        return None;
    }
    let transposed = COMMON_WORDS
        .iter()
        .copied()
        .find(|candidate| is_transposition(&upper, candidate));
    transposed.or_else(|| nearest(&upper, COMMON_WORDS.iter().copied()))
}

/// Whether two neighbouring letters changed places, as in FORM for FROM.
fn is_transposition(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let differences: Vec<usize> = (0..a.len().min(b.len()))
        .filter(|&i| a[i] != b[i])
        .collect();
    a.len() == b.len()
        && matches!(differences[..], [i, j] if j == i + 1 && a[i] == b[j] && a[j] == b[i])
}

/// Postgres's words for what the tokenizer met.
fn token_problem(message: &str) -> String {
    if message.contains("string") || message.contains("dollar-quoted") {
        "unterminated quoted string".to_owned()
    } else if message.contains("close delimiter") {
        "unterminated quoted identifier".to_owned()
    } else if message.contains("comment") {
        "unterminated /* comment".to_owned()
    } else {
        format!("syntax error: {}", message.trim_end_matches('.'))
    }
}

/// Takes sqlparser's ` at Line: 1, Column: 8` from the end of a message.
fn split_location(message: &str) -> (&str, Option<Location>) {
    let parts = message.rsplit_once(" at Line: ").and_then(|(text, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        let location = Location {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        };
        Some((text, location))
    });
    match parts {
        Some((text, location)) => (text, Some(location)),
        None => (message, None),
    }
}

/// A place in a text that only moves forward: lines and columns, in characters from 1, to bytes.
pub struct Walker<'a> {
    sql: &'a str,
    offset: usize,
    line: u64,
    column: u64,
}

impl<'a> Walker<'a> {
    /// At the start of the text.
    pub fn new(sql: &'a str) -> Self {
        Self {
            sql,
            offset: 0,
            line: 1,
            column: 1,
        }
    }

    /// Moves to a place, and gives its byte offset; the end of the text for the end of input,
    /// which sqlparser gives as line 0.
    pub fn advance(&mut self, location: Location) -> usize {
        if location.line == 0 {
            self.offset = self.sql.len();
        }
        let target = (location.line, location.column);
        for character in self.sql[self.offset..].chars() {
            if (self.line, self.column) >= target {
                break;
            }
            self.offset += character.len_utf8();
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.offset
    }
}

fn byte_offset(sql: &str, location: Location) -> usize {
    Walker::new(sql).advance(location)
}

/// The place of a byte, in characters from 1.
fn position(sql: &str, offset: usize) -> usize {
    sql[..offset].chars().count() + 1
}

/// The token at an offset, roughly as Postgres cuts it, at most 64 characters long.
fn token_at(sql: &str, offset: usize) -> &str {
    let rest = &sql[offset..];
    let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let Some(first) = rest.chars().next() else {
        return "";
    };
    let length = match first {
        '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
        _ if in_word(first) => rest.find(|c| !in_word(c)).unwrap_or(rest.len()),
        _ => first.len_utf8(),
    };
    let limit = rest
        .char_indices()
        .nth(64)
        .map_or(rest.len(), |(index, _)| index);
    &rest[..length.min(limit)]
}

/// The word that ends before an offset.
fn word_before(sql: &str, offset: usize) -> &str {
    let before = sql[..offset].trim_end();
    let start = before
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |index| {
            index + before[index..].chars().next().map_or(1, char::len_utf8)
        });
    &before[start..]
}
