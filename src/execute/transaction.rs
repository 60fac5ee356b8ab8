//! `BEGIN`, `COMMIT`, `ROLLBACK` and savepoints.
//!
//! A block frames reading statements, as clients do; a statement that writes is a transaction of
//! its own and is refused inside a block. What a block takes back are settings and cursors. Several
//! statements in one message of the simple protocol are run one by one, and where one fails, its
//! error tells which before it are committed.

use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, TransactionStatus, only_in_block};
use crate::sql::transaction::Transaction;

/// Begins, ends or goes back.
///
/// # Errors
/// 25P01 for savepoints and chains outside a block, 3B001 for a savepoint that is not there.
/// `BEGIN` within a block, and an end outside, warn, as in Postgres.
pub fn execute(session: &Session, statement: &Transaction) -> Result<Outcome> {
    match statement {
        Transaction::Begin(modes) | Transaction::Start(modes) => {
            if session.transaction_status() == TransactionStatus::InTransaction {
                session.notice(Error::new(
                    SqlState::ACTIVE_SQL_TRANSACTION,
                    "there is already a transaction in progress",
                ));
            }
            session.begin_transaction(modes)?;
            done(match statement {
                Transaction::Start(_) => "START TRANSACTION",
                _ => "BEGIN",
            })
        }
        Transaction::Commit { chain } => {
            // The commit of what has failed is a rollback.
            let commits = session.transaction_status() != TransactionStatus::Failed;
            end(
                session,
                commits,
                if *chain { "COMMIT AND CHAIN" } else { "" },
            )?;
            done(if commits { "COMMIT" } else { "ROLLBACK" })
        }
        Transaction::Rollback { chain } => {
            end(
                session,
                false,
                if *chain { "ROLLBACK AND CHAIN" } else { "" },
            )?;
            done("ROLLBACK")
        }
        Transaction::Savepoint(name) => {
            session.set_savepoint(name)?;
            done("SAVEPOINT")
        }
        Transaction::Release(name) => {
            session.release_savepoint(name)?;
            done("RELEASE")
        }
        Transaction::RollbackTo(name) => {
            session.roll_back_to_savepoint(name)?;
            done("ROLLBACK")
        }
    }
}

/// Ends the block; `chained` is the command that begins another one, or nothing.
fn end(session: &Session, commits: bool, chained: &str) -> Result<()> {
    if session.transaction_status() == TransactionStatus::Idle {
        if !chained.is_empty() {
            return Err(only_in_block(chained));
        }
        session.notice(Error::new(
            SqlState::NO_ACTIVE_SQL_TRANSACTION,
            "there is no transaction in progress",
        ));
    }
    let modes = session.end_transaction(commits)?;
    if !chained.is_empty() {
        session.begin_transaction(&modes)?;
    }
    Ok(())
}

fn done(tag: &str) -> Result<Outcome> {
    Ok(Outcome::Done(tag.to_owned()))
}
