//! `FETCH | MOVE [direction] [FROM | IN] cursor`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Failure, Parsed, Parser};
use super::name::Quoted;
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Where the cursor goes.
    pub direction: Direction,
    /// The cursor.
    pub cursor: String,
    /// Whether it goes there without giving rows.
    pub moves: bool,
}

/// Where a cursor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// So many rows on; a negative number goes back. `None` is to the end.
    Forward(Option<i64>),
    /// So many rows back; a negative number goes on. `None` is to the start.
    Backward(Option<i64>),
    /// To the row of this number, from 1; a negative one counts from the end.
    Absolute(i64),
    /// To the row so many rows on, or back.
    Relative(i64),
}

impl Fetch {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let moves = parser.take_word("MOVE");
        if !moves {
            parser.expect_words(&["FETCH"])?;
        }
        // A cursor may be called `next`.
        let is_name = matches!(
            parser.peek_nth_token_ref(1).token,
            Token::EOF | Token::SemiColon
        );
        let direction = match is_name {
            true => Direction::Forward(Some(1)),
            false => direction(parser)?,
        };
        if !parser.take_word("FROM") {
            let _ = parser.take_word("IN");
        }
        Ok(Self {
            direction,
            cursor: parser.identifier()?,
            moves,
        })
    }

    /// `FETCH` or `MOVE`, which its tag begins with.
    pub fn command(&self) -> &'static str {
        match self.moves {
            true => "MOVE",
            false => "FETCH",
        }
    }
}

fn direction(parser: &mut Parser) -> Parsed<Direction> {
    let word = parser.peek_word(0);
    let direction = match word.as_deref() {
        Some("NEXT") => Direction::Forward(Some(1)),
        Some("PRIOR") => Direction::Backward(Some(1)),
        Some("FIRST") => Direction::Absolute(1),
        Some("LAST") => Direction::Absolute(-1),
        Some("ALL") => Direction::Forward(None),
        Some("ABSOLUTE") => {
            parser.advance_token();
            return number(parser).map(Direction::Absolute);
        }
        Some("RELATIVE") => {
            parser.advance_token();
            return number(parser).map(Direction::Relative);
        }
        Some("FORWARD") => {
            parser.advance_token();
            return count(parser).map(Direction::Forward);
        }
        Some("BACKWARD") => {
            parser.advance_token();
            return count(parser).map(Direction::Backward);
        }
        Some("FROM" | "IN") => return Ok(Direction::Forward(Some(1))),
        _ => return number(parser).map(|number| Direction::Forward(Some(number))),
    };
    parser.advance_token();
    Ok(direction)
}

/// `ALL`, a number, or nothing, which is one.
fn count(parser: &mut Parser) -> Parsed<Option<i64>> {
    if parser.take_word("ALL") {
        return Ok(None);
    }
    match parser.peek_token_ref().token {
        Token::Number(..) | Token::Minus | Token::Plus => number(parser).map(Some),
        _ => Ok(Some(1)),
    }
}

fn number(parser: &mut Parser) -> Parsed<i64> {
    let is_negative = parser.consume_token(&Token::Minus);
    if !is_negative {
        let _ = parser.consume_token(&Token::Plus);
    }
    let token = parser.next_token();
    let Token::Number(digits, _) = &token.token else {
        return Ok(parser.expected("a number of rows", token)?);
    };
    // As in Postgres, whose counts are of 32 bits in SQL.
    let number: Option<i32> = match is_negative {
        true => format!("-{digits}").parse().ok(),
        false => digits.parse().ok(),
    };
    number.map(i64::from).ok_or_else(|| {
        let message = format!("\"{digits}\" is not a number of rows");
        let error = Error::new(SqlState::SYNTAX_ERROR, message);
        Failure::Told(
            error.with_hint("Use ALL for all rows."),
            Some(token.span.start),
        )
    })
}

impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.command();
        match self.direction {
            Direction::Forward(Some(count)) => write!(f, "{command} FORWARD {count}")?,
            Direction::Forward(None) => write!(f, "{command} FORWARD ALL")?,
            Direction::Backward(Some(count)) => write!(f, "{command} BACKWARD {count}")?,
            Direction::Backward(None) => write!(f, "{command} BACKWARD ALL")?,
            Direction::Absolute(row) => write!(f, "{command} ABSOLUTE {row}")?,
            Direction::Relative(rows) => write!(f, "{command} RELATIVE {rows}")?,
        }
        write!(f, " FROM {}", Quoted(&self.cursor))
    }
}
