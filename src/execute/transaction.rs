//! `BEGIN`, `COMMIT`, `ROLLBACK` and savepoints.
//!
//! What the statements of a block write is their session's alone until it commits; settings and cursors
//! go back with it. Several statements in one message of the simple protocol are a transaction, as
//! in Postgres.

use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, TransactionStatus, only_in_block};
use crate::sql::transaction::Transaction;

/// Begins, ends or goes back.
///
/// # Errors
/// 25P01 for savepoints and chains outside a block, 3B001 for a savepoint that is not there; 40001 for
/// a commit of what another transaction has changed meanwhile.
/// `BEGIN` within a block, and an end outside, warn, as in Postgres.
pub async fn execute(session: &Session, statement: &Transaction) -> Result<Outcome> {
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
            let chained = if *chain { "COMMIT AND CHAIN" } else { "" };
            end(session, commits, chained).await?;
            done(if commits { "COMMIT" } else { "ROLLBACK" })
        }
        Transaction::Rollback { chain } => {
            let chained = if *chain { "ROLLBACK AND CHAIN" } else { "" };
            end(session, false, chained).await?;
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
            session.roll_back_to_savepoint(name).await?;
            done("ROLLBACK")
        }
    }
}

/// Ends the block; `chained` is the command that begins another one, or nothing.
async fn end(session: &Session, commits: bool, chained: &str) -> Result<()> {
    if session.transaction_status() == TransactionStatus::Idle {
        if !chained.is_empty() {
            return Err(only_in_block(chained));
        }
        session.notice(Error::new(
            SqlState::NO_ACTIVE_SQL_TRANSACTION,
            "there is no transaction in progress",
        ));
    }
    let modes = session.end_transaction(commits).await?;
    if !chained.is_empty() {
        session.begin_transaction(&modes)?;
    }
    Ok(())
}

fn done(tag: &str) -> Result<Outcome> {
    Ok(Outcome::Done(tag.to_owned()))
}
