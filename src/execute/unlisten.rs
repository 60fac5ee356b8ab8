//! `UNLISTEN`.

use super::notify::channel;
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::unlisten::Unlisten;

/// Stops listening on a channel, or on all, from the end of the transaction on. Pools of connections
/// send it whenever they take one back.
///
/// # Errors
/// 54000 where too much waits for the end of the transaction.
pub fn execute(session: &Session, unlisten: &Unlisten) -> Result<Outcome> {
    let channel = unlisten.channel.as_ref().map(|name| channel(session, name));
    session.notifying.unlisten(channel.as_deref())?;
    Ok(Outcome::Done("UNLISTEN".to_owned()))
}
