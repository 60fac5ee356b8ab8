//! `REFRESH MATERIALIZED VIEW`.

use std::sync::Arc;

use crate::error::Result;
use crate::models::progress::Rows;
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
    crate::models::refresh::refresh(
        &session.instance,
        &object,
        reason,
        &Arc::new(Rows::default()),
    )
    .await?;
    Ok(Outcome::Done("REFRESH MATERIALIZED VIEW".to_owned()))
}
