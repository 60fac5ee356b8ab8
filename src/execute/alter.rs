//! `ALTER ... SUSPEND | RESUME`: whether the scheduler looks after a materialized view or model.

use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session};
use crate::sql::alter::Alter;

/// Suspends or resumes; an object that is so already stays so.
///
/// # Errors
/// 42P01 and the like for an object that does not exist; 42809 for one of another kind.
pub fn execute(session: &Session, alter: &Alter) -> Result<Outcome> {
    let done = Outcome::Done(format!("ALTER {}", alter.kind));
    let path = session.settings().search_path.0;
    let snapshot = session.instance.catalog.snapshot();
    let object = match super::refresh::target(alter.kind, &alter.name, &snapshot, &path) {
        Err(error) if alter.if_exists && error.sqlstate() == SqlState::UNDEFINED_TABLE => {
            let message = format!("relation \"{}\" does not exist, skipping", alter.name);
            session.notice(Error::new(SqlState::UNDEFINED_TABLE, message));
            return Ok(done);
        }
        found => found?,
    };
    session
        .instance
        .catalog
        .write(|transaction| transaction.set_suspended(object.oid, alter.suspends))?;
    Ok(done)
}
