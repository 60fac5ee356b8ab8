//! `REFRESH MATERIALIZED VIEW`, `REFRESH MODEL`: a model scores again with what it has learned, or
//! with `FULL` learns again.

use std::sync::Arc;

use crate::catalog::Kind;
use crate::catalog::journal::RefreshRecord;
use crate::error::{Error, Result, SqlState};
use crate::models::refresh::{Catalogued, Extent, refresh_locked};
use crate::session::{Outcome, Session, plan};
use crate::sql::drop::DropKind;
use crate::sql::refresh::Refresh;

/// Computes a materialized view, or the clusters of a model, again.
///
/// # Errors
/// What its query meets, or an expectation; the version before stays. 42809 for an object of another
/// kind.
pub async fn execute(session: &Session, refresh: &Refresh) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let path = &session.settings().search_path.0;
    let object = plan::object(&refresh.name, &snapshot, path).map_err(|error| {
        match (refresh.kind, error.sqlstate()) {
            (DropKind::Model, SqlState::UNDEFINED_TABLE) => {
                plan::undefined_model(&refresh.name, &snapshot)
            }
            _ => error,
        }
    })?;
    let (reason, extent) = if refresh.full {
        ("REFRESH FULL", Extent::Anew)
    } else {
        ("REFRESH", Extent::Usual)
    };
    let kind = match refresh.kind {
        DropKind::Model => Kind::Model,
        _ => Kind::MaterializedView,
    };
    let guard = session.instance.refresh_locks.lock(object.oid).await?;
    // Someone may have replaced it meanwhile.
    let snapshot = session.instance.catalog.snapshot();
    let Some(object) = snapshot.object(object.oid) else {
        return Err(plan::undefined_table(&refresh.name, &snapshot));
    };
    if object.kind != kind {
        return Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("\"{}\" is not {}", object.name, kind.with_article()),
        )
        .with_detail(format!("It is {}.", object.kind.with_article())));
    }
    let progress = Arc::default();
    let record = refresh_locked(
        &session.instance,
        object,
        Catalogued::Same,
        extent,
        reason,
        &progress,
        &guard,
    )
    .await?;
    tell_rejected(session, &record);
    if let Some(rows) = record.drifted_rows {
        let differed = if rows == 1 {
            "row differed"
        } else {
            "rows differed"
        };
        session.notice(Error::new(
            SqlState::SUCCESSFUL_COMPLETION,
            format!(
                "{}: {rows} {differed} from what the query gives",
                record.object
            ),
        ));
    }
    Ok(Outcome::Done(format!("REFRESH {}", refresh.kind)))
}

/// Tells the client how many rows a refresh left out, and where they are.
pub fn tell_rejected(session: &Session, record: &RefreshRecord) {
    let rows = record.rows_rejected + record.rows_dropped;
    if rows == 0 {
        return;
    }
    let counted = if rows == 1 { "row" } else { "rows" };
    session.notice(
        Error::new(
            SqlState::WARNING,
            format!("{}: {rows} {counted} left out", record.object),
        )
        .with_detail(format!(
            "{} could not be read, {} did not meet an expectation.",
            record.rows_rejected, record.rows_dropped
        ))
        .with_hint("All of them are in tributary.rejected_rows."),
    );
}
