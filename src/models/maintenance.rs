//! Keeps the files of tables few, and their key indexes up to them: what was changed is looked at in
//! the background, one table at a time, and compacted where that pays.

use std::sync::Arc;

use super::{constraints, rejected, table_id};
use crate::catalog::{Kind, Object};
use crate::error::{Result, SqlState};
use crate::instance::{Instance, Reading};
use crate::warehouse::{CompactionExtent, TableId};

/// Compacts a table of an object, if there is something to compact. Others read and write it while its rows are
/// copied; who changes rows waits while the copy is committed.
///
/// # Errors
/// 40001 where a file was replaced meanwhile; what the store says.
async fn compact(
    instance: &Arc<Instance>,
    object: &Object,
    table: &TableId,
    extent: CompactionExtent,
) -> Result<()> {
    // Two who copy the same rows would be in each other's way.
    let _alone = instance.compaction_locks.lock(object.oid).await?;
    let settings = &instance.configuration.session;
    let context = instance.statement(settings, Reading::Rows);
    let warehouse = &instance.warehouse;
    if !warehouse.exists(table).await? {
        return Ok(());
    }
    let Some(compaction) = warehouse.compact(table, &context.state, extent).await? else {
        return Ok(());
    };
    // A statement that has found rows by their places must not find others there.
    let _guard = instance.refresh_locks.lock(object.oid).await?;
    compaction.commit().await?;
    Ok(())
}

/// Brings the key indexes of a table to its latest version, so that who needs them next does not wait.
///
/// # Errors
/// What reading the table says; 53200 without memory; what the disk says.
async fn keep_indexes(instance: &Arc<Instance>, object: &Object) -> Result<()> {
    let settings = &instance.configuration.session;
    let context = instance.statement(settings, Reading::Rows);
    let table = table_id(object);
    let warehouse = &instance.warehouse;
    if !warehouse.exists(&table).await? {
        return Ok(());
    }
    let keys = constraints::indexed(object);
    warehouse.keep_indexes(&table, &context.state, &keys).await
}

/// So many times a compaction is begun anew when a change of the table has overtaken it.
const ATTEMPTS: usize = 5;

/// Compacts all that is small or has lost rows.
///
/// # Errors
/// Those of compacting; 40001 where each attempt was overtaken.
pub async fn optimize(instance: &Arc<Instance>, object: &Object) -> Result<()> {
    let mut attempt = 1;
    loop {
        match compact(instance, object, &table_id(object), CompactionExtent::Full).await {
            Err(error)
                if error.sqlstate() == SqlState::SERIALIZATION_FAILURE && attempt < ATTEMPTS =>
            {
                attempt += 1;
            }
            ended => return ended,
        }
    }
}

/// Writes all rows of a table anew, in the order of a Z-curve over these columns. Others read it
/// meanwhile, and add rows to it; who changes rows waits.
///
/// # Errors
/// Those of [`crate::warehouse::Warehouse::z_order`]; 40001 where another process has changed the table
/// meanwhile.
pub async fn z_order(instance: &Arc<Instance>, object: &Object, columns: &[String]) -> Result<()> {
    let _alone = instance.compaction_locks.lock(object.oid).await?;
    let _guard = instance.refresh_locks.lock(object.oid).await?;
    let context = instance.statement(&instance.configuration.session, Reading::Rows);
    let (table, warehouse) = (table_id(object), &instance.warehouse);
    if warehouse.exists(&table).await?
        && let Some(copy) = warehouse.z_order(&table, &context.state, columns).await?
    {
        copy.commit().await?;
    }
    Ok(())
}

/// Compacts what commits have made worth it, for as long as the server runs.
pub async fn run(instance: Arc<Instance>) {
    loop {
        let changed = instance.warehouse.next_changed().await;
        let snapshot = instance.catalog.snapshot();
        let Some(object) = snapshot.object(changed.oid) else {
            continue;
        };
        // The versions of a model's tables are named by the commit of its clusters.
        let own = (object.kind != Kind::Model).then(|| table_id(object));
        for table in own.into_iter().chain([rejected::table_id(object)]) {
            match compact(&instance, object, &table, CompactionExtent::Due).await {
                Ok(()) => {}
                // Its next change brings it here again.
                Err(error) if error.sqlstate() == SqlState::SERIALIZATION_FAILURE => {}
                Err(error) => {
                    tracing::warn!(%table, %error, "a table could not be compacted");
                }
            }
        }
        if object.kind == Kind::Model {
            continue;
        }
        if let Err(error) = keep_indexes(&instance, object).await {
            tracing::warn!(table = %object.name, %error, "a key index could not be kept");
        }
    }
}
