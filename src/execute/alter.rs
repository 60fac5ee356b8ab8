//! `ALTER`: another name, schema or owner; of a table also other columns and constraints. Of a view,
//! materialized or not, also another name of a column, whose readers go on reading it by the old one. Of a
//! table or materialized view, by `SET (option = value, ...)` and `RESET (option, ...)`, another
//! `tombstone_retention` or other storage parameters of PostgreSQL's, such as `fillfactor`: its rows follow
//! from the other options. Of a materialized view or
//! model also other options of those that say when it is refreshed, and whether it is. Of a model,
//! `threshold`, `must_link` and `cannot_link` too, as in `ALTER MODEL m SET (threshold = 0.9)`: it makes its
//! entities anew of the records that it has, and learns nothing. `ALTER EXTERNAL TABLE name REFRESH` gives a table whose columns are not declared, or
//! that has the option `on_extra_columns 'add'`, the columns that its files have come to have, as the next
//! refresh of what reads it does. The rows that a table has must hold a `CHECK` that is added, whether it is
//! `NOT VALID` or not.

use std::sync::Arc;

use super::create_role::existing;
use super::define::in_place_of;
use super::drop::{kind, word};
use super::referential::refuse_where_waiting;
use super::refresh::tell;
use super::{
    added_identity, alter_domain, changing_transactions, create_composite, create_sequence,
    create_type, index, redefine, replaced_view, serial, stored_columns, tables_in_use,
};
use crate::catalog::{Kind, NewObject, Object, Oid, Snapshot, references_of};
use crate::error::{Error, Result, SqlState};
use crate::instance::LockGuard;
use crate::models::define::{define, is_of_storage};
use crate::models::refresh::{Catalogued, Extent, refresh_locked};
use crate::models::replan::{self, Author};
use crate::models::{
    keyed, lookback, resolution, schedule, source_columns, storage_parameters, table_id,
    view_options,
};
use crate::session::{Outcome, Session, domains, plan, privileges};
use crate::sql::alter::{Action, Alter};
use crate::sql::drop::DropKind;
use crate::sql::name::ObjectName;
use crate::sql::renaming::names_column;
use crate::sql::{Options, QualifiedName, Statement};

/// Changes an object, all actions or none.
///
/// # Errors
/// 42P01 and the like for an object that does not exist, 42809 for one of another kind; what each
/// action says; 2BP01, or what planning says, for what stands on the object and could not any more;
/// 55006 for a table whose foreign keys wait for the end of the transaction, or that a cursor of the
/// transaction reads.
pub async fn execute(session: &Session, alter: &Alter) -> Result<Outcome> {
    if alter.kind == DropKind::Index {
        return index::alter(session, alter).await;
    }
    let tag = Outcome::Done(format!("ALTER {}", word(alter.kind).to_uppercase()));
    if alter.kind == DropKind::Schema {
        for action in &alter.actions {
            alter_schema(session, &alter.name.name, action)?;
        }
        return Ok(tag);
    }
    if alter.kind == DropKind::Table {
        let snapshot = session.instance.catalog.snapshot();
        let path = session.settings().search_path.0;
        let table = plan::object(&alter.name, &snapshot, &path).ok();
        let table = table.filter(|object| object.kind == Kind::Table);
        let tables = changing_transactions::tables_of(&table);
        changing_transactions::wait(session, tables).await?;
    }
    check_using(&alter.actions)?;
    match alter.actions.as_slice() {
        [action] if !is_several(session, alter, action) => act(session, alter, action).await?,
        actions => {
            session
                .together(async |session: &Session| {
                    for action in actions {
                        act(session, alter, action).await?;
                    }
                    Ok(())
                })
                .await?;
        }
    }
    Ok(tag)
}

/// That actions, which are done one after the other, make no values of columns that ones before have changed:
/// in PostgreSQL, all make them of the old row.
fn check_using(actions: &[Action]) -> Result<()> {
    let mut changed: Vec<&String> = Vec::new();
    for action in actions {
        let Action::SetType { column, using, .. } = action else {
            continue;
        };
        let mut before = changed.iter();
        if let Some(using) = using
            && let Some(other) = before.find(|other| names_column(using.as_ref(), other))
        {
            let what = format!("USING of column \"{other}\", which the same ALTER TABLE changes,");
            return Err(Error::unsupported(what).with_hint(
                "Change the columns by statements of their own, or assign them by UPDATE.",
            ));
        }
        changed.push(column);
    }
    Ok(())
}

/// Whether an action changes several objects.
fn is_several(session: &Session, alter: &Alter, action: &Action) -> bool {
    match action {
        Action::DropColumn { cascade: true, .. } | Action::DropConstraint { cascade: true, .. } => {
            true
        }
        Action::ValidateConstraint(_)
        | Action::RenameConstraint(..)
        | Action::RenameValue(..)
        | Action::Domain(_) => true,
        Action::AddConstraint(declared) => declared.rule.foreign_key().is_some(),
        Action::AddColumn {
            column,
            constraints,
            ..
        } => {
            let mut rules = constraints.iter().map(|declared| &declared.rule);
            let is_identity = added_identity::of(action).is_some();
            is_identity
                || serial::is_serial(column)
                || rules.any(|rule| rule.foreign_key().is_some())
        }
        Action::DropColumn { .. } | Action::RenameColumn(..) | Action::SetType { .. } => {
            let snapshot = session.instance.catalog.snapshot();
            let path = session.settings().search_path.0;
            let object = plan::object(&alter.name, &snapshot, &path);
            object.is_ok_and(|it| {
                let renames = matches!(action, Action::RenameColumn(..));
                let drops = matches!(action, Action::DropColumn { .. });
                renames && !snapshot.direct_dependents(it.oid).is_empty()
                    || !drops && !snapshot.references_to(&it.name).is_empty()
                    || !drops && !references_of(&it).is_empty()
                    || !snapshot.sequences_of(&it).is_empty()
            })
        }
        _ => false,
    }
}

/// Whether an action changes a name and nothing else, which does not matter to who reads it.
fn renames(action: &Action) -> bool {
    matches!(
        action,
        Action::RenameTo(_)
            | Action::SetSchema(_)
            | Action::RenameColumn(..)
            | Action::RenameConstraint(..)
    )
}

async fn act(session: &Session, alter: &Alter, action: &Action) -> Result<()> {
    let Some(object) = target(session, alter)? else {
        return Ok(());
    };
    if !renames(action) && !matches!(object.kind, Kind::Sequence | Kind::Type) {
        tables_in_use::check(session, [&object], "ALTER TABLE")?;
    }
    let catalog = &session.instance.catalog;
    match action {
        Action::RenameTo(name) => {
            let new = QualifiedName::new(&object.name.schema, name);
            let _guard = session.instance.refresh_locks.lock(object.oid).await?;
            catalog.write(|transaction| transaction.rename(object.oid, &new))
        }
        Action::SetSchema(schema) if *schema == object.name.schema => Ok(()),
        Action::SetSchema(schema) => {
            let new = QualifiedName::new(schema, &object.name.name);
            let _guard = session.instance.refresh_locks.lock(object.oid).await?;
            catalog.write(|transaction| transaction.rename(object.oid, &new))
        }
        Action::OwnerTo(role) => {
            let owner = new_owner(session, role)?;
            let snapshot = catalog.snapshot();
            // As in Postgres, the sequences of its columns go with a table.
            let owned = snapshot.sequences_of(&object).into_iter();
            let all: Vec<Oid> = owned.chain([object.oid]).collect();
            catalog.write(|transaction| {
                for oid in &all {
                    if let Some(object) = snapshot.object(*oid) {
                        transaction.set_access(*oid, object.access.with_owner(owner))?;
                    }
                }
                Ok(())
            })
        }
        Action::AddValue {
            label,
            if_not_exists,
            place,
        } => create_type::add_value(session, &object, label, *if_not_exists, place),
        Action::RenameValue(old, new) => {
            create_type::rename_value(session, &object, old, new).await
        }
        Action::Attribute(change) => create_composite::alter(session, &object, change),
        Action::Domain(change) => alter_domain::execute(session, &object, change).await,
        Action::Suspend(suspends) => {
            catalog.write(|transaction| transaction.set_suspended(object.oid, *suspends))
        }
        Action::Refresh => refresh(session, &object).await,
        Action::Stays(_) if object.kind == Kind::Table => Ok(()),
        Action::Storage(column, storage)
            if matches!(object.kind, Kind::Table | Kind::MaterializedView) =>
        {
            stored_columns::check(session, &object, column, storage)
        }
        Action::SetOptions(options) if object.kind == Kind::View => {
            set_view_options(session, &object, |own| {
                for (name, value) in &options.0 {
                    own.set(name, value);
                }
            })
        }
        Action::ResetOptions(names) if object.kind == Kind::View => {
            set_view_options(session, &object, |own| {
                own.0.retain(|(name, _)| !names.contains(name));
            })
        }
        Action::SetOptions(options) if has_freshness(alter, &object) => {
            let changes = options.0.iter();
            set_options(
                session,
                &object,
                changes.map(|(name, value)| (name.as_str(), Some(value.as_str()))),
            )
            .await
        }
        Action::ResetOptions(names) if has_freshness(alter, &object) => {
            let changes = names.iter().map(|name| (name.as_str(), None));
            set_options(session, &object, changes).await
        }
        Action::Sequence(options, restart) => {
            create_sequence::alter(session, &object, options, *restart)
        }
        _ if object.kind == Kind::Table => {
            // Another name of a column does not matter to what waits.
            if !matches!(action, Action::RenameColumn(..)) {
                refuse_where_waiting(session, &object)?;
            }
            if let Some(column) = added_identity::of(action)
                && object.schema.column_with_name(&column.name.value).is_none()
            {
                return added_identity::add(session, &object, action).await;
            }
            let Some((action, serials)) = serial::added(session, &object.name, action)? else {
                return redefine::act(session, &object, action).await;
            };
            serial::create(session, &serials)?;
            redefine::act(session, &object, &action).await?;
            serial::own(session, &object.name, &serials)
        }
        Action::RenameColumn(old, new) if object.kind == Kind::View => {
            replaced_view::rename(session, &object, old, new).await
        }
        Action::RenameColumn(..) if object.kind == Kind::MaterializedView => {
            redefine::materialized::rename(session, &object, action).await
        }
        _ => Err(refused(&object, action)),
    }
}

/// That an action does not go with an object.
fn refused(object: &Object, action: &Action) -> Error {
    let of_tables = match action {
        Action::AddColumn { .. } => Some("ADD COLUMN"),
        Action::DropColumn { .. } => Some("DROP COLUMN"),
        Action::SetType { .. } => Some("ALTER COLUMN ... SET DATA TYPE"),
        Action::SetNotNull(_, true) => Some("ALTER COLUMN ... SET NOT NULL"),
        Action::SetNotNull(_, false) => Some("ALTER COLUMN ... DROP NOT NULL"),
        Action::AddConstraint(_) => Some("ADD CONSTRAINT"),
        Action::DropConstraint { .. } => Some("DROP CONSTRAINT"),
        _ => None,
    };
    let views = match object.kind {
        Kind::View => Some("views"),
        Kind::MaterializedView => Some("materialized views"),
        _ => None,
    };
    let error = match (of_tables, views) {
        (Some(of_tables), Some(views)) => {
            let name = &object.name.name;
            let message =
                format!("ALTER action {of_tables} cannot be performed on relation \"{name}\"");
            Error::new(SqlState::WRONG_OBJECT_TYPE, message)
                .with_detail(format!("This operation is not supported for {views}."))
        }
        _ => Error::unsupported(format!(
            "this action of ALTER on {}",
            object.kind.with_article()
        )),
    };
    error.with_hint("Define it anew with CREATE OR REPLACE.")
}

/// Whether options of an object say when it is refreshed. What `ALTER TABLE` names may be a materialized
/// view, as in Postgres, but no model.
fn has_freshness(alter: &Alter, object: &Object) -> bool {
    match object.kind {
        Kind::MaterializedView => true,
        Kind::Model => alter.kind == DropKind::Model,
        _ => false,
    }
}

/// Gives an external table the columns of its files.
async fn refresh(session: &Session, object: &Object) -> Result<()> {
    let instance = &session.instance;
    if !source_columns::follows(instance, object)? {
        return Err(Error::new(
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!(
                "the columns of {} do not follow its files",
                object.described()
            ),
        )
        .with_hint(
            "They do where they are not declared, or with the option on_extra_columns 'add'.",
        ));
    }
    if let Some(changes) = source_columns::follow(instance, object.oid).await? {
        let message = format!("{}: {changes}", object.name);
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
    }
    Ok(())
}

/// Changes the options of a view.
fn set_view_options(
    session: &Session,
    view: &Object,
    change: impl FnOnce(&mut Options),
) -> Result<()> {
    let mut definition = view.definition.clone();
    if let Statement::CreateView(create) = &mut definition {
        change(&mut create.options);
        view_options::check(&create.options)?;
        if let Some(notice) = view_options::notice(create) {
            session.notice(notice);
        }
    }
    let catalog = &session.instance.catalog;
    catalog.write(|transaction| transaction.reword(view.oid, definition))
}

/// Gives options values, or takes them away. Nothing is refreshed for that; but where they say which
/// entities a model makes of what it has found, it makes these anew, of the records that it has.
async fn set_options<'a>(
    session: &Session,
    object: &Object,
    changes: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<()> {
    let catalog = &session.instance.catalog;
    // A refresh that runs would not find the definition that it began with.
    let guard = session.instance.refresh_locks.lock(object.oid).await?;
    let snapshot = catalog.snapshot();
    let Some(object) = snapshot.object(object.oid) else {
        let name = ObjectName::from(object.name.clone());
        return Err(plan::undefined_table(&name, &snapshot));
    };
    let mut new = NewObject::from(Object::clone(object));
    let mut of_storage = Vec::new();
    for (name, value) in changes {
        schedule::set_option(&mut new.definition, name, value)?;
        if is_of_storage(name) {
            of_storage.push(name);
        }
    }
    schedule::Freshness::of(&new.definition)?;
    if let Statement::CreateMaterializedView(create) = &new.definition {
        lookback::declared(&create.options, &object.schema)?;
        storage_parameters::check(&create.options)?;
        let own = keyed::options(object);
        let changes = |name: &str| create.options.get(name) != own.and_then(|own| own.get(name));
        if of_storage.into_iter().any(changes) {
            // That there is a key to remember.
            keyed::declared(&create.options)?;
            return redefine::materialized::redeclare(session, object, new).await;
        }
    }
    let changes = resolution::unlearned_changes(&object.definition, &new.definition);
    let makes_entities = |names: &Vec<&str>| names.iter().any(|it| resolution::makes_entities(it));
    match changes.filter(makes_entities) {
        Some(names) => make_entities(session, (&snapshot, object, &guard), new, &names).await,
        None => catalog.write(|transaction| transaction.replace(object.oid, new)),
    }
}

/// Gives a model another definition, of which other entities follow, and makes these.
async fn make_entities(
    session: &Session,
    (snapshot, old, guard): (&Arc<Snapshot>, &Arc<Object>, &LockGuard),
    mut new: NewObject,
    changes: &[&str],
) -> Result<()> {
    let instance = &session.instance;
    let settings = session.settings();
    let defined = define(instance, snapshot, &settings, &new.definition).await?;
    // What it is to read, by its full name.
    new.definition = defined.definition;
    new.depends_on = defined.depends_on;
    // What is refused before anything is done is no failure of the model's.
    snapshot.check_acyclic(old, &new.depends_on)?;
    if !instance.warehouse.exists(&table_id(old)).await? {
        let (author, oid) = (Author::Statement, old.oid);
        return replan::replace(instance, snapshot, oid, &new, author).await;
    }
    let object = in_place_of(old, &new)?;
    privileges::check_computed(snapshot, &object)?;
    let record = refresh_locked(
        instance,
        &object,
        Catalogued::Replaced(Box::new(new), Author::Statement),
        Extent::Entities,
        &format!("ALTER: {}", changes.join(", ")),
        &Arc::default(),
        guard,
    )
    .await?;
    tell(session, &record);
    Ok(())
}

fn is_of_attribute(action: &Action) -> bool {
    matches!(action, Action::Attribute(_))
}

/// The object; none where it does not exist and may not.
fn target(session: &Session, alter: &Alter) -> Result<Option<Arc<Object>>> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let wanted = kind(alter.kind);
    let found = match wanted {
        Kind::Check => snapshot.resolve_check(&alter.name, &path),
        Kind::Type => snapshot.resolve_type(&alter.name, &path),
        _ => plan::object(&alter.name, &snapshot, &path),
    };
    match found {
        Ok(object) if alter.kind == DropKind::Domain && domains::definition(&object).is_none() => {
            Err(alter_domain::not_a_domain(&object.name.name))
        }
        // As in Postgres, ALTER TABLE takes whatever has columns, if only for its name.
        Ok(object) if object.kind == wanted || alter.kind == DropKind::Table => Ok(Some(object)),
        Ok(object) => Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("\"{}\" is not {}", object.name.name, wanted.with_article()),
        )
        .with_detail(format!("It is {}.", object.kind.with_article()))),
        // To PostgreSQL it is a relation that has attributes.
        Err(_) if alter.actions.iter().any(is_of_attribute) => {
            let relation = snapshot.resolve(&alter.name, &path)?;
            let message = format!("\"{}\" is not a composite type", relation.name.name);
            Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message))
        }
        Err(error) if alter.if_exists && error.sqlstate() == SqlState::UNDEFINED_TABLE => {
            session.notice(Error::new(
                SqlState::SUCCESSFUL_COMPLETION,
                format!(
                    "relation \"{}\" does not exist, skipping",
                    alter.name.between_quotes()
                ),
            ));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn alter_schema(session: &Session, name: &str, action: &Action) -> Result<()> {
    let catalog = &session.instance.catalog;
    match action {
        Action::RenameTo(new) => catalog.write(|transaction| transaction.rename_schema(name, new)),
        Action::OwnerTo(role) => {
            let schema = catalog.snapshot().resolve_schema(name)?;
            let owner = new_owner(session, role)?;
            catalog.write(|transaction| {
                transaction.set_schema_access(name, schema.access.with_owner(owner))
            })
        }
        _ => Err(Error::internal("a schema has no columns")),
    }
}

/// The number of a role that something is given to.
pub(super) fn new_owner(session: &Session, role: &str) -> Result<Oid> {
    let snapshot = session.instance.catalog.snapshot();
    let oid = existing(&snapshot, &session.named_role(role))?;
    let own = session.role_oid(&snapshot);
    if snapshot.is_superuser(own) || snapshot.inherited(own, false).contains(&oid) {
        return Ok(oid);
    }
    let message = format!("must be member of role \"{role}\"");
    Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message))
}
