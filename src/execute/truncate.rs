//! `TRUNCATE`: all rows go, those of several tables together; old versions of the tables still have
//! them. A keyed table forgets what it knew of deleted rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::modify::{self, Changing};
use super::target::Change;
use super::{changing_transactions, create_sequence, referential, tables_in_use};
use crate::catalog::{Object, Oid};
use crate::error::Result;
use crate::models::replacement::replaced_meanwhile;
use crate::session::{Outcome, Session, check_privileges};
use crate::sql::Statement;
use crate::sql::returning::Target;
use crate::sql::truncate::Truncate;

/// Empties tables, all or none.
///
/// # Errors
/// 42P01 where there is none; 42809 where it is no table; 0A000 where others refer to it; 40001 where one
/// of several tables is being changed by a transaction that may wait for this one; 55006 where a cursor of
/// the transaction reads one; what the store says.
pub async fn execute(session: &Session, truncate: &Truncate) -> Result<Outcome> {
    let path = session.settings().search_path.0;
    let snapshot = session.statement().snapshot;
    let mut named = Vec::with_capacity(truncate.tables.len());
    for table in &truncate.tables {
        named.push(Change::Truncate.target(&snapshot, &path, table)?);
    }
    // In the order of numbers, in which transactions may wait for each other.
    let tables = referential::truncated(session, &snapshot, named, truncate.cascade)?;
    let all: BTreeSet<Oid> = tables.keys().copied().collect();
    let names = tables.values().map(|table| table.name.clone().into());
    let all_named = Truncate {
        tables: names.collect(),
        ..truncate.clone()
    };
    check_privileges(session, &Statement::Truncate(all_named))?;
    tables_in_use::check(session, tables.values(), "TRUNCATE")?;
    // Rows of a transaction that nobody may wait for come after it.
    if !changing_transactions::may_be_waited_for(&session.instance) {
        let changed = changing_transactions::tables_of(tables.values());
        changing_transactions::wait(session, changed).await?;
    }
    match all.len() {
        1 => {
            for table in tables.values() {
                clear(session, &path, table, &all).await?;
            }
        }
        _ => {
            session
                .together(async |session: &Session| {
                    for table in tables.values() {
                        clear(session, &path, table, &all).await?;
                    }
                    Ok(())
                })
                .await?;
        }
    }
    if truncate.restarts_identity {
        let tables = all;
        let owned = create_sequence::owned_by(&snapshot, &tables);
        for oid in tables.into_iter().chain(owned) {
            session.instance.catalog.restart_numbers(oid)?;
        }
    }
    Ok(Outcome::Done("TRUNCATE TABLE".to_owned()))
}

/// Empties a table; `all` are those that are emptied together.
pub(super) async fn clear(
    session: &Session,
    path: &[String],
    table: &Arc<Object>,
    all: &BTreeSet<Oid>,
) -> Result<()> {
    let _guard = modify::lock_object(session, table).await?;
    let snapshot = session.instance.catalog.snapshot();
    let references = snapshot.references_to(&table.name);
    if references.iter().any(|it| !all.contains(&it.table.oid)) {
        return Err(replaced_meanwhile(table));
    }
    let target = Target {
        table: table.name.clone().into(),
        alias: None,
    };
    let (context, change) = (session.statement(), Change::Truncate);
    let changing =
        Changing::begin(&session.instance, &context, path, &target, None, change).await?;
    changing.clear(session, "TRUNCATE").await?;
    Ok(())
}
