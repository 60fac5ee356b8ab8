//! `TRUNCATE`: all rows go, those of several tables together; old versions of the tables still have
//! them. A keyed table forgets what it knew of deleted rows.

use std::collections::BTreeSet;

use super::create_sequence;
use super::modify::{self, Changing};
use super::target::Change;
use crate::catalog::Oid;
use crate::error::Result;
use crate::session::{Outcome, Session};
use crate::sql::name::ObjectName;
use crate::sql::returning::Target;
use crate::sql::truncate::Truncate;

/// Empties tables, all or none.
///
/// # Errors
/// 42P01 where there is none; 42809 where it is no table; 40001 where one of several tables is being
/// changed by a transaction that may wait for this one; what the store says.
pub async fn execute(session: &Session, truncate: &Truncate) -> Result<Outcome> {
    let path = session.settings().search_path.0;
    let snapshot = session.statement().snapshot;
    let mut tables = Vec::with_capacity(truncate.tables.len());
    for table in &truncate.tables {
        let object = Change::Truncate.target(&snapshot, &path, table)?;
        tables.push((object.oid, table));
    }
    // In the order that transactions may wait for each other in.
    tables.sort_by_key(|(oid, _)| *oid);
    tables.dedup_by_key(|(oid, _)| *oid);
    match tables.as_slice() {
        [(_, table)] => clear(session, &path, table).await?,
        several => {
            session
                .together(async |session: &Session| {
                    for (_, table) in several {
                        clear(session, &path, table).await?;
                    }
                    Ok(())
                })
                .await?;
        }
    }
    if truncate.restarts_identity {
        let tables: BTreeSet<Oid> = tables.into_iter().map(|(oid, _)| oid).collect();
        let owned = create_sequence::owned_by(&snapshot, &tables);
        for oid in tables.into_iter().chain(owned) {
            session.instance.catalog.restart_numbers(oid)?;
        }
    }
    Ok(Outcome::Done("TRUNCATE TABLE".to_owned()))
}

async fn clear(session: &Session, path: &[String], table: &ObjectName) -> Result<()> {
    let _guard = modify::lock(session, Change::Truncate, table).await?;
    let target = Target {
        table: table.clone(),
        alias: None,
    };
    let (context, change) = (session.statement(), Change::Truncate);
    let changing =
        Changing::begin(&session.instance, &context, path, &target, None, change).await?;
    changing.clear(session, "TRUNCATE").await?;
    Ok(())
}
