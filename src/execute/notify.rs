//! `NOTIFY`.

use crate::error::{Error, Result, SqlState};
use crate::session::{MAX_CHANNEL_BYTES, Outcome, Session};
use crate::sql::notify::Notify;

/// Tells who listens on a channel, when the transaction commits.
///
/// # Errors
/// 22023 for a name that no channel has, and for a payload that is too long; 54000 where too many
/// notifications wait.
pub fn execute(session: &Session, notify: &Notify) -> Result<Outcome> {
    let channel = channel(session, &notify.channel);
    session.notifying.notify(&channel, &notify.payload)?;
    Ok(Outcome::Done("NOTIFY".to_owned()))
}

/// A channel by its name in a statement, which is cut as PostgreSQL cuts all names.
pub fn channel(session: &Session, name: &str) -> String {
    let cut = &name[..name.floor_char_boundary(MAX_CHANNEL_BYTES)];
    if cut.len() < name.len() {
        let message = format!("identifier \"{name}\" will be truncated to \"{cut}\"");
        session.notice(Error::new(SqlState::NAME_TOO_LONG, message));
    }
    cut.to_owned()
}
