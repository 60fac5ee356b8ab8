//! What stands on types that users have made, where these are dropped.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::drop::{cascades, drop_all, named};
use super::{changing_transactions, redefine};
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session, domains};
use crate::sql::alter::Action;
use crate::sql::drop::Drop;

/// A column of a type.
struct Column {
    table: Arc<Object>,
    name: String,
    of: Arc<Object>,
}

impl Column {
    fn described(&self) -> String {
        format!("column {} of {}", self.name, self.table.described())
    }
}

/// Drops types, or with `CASCADE` also the columns that have them, and what else stands on them.
///
/// # Errors
/// 2BP01 naming what stands on them; 42704 for a type that does not exist.
pub(super) async fn drop(session: &Session, drop: &Drop) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let named = named(session, drop, &snapshot, &mut |_| {})?;
    let over_them = over(&snapshot, &named);
    let over = over_them.iter().map(|domain| domain.oid);
    let going: BTreeSet<Oid> = named.iter().copied().chain(over).collect();
    let columns: Vec<Column> = going
        .iter()
        .flat_map(|oid| columns(&snapshot, *oid))
        .collect();
    if columns.is_empty() {
        return drop_all(session, drop).await;
    }
    if !drop.cascade {
        return Err(still_used(&snapshot, &named));
    }
    if let Some(column) = columns.iter().find(|it| it.table.kind != Kind::Table) {
        let message = format!(
            "cannot drop {} because {} depends on it",
            column.of.described(),
            column.described()
        );
        return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .with_hint("Drop the external table first, or declare the column as text."));
    }
    let told = over_them.iter().map(|domain| domain.described());
    let told: Vec<String> = told.chain(columns.iter().map(Column::described)).collect();
    if let Some(notice) = cascades(&told) {
        session.notice(notice);
    }
    let tables = columns.iter().map(|column| &column.table);
    let tables = changing_transactions::tables_of(tables);
    changing_transactions::wait(session, tables).await?;
    session
        .together(async |session: &Session| {
            for column in &columns {
                let snapshot = session.instance.catalog.snapshot();
                let Some(table) = snapshot.object(column.table.oid) else {
                    continue;
                };
                let action = Action::DropColumn {
                    name: column.name.clone(),
                    if_exists: true,
                    cascade: true,
                };
                redefine::act(session, table, &action).await?;
            }
            // What is told already is not told as what goes with it.
            let over = over_them.iter().map(|domain| domain.name.clone().into());
            let mut drop = drop.clone();
            drop.names.extend(over);
            drop_all(session, &drop).await
        })
        .await
}

/// The domains over some types, and those over these, each behind what it is over.
fn over(snapshot: &Snapshot, types: &BTreeSet<Oid>) -> Vec<Arc<Object>> {
    let mut found: Vec<Arc<Object>> = Vec::new();
    let mut next: Vec<Oid> = types.iter().copied().collect();
    while let Some(oid) = next.pop() {
        let readers = snapshot.direct_dependents(oid).into_iter();
        for domain in readers.filter(|it| domains::definition(it).is_some()) {
            if !types.contains(&domain.oid) && !found.iter().any(|it| it.oid == domain.oid) {
                next.push(domain.oid);
                found.push(domain);
            }
        }
    }
    found
}

fn columns(snapshot: &Snapshot, oid: Oid) -> Vec<Column> {
    let Some(of) = snapshot.object(oid) else {
        return Vec::new();
    };
    let columns = snapshot.columns_of_type(oid).into_iter();
    let columns = columns.map(|(table, name)| Column {
        table,
        name,
        of: Arc::clone(of),
    });
    columns.collect()
}

fn still_used(snapshot: &Snapshot, going: &BTreeSet<Oid>) -> Error {
    let going: Vec<&Arc<Object>> = going.iter().filter_map(|it| snapshot.object(*it)).collect();
    let what: Vec<String> = going.iter().map(|object| object.described()).collect();
    let mut lines = Vec::new();
    for object in going {
        tell_users(snapshot, object, &mut lines);
    }
    Error::new(
        SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
        format!(
            "cannot drop {} because other objects depend on it",
            what.join(", ")
        ),
    )
    .with_detail(lines.join("\n"))
    .with_hint("Use DROP ... CASCADE to drop the dependent objects too.")
}

/// Tells what stands on a type: as in Postgres, domains over it first, each with what stands on that.
fn tell_users(snapshot: &Snapshot, of: &Object, lines: &mut Vec<String>) {
    let line = |what: String| format!("{what} depends on {}", of.described());
    let readers = snapshot.direct_dependents(of.oid);
    let is_domain = |it: &Object| domains::definition(it).is_some();
    for domain in readers.iter().filter(|it| is_domain(it)) {
        lines.push(line(domain.described()));
        tell_users(snapshot, domain, lines);
    }
    let columns = columns(snapshot, of.oid).into_iter();
    lines.extend(columns.map(|column| line(column.described())));
    let others = readers.iter().filter(|it| !is_domain(it));
    lines.extend(others.map(|it| line(it.described())));
}
