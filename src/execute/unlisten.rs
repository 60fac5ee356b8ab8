//! `UNLISTEN`.

use crate::error::Result;
use crate::session::Outcome;

/// Stops listening, which no session does: `LISTEN` is not supported. Pools of connections send it
/// whenever they take one back.
///
/// # Errors
/// None.
pub fn execute() -> Result<Outcome> {
    Ok(Outcome::Done("UNLISTEN".to_owned()))
}
