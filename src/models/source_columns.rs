//! The columns of external tables follow those of their files, where the definitions leave them to the
//! files: at each refresh of what reads them, in a run of the project, and by `ALTER EXTERNAL TABLE ...
//! REFRESH`. Views on a table get its columns in the same step, and a materialized view does with them
//! what its `on_schema_change` says. Columns that what stands on the table could not do without stay,
//! and are NULL.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::replan::{self, Author};
use super::{schema_change, stale};
use crate::catalog::{Kind, NewObject, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::sources::{self, Learned};
use crate::sql::Statement;

/// Gives the external tables that an object reads, through views too, the columns of their files.
/// Answers what has become of them.
///
/// # Errors
/// Those of [`follow`].
pub async fn follow_all(instance: &Arc<Instance>, object: &Object) -> Result<Vec<String>> {
    let mut changes = Vec::new();
    for source in stale::leaves(&instance.catalog.snapshot(), object) {
        if source.kind == Kind::ExternalTable
            && let Some(change) = follow(instance, source.oid).await?
        {
            changes.push(format!("{}: {change}", source.name));
        }
    }
    Ok(changes)
}

/// Gives an external table the columns of its files, and answers what has become of them, if anything.
///
/// # Errors
/// What listing its files meets; what stands on it and could not stand on its new columns, which is
/// named, and then it keeps those that it has; 40001 where the catalog changes all the time.
pub async fn follow(instance: &Arc<Instance>, oid: Oid) -> Result<Option<String>> {
    let snapshot = instance.catalog.snapshot();
    let Some(source) = snapshot.object(oid) else {
        return Ok(None);
    };
    let Some((learned, is_news)) = look(instance, source).await? else {
        return Ok(None);
    };
    let changed = take(instance, &snapshot, source, &learned).await;
    let changed = changed.map_err(|error| {
        error.within(format!(
            "the columns of {} follow its files",
            source.described()
        ))
    })?;
    if is_news {
        instance.journal.put_source_files(oid, &learned.known)?;
    }
    Ok(changed)
}

/// Whether the definition of an external table leaves columns to its files.
///
/// # Errors
/// Those of the definition.
pub fn follows(instance: &Instance, source: &Object) -> Result<bool> {
    match &source.definition {
        Statement::CreateExternalTable(definition) => {
            sources::learns(definition, &instance.project_folder(), instance.runtime())
        }
        _ => Ok(false),
    }
}

/// What [`follow`] would do to the columns of a table, if anything.
///
/// # Errors
/// What listing its files meets.
pub async fn foreseen(instance: &Arc<Instance>, source: &Object) -> Result<Option<String>> {
    let found = look(instance, source).await?;
    Ok(found.and_then(|(learned, _)| changes(source, &learned, &learned.columns)))
}

/// What the files of a table tell, and whether it is not what they told before.
async fn look(instance: &Instance, source: &Object) -> Result<Option<(Learned, bool)>> {
    let Statement::CreateExternalTable(definition) = &source.definition else {
        return Ok(None);
    };
    let known = instance.journal.source_files(source.oid)?;
    let (folder, runtime) = (instance.project_folder(), instance.runtime());
    let learned =
        sources::learn(definition, &source.schema, known.clone(), &folder, runtime).await?;
    Ok(learned.map(|learned| {
        let is_news = known.as_ref() != Some(&learned.known);
        (learned, is_news)
    }))
}

/// Puts the columns in the place of those before.
async fn take(
    instance: &Arc<Instance>,
    snapshot: &Snapshot,
    source: &Object,
    learned: &Learned,
) -> Result<Option<String>> {
    match put(instance, snapshot, source, learned, &learned.columns).await {
        Err(error) if is_in_the_way(&error) && learned.widened != learned.columns => {
            put(instance, snapshot, source, learned, &learned.widened).await
        }
        done => done,
    }
}

async fn put(
    instance: &Arc<Instance>,
    snapshot: &Snapshot,
    source: &Object,
    learned: &Learned,
    columns: &SchemaRef,
) -> Result<Option<String>> {
    let Some(changes) = changes(source, learned, columns) else {
        return Ok(None);
    };
    let mut new = NewObject::from(source.clone());
    new.schema = Arc::clone(columns);
    replan::replace(instance, snapshot, source.oid, &new, Author::Statement).await?;
    Ok(Some(changes))
}

/// What these columns change of those that the table has, if anything.
fn changes(source: &Object, learned: &Learned, columns: &SchemaRef) -> Option<String> {
    schema_change::described_by_files(&source.schema, columns, &learned.files)
}

/// Whether an error says that something could not stand on other columns, rather than that it is not
/// the time to change them.
fn is_in_the_way(error: &Error) -> bool {
    !matches!(
        error.sqlstate(),
        SqlState::SERIALIZATION_FAILURE | SqlState::QUERY_CANCELED | SqlState::IO_ERROR
    )
}
