//! `DROP EXTENSION`: those that are there are parts of the server.

use crate::catalog::pg_catalog;
use crate::catalog::privilege::Rights;
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, not_owner};
use crate::sql::drop_extension::DropExtension;

/// Tells that extensions are not there, or have to be.
///
/// # Errors
/// 42704 for one that is not there, unless that is fine; 42501 and 2BP01 for one that is.
pub fn execute(session: &Session, drop: &DropExtension) -> Result<Outcome> {
    for name in &drop.names {
        if pg_catalog::is_extension(name) {
            let snapshot = session.instance.catalog.snapshot();
            if !Rights::of(&snapshot, session.role_oid(&snapshot)).is_superuser() {
                return Err(not_owner("extension", name));
            }
            let message = format!(
                "cannot drop extension {name} because it is required by the database system"
            );
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message));
        }
        let message = format!("extension \"{name}\" does not exist");
        if !drop.if_exists {
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
        }
        let notice = format!("{message}, skipping");
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
    }
    Ok(Outcome::Done("DROP EXTENSION".to_owned()))
}
