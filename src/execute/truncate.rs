//! `TRUNCATE`: all rows go, each table's in a commit; old versions of the table still have them. A
//! keyed table forgets what it knew of deleted rows.

use super::modify::{self, Changing};
use super::target::Change;
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::returning::Target;
use crate::sql::truncate::Truncate;

/// Empties tables, one after the other.
///
/// # Errors
/// 42P01 where there is none; 42809 where it is no table; what the store says.
pub async fn execute(session: &Session, truncate: &Truncate) -> Result<Outcome> {
    let path = session.settings().search_path.0;
    let context = session.statement();
    for table in &truncate.tables {
        Change::Truncate.target(&context.snapshot, &path, table)?;
    }
    for table in &truncate.tables {
        let _guard = modify::lock(session, Change::Truncate, table).await?;
        let target = Target {
            table: table.clone(),
            alias: None,
        };
        let instance = &session.instance;
        let changing =
            Changing::begin(instance, &context, &path, &target, None, Change::Truncate).await?;
        let oid = changing.object.oid;
        changing.clear(session, "TRUNCATE").await?;
        if truncate.restarts_identity {
            instance.catalog.restart_numbers(oid)?;
        }
    }
    Ok(Outcome::Done("TRUNCATE TABLE".to_owned()))
}
