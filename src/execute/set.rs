//! `SET` and `RESET`.

use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::set::Set;

/// Changes a setting of the session.
///
/// # Errors
/// 42704 and 22023 for a setting or value that does not exist.
pub fn execute(session: &Session, set: &Set) -> Result<Outcome> {
    match set {
        Set::ResetAll => {
            session.reset_all()?;
            Ok(Outcome::Done("RESET".to_owned()))
        }
        Set::Value { name, value, .. } => {
            session.set(name, value.as_deref())?;
            Ok(Outcome::Done("SET".to_owned()))
        }
    }
}
