//! `DESCRIBE HISTORY`.

use crate::error::{Error, Result, SqlState};
use crate::models::table_id;
use crate::session::{Outcome, Session, plan};
use crate::sql::describe_history::DescribeHistory;

/// Answers a table's versions, the latest first.
///
/// # Errors
/// 42809 for what keeps no versions.
pub async fn execute(session: &Session, describe: &DescribeHistory) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let object = plan::object(&describe.name, &snapshot, &session.settings().search_path.0)?;
    if !object.is_stored() {
        return Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("{} keeps no versions", object.described()),
        )
        .with_hint("Tables, materialized views and models have a history."));
    }
    let history = session
        .instance
        .warehouse
        .history(&table_id(&object))
        .await?;
    super::rows("DESCRIBE", history)
}
