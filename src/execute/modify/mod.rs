//! What `UPDATE`, `DELETE`, `MERGE` and `INSERT ... ON CONFLICT` have in common: a query finds the
//! rows that change, by their places, and what becomes of them; one commit takes the old rows out and
//! puts the new ones in.

mod beside;
mod changing;
mod divider;
mod found;
mod put;
mod returning;
mod run;
pub mod visible;

pub use beside::Beside;
pub use changing::Changing;
pub use found::{
    EXCLUDED, FATE, Found, KEYS, Layout, POSITION, Planned, keys_name, named_twice, names_of,
};
pub use returning::Returning;

use super::target::Change;
use crate::catalog::Object;
use crate::error::Result;
use crate::instance::{LockGuard, LockMode};
use crate::session::Session;
use crate::sql::name::ObjectName;

/// What becomes of a row that a statement finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes.
    Gone = 0,
    /// It goes, and a new one comes.
    Changed = 1,
    /// A new one comes. Into a keyed table it is put: the latest row of its key stays.
    Added = 2,
}

/// What a statement does with a row that it finds twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// It is changed once.
    Once,
    /// 21000, in these words and with this hint.
    Refused(&'static str, &'static str),
}

/// Keeps others from changing the rows of a table meanwhile.
///
/// # Errors
/// 42P01 where there is none; 42809 where it is no table; 40001 where a transaction cannot wait, or
/// reads the table as it was before another one changed it.
pub async fn lock(session: &Session, change: Change, table: &ObjectName) -> Result<LockGuard> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let object = change.target(&snapshot, &path, table)?;
    lock_object(session, &object).await
}

/// [`lock`] of a table that is known.
///
/// # Errors
/// 40001 where a transaction cannot wait, or reads the table as it was before another one changed it.
pub async fn lock_object(session: &Session, object: &Object) -> Result<LockGuard> {
    lock_in(session, object, LockMode::Exclusive).await
}

/// [`lock_object`] in a mode.
///
/// # Errors
/// Those of [`lock_object`].
pub async fn lock_in(session: &Session, object: &Object, mode: LockMode) -> Result<LockGuard> {
    let guard = session
        .instance
        .refresh_locks
        .take(object.oid, mode)
        .await?;
    session.follow()?;
    session.check_unchanged(object).await?;
    Ok(guard)
}
