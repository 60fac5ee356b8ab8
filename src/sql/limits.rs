//! Limits on a statement's size that the parser itself does not keep.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::cursor::{Failure, Parsed};
use crate::error::{Error, SqlState};

/// How many operators one expression may chain, and how many joins a statement may have.
///
/// A chain `a OR b OR c ...` becomes a tree as deep as it is long, which is walked, copied and
/// freed by recursion: its length must be limited as nesting is. With these limits such a tree fits
/// a stack of 16 MB also in builds without optimisation.
const MAX_CHAIN: usize = 500;

/// How many queries may be put together by UNION and the like; each takes more of the stack than an
/// operator does.
const MAX_SETS: usize = 100;

/// How many types may be nested by `ARRAY<`, tables in tables, and intervals of intervals: sqlparser
/// follows them without a limit of its own.
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
        let (problem, hint) = if counts.here.depth().max(counts.joins) > MAX_CHAIN {
            (
                format!("the statement chains more than {MAX_CHAIN} operators"),
                "Compare with a list (IN), or join a table of values.",
            )
        } else if counts.sets > MAX_SETS {
            (
                format!("the statement puts more than {MAX_SETS} queries together"),
                "Make views of some of them.",
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
    /// The expression at hand.
    here: Chain,
    /// Those around it: outside of its parentheses, brackets and `CASE`.
    outer: Vec<Chain>,
    /// Queries put together by words.
    sets: usize,
    joins: usize,
    nested_types: usize,
}

/// The operators of one expression, without those of parts in parentheses.
#[derive(Clone, Copy, Default)]
struct Chain {
    /// AND, OR and BETWEEN.
    logical: usize,
    /// Others since the last AND or OR, which bind less than they do.
    others: usize,
    /// The most there were of those between two.
    most_others: usize,
}

impl Chain {
    /// How deep the expression's tree may be.
    fn depth(self) -> usize {
        self.logical + self.most_others
    }

    fn add_logical(&mut self) {
        self.logical += 1;
        self.others = 0;
    }

    fn add_other(&mut self) {
        self.others += 1;
        self.most_others = self.most_others.max(self.others);
    }
}

impl Counts {
    fn add(&mut self, token: &Token, previous: Keyword) {
        match token {
            Token::LParen | Token::LBracket => self.open(),
            Token::RParen | Token::RBracket => self.close(),
            Token::Comma => self.here = Chain::default(),
            Token::SemiColon => *self = Self::default(),
            Token::Word(word) => self.add_keyword(word.keyword),
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Period => {}
            _ => self.here.add_other(),
        }
        let nests = match token {
            Token::Lt | Token::Neq | Token::ShiftLeft => matches!(
                previous,
                Keyword::ARRAY | Keyword::STRUCT | Keyword::MAP | Keyword::TABLE
            ),
            Token::LParen => previous == Keyword::TABLE,
            Token::Word(word) => match word.keyword {
                Keyword::NESTED => true,
                Keyword::INTERVAL => previous == Keyword::INTERVAL,
                _ => false,
            },
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
            | Keyword::ELSE => self.here = Chain::default(),
            Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::MINUS
            | Keyword::PIVOT
            | Keyword::UNPIVOT => {
                self.sets += 1;
            }
            Keyword::JOIN => self.joins += 1,
            Keyword::AND | Keyword::OR | Keyword::XOR | Keyword::BETWEEN => {
                self.here.add_logical();
            }
            Keyword::IS
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
            | Keyword::COLLATE
            | Keyword::OVERLAPS
            | Keyword::OPERATOR
            | Keyword::AT => self.here.add_other(),
            _ => {}
        }
    }

    fn open(&mut self) {
        self.outer.push(self.here);
        self.here = Chain::default();
    }

    fn close(&mut self) {
        self.here = self.outer.pop().unwrap_or_default();
        self.here.add_other();
    }
}
