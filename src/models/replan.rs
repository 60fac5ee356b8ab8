//! Putting an object in the place of another one, when others stand on it.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use super::define::columns;
use crate::catalog::{Kind, NewObject, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, OWNER, Reading};

/// How often the catalog may change while what stands on an object is planned.
const ATTEMPTS: usize = 16;

/// Puts an object of another kind in the place of `old`, in one step. What stands on it stays, and
/// is planned against it first; what belongs to the project is left to the project's own steps.
///
/// # Errors
/// What planning says of an object that could not stand on the new one, which is named; 40001 where
/// the catalog changes all the time.
pub async fn supersede(instance: &Arc<Instance>, old: Oid, new: &NewObject) -> Result<Oid> {
    for _ in 0..ATTEMPTS {
        let (oid, mut after) = instance
            .catalog
            .preview(|transaction| transaction.supersede(old, new.clone()))?;
        let generation = after.generation();
        let views = replan(instance, &mut after, oid).await?;
        let done = instance.catalog.write(|transaction| {
            if transaction.snapshot().generation() != generation {
                return Ok(None);
            }
            let oid = transaction.supersede(
                old,
                NewObject {
                    oid: Some(oid),
                    ..new.clone()
                },
            )?;
            for (view, columns) in views {
                transaction.set_columns(view, columns)?;
            }
            Ok(Some(oid))
        })?;
        if let Some(oid) = done {
            return Ok(oid);
        }
    }
    Err(Error::new(
        SqlState::SERIALIZATION_FAILURE,
        format!(
            "could not replace {} because the catalog changes all the time",
            new.name
        ),
    )
    .with_hint("Try again when less is created and dropped."))
}

/// Plans what stands on an object, nearest first, and answers the views whose columns are others
/// now. A materialized view keeps its columns, as it keeps its rows, until it is refreshed.
async fn replan(
    instance: &Arc<Instance>,
    catalog: &mut Snapshot,
    oid: Oid,
) -> Result<Vec<(Oid, SchemaRef)>> {
    let mut changed = Vec::new();
    for dependent in catalog.dependents(oid).into_iter().rev() {
        if dependent.project_file.is_some() {
            continue;
        }
        let columns = plan(instance, catalog, &dependent).await?;
        if dependent.kind == Kind::View && columns != dependent.schema {
            catalog.assume_columns(dependent.oid, Arc::clone(&columns));
            changed.push((dependent.oid, columns));
        }
    }
    Ok(changed)
}

async fn plan(
    instance: &Arc<Instance>,
    catalog: &Snapshot,
    dependent: &Object,
) -> Result<SchemaRef> {
    let settings = &instance.configuration.session;
    let catalog = Arc::new(catalog.clone());
    let context = instance.statement_of(OWNER, catalog, settings, Reading::Shape);
    let mut definition = dependent.definition.clone();
    let planned = columns(instance, &context, settings, &mut definition).await;
    let (columns, _) = planned.map_err(|error| {
        error
            .within(format!("{}, which stands on it", dependent.described()))
            .with_hint("Change or drop what stands on it first.")
    })?;
    Ok(columns)
}
