//! `BEGIN | START TRANSACTION [modes]`, `COMMIT | END [AND [NO] CHAIN]`,
//! `ROLLBACK | ABORT [AND [NO] CHAIN]`, `SAVEPOINT name`, `RELEASE [SAVEPOINT] name`,
//! `ROLLBACK TO [SAVEPOINT] name`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// `BEGIN`.
    Begin(Vec<Mode>),
    /// `START TRANSACTION`, whose tag is another.
    Start(Vec<Mode>),
    /// `COMMIT`, `END`.
    Commit {
        /// Whether another transaction of the same modes begins.
        chain: bool,
    },
    /// `ROLLBACK`, `ABORT`.
    Rollback {
        /// Whether another transaction of the same modes begins.
        chain: bool,
    },
    /// `SAVEPOINT`.
    Savepoint(String),
    /// `RELEASE SAVEPOINT`.
    Release(String),
    /// `ROLLBACK TO SAVEPOINT`.
    RollbackTo(String),
}

/// One of the modes of a transaction: `ISOLATION LEVEL ...`, `READ ONLY`, `DEFERRABLE` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mode {
    /// The setting that holds it.
    pub setting: &'static str,
    /// The setting's value.
    pub value: String,
}

/// The setting of `ISOLATION LEVEL`.
pub const ISOLATION: &str = "transaction_isolation";
/// The setting of `READ ONLY` and `READ WRITE`.
pub const READ_ONLY: &str = "transaction_read_only";
/// The setting of `DEFERRABLE` and `NOT DEFERRABLE`.
pub const DEFERRABLE: &str = "transaction_deferrable";

impl Transaction {
    /// Whether it may end a transaction that has failed, or go back to before that.
    pub fn ends_failure(&self) -> bool {
        matches!(
            self,
            Self::Commit { .. } | Self::Rollback { .. } | Self::RollbackTo(_)
        )
    }

    /// Whether it ends a block.
    pub fn ends_block(&self) -> bool {
        matches!(self, Self::Commit { .. } | Self::Rollback { .. })
    }

    /// Parses any of them.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_words(&["START", "TRANSACTION"]) {
            return modes(parser).map(Self::Start);
        }
        if parser.take_word("BEGIN") {
            take_block_word(parser);
            return modes(parser).map(Self::Begin);
        }
        if parser.take_word("SAVEPOINT") {
            return parser.identifier().map(Self::Savepoint);
        }
        if parser.take_word("RELEASE") {
            return savepoint(parser).map(Self::Release);
        }
        let commits = parser.take_word("COMMIT") || parser.take_word("END");
        if !commits && !parser.take_word("ROLLBACK") && !parser.take_word("ABORT") {
            parser.advance_token();
            return parser.fail("TRANSACTION");
        }
        if parser.peek_word(0).as_deref() == Some("PREPARED") {
            return parser.unsupported_here("two-phase commit");
        }
        take_block_word(parser);
        if !commits && parser.take_word("TO") {
            return savepoint(parser).map(Self::RollbackTo);
        }
        let chain = match parser.take_word("AND") {
            true => {
                let without = parser.take_word("NO");
                parser.expect_words(&["CHAIN"])?;
                !without
            }
            false => false,
        };
        Ok(match commits {
            true => Self::Commit { chain },
            false => Self::Rollback { chain },
        })
    }
}

fn take_block_word(parser: &mut Parser) {
    let _ = parser.take_word("WORK") || parser.take_word("TRANSACTION");
}

/// `[SAVEPOINT] name`, of a savepoint that may be called `savepoint`.
fn savepoint(parser: &mut Parser) -> Parsed<String> {
    let is_name = matches!(
        parser.peek_nth_token_ref(1).token,
        Token::EOF | Token::SemiColon
    );
    if !is_name {
        parser.expect_words(&["SAVEPOINT"])?;
    }
    parser.identifier()
}

/// `ISOLATION LEVEL ..., READ ONLY, ...`; none, or several with or without commas between them.
pub(super) fn modes(parser: &mut Parser) -> Parsed<Vec<Mode>> {
    const LEVELS: [&[&str]; 4] = [
        &["SERIALIZABLE"],
        &["REPEATABLE", "READ"],
        &["READ", "COMMITTED"],
        &["READ", "UNCOMMITTED"],
    ];
    let mut modes = Vec::new();
    while !parser.at_end() {
        let (setting, value) = if parser.take_words(&["ISOLATION", "LEVEL"]) {
            match LEVELS.iter().find(|level| parser.take_words(level)) {
                Some(level) => (ISOLATION, level.join(" ").to_lowercase()),
                None => return parser.fail("an isolation level"),
            }
        } else if parser.take_words(&["READ", "ONLY"]) {
            (READ_ONLY, "on".to_owned())
        } else if parser.take_words(&["READ", "WRITE"]) {
            (READ_ONLY, "off".to_owned())
        } else if parser.take_words(&["NOT", "DEFERRABLE"]) {
            (DEFERRABLE, "off".to_owned())
        } else if parser.take_word("DEFERRABLE") {
            (DEFERRABLE, "on".to_owned())
        } else {
            return parser.fail("a transaction mode");
        };
        modes.push(Mode { setting, value });
        if parser.consume_token(&Token::Comma) && parser.at_end() {
            return parser.fail("a transaction mode");
        }
    }
    Ok(modes)
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_on = self.value == "on";
        match self.setting {
            ISOLATION => write!(f, "ISOLATION LEVEL {}", self.value.to_uppercase()),
            READ_ONLY if is_on => f.write_str("READ ONLY"),
            READ_ONLY => f.write_str("READ WRITE"),
            _ if is_on => f.write_str("DEFERRABLE"),
            _ => f.write_str("NOT DEFERRABLE"),
        }
    }
}

/// Modes as SQL text.
pub(super) fn write_modes(f: &mut fmt::Formatter<'_>, modes: &[Mode]) -> fmt::Result {
    for (index, mode) in modes.iter().enumerate() {
        let separator = if index == 0 { " " } else { ", " };
        write!(f, "{separator}{mode}")?;
    }
    Ok(())
}

impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = |chain: &bool| if *chain { " AND CHAIN" } else { "" };
        match self {
            Self::Begin(modes) => {
                f.write_str("BEGIN")?;
                write_modes(f, modes)
            }
            Self::Start(modes) => {
                f.write_str("START TRANSACTION")?;
                write_modes(f, modes)
            }
            Self::Commit { chain: chained } => write!(f, "COMMIT{}", chain(chained)),
            Self::Rollback { chain: chained } => write!(f, "ROLLBACK{}", chain(chained)),
            Self::Savepoint(name) => write!(f, "SAVEPOINT {}", Quoted(name)),
            Self::Release(name) => write!(f, "RELEASE SAVEPOINT {}", Quoted(name)),
            Self::RollbackTo(name) => write!(f, "ROLLBACK TO SAVEPOINT {}", Quoted(name)),
        }
    }
}
