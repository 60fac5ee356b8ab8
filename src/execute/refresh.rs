//! `REFRESH MATERIALIZED VIEW`.

use std::sync::Arc;

use crate::error::Result;
use crate::models::refresh::refresh_locked;
use crate::session::{Outcome, Session, plan};
use crate::sql::refresh::Refresh;

/// Computes a materialized view again.
///
/// # Errors
/// What its query meets, or an expectation; the version before stays.
pub async fn execute(session: &Session, refresh: &Refresh) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let object = plan::object(&refresh.name, &snapshot, &session.settings().search_path.0)?;
    let reason = if refresh.full {
        "REFRESH FULL"
    } else {
        "REFRESH"
    };
    let guard = session.instance.refresh_locks.lock(object.oid).await;
    // Someone may have replaced it meanwhile.
    let snapshot = session.instance.catalog.snapshot();
    let Some(object) = snapshot.object(object.oid) else {
        return Err(plan::undefined_table(&refresh.name, &snapshot));
    };
    refresh_locked(&session.instance, object, reason, &Arc::default(), &guard).await?;
    Ok(Outcome::Done("REFRESH MATERIALIZED VIEW".to_owned()))
}
