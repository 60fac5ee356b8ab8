//! `FOR UPDATE` and its like: locks of rows are held on their tables.
//!
//! Who changes rows of a table waits for whoever has changed some in a transaction that goes on, and so
//! does a query that locks rows: in a transaction block it keeps others from changing any rows of these
//! tables until the block ends, and outside of one it reads what is there once nobody does. All strengths
//! are this one lock. It keeps more than the rows that PostgreSQL would, and never less: with
//! `SKIP LOCKED` all rows of a table that another transaction has changed, or locked, are passed over.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::modify;
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::{Prepared, Session, plan};
use crate::sql::name::ObjectName;
use crate::sql::row_locks::{self, Wait};
use crate::sql::{Statement, references};

/// Who wants rows of a table: the place of the query, and what it does where it would have to wait.
type Wishes = Vec<(usize, Wait)>;

/// Takes the locks that the queries of a statement ask for. Answers the statement as it is to be run
/// now, and planned anew; none where it asks for none.
///
/// # Errors
/// 0A000 and 42P01 for what cannot be locked; 42809 for the rows of a materialized view; 55P03 where
/// somebody else changes the table and `NOWAIT` was said; 40001 where a transaction cannot wait, or reads
/// the table as it was before another one changed it.
pub async fn take(session: &Session, prepared: &Prepared) -> Result<Option<Statement>> {
    let queries = row_locks::of_statement(&prepared.statement)?;
    if queries.is_empty() {
        return Ok(None);
    }
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    // In the order of numbers, in which transactions wait.
    let mut objects: BTreeMap<Oid, (Arc<Object>, Wishes)> = BTreeMap::new();
    for (place, query) in queries.iter().enumerate() {
        for (name, wait) in &query.relations {
            for object in tables(&snapshot, &path, name)? {
                let entry = objects.entry(object.oid);
                let (_, wishes) = entry.or_insert_with(|| (object, Wishes::new()));
                wishes.push((place, *wait));
            }
        }
    }
    // It waits for its own table in any case, so that there is nothing to pass over.
    let own = changed(&prepared.statement);
    let own = own.and_then(|name| plan::object(name, &snapshot, &path).ok());
    if let Some(own) = own
        && let Some((_, wishes)) = objects.get_mut(&own.oid)
    {
        let skipped = wishes.iter_mut().filter(|(_, wait)| *wait == Wait::Skip);
        skipped.for_each(|(_, wait)| *wait = Wait::Until);
    }
    let mut passed_over = Vec::new();
    for (object, wishes) in objects.values() {
        if session.instance.refresh_locks.is_kept(object.oid) {
            let wants = |wanted: Wait| wishes.iter().any(|(_, wait)| *wait == wanted);
            if wants(Wait::No) {
                let name = &object.name.name;
                let message = format!("could not obtain lock on row in relation \"{name}\"");
                return Err(
                    Error::new(SqlState::LOCK_NOT_AVAILABLE, message).with_detail(
                        "Another transaction changes rows of the table, or has locked them.",
                    ),
                );
            }
            let skipping = wishes.iter().filter(|(_, wait)| *wait == Wait::Skip);
            passed_over.extend(skipping.map(|(place, _)| *place));
            if !wants(Wait::Until) {
                continue;
            }
        }
        // A transaction keeps it.
        modify::lock_object(session, object).await?;
    }
    let mut statement = prepared.statement.clone();
    row_locks::pass_over(&mut statement, &passed_over);
    Ok(Some(statement))
}

/// The tables whose rows a relation has: itself, or those that a view reads.
fn tables(snapshot: &Snapshot, path: &[String], name: &ObjectName) -> Result<Vec<Arc<Object>>> {
    let full = plan::resolve(name, snapshot, path)?;
    // One of the server's own has no rows that anybody changes.
    let Some(object) = snapshot.relation(&full) else {
        return Ok(Vec::new());
    };
    match (&object.kind, &object.definition) {
        (Kind::Table, _) => Ok(vec![Arc::clone(object)]),
        (Kind::MaterializedView, _) => {
            let name = &object.name.name;
            let message = format!("cannot lock rows in materialized view \"{name}\"");
            Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message))
        }
        (_, Statement::CreateView(view)) => {
            let mut all = Vec::new();
            for name in references::of_query(&view.query)? {
                match tables(snapshot, path, &name) {
                    Ok(tables) => all.extend(tables),
                    // Its rows are read through the view, and cannot be locked.
                    Err(error) if error.sqlstate() == SqlState::WRONG_OBJECT_TYPE => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(all)
        }
        _ => Ok(Vec::new()),
    }
}

/// The table whose rows a statement changes.
fn changed(statement: &Statement) -> Option<&ObjectName> {
    match statement {
        Statement::Update(update) => Some(&update.target.table),
        Statement::Delete(delete) => Some(&delete.target.table),
        Statement::Merge(merge) => Some(&merge.target.table),
        Statement::Insert(insert) => Some(&insert.target.table),
        _ => None,
    }
}
