//! Which tables `TRUNCATE` empties: none that others refer to, unless these are emptied too.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::Session;

/// The tables that are emptied where these are to be.
///
/// # Errors
/// 0A000 where another table refers to one of them, without `cascade`.
pub fn truncated(
    session: &Session,
    snapshot: &Snapshot,
    named: Vec<Arc<Object>>,
    cascade: bool,
) -> Result<BTreeMap<Oid, Arc<Object>>> {
    let mut open = named.clone();
    let mut all: BTreeMap<Oid, Arc<Object>> =
        named.into_iter().map(|table| (table.oid, table)).collect();
    while let Some(table) = open.pop() {
        for reference in snapshot.references_to(&table.name) {
            let other = &reference.table;
            if all.contains_key(&other.oid) {
                continue;
            }
            let name = &other.name.name;
            if !cascade {
                let message = "cannot truncate a table referenced in a foreign key constraint";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
                    .with_detail(format!(
                        "Table \"{name}\" references \"{}\".",
                        table.name.name
                    ))
                    .with_hint(format!(
                        "Truncate table \"{name}\" at the same time, or use TRUNCATE ... CASCADE."
                    )));
            }
            session.notice(Error::new(
                SqlState::SUCCESSFUL_COMPLETION,
                format!("truncate cascades to table \"{name}\""),
            ));
            all.insert(other.oid, Arc::clone(other));
            open.push(Arc::clone(other));
        }
    }
    Ok(all)
}
