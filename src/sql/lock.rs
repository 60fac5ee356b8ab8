//! `LOCK [TABLE] [ONLY] name [*], ... [IN mode MODE] [NOWAIT]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// The relations.
    pub relations: Vec<ObjectName>,
    /// How they are locked.
    pub mode: LockMode,
    /// Whether it fails rather than waits.
    pub no_wait: bool,
}

/// How a table is locked, each mode keeping more from it than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// As reading does.
    AccessShare,
    /// As `SELECT ... FOR UPDATE` does.
    RowShare,
    /// As changing rows does.
    RowExclusive,
    /// As `VACUUM` does.
    ShareUpdateExclusive,
    /// Nobody changes rows.
    Share,
    /// One alone may.
    ShareRowExclusive,
    /// And nobody else prepares to.
    Exclusive,
    /// Nobody else does anything.
    AccessExclusive,
}

impl LockMode {
    const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// Its words.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::AccessShare => &["ACCESS", "SHARE"],
            Self::RowShare => &["ROW", "SHARE"],
            Self::RowExclusive => &["ROW", "EXCLUSIVE"],
            Self::ShareUpdateExclusive => &["SHARE", "UPDATE", "EXCLUSIVE"],
            Self::Share => &["SHARE"],
            Self::ShareRowExclusive => &["SHARE", "ROW", "EXCLUSIVE"],
            Self::Exclusive => &["EXCLUSIVE"],
            Self::AccessExclusive => &["ACCESS", "EXCLUSIVE"],
        }
    }

    /// Whether others are kept from changing rows meanwhile.
    pub fn excludes_writers(self) -> bool {
        self > Self::RowExclusive
    }
}

impl Lock {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["LOCK"])?;
        let _ = parser.take_word("TABLE");
        let mut relations = Vec::new();
        loop {
            let _ = parser.take_word("ONLY");
            relations.push(parser.object_name()?);
            let _ = parser.consume_token(&Token::Mul);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        let mut mode = LockMode::AccessExclusive;
        if parser.take_word("IN") {
            let found = LockMode::ALL.into_iter().find(|mode| {
                let with_end = [mode.words(), &["MODE"]].concat();
                parser.take_words(&with_end)
            });
            mode = match found {
                Some(mode) => mode,
                None => return parser.fail("a mode of locks"),
            };
        }
        Ok(Self {
            relations,
            mode,
            no_wait: parser.take_word("NOWAIT"),
        })
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LOCK TABLE ")?;
        for (index, relation) in self.relations.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{relation}")?;
        }
        write!(f, " IN {} MODE", self.mode.words().join(" "))?;
        f.write_str(if self.no_wait { " NOWAIT" } else { "" })
    }
}
