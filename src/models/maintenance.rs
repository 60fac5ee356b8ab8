//! Keeps the files of tables few, and their key indexes up to them: what was changed is looked at in
//! the background, one table at a time, and compacted where that pays.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::resolution::Companion;
use super::{constraints, resolution, table_id, tables};
use crate::catalog::{Kind, Object};
use crate::error::{Result, SqlState};
use crate::instance::{Instance, Reading, TracedKeys};
use crate::warehouse::{Compaction, CompactionExtent, IndexedKey, TableId};

/// Copies what is to be compacted of a table, if anything is. Others read and write it meanwhile.
///
/// # Errors
/// What the store says.
async fn copy(
    instance: &Arc<Instance>,
    table: &TableId,
    extent: CompactionExtent,
) -> Result<Option<Compaction>> {
    let settings = &instance.configuration.session;
    let context = instance.statement(settings, Reading::Rows);
    let warehouse = &instance.warehouse;
    if !warehouse.exists(table).await? {
        return Ok(None);
    }
    warehouse.compact(table, &context.state, extent).await
}

/// Puts a copy in the place of what was copied. Who changes rows of the table is waited for: a
/// statement that has found rows by their places must not find others there.
///
/// # Errors
/// 40001 where a file was replaced meanwhile; what the store says.
async fn commit(
    instance: &Instance,
    object: &Object,
    table: &TableId,
    compaction: Compaction,
) -> Result<()> {
    let _guard = instance.refresh_locks.lock(object.oid).await?;
    put(instance, object, table, compaction).await
}

/// [`commit`], by who holds the lock.
async fn put(
    instance: &Instance,
    object: &Object,
    table: &TableId,
    compaction: Compaction,
) -> Result<()> {
    // The commit of a model's clusters names the versions of its other tables.
    let told = match object.kind == Kind::Model && *table == table_id(object) {
        true => resolution::told_once_more(instance, object).await?,
        false => BTreeMap::new(),
    };
    compaction.commit_telling(told).await.map(drop)
}

/// The tables of an object that are compacted whole.
fn compacted(object: &Object) -> Vec<TableId> {
    let mut tables = vec![table_id(object)];
    if object.kind == Kind::Model {
        tables.extend(Companion::ALL.map(|companion| companion.table_id(object)));
    }
    tables
}

/// Compacts the tables of an object whole.
async fn compact(instance: &Arc<Instance>, object: &Object) -> Result<()> {
    // Two who copy the same rows would be in each other's way.
    let _alone = instance.compaction_locks.lock(object.oid).await?;
    for table in compacted(object) {
        if let Some(copied) = copy(instance, &table, CompactionExtent::Full).await? {
            commit(instance, object, &table, copied).await?;
        }
    }
    Ok(())
}

/// [`compact`], while nobody changes rows of the tables.
async fn compact_alone(instance: &Arc<Instance>, object: &Object) -> Result<()> {
    let _alone = instance.compaction_locks.lock(object.oid).await?;
    let _guard = instance.refresh_locks.lock(object.oid).await?;
    for table in compacted(object) {
        if let Some(copied) = copy(instance, &table, CompactionExtent::Full).await? {
            put(instance, object, &table, copied).await?;
        }
    }
    Ok(())
}

/// The tables of an object that have indexes, and the keys of these.
fn indexed(traced: &TracedKeys, object: &Object) -> Vec<(TableId, Vec<IndexedKey>)> {
    let (own, keys) = (table_id(object), constraints::indexed(traced, object));
    if object.kind != Kind::Model {
        return vec![(own, keys)];
    }
    let mut tables = resolution::indexed(traced, object);
    // Other models read the clusters by keys of theirs.
    match tables.iter_mut().find(|(table, _)| *table == own) {
        Some((_, known)) => {
            for key in keys {
                if !known.iter().any(|it| it.columns == key.columns) {
                    known.push(key);
                }
            }
        }
        None if keys.is_empty() => {}
        None => tables.push((own, keys)),
    }
    tables
}

/// Brings the key indexes of an object's tables to their latest versions, so that who needs them next does
/// not wait.
///
/// # Errors
/// What reading the table says; 53200 without memory; what the disk says.
pub async fn keep_indexes(instance: &Arc<Instance>, object: &Object) -> Result<()> {
    let settings = &instance.configuration.session;
    let context = instance.statement(settings, Reading::Rows);
    let traced = &instance.traced_keys;
    let indexed = indexed(traced, object);
    let warehouse = &instance.warehouse;
    for (table, keys) in indexed {
        if warehouse.exists(&table).await? {
            warehouse
                .keep_indexes(&table, &context.state, &keys)
                .await?;
        }
    }
    Ok(())
}

/// [`keep_indexes`] of an object that may be dropped meanwhile: then what was made for it comes too late,
/// and goes.
async fn keep_or_forget_indexes(instance: &Arc<Instance>, object: &Arc<Object>) -> Result<()> {
    let kept = keep_indexes(instance, object).await;
    if is_there(instance, object) {
        return kept;
    }
    for table in tables(object) {
        instance.warehouse.forget_indexes(&table).await?;
    }
    Ok(())
}

/// Whether an object is in the catalog still.
fn is_there(instance: &Instance, object: &Object) -> bool {
    instance.catalog.snapshot().object(object.oid).is_some()
}

/// So many times a compaction is begun beside those who change the table. If each time one of them has
/// overtaken it, the others wait for it.
const ATTEMPTS: usize = 4;

/// Commits that come within this time are looked at together: to look at each of many small ones takes
/// about as long as these.
const PAUSE: Duration = Duration::from_millis(50);

/// Compacts all that is small or has lost rows.
///
/// # Errors
/// Those of compacting; 40001 where another process has changed the table meanwhile.
pub async fn optimize(instance: &Arc<Instance>, object: &Object) -> Result<()> {
    for _ in 0..ATTEMPTS {
        match compact(instance, object).await {
            Err(error) if error.sqlstate() == SqlState::SERIALIZATION_FAILURE => {}
            ended => return ended,
        }
    }
    compact_alone(instance, object).await
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

/// Compacts what commits have made worth it, for as long as the server runs. A copy waits for who
/// changes rows of its table in a task of its own, since a transaction may keep its locks for long and
/// other tables are not to wait for that.
pub async fn run(instance: Arc<Instance>) {
    // Of a table there is one at most, which keeps the next one from beginning.
    let mut commits = JoinSet::new();
    loop {
        let object = tokio::select! {
            changed = instance.warehouse.next_changed() => {
                let snapshot = instance.catalog.snapshot();
                let Some(object) = snapshot.object(changed.oid) else {
                    continue;
                };
                if begin(&instance, object, &mut commits).await {
                    continue;
                }
                Arc::clone(object)
            }
            Some(committed) = commits.join_next(), if !commits.is_empty() => match committed {
                Ok(object) => object,
                Err(error) => {
                    tracing::warn!("a compaction was cut off: {error}");
                    continue;
                }
            },
        };
        if let Err(error) = keep_or_forget_indexes(&instance, &object).await {
            tracing::warn!(table = %object.name, %error, "a key index could not be kept");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Copies what is worth it of the tables of an object, and has the copies committed; tells whether there
/// are some.
async fn begin(
    instance: &Arc<Instance>,
    object: &Arc<Object>,
    commits: &mut JoinSet<Arc<Object>>,
) -> bool {
    // Who compacts it already does what is to be done.
    let Some(alone) = instance.compaction_locks.try_lock(object.oid) else {
        return false;
    };
    let mut copies = Vec::new();
    for table in tables(object) {
        // Most commits make nothing due, which is looked at for less than a copy is planned.
        let copied = match instance.warehouse.is_compaction_due(&table).await {
            Ok(true) => copy(instance, &table, CompactionExtent::Due).await,
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match copied {
            Ok(copied) => copies.extend(copied.map(|copied| (table, copied))),
            Err(error) => tell(instance, object, Err(error)),
        }
    }
    if copies.is_empty() {
        return false;
    }
    let (instance, object) = (Arc::clone(instance), Arc::clone(object));
    commits.spawn(async move {
        for (table, copied) in copies {
            let committed = commit(&instance, &object, &table, copied).await;
            tell(&instance, &object, committed);
        }
        drop(alone);
        object
    });
    true
}

/// Logs why a table could not be compacted.
fn tell(instance: &Instance, object: &Object, compacted: Result<()>) {
    match compacted {
        Ok(()) => {}
        // Its next change brings it here again.
        Err(error) if error.sqlstate() == SqlState::SERIALIZATION_FAILURE => {}
        // It was dropped meanwhile.
        Err(_) if !is_there(instance, object) => {}
        Err(error) => {
            tracing::warn!(table = %object.name, %error, "a table could not be compacted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::QualifiedName;
    use crate::test_server;

    #[tokio::test(flavor = "multi_thread")]
    async fn clusters_have_indexes_of_the_keys_that_other_models_read_them_by() {
        let folder = tempfile::tempdir().unwrap();
        let instance = test_server::open(folder.path()).await;
        let session = test_server::begin(&instance);
        test_server::run(
            &session,
            "CREATE TABLE clusters (id TEXT, entity_id BIGINT)",
        )
        .await;
        let snapshot = instance.catalog.snapshot();
        let name = QualifiedName::new("public", "clusters");
        let table = snapshot.relation(&name).unwrap();
        let model = Object {
            kind: Kind::Model,
            ..Object::clone(table)
        };
        let traced = TracedKeys::default();
        assert!(indexed(&traced, &model).is_empty());
        let key = vec!["entity_id".to_owned()];
        // Which model reads them does not matter.
        traced.set_read(&snapshot, model.oid, vec![(model.oid, key.clone())]);
        let expected = vec![(table_id(&model), vec![IndexedKey::of(&key)])];
        assert_eq!(indexed(&traced, &model), expected);
    }
}
