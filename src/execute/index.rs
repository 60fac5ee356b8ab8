//! `DROP INDEX` and `ALTER INDEX`.

use std::sync::Arc;

use super::redefine;
use crate::catalog::privilege::Rights;
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::{constraints, keyed, storage_parameters};
use crate::session::{Outcome, Session, not_owner};
use crate::sql::alter::{Action, Alter};
use crate::sql::constraint::Rule;
use crate::sql::create_index::CreateIndex;
use crate::sql::drop::Drop;
use crate::sql::name::{ObjectName, Quoted};

/// An index, and what it is of.
struct Found {
    table: Arc<Object>,
    name: String,
    what: What,
}

enum What {
    /// Nothing but an index.
    Index,
    /// A unique index, which is a constraint too.
    Unique,
    /// Of a key that the table cannot be without.
    Key,
}

/// Drops indexes, all or none.
///
/// # Errors
/// 42704 for one that does not exist, 42809 for what is none, 2BP01 for that of a primary key, and without
/// `CASCADE` for one that definitions name.
pub async fn drop(session: &Session, drop: &Drop) -> Result<Outcome> {
    session
        .together(async |session: &Session| {
            for name in &drop.names {
                if let Some(found) = find(session, name, drop.if_exists)? {
                    drop_one(session, &found, drop.cascade).await?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(Outcome::Done("DROP INDEX".to_owned()))
}

async fn drop_one(session: &Session, found: &Found, cascade: bool) -> Result<()> {
    let Found { table, name, what } = found;
    if !matches!(what, What::Key) {
        let index = format!("index {}", Quoted(name));
        redefine::readers::drop_naming(session, table, name, &index, cascade).await?;
    }
    match what {
        What::Index => session.instance.catalog.write(|transaction| {
            let now = transaction.snapshot().object(table.oid);
            let mut indexes = now.map_or_else(Vec::new, |object| object.indexes.clone());
            indexes.retain(|index| index.name.as_deref() != Some(name));
            transaction.set_indexes(table.oid, indexes)
        }),
        What::Unique => {
            let action = Action::DropConstraint {
                name: name.clone(),
                if_exists: false,
                cascade: false,
            };
            redefine::act(session, table, &action).await
        }
        What::Key => Err(Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!(
                "cannot drop index {} because {} requires it",
                Quoted(name),
                table.described()
            ),
        )
        .with_hint("It goes with the key, or with the table.")),
    }
}

/// Gives an index another name, or other storage parameters.
///
/// # Errors
/// 42P01 for one that does not exist, 42809 for what is none, 42P07 for a name that is taken, 22023 for
/// what is no parameter or no value of one, 0A000 for other actions, and for parameters of the index of a
/// constraint.
pub async fn alter(session: &Session, alter: &Alter) -> Result<Outcome> {
    let done = Ok(Outcome::Done("ALTER INDEX".to_owned()));
    for action in &alter.actions {
        if !matches!(
            action,
            Action::RenameTo(_)
                | Action::SetOptions(_)
                | Action::ResetOptions(_)
                | Action::Stays(_)
        ) {
            return Err(Error::unsupported("this action of ALTER INDEX"));
        }
        let found = match find(session, &alter.name, false) {
            Err(error) if error.sqlstate() == SqlState::UNDEFINED_OBJECT => {
                let error = undefined(&alter.name);
                if !alter.if_exists {
                    return Err(error);
                }
                let notice = format!("{}, skipping", error.message());
                session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
                return done;
            }
            found => found?,
        };
        let Some(found) = found else {
            return done;
        };
        if matches!(action, Action::Stays(_)) {
            continue;
        }
        let Action::RenameTo(new) = action else {
            set_parameters(session, &found, action)?;
            continue;
        };
        let Found { table, name, what } = found;
        let snapshot = session.instance.catalog.snapshot();
        if of_name(&snapshot, &table.name.schema, new).is_some() {
            let message = format!("relation \"{new}\" already exists");
            return Err(Error::new(SqlState::DUPLICATE_TABLE, message));
        }
        match what {
            What::Index => session.instance.catalog.write(|transaction| {
                let now = transaction.snapshot().object(table.oid);
                let mut indexes = now.map_or_else(Vec::new, |object| object.indexes.clone());
                let named = |index: &&mut _| is_named(index, &name);
                if let Some(index) = indexes.iter_mut().find(named) {
                    index.name = Some(new.clone());
                }
                transaction.set_indexes(table.oid, indexes)?;
                transaction.rename_index(table.oid, &name, new)?;
                for (part, comment) in table.part_comments.of_renamed(&name, new) {
                    transaction.set_part_comment(table.oid, &part, Some(comment))?;
                }
                Ok(())
            })?,
            What::Unique | What::Key if keyed::index(&table).is_none_or(|it| it.name != name) => {
                let action = Action::RenameConstraint(name, new.clone());
                session
                    .together(async |session: &Session| {
                        redefine::act(session, &table, &action).await
                    })
                    .await?;
            }
            What::Unique | What::Key => {
                return Err(Error::unsupported(
                    "another name for the index of a unique_key",
                ));
            }
        }
    }
    done
}

/// Gives storage parameters of an index values, or takes them away.
fn set_parameters(session: &Session, found: &Found, action: &Action) -> Result<()> {
    let Found { table, name, what } = found;
    if !matches!(what, What::Index) {
        return Err(Error::unsupported(
            "storage parameters of the index of a constraint",
        ));
    }
    session.instance.catalog.write(|transaction| {
        let now = transaction.snapshot().object(table.oid);
        let mut indexes = now.map_or_else(Vec::new, |object| object.indexes.clone());
        if let Some(index) = indexes.iter_mut().find(|index| is_named(index, name)) {
            let parameters = &mut index.parameters;
            match action {
                Action::SetOptions(given) => {
                    for (name, value) in &given.0 {
                        parameters.set(name, value);
                    }
                }
                Action::ResetOptions(names) => {
                    parameters.0.retain(|(name, _)| !names.contains(name));
                }
                _ => {}
            }
            storage_parameters::check_index(&index.method, parameters)?;
        }
        transaction.set_indexes(table.oid, indexes)
    })
}

/// As in PostgreSQL, who does not drop an index looks for a relation.
fn undefined(name: &ObjectName) -> Error {
    let message = format!("relation \"{}\" does not exist", name.between_quotes());
    Error::new(SqlState::UNDEFINED_TABLE, message)
}

/// The table of an index, and its name there; who asks must own the table.
///
/// # Errors
/// 42P01 for one that does not exist, 42809 for what is none; 42501 for who may not.
pub fn named(session: &Session, name: &ObjectName) -> Result<(Arc<Object>, String)> {
    let found = match find(session, name, false) {
        Ok(found) => found.ok_or_else(|| undefined(name))?,
        Err(error) if error.sqlstate() == SqlState::UNDEFINED_OBJECT => {
            return Err(undefined(name));
        }
        Err(error) => return Err(error),
    };
    let snapshot = session.instance.catalog.snapshot();
    let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
    match rights.owns(&found.table.access) {
        true => Ok((found.table, found.name)),
        false => Err(not_owner("index", &found.name)),
    }
}

/// Whether a table has indexes.
pub fn has_some(table: &Object) -> bool {
    let mut constraints = constraints::of(table).iter();
    !table.indexes.is_empty()
        || keyed::index(table).is_some()
        || constraints.any(|constraint| matches!(constraint.rule, Rule::Unique { .. }))
}

/// The index of a name; none where it does not exist and may not.
fn find(session: &Session, name: &ObjectName, if_exists: bool) -> Result<Option<Found>> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let schemas = match &name.schema {
        Some(schema) => std::slice::from_ref(schema),
        None => path.as_slice(),
    };
    let mut found = schemas
        .iter()
        .filter_map(|schema| of_name(&snapshot, schema, &name.name));
    if let Some(found) = found.next() {
        return Ok(Some(found));
    }
    if let Ok(other) = snapshot.resolve(name, &path) {
        let message = format!("\"{}\" is not an index", other.name.name);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message)
            .with_detail(format!("It is {}.", other.kind.with_article())));
    }
    let message = format!("index \"{}\" does not exist", name.between_quotes());
    if if_exists {
        let notice = format!("{message}, skipping");
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, notice));
        return Ok(None);
    }
    Err(Error::new(SqlState::UNDEFINED_OBJECT, message))
}

fn of_name(snapshot: &Snapshot, schema: &str, name: &str) -> Option<Found> {
    snapshot.relations_in(schema).find_map(|table| {
        let mut constraints = constraints::of(table).iter();
        let constraint = constraints.find_map(|constraint| match constraint.rule {
            Rule::Unique { primary, .. } if constraint.name == name => Some(primary),
            _ => None,
        });
        let what = if table.indexes.iter().any(|index| is_named(index, name)) {
            What::Index
        } else if constraint == Some(false) {
            What::Unique
        } else if constraint == Some(true) || keyed::index(table).is_some_and(|it| it.name == name)
        {
            What::Key
        } else {
            return None;
        };
        Some(Found {
            table: Arc::clone(table),
            name: name.to_owned(),
            what,
        })
    })
}

fn is_named(index: &CreateIndex, name: &str) -> bool {
    index.name.as_deref() == Some(name)
}
