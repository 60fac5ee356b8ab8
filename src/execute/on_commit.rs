//! What temporary tables do at a commit, by `ON COMMIT DELETE ROWS | DROP`.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{create_sequence, drop, truncate};
use crate::catalog::{Object, Oid, Snapshot, temporary_schema};
use crate::error::{Error, Result, SqlState};
use crate::models::run::remove_tables;
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::create_table::OnCommit;

/// Empties and drops the temporary tables of the session that say so, in its transaction, which is about to
/// commit. What stands on those that go goes too, without a word.
///
/// # Errors
/// 0A000 where a table that stays as it is refers to one that is emptied; what the store says.
pub fn execute(session: &Session) -> BoxFuture<'_, Result<()>> {
    // Of a type that is named: what it does may be a transaction, whose commit comes here.
    async move {
        let snapshot = session.instance.catalog.snapshot();
        let schema = temporary_schema(session.client.process);
        let emptied = said(&snapshot, &schema, OnCommit::DeleteRows);
        let dropped = said(&snapshot, &schema, OnCommit::Drop);
        check_references(&snapshot, &emptied)?;
        let path = session.settings().search_path.0;
        let all: BTreeSet<Oid> = emptied.iter().map(|table| table.oid).collect();
        for table in &emptied {
            truncate::clear(session, &path, table, &all).await?;
        }
        if dropped.is_empty() {
            return Ok(());
        }
        let mut all: BTreeSet<Oid> = dropped.iter().map(|table| table.oid).collect();
        all.extend(create_sequence::owned_by(&snapshot, &all));
        let uses = create_sequence::defaults_on(&snapshot, &all);
        drop::drop_defaults(session, &uses).await?;
        let oids: Vec<Oid> = all.into_iter().collect();
        let catalog = &session.instance.catalog;
        let gone = catalog.write(|transaction| transaction.drop(&oids, true))?;
        remove_tables(&session.instance, &gone).await;
        Ok(())
    }
    .boxed()
}

/// The tables of a schema that say this of a commit, in the order of their numbers, in which transactions may
/// wait for each other.
fn said(snapshot: &Snapshot, schema: &str, wanted: OnCommit) -> Vec<Arc<Object>> {
    let tables = snapshot.relations_in(schema).filter(|object| {
        let Statement::CreateTable(create) = &object.definition else {
            return false;
        };
        create.on_commit == Some(wanted)
    });
    let mut tables: Vec<Arc<Object>> = tables.cloned().collect();
    tables.sort_by_key(|table| table.oid);
    tables
}

/// That what refers to a table that is emptied is emptied too.
fn check_references(snapshot: &Snapshot, emptied: &[Arc<Object>]) -> Result<()> {
    for table in emptied {
        let references = snapshot.references_to(&table.name);
        let is_emptied = |oid: Oid| emptied.iter().any(|table| table.oid == oid);
        if let Some(reference) = references.iter().find(|it| !is_emptied(it.table.oid)) {
            let (referring, name) = (&reference.table.name.name, &table.name.name);
            let message = "unsupported ON COMMIT and foreign key combination";
            let detail = format!(
                "Table \"{referring}\" references \"{name}\", but they do not have the same \
                 ON COMMIT setting."
            );
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_detail(detail));
        }
    }
    Ok(())
}
