//! Limits on a statement's size that the parser itself does not keep.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::cursor::{Failure, Parsed};
use crate::error::{Error, SqlState};

/// How many operators one expression may chain, and how many queries one UNION.
///
/// A chain `a OR b OR c ...` becomes a tree as deep as it is long, which is walked, copied and
/// freed by recursion: its length must be limited as nesting is.
pub const MAX_CHAIN: usize = 1_000;

/// How many types may be nested by `ARRAY<`, and tables in tables: sqlparser follows them without
/// a limit of its own.
const MAX_NESTED_TYPES: usize = 16;

/// Refuses statements beyond the limits.
pub fn check(tokens: &[TokenWithSpan]) -> Parsed<()> {
    let mut counts = Counts::default();
    let mut previous = Keyword::NoKeyword;
    for token in tokens {
        if matches!(token.token, Token::Whitespace(_)) {
            continue;
        }
        counts.add(&token.token, previous);
        previous = match &token.token {
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let (problem, hint) = if counts.operators > MAX_CHAIN || counts.sets > MAX_CHAIN {
            (
                format!("the statement chains more than {MAX_CHAIN} operators"),
                "Compare with a list (IN), or join a table of values.",
            )
        } else if counts.nested_types > MAX_NESTED_TYPES {
            (
                format!("the statement nests more than {MAX_NESTED_TYPES} types"),
                "Write type[] for an array.",
            )
        } else {
            continue;
        };
        let error = Error::new(SqlState::STATEMENT_TOO_COMPLEX, problem).with_hint(hint);
        return Err(Failure::Told(error, Some(token.span.start)));
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    /// Operators since the expression at hand may have begun.
    operators: usize,
    /// The same for those around it: outside of its parentheses, brackets and `CASE`.
    outer: Vec<usize>,
    /// Queries and tables put together by words.
    sets: usize,
    nested_types: usize,
}

impl Counts {
    fn add(&mut self, token: &Token, previous: Keyword) {
        match token {
            Token::LParen | Token::LBracket => self.open(),
            Token::RParen | Token::RBracket => self.close(),
            Token::Comma => self.operators = 0,
            Token::SemiColon => *self = Self::default(),
            Token::Word(word) => self.add_keyword(word.keyword),
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Period => {}
            _ => self.operators += 1,
        }
        let nests = match token {
            Token::Lt | Token::Neq | Token::ShiftLeft => matches!(
                previous,
                Keyword::ARRAY | Keyword::STRUCT | Keyword::MAP | Keyword::TABLE
            ),
            Token::LParen => previous == Keyword::TABLE,
            Token::Word(word) => word.keyword == Keyword::NESTED,
            _ => false,
        };
        self.nested_types += usize::from(nests);
    }

    fn add_keyword(&mut self, keyword: Keyword) {
        match keyword {
            Keyword::CASE => self.open(),
            Keyword::END => self.close(),
            // No expression goes on after these.
            Keyword::SELECT
            | Keyword::WHERE
            | Keyword::HAVING
            | Keyword::ON
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE => self.operators = 0,
            Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
                self.sets += 1;
            }
            Keyword::JOIN => self.sets += 1,
            Keyword::AND
            | Keyword::OR
            | Keyword::XOR
            | Keyword::IS
            | Keyword::NOTNULL
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::SIMILAR
            | Keyword::RLIKE
            | Keyword::REGEXP
            | Keyword::MATCH
            | Keyword::MEMBER
            | Keyword::DIV
            | Keyword::BETWEEN
            | Keyword::COLLATE
            | Keyword::OVERLAPS
            | Keyword::OPERATOR
            | Keyword::AT => self.operators += 1,
            _ => {}
        }
    }

    fn open(&mut self) {
        self.outer.push(self.operators);
        self.operators = 0;
    }

    fn close(&mut self) {
        self.operators = self.outer.pop().unwrap_or(0) + 1;
    }
}
