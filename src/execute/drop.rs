//! `DROP`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tributary_udfs::interrupt::Interrupt;

use super::{
    alter_domain, changing_transactions, create_sequence, index, redefine, tables_in_use,
    type_users,
};
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::LockGuard;
use crate::models::run::remove_tables;
use crate::session::{Outcome, Session, domains, plan};
use crate::sql::alter::Action;
use crate::sql::drop::{Drop, DropKind};
use crate::warehouse::begin_commit;

/// How many of the objects that `CASCADE` took away a notice lists: MAX_REPORTED_DEPS of PostgreSQL.
const REPORTED: usize = 100;

/// Drops objects, or with `CASCADE` also what stands on them.
///
/// # Errors
/// 2BP01 naming what stands on them; 42P01 and the like for an object that does not exist; 42809
/// for one of another kind; 55006 for one that a cursor of the transaction reads.
pub async fn execute(session: &Session, drop: &Drop) -> Result<Outcome> {
    if drop.kind == DropKind::Index {
        return index::drop(session, drop).await;
    }
    if drop.kind.is_type() {
        return type_users::drop(session, drop).await;
    }
    let going = going(session, drop, &session.instance.catalog.snapshot());
    let tables = changing_transactions::tables_of(going.values());
    changing_transactions::wait(session, tables).await?;
    if drop.cascade && matches!(drop.kind, DropKind::Sequence | DropKind::Table) {
        let snapshot = session.instance.catalog.snapshot();
        let named = named(session, drop, &snapshot, &mut |_| {})?;
        let uses = create_sequence::defaults_on(&snapshot, &named);
        if !uses.is_empty() {
            return Box::pin(without_defaults(session, drop, &uses)).await;
        }
    }
    drop_all(session, drop).await
}

/// Drops sequences that defaults take numbers of, and these defaults.
async fn without_defaults(
    session: &Session,
    drop: &Drop,
    uses: &[create_sequence::DefaultUse],
) -> Result<Outcome> {
    tell_of_defaults(session, uses);
    session
        .together(async |session: &Session| {
            drop_defaults(session, uses).await?;
            drop_all(session, drop).await
        })
        .await
}

/// Tells that defaults go with what they stand on.
pub(super) fn tell_of_defaults(session: &Session, uses: &[create_sequence::DefaultUse]) {
    let told: Vec<String> = uses.iter().map(|it| it.described()).collect();
    if let Some(notice) = cascades(&told) {
        session.notice(notice);
    }
}

/// Drops the defaults of columns.
pub(super) async fn drop_defaults(
    session: &Session,
    uses: &[create_sequence::DefaultUse],
) -> Result<()> {
    for it in uses {
        // A default may have gone with the one before.
        let snapshot = session.instance.catalog.snapshot();
        if let Some(table) = snapshot.object(it.table.oid) {
            let action = Action::SetDefault(it.column.clone(), None);
            redefine::act(session, table, &action).await?;
        }
    }
    Ok(())
}

pub(super) async fn drop_all(session: &Session, drop: &Drop) -> Result<Outcome> {
    let instance = &session.instance;
    let _guards = lock_tables(session, drop).await?;
    let before = instance.catalog.snapshot();
    // What is dropped is gone before its files are, and a cancel meanwhile comes too late.
    begin_commit(Interrupt::current().as_ref())?;
    let (dropped, named) = if drop.kind == DropKind::Schema {
        (drop_schemas(session, drop)?, BTreeSet::new())
    } else {
        drop_objects(session, drop)?
    };
    let others = dropped.iter().filter(|object| !named.contains(&object.oid));
    // What was read is told before what read it.
    let mut others: Vec<String> = others.map(|object| object.described()).collect();
    others.reverse();
    let gone: BTreeSet<Oid> = dropped.iter().map(|object| object.oid).collect();
    let references = dropped.iter();
    let references = references.flat_map(|object| before.references_to(&object.name));
    let references = references.filter(|reference| !gone.contains(&reference.table.oid));
    others.extend(references.map(|reference| reference.described()));
    if let Some(notice) = cascades(&others) {
        session.notice(notice);
    }
    remove_tables(instance, &dropped).await;
    Ok(Outcome::Done(format!(
        "DROP {}",
        word(drop.kind).to_uppercase()
    )))
}

/// Keeps others from the tables that go.
async fn lock_tables(session: &Session, drop: &Drop) -> Result<Vec<LockGuard>> {
    let going = going(session, drop, &session.instance.catalog.snapshot());
    let tables = going.values().filter(|object| object.kind == Kind::Table);
    let tables: Vec<Oid> = tables.map(|table| table.oid).collect();
    let mut guards = Vec::new();
    // In the order of numbers, in which transactions may wait for each other.
    for table in tables {
        guards.push(session.instance.refresh_locks.lock(table).await?);
    }
    session.follow()?;
    Ok(guards)
}

/// What goes, of what there is; whether it may go is not asked.
fn going(session: &Session, drop: &Drop, snapshot: &Snapshot) -> BTreeMap<Oid, Arc<Object>> {
    let named: Vec<Oid> = match drop.kind {
        DropKind::Schema => {
            let schemas = drop.names.iter();
            let within = schemas.flat_map(|schema| snapshot.relations_in(&schema.name));
            within.map(|object| object.oid).collect()
        }
        // What is wrong with the names is told where they are dropped.
        _ => match named(session, drop, snapshot, &mut |_| {}) {
            Ok(named) => named.into_iter().collect(),
            Err(_) => Vec::new(),
        },
    };
    let dependents = named.iter().filter(|_| drop.cascade);
    let dependents = dependents.flat_map(|oid| snapshot.dependents(*oid));
    let named = named
        .iter()
        .filter_map(|oid| snapshot.object(*oid).cloned());
    let all = named.chain(dependents);
    all.map(|object| (object.oid, object)).collect()
}

fn drop_schemas(session: &Session, drop: &Drop) -> Result<Vec<Arc<Object>>> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let mut names = Vec::new();
    for name in &drop.names {
        if drop.if_exists && snapshot.schema(&name.name).is_none() {
            let message = format!("schema \"{}\" does not exist, skipping", name.name);
            session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
        } else {
            names.push(&name.name);
        }
    }
    catalog.write(|transaction| {
        let mut dropped: Vec<Arc<Object>> = Vec::new();
        for name in names {
            dropped.extend(transaction.drop_schema(name, drop.cascade)?);
        }
        tables_in_use::check(session, &dropped, "DROP TABLE")?;
        Ok(dropped)
    })
}

/// What `CASCADE` took away beside what was named, in PostgreSQL's words.
pub(super) fn cascades(others: &[String]) -> Option<Error> {
    let told = |message: String| Error::new(SqlState::SUCCESSFUL_COMPLETION, message);
    match others {
        [] => None,
        [one] => Some(told(format!("drop cascades to {one}"))),
        many => {
            let mut lines: Vec<String> = many
                .iter()
                .take(REPORTED)
                .map(|other| format!("drop cascades to {other}"))
                .collect();
            if let Some(more) = many.len().checked_sub(REPORTED).filter(|more| *more > 0) {
                lines.push(format!("and {more} other objects"));
            }
            let notice = told(format!("drop cascades to {} other objects", many.len()));
            Some(notice.with_detail(lines.join("\n")))
        }
    }
}

/// Drops objects; answers all that were, and which of them were named.
fn drop_objects(session: &Session, drop: &Drop) -> Result<(Vec<Arc<Object>>, BTreeSet<Oid>)> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let all = named(session, drop, &snapshot, &mut |notice| {
        session.notice(notice)
    })?;
    let uses = create_sequence::defaults_on(&snapshot, &all);
    if !uses.is_empty() {
        let what = all.iter().filter_map(|oid| snapshot.object(*oid));
        let what = what.filter(|object| object.kind == kind(drop.kind));
        let what: Vec<String> = what.map(|object| object.described()).collect();
        return Err(create_sequence::still_used(&what.join(", "), &uses));
    }
    let oids: Vec<Oid> = all.iter().copied().collect();
    let dropped = catalog.write(|transaction| {
        let dropped = transaction.drop(&oids, drop.cascade)?;
        tables_in_use::check(session, &dropped, "DROP TABLE")?;
        Ok(dropped)
    })?;
    Ok((dropped, all))
}

/// The objects that are named, and the sequences that go with them.
pub(super) fn named(
    session: &Session,
    drop: &Drop,
    snapshot: &Snapshot,
    notice: &mut dyn FnMut(Error),
) -> Result<BTreeSet<Oid>> {
    let kind = kind(drop.kind);
    let path = session.settings().search_path.0;
    let mut oids = Vec::new();
    for name in &drop.names {
        let found = match kind {
            Kind::Check => snapshot.resolve_check(name, &path),
            Kind::Type => snapshot.resolve_type(name, &path),
            _ => snapshot.resolve(name, &path),
        };
        match found {
            Ok(object)
                if drop.kind == DropKind::Domain && domains::definition(&object).is_none() =>
            {
                return Err(alter_domain::not_a_domain(&format!("\"{name}\"")));
            }
            Ok(object) if object.kind == kind => oids.push(object.oid),
            Ok(object) => {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("\"{}\" is not {}", object.name, kind.with_article()),
                )
                .with_hint(format!(
                    "Use DROP {} to remove {}.",
                    object.kind.to_string().to_uppercase(),
                    object.kind.with_article()
                )));
            }
            Err(error) => {
                let error = match kind {
                    Kind::Check | Kind::Type => error,
                    Kind::Model => plan::undefined_model(name, snapshot),
                    _ => plan::no_object(name, snapshot, &path),
                };
                if !drop.if_exists || error.sqlstate() == SqlState::INSUFFICIENT_PRIVILEGE {
                    return Err(error);
                }
                // To Postgres, a domain that is not there is a type.
                let what = match kind {
                    Kind::Type => kind.as_str(),
                    _ => word(drop.kind),
                };
                notice(Error::new(
                    SqlState::SUCCESSFUL_COMPLETION,
                    format!(
                        "{what} \"{}\" does not exist, skipping",
                        name.between_quotes()
                    ),
                ));
            }
        }
    }
    let mut all: BTreeSet<Oid> = oids.into_iter().collect();
    if kind == Kind::Table {
        all.extend(create_sequence::owned_by(snapshot, &all));
    }
    Ok(all)
}

/// The kind of object that is named.
pub(super) fn kind(kind: DropKind) -> Kind {
    match kind {
        DropKind::Table => Kind::Table,
        DropKind::ExternalTable => Kind::ExternalTable,
        DropKind::View => Kind::View,
        DropKind::MaterializedView => Kind::MaterializedView,
        DropKind::Model => Kind::Model,
        DropKind::Sequence => Kind::Sequence,
        DropKind::Type | DropKind::Domain => Kind::Type,
        DropKind::Check | DropKind::Index | DropKind::Schema => Kind::Check,
    }
}

/// As messages name it.
pub(super) fn word(drop: DropKind) -> &'static str {
    match drop {
        DropKind::Schema => "schema",
        DropKind::Index => "index",
        DropKind::Domain => "domain",
        other => kind(other).as_str(),
    }
}
