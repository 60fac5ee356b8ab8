//! Where a materialized view stands.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::time;
use super::{RefreshRecord, RefreshStatus};

/// Where a materialized view stands after its last refresh: enough to tell whether it is stale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelState {
    /// The hash of the definition that the current version was computed by.
    pub definition_hash: String,
    /// What the current version was computed from: each input by name, with a fingerprint of what
    /// it held (a table's version, a source's listing).
    pub inputs: Vec<(String, String)>,
    /// The last refresh, however it ended.
    pub last_refresh_id: u64,
    /// When the current version was made; `None` where there is none yet.
    #[serde(with = "time::optional")]
    pub last_success_at: Option<DateTime<Utc>>,
    /// The current version of the table.
    pub version: Option<i64>,
    /// The rows of the current version.
    pub rows: Option<u64>,
    /// How the last refresh stands, or ended.
    pub status: RefreshStatus,
    /// How many refreshes have failed, or were cut off by a kill, since the last that succeeded.
    #[serde(default)]
    pub failures: u32,
    /// The error that the last refresh met.
    pub error: Option<String>,
}

impl ModelState {
    /// Where it stands after a refresh that has failed: the version before goes on to serve.
    #[must_use]
    pub fn after_failure(self, record: &RefreshRecord) -> Self {
        Self {
            last_refresh_id: record.id,
            status: record.status,
            failures: self.failures.saturating_add(1),
            error: record.error.clone(),
            ..self
        }
    }
}
