//! Tells who listens that a materialized view or model was refreshed.

use serde::Serialize;

use crate::catalog::Kind;
use crate::catalog::journal::{RefreshRecord, RefreshStatus};
use crate::instance::Instance;

/// The channel: `LISTEN tributary_refresh`.
pub const CHANNEL: &str = "tributary_refresh";

/// A refresh that has ended, in the words of `tributary.refreshes`. All may listen, so that the text of
/// an error, which may have values of rows in it, is left to that view and to who may read it.
#[derive(Serialize)]
struct Refreshed<'a> {
    id: u64,
    schema: &'a str,
    name: &'a str,
    kind: &'a str,
    status: &'a str,
    reason: &'a str,
    version: Option<i64>,
    rows_written: u64,
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<&'a str>,
}

/// Tells who listens, and the scheduler, of a refresh that has ended, well or not: for good, since
/// one within a transaction ends with that. Who listens and does not read is no reason for the
/// refresh to fail.
pub fn announce(instance: &Instance, kind: Kind, record: &RefreshRecord) {
    if record.status == RefreshStatus::Succeeded {
        instance.standings.succeeded(record.oid);
    }
    let refreshed = Refreshed {
        id: record.id,
        schema: &record.object.schema,
        name: &record.object.name,
        kind: kind.as_str(),
        status: record.status.as_str(),
        reason: &record.reason,
        version: record.version,
        rows_written: record.rows_written,
        duration_ms: record.duration_ms,
        sqlstate: record.sqlstate.as_deref(),
    };
    let Ok(payload) = serde_json::to_string(&refreshed) else {
        return;
    };
    instance.notifications.tell(CHANNEL, payload);
}
