//! `DECLARE name [BINARY] [ASENSITIVE | INSENSITIVE] [[NO] SCROLL] CURSOR [WITH | WITHOUT HOLD] FOR
//! query`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Query;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;
use super::query;
use super::shown::Shown;
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Declare {
    /// What the cursor is called.
    pub name: String,
    /// Whether the simple protocol gives its rows in binary.
    pub binary: bool,
    /// Whether it goes backwards too.
    pub scroll: bool,
    /// Whether it outlives its transaction.
    pub hold: bool,
    /// What it gives.
    pub query: Box<Query>,
}

impl Declare {
    /// Parses the statement. Every cursor is insensitive: it reads the versions of its tables that
    /// were the latest when it was declared.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["DECLARE"])?;
        let name = parser.identifier()?;
        let (mut binary, mut scroll, mut no_scroll) = (false, false, false);
        while !parser.take_word("CURSOR") {
            let place = parser.error_here(Error::new(
                SqlState::INVALID_CURSOR_DEFINITION,
                "cannot specify both SCROLL and NO SCROLL",
            ));
            if parser.take_word("BINARY") {
                binary = true;
            } else if parser.take_words(&["NO", "SCROLL"]) {
                no_scroll = true;
            } else if parser.take_word("SCROLL") {
                scroll = true;
            } else if !parser.take_word("INSENSITIVE") && !parser.take_word("ASENSITIVE") {
                return parser.fail("CURSOR");
            }
            if scroll && no_scroll {
                return Err(place);
            }
        }
        let hold = parser.take_words(&["WITH", "HOLD"]);
        if !hold {
            let _ = parser.take_words(&["WITHOUT", "HOLD"]);
        }
        parser.expect_words(&["FOR"])?;
        Ok(Self {
            name,
            binary,
            scroll,
            hold,
            query: query::parse_to_run(parser)?,
        })
    }
}

impl fmt::Display for Declare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |is_said: bool, word: &'static str| if is_said { word } else { "" };
        write!(
            f,
            "DECLARE {} {}{}CURSOR {}FOR {}",
            Quoted(&self.name),
            word(self.binary, "BINARY "),
            word(self.scroll, "SCROLL "),
            word(self.hold, "WITH HOLD "),
            Shown(self.query.as_ref())
        )
    }
}
