//! `REINDEX`: sees whether the indexes are there. Those that are kept, by the keys of tables, are built from a
//! table's data files and brought up to its version when it is read; what they lack of it is read anew then.

use super::index;
use crate::catalog::privilege::Rights;
use crate::catalog::{Kind, Object};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, not_owner, plan};
use crate::sql::ObjectName;
use crate::sql::name::DATABASE;
use crate::sql::reindex::{Reindex, ReindexOf};

/// Sees whether what is named has indexes.
///
/// # Errors
/// 42P01 and 3F000 for what does not exist, 42809 for what is of another kind, 0A000 for another database; 42501
/// for who may not; 25001 within a transaction block, where PostgreSQL has the statement outside of one alone.
pub fn execute(session: &Session, reindex: &Reindex) -> Result<Outcome> {
    let several = match &reindex.of {
        ReindexOf::Index(_) | ReindexOf::Table(_) => None,
        of => Some(of.word()),
    };
    let alone = match reindex.concurrently {
        true => Some("CONCURRENTLY"),
        false => several,
    };
    if let Some(word) = alone
        && session.is_in_transaction()
    {
        let message = format!("REINDEX {word} cannot run inside a transaction block");
        return Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, message));
    }
    match &reindex.of {
        ReindexOf::Index(name) => {
            index::named(session, name)?;
        }
        ReindexOf::Table(name) => table(session, name, reindex.concurrently)?,
        ReindexOf::Schema(name) => {
            session.instance.catalog.snapshot().resolve_schema(name)?;
        }
        ReindexOf::Database(name) | ReindexOf::System(name) => {
            if name != DATABASE {
                let message = "can only reindex the currently open database";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
            }
            let snapshot = session.instance.catalog.snapshot();
            if !Rights::of(&snapshot, session.role_oid(&snapshot)).is_superuser() {
                return Err(not_owner("database", name));
            }
        }
    }
    Ok(Outcome::Done("REINDEX".to_owned()))
}

/// Sees whether a table has indexes.
fn table(session: &Session, name: &ObjectName, concurrently: bool) -> Result<()> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let none = |name: &str| {
        let message = format!("\"{name}\" is not a table or materialized view");
        Error::new(SqlState::WRONG_OBJECT_TYPE, message)
    };
    let full = match plan::resolve(name, &snapshot, &path) {
        Ok(full) => full,
        Err(_) if index::named(session, name).is_ok() => return Err(none(&name.name)),
        Err(error) => return Err(error),
    };
    // One of the server's own has none.
    let Some(object) = snapshot.relation(&full) else {
        return Ok(());
    };
    if !matches!(object.kind, Kind::Table | Kind::MaterializedView) {
        return Err(
            none(&object.name.name).with_detail(format!("It is {}.", object.kind.with_article()))
        );
    }
    tell_of_none(session, object, concurrently);
    Ok(())
}

/// Says so where a table has no indexes.
fn tell_of_none(session: &Session, table: &Object, concurrently: bool) {
    if index::has_some(table) {
        return;
    }
    let name = &table.name.name;
    let notice = match concurrently {
        true => format!("table \"{name}\" has no indexes that can be reindexed concurrently"),
        false => format!("table \"{name}\" has no indexes to reindex"),
    };
    session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
}
