//! `DISCARD`.

use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, TransactionStatus};
use crate::sql::discard::Discard;

/// Forgets what the session has kept. No plans are kept between two runs of a statement.
///
/// # Errors
/// 25001 for `ALL` within a transaction block.
pub async fn execute(session: &Session, discard: &Discard) -> Result<Outcome> {
    if *discard == Discard::All {
        if session.transaction_status() != TransactionStatus::Idle {
            let message = "DISCARD ALL cannot run inside a transaction block";
            return Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, message));
        }
        session.cursors.close_all();
        session.statements.deallocate_all();
        session.notifying.unlisten(None)?;
        session.free_advisory_locks();
        session.reset_all()?;
        session.authorize(None, true, false)?;
    }
    if matches!(discard, Discard::All | Discard::Sequences) {
        session.sequences.forget();
    }
    if matches!(discard, Discard::All | Discard::Temp) {
        session.drop_temporary().await?;
    }
    Ok(Outcome::Done(discard.to_string()))
}
