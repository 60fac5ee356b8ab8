//! `CLOSE`.

use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::close::Close;

/// Closes a cursor, or all of them.
///
/// # Errors
/// 34000 where there is none of that name.
pub fn execute(session: &Session, close: &Close) -> Result<Outcome> {
    let tag = match &close.cursor {
        Some(name) => {
            session.cursors.close(name)?;
            "CLOSE CURSOR"
        }
        None => {
            session.cursors.close_all();
            "CLOSE CURSOR ALL"
        }
    };
    Ok(Outcome::Done(tag.to_owned()))
}
