//! `LISTEN`.

use super::notify::channel;
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::listen::Listen;

/// Has the session told of what is notified on a channel, from the end of its transaction on.
///
/// # Errors
/// 22023 for a name that no channel has; 53400 for too many channels.
pub fn execute(session: &Session, listen: &Listen) -> Result<Outcome> {
    let channel = channel(session, &listen.channel);
    session.notifying.listen(&channel)?;
    Ok(Outcome::Done("LISTEN".to_owned()))
}
