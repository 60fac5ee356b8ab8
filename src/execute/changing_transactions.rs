//! What takes tables away, or changes them, waits for the transactions that have changed their rows, as
//! in PostgreSQL: else these could not be committed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{Object, Oid};
use crate::error::Result;
use crate::instance::Instance;
use crate::session::Session;
use crate::warehouse::TableId;

/// The tables that hold the rows of objects, of those that have some.
pub fn tables_of<'a>(objects: impl IntoIterator<Item = &'a Arc<Object>>) -> Vec<TableId> {
    let objects = objects.into_iter().filter(|object| object.is_stored());
    objects.map(|object| object.table()).collect()
}

/// Waits for the transactions of others that have changed rows of these tables by now.
///
/// # Errors
/// 40001 where there are some, and the session's own transaction cannot wait; 55P03 where it takes too
/// long.
pub async fn wait(session: &Session, tables: Vec<TableId>) -> Result<()> {
    let instance = &session.instance;
    let open = &instance.open_transactions;
    let list = instance.refresh_locks.list();
    let may_not = may_be_waited_for(instance);
    open.wait(list, &instance.warehouse, &tables, may_not)
        .await?;
    session.follow()
}

/// Whether the session's transaction has what others may wait for. They could have changed what it would
/// wait for, so that it does not wait, for then each would wait for the other. Nobody knows the tables
/// that are new in it.
pub fn may_be_waited_for(instance: &Instance) -> bool {
    let changed = instance.warehouse.changed_tables();
    let is_new = changed.iter().filter(|table| table.base.is_none());
    let new: BTreeSet<Oid> = is_new.map(|table| table.table.oid).collect();
    changed.iter().any(|table| table.base.is_some())
        || !instance.refresh_locks.held().is_subset(&new)
}
