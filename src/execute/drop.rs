//! `DROP`.

use std::sync::Arc;

use crate::catalog::{Kind, Object};
use crate::error::{Error, Result, SqlState};
use crate::models::run::remove_tables;
use crate::session::{Outcome, Session, plan};
use crate::sql::drop::{Drop, DropKind};

/// Drops objects, or with `CASCADE` also what stands on them.
///
/// # Errors
/// 2BP01 naming what stands on them; 42P01 and the like for an object that does not exist; 42809
/// for one of another kind.
pub async fn execute(session: &Session, drop: &Drop) -> Result<Outcome> {
    let instance = &session.instance;
    let dropped = if drop.kind == DropKind::Schema {
        drop_schemas(session, drop)?
    } else {
        drop_objects(session, drop)?
    };
    remove_tables(instance, &dropped).await;
    Ok(Outcome::Done(format!(
        "DROP {}",
        word(drop.kind).to_uppercase()
    )))
}

fn drop_schemas(session: &Session, drop: &Drop) -> Result<Vec<Arc<Object>>> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let mut names = Vec::new();
    for name in &drop.names {
        if drop.if_exists && snapshot.schema(&name.name).is_none() {
            let message = format!("schema \"{}\" does not exist, skipping", name.name);
            session.notice(Error::new(SqlState::INVALID_SCHEMA_NAME, message));
        } else {
            names.push(&name.name);
        }
    }
    catalog.write(|transaction| {
        let mut dropped = Vec::new();
        for name in names {
            dropped.extend(transaction.drop_schema(name, drop.cascade)?);
        }
        Ok(dropped)
    })
}

fn drop_objects(session: &Session, drop: &Drop) -> Result<Vec<Arc<Object>>> {
    let kind = kind(drop.kind);
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let mut oids = Vec::new();
    for name in &drop.names {
        let found = if kind == Kind::Check {
            snapshot.resolve_check(name, &path)
        } else {
            snapshot.resolve(name, &path)
        };
        match found {
            Ok(object) if object.kind == kind => oids.push(object.oid),
            Ok(object) => {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("\"{}\" is not {}", object.name, kind.with_article()),
                )
                .with_hint(format!(
                    "Use DROP {} to remove {}.",
                    object.kind.to_string().to_uppercase(),
                    object.kind
                )));
            }
            Err(_) if drop.if_exists => {
                session.notice(Error::new(
                    SqlState::UNDEFINED_TABLE,
                    format!("{} \"{name}\" does not exist, skipping", word(drop.kind)),
                ));
            }
            Err(error) if kind == Kind::Check => return Err(error),
            Err(_) => return Err(plan::undefined_table(name, &snapshot)),
        }
    }
    session
        .instance
        .catalog
        .write(|transaction| transaction.drop(&oids, drop.cascade))
}

fn kind(kind: DropKind) -> Kind {
    match kind {
        DropKind::Table => Kind::Table,
        DropKind::ExternalTable => Kind::ExternalTable,
        DropKind::View => Kind::View,
        DropKind::MaterializedView => Kind::MaterializedView,
        DropKind::Model => Kind::Model,
        DropKind::Check | DropKind::Schema => Kind::Check,
    }
}

fn word(drop: DropKind) -> &'static str {
    if drop == DropKind::Schema {
        "schema"
    } else {
        kind(drop).as_str()
    }
}
