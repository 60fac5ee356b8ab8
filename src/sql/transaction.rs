//! `BEGIN | START TRANSACTION [modes]`, `COMMIT | END`, `ROLLBACK | ABORT`.
//!
//! The modes are read and have no effect: every statement reads one snapshot of its tables.

use datafusion::sql::sqlparser::tokenizer::Token;

use super::Statement;
use super::cursor::{Parsed, Parser};

/// Parses any of them.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Statement> {
    if parser.take_words(&["START", "TRANSACTION"]) {
        return modes(parser).map(|_| Statement::Begin);
    }
    if parser.take_word("BEGIN") {
        take_block_word(parser);
        return modes(parser).map(|_| Statement::Begin);
    }
    let statement = if parser.take_word("COMMIT") || parser.take_word("END") {
        Statement::Commit
    } else if parser.take_word("ROLLBACK") || parser.take_word("ABORT") {
        Statement::Rollback
    } else {
        parser.advance_token();
        return parser.fail("TRANSACTION");
    };
    for what in ["PREPARED", "TO"] {
        if parser.peek_word(0).as_deref() == Some(what) {
            return parser.unsupported_here(match what {
                "TO" => "ROLLBACK TO SAVEPOINT",
                _ => "two-phase commit",
            });
        }
    }
    take_block_word(parser);
    if parser.peek_word(0).as_deref() == Some("TO") {
        return parser.unsupported_here("ROLLBACK TO SAVEPOINT");
    }
    if !parser.take_words(&["AND", "NO", "CHAIN"]) && parser.take_word("AND") {
        return parser.unsupported_here("AND CHAIN");
    }
    Ok(statement)
}

fn take_block_word(parser: &mut Parser) {
    let _ = parser.take_word("WORK") || parser.take_word("TRANSACTION");
}

/// `ISOLATION LEVEL ..., READ ONLY, ...` as settings and their values.
pub(super) fn modes(parser: &mut Parser) -> Parsed<Vec<(&'static str, String)>> {
    const LEVELS: [&[&str]; 4] = [
        &["SERIALIZABLE"],
        &["REPEATABLE", "READ"],
        &["READ", "COMMITTED"],
        &["READ", "UNCOMMITTED"],
    ];
    let mut modes = Vec::new();
    while !parser.at_end() {
        let mode = if parser.take_words(&["ISOLATION", "LEVEL"]) {
            match LEVELS.iter().find(|level| parser.take_words(level)) {
                Some(level) => ("transaction_isolation", level.join(" ").to_lowercase()),
                None => return parser.fail("an isolation level"),
            }
        } else if parser.take_words(&["READ", "ONLY"]) {
            ("transaction_read_only", "on".to_owned())
        } else if parser.take_words(&["READ", "WRITE"]) {
            ("transaction_read_only", "off".to_owned())
        } else if parser.take_words(&["NOT", "DEFERRABLE"]) {
            ("transaction_deferrable", "off".to_owned())
        } else if parser.take_word("DEFERRABLE") {
            ("transaction_deferrable", "on".to_owned())
        } else {
            return parser.fail("a transaction mode");
        };
        modes.push(mode);
        let _ = parser.consume_token(&Token::Comma);
    }
    Ok(modes)
}
