//! Within a transaction block the versions are those that the block sees, its own among them. Materialized
//! views are not restored: their rows come from their queries, which read old versions of what they read
//! with `VERSION AS OF`. A version of before another definition that the log does not tell, for another
//! release made it, is not restored either (0A000).

mod definition;
mod numbers;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::definition::Redefined;
use super::redefine::{foreign_keys, readers};
use super::target::Change;
use super::{
    changing_transactions, create_sequence, create_type, modify, referential, time_travel,
};
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::{LockGuard, LockMode};
use crate::models::replacement::{self, Replacement, Unchanged};
use crate::models::replan::{self, Author};
use crate::models::table_id;
use crate::session::{Outcome, Session};
use crate::sql::restore::{Before, Restore};
use crate::sql::time_travel::Version;
use crate::warehouse::{At, CommitInfo, Earlier, Participant};

/// Has a table be again what it was at a version.
///
/// # Errors
/// 42809 for what is no table; 22023 for a version that it does not have, or no longer; 0A000 for one of
/// before another definition that its log does not tell; 2BP01 where something needs a column or a key
/// that goes; 23503 for rows that refer to none; those of [`time_travel::compute`]; 40001 and
/// 55P03 where others are changing it.
pub async fn execute(session: &Session, restore: &Restore) -> Result<Outcome> {
    let wanted = Wanted::of(session, restore).await?;
    let path = session.settings().search_path.0;
    let snapshot = session.instance.catalog.snapshot();
    let table = Change::Restore.target(&snapshot, &path, &restore.name)?;
    let tables = changing_transactions::tables_of([&table]);
    changing_transactions::wait(session, tables).await?;
    let is_done = match session.instance.catalog.is_staged() {
        true => false,
        false => run(session, restore, &wanted).await?,
    };
    if !is_done {
        session
            .together(async |session: &Session| run(session, restore, &wanted).await)
            .await?;
    }
    Ok(Outcome::Done("RESTORE".to_owned()))
}

/// What a table is to be again.
struct Wanted {
    at: At,
    /// As its history tells it.
    described: String,
}

impl Wanted {
    async fn of(session: &Session, restore: &Restore) -> Result<Self> {
        match &restore.before {
            Before::Version(number) => Ok(Self {
                at: At::Version(*number),
                described: restore.before.to_string(),
            }),
            Before::Moment(written) => {
                let moment = time_travel::compute(written, &session.statement().state).await?;
                Ok(Self {
                    at: At::Timestamp(moment.at),
                    described: Version::Timestamp(moment.at).to_string(),
                })
            }
        }
    }
}

/// Restores the table; false where that takes a transaction, for it changes more than the table's rows.
async fn run(session: &Session, restore: &Restore, wanted: &Wanted) -> Result<bool> {
    let catalog = &session.instance.catalog;
    if catalog.is_staged() {
        lock_involved(session, restore).await?;
    }
    let guard = modify::lock(session, Change::Restore, &restore.name).await?;
    let snapshot = catalog.snapshot();
    let path = session.settings().search_path.0;
    let object = Change::Restore.target(&snapshot, &path, &restore.name)?;
    let warehouse = &session.instance.warehouse;
    replacement::settle(catalog, warehouse, object.oid).await?;
    let earlier = warehouse.earlier(&table_id(&object), wanted.at).await?;
    let has_references = !foreign_keys::about(&snapshot, &object).is_empty();
    let is_renamed = create_type::is_renamed(&snapshot, &object, &earlier.columns, earlier.version);
    if !catalog.is_staged() && (earlier.definition.is_some() || has_references || is_renamed) {
        return Ok(false);
    }
    refuse_where_waiting(session, &object)?;
    let mut info = CommitInfo::new("RESTORE");
    info.parameters
        .insert("to".to_owned(), wanted.described.clone());
    let participant: Arc<dyn Participant> = match &earlier.definition {
        None => {
            numbers::go_on(session, &object, earlier.version, None).await?;
            Arc::new(Unchanged {
                instance: Arc::clone(&session.instance),
                object: Arc::clone(&object),
            })
        }
        Some(recorded) => {
            let redefined = Redefined::of(session, &object, &earlier, recorded).await?;
            let to_be = (redefined, info, guard);
            redefine(session, restore, &object, &earlier, to_be).await?;
            return Ok(true);
        }
    };
    let at = At::Version(earlier.version);
    warehouse
        .restore_with(&table_id(&object), at, info, Some(participant), false)
        .await?;
    // What follows are changes of their own. The transaction keeps others away.
    drop(guard);
    create_type::rename_in_restored(session, object.oid, earlier.version).await?;
    prove(session, &object).await?;
    Ok(true)
}

/// Locks the tables whose rows are held against those of the table, together with it.
async fn lock_involved(session: &Session, restore: &Restore) -> Result<()> {
    let path = session.settings().search_path.0;
    let snapshot = session.instance.catalog.snapshot();
    let oid = Change::Restore.target(&snapshot, &path, &restore.name)?.oid;
    referential::lock(session, |snapshot: &Snapshot| {
        let mut found = BTreeSet::from([oid]);
        if let Some(object) = snapshot.object(oid) {
            for reference in foreign_keys::about(snapshot, object) {
                found.insert(reference.table.oid);
                let other = snapshot.relation(&reference.referenced());
                found.extend(other.map(|other| other.oid));
            }
        }
        let alone = found.into_iter().map(|oid| (oid, LockMode::Exclusive));
        alone.collect()
    })
    .await
}

fn refuse_where_waiting(session: &Session, object: &Object) -> Result<()> {
    referential::refuse_where_waiting(session, object).map_err(|error| {
        let message = format!(
            "cannot restore \"{}\" because it has pending trigger events",
            object.name.name
        );
        error.with_message(message)
    })
}

/// Gives the table the rows and the definition of a version.
async fn redefine(
    session: &Session,
    restore: &Restore,
    object: &Arc<Object>,
    earlier: &Earlier,
    (redefined, info, guard): (Redefined, CommitInfo, LockGuard),
) -> Result<()> {
    let Redefined { new, gone } = redefined;
    let instance = &session.instance;
    let hint = "Use RESTORE ... CASCADE to drop the dependent objects too.";
    definition::release_keys(session, object, &new, restore.cascade)?;
    readers::drop_with(session, object, &new, &gone, restore.cascade)
        .await
        .map_err(|error| match error.sqlstate() {
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST => error.with_hint(hint),
            _ => error,
        })?;
    replan::check(instance, object.oid, &new, Author::Statement).await?;
    let snapshot = instance.catalog.snapshot();
    let owned = gone
        .iter()
        .flat_map(|column| create_sequence::owned_by_column(&snapshot, object, column));
    let owned: Vec<Arc<Object>> = owned.collect();
    numbers::go_on(session, object, earlier.version, Some(&new)).await?;
    let replacement = Replacement {
        instance: Arc::clone(instance),
        oid: object.oid,
        new,
        author: Author::Statement,
        keeps_rows: true,
    };
    let (at, participant) = (At::Version(earlier.version), Arc::new(replacement));
    instance
        .warehouse
        .restore_with(&table_id(object), at, info, Some(participant), true)
        .await?;
    drop(guard);
    create_type::rename_in_restored(session, object.oid, earlier.version).await?;
    readers::drop_owned(session, object, &owned)?;
    prove(session, object).await
}

/// Looks at all rows that foreign keys of the table, and those that refer to it, are about.
async fn prove(session: &Session, object: &Object) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let Some(now) = snapshot.object(object.oid) else {
        return Err(Error::internal(format!("{} is gone", object.name)));
    };
    for reference in foreign_keys::about(&snapshot, now) {
        foreign_keys::check_types(&snapshot, &reference)?;
        if !reference.key.is_unproven {
            referential::prove(session, &reference).await?;
        }
    }
    Ok(())
}
