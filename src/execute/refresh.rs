//! `REFRESH MATERIALIZED VIEW`, `REFRESH MODEL`: a model scores again with what it has learned, or
//! with `FULL` learns again. With `FROM` a materialized view with a `unique_key` and a `version_column`
//! reads those rows of its query again whose first version column is at least the first value, and less
//! than the second, and puts in what is later than it has; what has changed otherwise waits for the next
//! refresh. Of two rows of one version the one stays that all loads would keep, whichever was read last:
//! what a source has corrected under the same version is taken for certain by `FULL`. What it reads with
//! the target lag `DOWNSTREAM` is refreshed before. With `WITH NO DATA` a materialized view loses its rows, as
//! one that was never filled.

use std::sync::Arc;

use super::{refresh_range, tables_in_use};
use crate::catalog::journal::{ModelState, RefreshRecord};
use crate::catalog::{Catalog, Kind, Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::models::refresh::{Catalogued, Extent, refresh_locked};
use crate::models::replacement::Unchanged;
use crate::models::schedule::Freshness;
use crate::models::{keyed, schema_change, stale};
use crate::session::{Outcome, Session, plan};
use crate::sql::ObjectName;
use crate::sql::drop::DropKind;
use crate::sql::refresh::{Refresh, RefreshExtent};
use crate::warehouse::CommitInfo;

/// Computes a materialized view, or the clusters of a model, again.
///
/// # Errors
/// Those of [`run`]; 55006 for what a cursor of the transaction reads.
pub async fn execute(session: &Session, refresh: &Refresh) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let object = target(refresh.kind, &refresh.name, &snapshot, &path)?;
    let what = format!("REFRESH {}", refresh.kind);
    tables_in_use::check(session, [&object], &what)?;
    match refresh.extent {
        RefreshExtent::NoData => {
            session
                .together(async |session: &Session| empty(session, refresh).await)
                .await?;
        }
        _ => {
            run(session, refresh).await?;
        }
    }
    Ok(Outcome::Done(format!("REFRESH {}", refresh.kind)))
}

/// The same. Answers what the journal tells of it; nothing where another refresh that ended meanwhile
/// has done what was asked.
///
/// # Errors
/// What its query meets, or an expectation; the version before stays. 42809 for an object of another
/// kind.
pub async fn run(session: &Session, refresh: &Refresh) -> Result<Option<RefreshRecord>> {
    let instance = &session.instance;
    let path = &session.settings().search_path.0;
    let oid = target(
        refresh.kind,
        &refresh.name,
        &instance.catalog.snapshot(),
        path,
    )?
    .oid;
    for upstream in pulled(&instance.catalog.snapshot(), oid) {
        pull(session, &upstream, &refresh.name).await?;
    }
    let last = |state: &Option<ModelState>| state.as_ref().map(|state| state.last_refresh_id);
    let before = last(&instance.journal.model_state(oid)?);
    let guard = instance.refresh_locks.lock(oid).await?;
    // Someone may have replaced it meanwhile.
    let snapshot = instance.catalog.snapshot();
    let Some(object) = snapshot.object(oid) else {
        return Err(plan::undefined_table(&refresh.name, &snapshot));
    };
    check_kind(refresh.kind, object)?;
    session.check_unchanged(object).await?;
    // Another refresh that ended while this one waited has done what was asked, if it holds still.
    let state = instance.journal.model_state(oid)?;
    if refresh.extent == RefreshExtent::Usual
        && last(&state) != before
        && stale::reason(instance, object, state.as_ref())
            .await?
            .is_none()
    {
        return Ok(None);
    }
    let (reason, extent) = match &refresh.extent {
        RefreshExtent::Usual => ("REFRESH".to_owned(), Extent::Usual),
        RefreshExtent::Full => ("REFRESH FULL".to_owned(), Extent::Anew),
        RefreshExtent::NoData => return Err(Error::internal("nothing is read for no data")),
        RefreshExtent::Range(range) => {
            let versions = refresh_range::read(session, object, range).await?;
            (format!("REFRESH {range}"), Extent::Range(versions))
        }
    };
    let progress = Arc::default();
    let refreshed = refresh_locked(
        instance,
        object,
        Catalogued::Same,
        extent,
        &reason,
        &progress,
        &guard,
    );
    let record = unless_dropped(&instance.catalog, object, refreshed).await?;
    tell(session, &record);
    if let Some(after) = instance.catalog.snapshot().object(oid)
        && let Some(changes) = schema_change::described(&object.schema, &after.schema)
    {
        let message = format!("{}: {changes}", record.object);
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
    }
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
    Ok(Some(record))
}

/// Takes the rows of a materialized view from it: who reads it is told that it is not populated, until it
/// is refreshed.
async fn empty(session: &Session, refresh: &Refresh) -> Result<()> {
    let instance = &session.instance;
    let path = &session.settings().search_path.0;
    let found = target(
        refresh.kind,
        &refresh.name,
        &instance.catalog.snapshot(),
        path,
    )?;
    let _guard = instance.refresh_locks.lock(found.oid).await?;
    session.follow()?;
    let snapshot = instance.catalog.snapshot();
    let Some(object) = snapshot.object(found.oid) else {
        return Err(plan::undefined_table(&refresh.name, &snapshot));
    };
    check_kind(refresh.kind, object)?;
    session.check_unchanged(object).await?;
    instance
        .catalog
        .write(|transaction| transaction.set_emptied(object.oid, true))?;
    let (table, warehouse) = (object.table(), &instance.warehouse);
    if warehouse.exists(&table).await?
        && let Some(object) = instance.catalog.snapshot().object(found.oid)
    {
        let unchanged = Unchanged {
            instance: Arc::clone(instance),
            object: Arc::clone(object),
        };
        let info = CommitInfo::new("REFRESH MATERIALIZED VIEW");
        let modification = warehouse.modify(&table).await?;
        modification.clear(info, Some(Arc::new(unchanged))).await?;
    }
    Ok(())
}

/// What an object reads that is refreshed for the sake of others alone, each after what it reads.
fn pulled(snapshot: &Snapshot, oid: Oid) -> Vec<Arc<Object>> {
    let read = snapshot.object(oid).map(|object| snapshot.read_by(object));
    let mut pulled = read.unwrap_or_default();
    pulled.retain(|object| {
        let is_downstream = || {
            matches!(
                Freshness::of(&object.definition),
                Ok(Some(Freshness::Downstream))
            )
        };
        object.kind.is_refreshed() && !object.suspended && is_downstream()
    });
    pulled
}

/// Refreshes what another object reads, if it is stale.
async fn pull(session: &Session, upstream: &Object, reader: &ObjectName) -> Result<()> {
    let instance = &session.instance;
    let guard = instance.refresh_locks.lock(upstream.oid).await?;
    let snapshot = instance.catalog.snapshot();
    let Some(object) = snapshot.object(upstream.oid) else {
        return Ok(());
    };
    let state = instance.journal.model_state(object.oid)?;
    let stale = stale::reason(instance, object, state.as_ref()).await?;
    if stale.is_none() {
        return Ok(());
    }
    let (reason, progress) = (format!("REFRESH of {reader}"), Arc::default());
    let (catalogued, extent) = (Catalogued::Same, Extent::Usual);
    let refreshed = refresh_locked(
        instance, object, catalogued, extent, &reason, &progress, &guard,
    );
    let record = unless_dropped(&instance.catalog, object, refreshed)
        .await
        .map_err(|error| error.within(object.described()))?;
    tell(session, &record);
    Ok(())
}

/// Ends a refresh when its object is dropped: nobody will read it.
async fn unless_dropped(
    catalog: &Catalog,
    object: &Object,
    refreshed: impl Future<Output = Result<RefreshRecord>>,
) -> Result<RefreshRecord> {
    let mut changes = catalog.changes();
    let dropped = async {
        while catalog.snapshot().object(object.oid).is_some() {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        biased;
        record = refreshed => record,
        () = dropped => Err(Error::new(
            SqlState::UNDEFINED_TABLE,
            format!("{} was dropped while it was refreshed", object.described()),
        )),
    }
}

/// The materialized view, or the model, of this name.
///
/// # Errors
/// 42P01 and the like for an object that does not exist; 42809 for one of another kind.
pub fn target(
    kind: DropKind,
    name: &ObjectName,
    snapshot: &Snapshot,
    search_path: &[String],
) -> Result<Arc<Object>> {
    let object = plan::object(name, snapshot, search_path).map_err(|error| {
        match (kind, error.sqlstate()) {
            (DropKind::Model, SqlState::UNDEFINED_TABLE) => plan::undefined_model(name, snapshot),
            _ => error,
        }
    })?;
    check_kind(kind, &object)?;
    Ok(object)
}

fn check_kind(kind: DropKind, object: &Object) -> Result<()> {
    let kind = match kind {
        DropKind::Model => Kind::Model,
        _ => Kind::MaterializedView,
    };
    if object.kind == kind {
        return Ok(());
    }
    Err(Error::new(
        SqlState::WRONG_OBJECT_TYPE,
        format!("\"{}\" is not {}", object.name, kind.with_article()),
    )
    .with_detail(format!("It is {}.", object.kind.with_article())))
}

/// Tells the client what a refresh lacks: the rows that it left out, and where they are.
pub fn tell(session: &Session, record: &RefreshRecord) {
    for changes in &record.source_changes {
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, changes.clone()));
    }
    if let Some(warning) = &record.warning {
        let said = Error::new(SqlState::WARNING, warning.message.clone());
        session.notice(said.with_hint(warning.hint.clone()));
    }
    if record.rows_overtaken > 0 {
        let overtaken = keyed::overtaken(record.rows_overtaken);
        let message = format!("{}: {overtaken}", record.object);
        session.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, message));
    }
    let rows = record.rows_rejected + record.rows_dropped;
    if rows == 0 {
        return;
    }
    let counted = if rows == 1 { "row" } else { "rows" };
    let without_key = match record.rows_without_key {
        0 => String::new(),
        rows => format!("{rows} had no key, "),
    };
    session.notice(
        Error::new(
            SqlState::WARNING,
            format!("{}: {rows} {counted} left out", record.object),
        )
        .with_detail(format!(
            "{} could not be read, {without_key}{} did not meet an expectation.",
            record.rows_rejected.saturating_sub(record.rows_without_key),
            record.rows_dropped
        ))
        .with_hint("All of them are in tributary.rejected_rows."),
    );
}
