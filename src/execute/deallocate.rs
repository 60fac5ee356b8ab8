//! `DEALLOCATE`.

use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::deallocate::Deallocate;

/// Forgets a prepared statement, or all that have a name.
///
/// # Errors
/// 26000 where there is none of that name.
pub fn execute(session: &Session, deallocate: &Deallocate) -> Result<Outcome> {
    let tag = match &deallocate.name {
        Some(name) => {
            session.statements.deallocate(name)?;
            "DEALLOCATE"
        }
        None => {
            session.statements.deallocate_all();
            "DEALLOCATE ALL"
        }
    };
    Ok(Outcome::Done(tag.to_owned()))
}
