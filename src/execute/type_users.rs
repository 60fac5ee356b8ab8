//! What stands on types that users have made, where these are dropped.

use std::sync::Arc;

use super::drop::{cascades, drop_all, named};
use super::{changing_transactions, redefine};
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::{Outcome, Session};
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
    let going = named(session, drop, &snapshot, &mut |_| {})?;
    let columns: Vec<Column> = going
        .iter()
        .flat_map(|oid| columns(&snapshot, *oid))
        .collect();
    if columns.is_empty() {
        return drop_all(session, drop).await;
    }
    if !drop.cascade {
        return Err(still_used(&snapshot, going.iter().copied(), &columns));
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
    let told: Vec<String> = columns.iter().map(Column::described).collect();
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
            drop_all(session, drop).await
        })
        .await
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

fn still_used(snapshot: &Snapshot, going: impl Iterator<Item = Oid>, columns: &[Column]) -> Error {
    let going: Vec<Arc<Object>> = going
        .filter_map(|it| snapshot.object(it).cloned())
        .collect();
    let what: Vec<String> = going.iter().map(|object| object.described()).collect();
    let of_columns = columns
        .iter()
        .map(|it| format!("{} depends on {}", it.described(), it.of.described()));
    let of_readers = going.iter().flat_map(|object| {
        let readers = snapshot.direct_dependents(object.oid).into_iter();
        readers.map(|it| format!("{} depends on {}", it.described(), object.described()))
    });
    let lines: Vec<String> = of_columns.chain(of_readers).collect();
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
