//! `LOCK TABLE`: readers have their snapshot and never wait, so that a lock is there for who changes
//! rows, and is kept until the transaction ends. Who only adds rows to a table without a key waits for
//! nobody, here as well, where PostgreSQL would have him wait.

use super::modify;
use super::target::Change;
use crate::catalog::Kind;
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, only_in_block, plan};
use crate::sql::lock::Lock;

/// Locks relations, one after the other as they are written.
///
/// # Errors
/// 25P01 outside a transaction block; 42P01 for a relation that does not exist; 42809 for what has
/// no rows; 55P03 where somebody else changes its rows and `NOWAIT` was said; 40001 where a
/// transaction cannot wait.
pub async fn execute(session: &Session, lock: &Lock) -> Result<Outcome> {
    if !session.is_in_transaction() {
        return Err(only_in_block("LOCK TABLE"));
    }
    let path = session.settings().search_path.0;
    for name in &lock.relations {
        let snapshot = session.instance.catalog.snapshot();
        let full = plan::resolve(name, &snapshot, &path)?;
        if snapshot.relation(&full).is_none() && !lock.mode.excludes_writers() {
            // One of the server's own, which nobody changes or drops.
            continue;
        }
        let object = plan::object(name, &snapshot, &path)?;
        match object.kind {
            Kind::Table if lock.mode.excludes_writers() => {
                if lock.no_wait && session.instance.refresh_locks.is_kept(object.oid) {
                    let message =
                        format!("could not obtain lock on relation \"{}\"", object.name.name);
                    return Err(Error::new(SqlState::LOCK_NOT_AVAILABLE, message));
                }
                // The transaction keeps it.
                modify::lock(session, Change::Alter, name).await?;
            }
            Kind::Table | Kind::View => {}
            kind => {
                let message = format!("\"{}\" is not a table or view", object.name.name);
                return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message)
                    .with_detail(format!("It is {}.", kind.with_article())));
            }
        }
    }
    Ok(Outcome::Done("LOCK TABLE".to_owned()))
}
