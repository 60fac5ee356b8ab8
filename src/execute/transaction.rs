//! `BEGIN`, `COMMIT`, `ROLLBACK`.
//!
//! A block frames reading statements, as clients do; a statement that writes is a transaction of
//! its own and is refused inside a block. Several statements in one message of the simple protocol
//! are run one by one, and where one fails, its error tells which before it are committed.

use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, TransactionStatus};

/// `BEGIN`.
///
/// # Errors
/// None; within a block it warns, as Postgres does.
pub fn begin(session: &Session) -> Result<Outcome> {
    if session.transaction_status() == TransactionStatus::InTransaction {
        session.notice(warning(
            SqlState::ACTIVE_SQL_TRANSACTION,
            "there is already a transaction in progress",
        ));
    }
    session.set_transaction_status(TransactionStatus::InTransaction);
    Ok(Outcome::Done("BEGIN".to_owned()))
}

/// `COMMIT`; of a failed block, a rollback.
///
/// # Errors
/// None; outside a block it warns, as Postgres does.
pub fn commit(session: &Session) -> Result<Outcome> {
    let tag = if session.transaction_status() == TransactionStatus::Failed {
        "ROLLBACK"
    } else {
        "COMMIT"
    };
    end(session, tag)
}

/// `ROLLBACK`.
///
/// # Errors
/// None; outside a block it warns, as Postgres does.
pub fn rollback(session: &Session) -> Result<Outcome> {
    end(session, "ROLLBACK")
}

fn end(session: &Session, tag: &str) -> Result<Outcome> {
    if session.transaction_status() == TransactionStatus::Idle {
        session.notice(warning(
            SqlState::NO_ACTIVE_SQL_TRANSACTION,
            "there is no transaction in progress",
        ));
    }
    session.set_transaction_status(TransactionStatus::Idle);
    Ok(Outcome::Done(tag.to_owned()))
}

fn warning(sqlstate: SqlState, message: &str) -> Error {
    Error::new(sqlstate, message)
}
