//! What the statements that create objects have in common.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{ColumnDef, DataType, ExactNumberInfo};

use super::refresh::tell;
use super::replaced_view;
use crate::catalog::journal::RefreshRecord;
use crate::catalog::{Kind, NewObject, Object, Snapshot, check_writable};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::models::define::{creation_schema, define};
use crate::models::refresh::{Catalogued, Extent, refresh, refresh_locked};
use crate::models::replan::{self, Author};
use crate::models::run::remove_tables;
use crate::models::{kept_literals, named_literals, resolution, source_columns};
use crate::session::Session;
use crate::session::privileges::check_types_of_columns;
use crate::sql::Statement;

/// What is to be done for a `CREATE` statement.
pub enum Creation {
    /// The object exists, and `IF NOT EXISTS` was said.
    Exists,
    /// Nothing of that name exists.
    New(NewObject),
    /// `OR REPLACE` was said, and this exists.
    Replaces(Arc<Object>, NewObject),
}

/// Plans a `CREATE` statement against a snapshot of the catalog, and looks whether its name is taken.
///
/// # Errors
/// 42P07 and 42710 for a name that is taken; what planning says.
pub async fn creation(
    session: &Session,
    snapshot: &Arc<Snapshot>,
    statement: Statement,
    if_not_exists: bool,
    or_replace: bool,
) -> Result<Creation> {
    let settings = session.settings();
    let Some(kind) = Kind::of(&statement) else {
        return Err(Error::internal("only objects of a schema are created"));
    };
    let schema = creation_schema(&settings);
    let Some(name) = statement.object_name().map(|name| name.qualify(schema)) else {
        return Err(Error::internal("an object without a name"));
    };
    let existing = if kind == Kind::Check {
        snapshot.check(&name)
    } else {
        snapshot.relation(&name)
    };
    if let Some(existing) = existing {
        if if_not_exists {
            session.notice(Error::new(
                SqlState::DUPLICATE_TABLE,
                format!("relation \"{}\" already exists, skipping", name.name),
            ));
            return Ok(Creation::Exists);
        }
        if or_replace && existing.kind != kind {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("\"{name}\" is not {}", kind.with_article()),
            )
            .with_detail(format!("It is {}.", existing.kind.with_article()))
            .with_hint("Drop it first."));
        }
        if !or_replace {
            let sqlstate = if kind == Kind::Check {
                SqlState::DUPLICATE_OBJECT
            } else {
                SqlState::DUPLICATE_TABLE
            };
            return Err(Error::new(
                sqlstate,
                format!(
                    "{} \"{}\" already exists",
                    if kind == Kind::Check {
                        "check"
                    } else {
                        "relation"
                    },
                    name.name
                ),
            ));
        }
    }
    check_writable(&name.schema, || format!("create \"{name}\""))?;
    snapshot.resolve_schema(&name.schema)?;
    let existing = existing.cloned();
    let mut statement = statement;
    statement.clear_modifiers();
    let mut new = define(&session.instance, snapshot, &settings, &statement).await?;
    check_types_of_columns(session, snapshot, &new.schema)?;
    named_literals::check(&session.instance, snapshot, &settings, &new.definition)?;
    kept_literals::keep(&session.instance, snapshot, &settings, &mut new.definition).await?;
    match existing {
        Some(existing) => {
            new.project_file.clone_from(&existing.project_file);
            Ok(Creation::Replaces(existing, new))
        }
        None => {
            new.owner = Some(session.role_oid(snapshot));
            Ok(Creation::New(new))
        }
    }
}

/// Tells of columns that are declared `numeric` without digits. Postgres keeps any number of them in
/// such a column; here it has the digits that DataFusion gives it.
pub fn tell_of_bare_numerics(session: &Session, columns: &[ColumnDef]) {
    let is_bare = |column: &&ColumnDef| {
        matches!(
            column.data_type,
            DataType::Numeric(ExactNumberInfo::None)
                | DataType::Decimal(ExactNumberInfo::None)
                | DataType::Dec(ExactNumberInfo::None)
        )
    };
    let names: Vec<&str> = columns
        .iter()
        .filter(is_bare)
        .map(|column| column.name.value.as_str())
        .collect();
    let column = match names.as_slice() {
        [] => return,
        [_] => "column",
        _ => "columns",
    };
    let notice = Error::new(
        SqlState::SUCCESSFUL_COMPLETION,
        "numeric without digits is numeric(38,10) in a table",
    )
    .with_detail(format!(
        "Values of {column} {} are rounded to 10 digits after the point.",
        names.join(", ")
    ))
    .with_hint("Say how many digits are to be kept, as in numeric(38, 20).");
    session.notice(notice);
}

/// Creates or replaces an object that has no rows of its own.
///
/// # Errors
/// See [`creation`]; 42P16 for a view whose columns would not be those that it had.
pub async fn create(
    session: &Session,
    statement: Statement,
    if_not_exists: bool,
    or_replace: bool,
) -> Result<()> {
    let instance = &session.instance;
    let planned = instance.catalog.snapshot();
    match creation(session, &planned, statement, if_not_exists, or_replace).await? {
        Creation::Exists => Ok(()),
        Creation::New(new) => replan::create(instance, &planned, new).map(drop),
        Creation::Replaces(old, new) => {
            if old.kind == Kind::View {
                let path = session.settings().search_path.0;
                let replaced = in_place_of(&old, &new)?;
                replaced_view::check_columns(&planned, &path, &old, &replaced)?;
            }
            replan::replace(instance, &planned, old.oid, &new, Author::Statement).await
        }
    }
}

/// What a `CREATE` statement of an object that is refreshed says beside its definition.
#[derive(Clone, Copy, Debug)]
pub struct Modifiers {
    /// Whether the rows are computed at once.
    pub with_data: bool,
    /// Whether an existing object is fine.
    pub if_not_exists: bool,
    /// Whether an existing object is replaced.
    pub or_replace: bool,
}

/// Creates or replaces an object that is refreshed. The rows of a new one come first, so that a
/// failure, or a kill, leaves the catalog as it was; those of one that is replaced come in the same
/// step as its definition. Answers what the journal tells of that; nothing where there was none.
///
/// # Errors
/// See [`creation`] and [`refresh`].
pub async fn create_refreshed(
    session: &Session,
    statement: Statement,
    modifiers: Modifiers,
) -> Result<Option<RefreshRecord>> {
    let Modifiers {
        with_data,
        if_not_exists,
        or_replace,
    } = modifiers;
    let instance = &session.instance;
    let (snapshot, again) = (instance.catalog.snapshot(), statement.clone());
    let mut planned = creation(session, &snapshot, statement, if_not_exists, or_replace).await?;
    if let Creation::New(new) = &planned
        && with_data
    {
        // Before its rows are computed the sources have the columns of their files.
        let changes = source_columns::follow_all(instance, &object(0, new)?).await?;
        if !changes.is_empty() {
            let snapshot = instance.catalog.snapshot();
            planned = creation(session, &snapshot, again, if_not_exists, or_replace).await?;
        }
        for change in changes {
            session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, change));
        }
    }
    match planned {
        Creation::Exists => Ok(None),
        Creation::New(mut new) => {
            let mut told = None;
            let oid = instance.catalog.reserve_oid()?;
            new.oid = Some(oid);
            let object = object(oid, &new)?;
            if with_data {
                let rows = Arc::default();
                let created = Catalogued::Nothing;
                let anew = Extent::Anew;
                match refresh(instance, &object, created, anew, "created", &rows).await {
                    Ok(record) => {
                        tell(session, &record);
                        told = Some(record);
                    }
                    Err(error) => {
                        remove_tables(instance, &[Arc::new(object)]).await;
                        return Err(error);
                    }
                }
            }
            create_filled(instance, new, object).await?;
            Ok(told)
        }
        Creation::Replaces(old, _) if !with_data => Err(Error::unsupported(format!(
            "OR REPLACE of a {} WITH NO DATA",
            old.kind
        ))
        .with_hint("Leave out WITH NO DATA, or drop it first.")),
        Creation::Replaces(old, new) => {
            replan::check(instance, old.oid, &new, Author::Statement).await?;
            let guard = instance.refresh_locks.lock(old.oid).await?;
            let object = in_place_of(&old, &new)?;
            let (extent, reason) =
                match resolution::unlearned_changes(&old.definition, &new.definition) {
                    Some(options) => {
                        let reason = format!("replaced: {}", options.join(", "));
                        (Extent::Usual, reason)
                    }
                    None => (Extent::Anew, "replaced".to_owned()),
                };
            let record = refresh_locked(
                instance,
                &object,
                Catalogued::Replaced(Box::new(new), Author::Statement),
                extent,
                &reason,
                &Arc::default(),
                &guard,
            )
            .await?;
            tell(session, &record);
            Ok(Some(record))
        }
    }
}

/// Creates an object whose rows are there. Where it cannot be created, they go.
///
/// # Errors
/// 42P07 where another session took the name meanwhile; those of the disk.
pub async fn create_filled(instance: &Arc<Instance>, new: NewObject, object: Object) -> Result<()> {
    let created = instance
        .catalog
        .write(|transaction| transaction.create(new));
    if created.is_err() {
        remove_tables(instance, &[Arc::new(object)]).await;
    }
    created.map(drop)
}

/// What an object would be in the place of another one.
pub fn in_place_of(old: &Object, new: &NewObject) -> Result<Object> {
    new.object_in_place_of(old)
        .ok_or_else(|| Error::internal("only objects of a schema are created"))
}

/// What an object would be, were it in the catalog already.
pub fn object(oid: crate::catalog::Oid, new: &NewObject) -> Result<Object> {
    new.object(oid)
        .ok_or_else(|| Error::internal("only objects of a schema are created"))
}
