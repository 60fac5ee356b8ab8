//! `DESCRIBE HISTORY`.

use std::sync::Arc;

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models::table_id;
use crate::session::{Outcome, Session, plan};
use crate::sql::ObjectName;
use crate::sql::describe_history::DescribeHistory;

/// Answers a table's versions, the latest first.
///
/// # Errors
/// 42809 for what keeps no versions.
pub async fn execute(session: &Session, describe: &DescribeHistory) -> Result<Outcome> {
    let object = stored(session, &describe.name)?;
    let most = describe.limit.and_then(|limit| usize::try_from(limit).ok());
    let (warehouse, table) = (&session.instance.warehouse, table_id(&object));
    let history = warehouse.history(&table, most.unwrap_or(usize::MAX));
    super::rows("DESCRIBE", history.await?)
}

/// The object of that name, which has files and versions.
///
/// # Errors
/// 42P01 where there is none; 42809 for what keeps no versions.
pub fn stored(session: &Session, name: &ObjectName) -> Result<Arc<Object>> {
    let snapshot = session.instance.catalog.snapshot();
    let object = plan::object(name, &snapshot, &session.settings().search_path.0)?;
    if !object.is_stored() {
        return Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("{} keeps no versions", object.described()),
        )
        .with_hint("Tables, materialized views and models have a history."));
    }
    Ok(object)
}
