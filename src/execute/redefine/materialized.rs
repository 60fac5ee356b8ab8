//! What `ALTER` changes of a materialized view whose rows stay what they are, so that the next refresh goes
//! on from them: the name of a column, under which its query gives it, and options.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};

use super::rows::{Made, Rows, redefine_with};
use super::{check_other_name, keep_intervals, readers};
use crate::catalog::{NewObject, Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::execute::define::in_place_of;
use crate::models::define::define;
use crate::models::replacement::replaced_meanwhile;
use crate::models::replan::{self, Author};
use crate::models::{incremental, keyed, partitioned};
use crate::session::Session;
use crate::sources::is_same;
use crate::sql::Statement;
use crate::sql::alter::Action;
use crate::sql::create_materialized_view::CreateMaterializedView;
use crate::sql::name::Quoted;
use crate::sql::renamed_wildcards::rename_output;
use crate::sql::renaming::{names_all_columns, rename_column};
use crate::warehouse::{ALTERATION, CommitInfo};

/// Gives a column of a materialized view another name. What reads it goes on reading it by the old one.
///
/// # Errors
/// 42703 for a column that there is not, 42701 for a name that another one has, 42P16 for a column that a
/// history adds; 55000 for one that the query does not give any more; 40001 where the view, or what stands
/// on it, was changed meanwhile.
pub async fn rename(session: &Session, object: &Arc<Object>, action: &Action) -> Result<()> {
    let Action::RenameColumn(old, new) = action else {
        return Err(Error::internal(
            "a materialized view gets other names alone",
        ));
    };
    let instance = &session.instance;
    let _guard = instance.refresh_locks.lock(object.oid).await?;
    session.check_unchanged(object).await?;
    let snapshot = instance.catalog.snapshot();
    let now = snapshot.object(object.oid);
    if now.is_none_or(|now| now.definition != object.definition || now.schema != object.schema) {
        return Err(replaced_meanwhile(object));
    }
    keep_intervals(object, action)?;
    check_other_name(object, old, new)?;
    let renamed = renamed(session, &snapshot, object, old, new).await?;
    readers::keep(session, object, old, new)?;
    if !has_rows(session, object).await? {
        let (author, oid) = (Author::Statement, object.oid);
        return replan::replace(instance, &snapshot, oid, &renamed, author).await;
    }
    let made = Made {
        column: new.clone(),
        value: Quoted(old).to_string(),
        of: Some(old.clone()),
    };
    write(session, object, renamed, Rows::Made(vec![made])).await?;
    // They are names of columns.
    instance.traced_keys.forget(object.oid);
    Ok(())
}

/// Gives a materialized view options that none of its rows follows from, to who has locked it.
///
/// # Errors
/// What the store says; 40001 where the view was changed meanwhile.
pub async fn redeclare(session: &Session, object: &Arc<Object>, new: NewObject) -> Result<()> {
    session.check_unchanged(object).await?;
    match has_rows(session, object).await? {
        true => write(session, object, new, Rows::Stay).await,
        false => {
            let catalog = &session.instance.catalog;
            catalog.write(|transaction| transaction.replace(object.oid, new))
        }
    }
}

/// Whether the view has rows that are its own: none before its first refresh, and those of before where
/// they were taken from it.
async fn has_rows(session: &Session, object: &Object) -> Result<bool> {
    let warehouse = &session.instance.warehouse;
    Ok(!object.is_emptied && warehouse.exists(&object.table()).await?)
}

/// Commits another definition together with what becomes of the rows. How far their inputs were read is
/// told anew, so that the next refresh goes on from there.
async fn write(session: &Session, object: &Arc<Object>, new: NewObject, rows: Rows) -> Result<()> {
    let after = in_place_of(object, &new)?;
    let mut info = CommitInfo::new(ALTERATION);
    if let Some(watermark) = incremental::redefined(&session.instance, object, &after).await? {
        watermark.write(&mut info.parameters);
    }
    redefine_with(session, object, new, rows, info).await
}

/// The view with the other name, wherever its definition has it. The columns are those that it has, and
/// not those that its query has come to have since: these come with the next refresh.
async fn renamed(
    session: &Session,
    snapshot: &Arc<Snapshot>,
    object: &Object,
    old: &str,
    new: &str,
) -> Result<NewObject> {
    let Statement::CreateMaterializedView(create) = &object.definition else {
        let what = object.described();
        return Err(Error::internal(format!("{what} is no materialized view")));
    };
    let now = defined(session, snapshot, create.clone()).await?.schema;
    let now = keyed::given(&create.options, &now)?;
    if now.column_with_name(old).is_none() {
        let what = object.described();
        let message = format!("the query of {what} has no column \"{old}\" any more");
        return Err(
            Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
                .with_hint("Define the view anew with CREATE OR REPLACE."),
        );
    }
    let wanted = with_name(&now, old, new);
    let mut create = create.clone();
    keyed::rename_column(&mut create.options, old, new)?;
    create.options.rename(partitioned::OPTION.name, old, new)?;
    for expectation in &mut create.expectations {
        rename_column(&mut expectation.condition, old, new);
    }
    let is_listed = create.columns.iter().any(|name| name == old);
    let mut listed = create.clone();
    match listed.columns.iter_mut().find(|name| *name == old) {
        Some(name) => new.clone_into(name),
        None => {
            let names = wanted.fields().iter().map(|field| field.name().clone());
            listed.columns = names.collect();
        }
    }
    let found = match !is_listed && names_all_columns(&create.query) {
        false => defined(session, snapshot, listed).await?,
        // It is not told by its place: columns may come to stand before it, or go.
        true => {
            rename_output(&mut create.query, &object.name.name, old, new)?;
            match defined(session, snapshot, create).await {
                Ok(found) if has(&found.schema, &wanted) => found,
                Err(error) if error.sqlstate() != SqlState::FEATURE_NOT_SUPPORTED => {
                    return Err(error);
                }
                Ok(_) | Err(_) => defined(session, snapshot, listed).await?,
            }
        }
    };
    let mut renamed = NewObject::from(object.clone());
    renamed.definition = found.definition;
    renamed.depends_on = found.depends_on;
    renamed.schema = with_name(&object.schema, old, new);
    if let Some(comment) = renamed.column_comments.remove(old) {
        renamed.column_comments.insert(new.to_owned(), comment);
    }
    for index in &mut renamed.indexes {
        index.rename_column(old, new);
    }
    Ok(renamed)
}

async fn defined(
    session: &Session,
    snapshot: &Arc<Snapshot>,
    create: CreateMaterializedView,
) -> Result<NewObject> {
    let statement = Statement::CreateMaterializedView(create);
    define(&session.instance, snapshot, &session.settings(), &statement).await
}

/// Columns, of which one has another name.
fn with_name(columns: &Schema, old: &str, new: &str) -> SchemaRef {
    let fields = columns.fields().iter().map(|field| {
        let field = Field::clone(field);
        match field.name() == old {
            true => field.with_name(new),
            false => field,
        }
    });
    let fields: Vec<Field> = fields.collect();
    let metadata = columns.metadata().clone();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// Whether all of these are among some columns.
fn has(columns: &Schema, wanted: &Schema) -> bool {
    wanted.fields().iter().all(|wanted| {
        let found = columns.field_with_name(wanted.name());
        found.is_ok_and(|it| is_same(it.data_type(), wanted.data_type()))
    })
}
