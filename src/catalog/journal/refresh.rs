//! One refresh of a materialized view.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::{Oid, time};
use crate::sql::QualifiedName;

/// How a refresh stands, or ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshStatus {
    /// It runs.
    #[default]
    Running,
    /// Its rows are the current version.
    Succeeded,
    /// It met an error; the last good version stays.
    Failed,
    /// It did not start, since something that it reads failed.
    Skipped,
    /// The server stopped while it ran; the last good version stays.
    Interrupted,
}

impl RefreshStatus {
    /// The status as system views show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for RefreshStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often a refresh found an expectation violated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectationCount {
    /// The constraint.
    pub constraint: String,
    /// How many rows violate it.
    pub violations: u64,
    /// What became of them: `keep`, `drop row` or `fail update`.
    pub action: String,
}

/// One refresh of a materialized view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRecord {
    /// Its number, given by the journal.
    pub id: u64,
    /// The materialized view, by the name it had.
    pub object: QualifiedName,
    /// The materialized view.
    pub oid: Oid,
    /// When it began.
    #[serde(with = "time")]
    pub started_at: DateTime<Utc>,
    /// When it ended; for an interrupted one, when the server found that.
    #[serde(with = "time::optional")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub status: RefreshStatus,
    /// How it computed: `full`, `incremental`, `lookback`, or `range` for the rows of some versions.
    pub mode: String,
    /// Why it ran, or was skipped.
    pub reason: String,
    /// Why it computed all rows, where it might have computed fewer.
    #[serde(default)]
    pub mode_reason: Option<String>,
    /// How many keys' rows it computed, where it did not compute all.
    #[serde(default)]
    pub changed_keys: Option<u64>,
    /// How many rows a full refresh that was asked for found to be others than they were.
    #[serde(default)]
    pub drifted_rows: Option<u64>,
    /// Bytes that it wrote to disk for lack of memory, where that is known.
    #[serde(default)]
    pub spilled_bytes: Option<u64>,
    /// Rows read from its inputs, where that is known.
    pub rows_read: Option<u64>,
    /// Rows of the new version.
    pub rows_written: u64,
    /// Rows that a source could not read and that went to quarantine, and those without a key.
    pub rows_rejected: u64,
    /// Those among them that have no key.
    #[serde(default)]
    pub rows_without_key: u64,
    /// Rows of keyed views that were left out since others of their keys are later.
    #[serde(default)]
    pub rows_overtaken: u64,
    /// Rows dropped by expectations.
    pub rows_dropped: u64,
    /// Bytes of the files written.
    pub bytes_written: u64,
    /// The version of the table that it made.
    pub version: Option<i64>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The SQLSTATE of the error that it met.
    pub sqlstate: Option<String>,
    /// The error that it met.
    pub error: Option<String>,
    /// How many pairs of records the refresh of a model compared.
    #[serde(default)]
    pub pairs: Option<u64>,
    /// How long each stage of the refresh of a model took.
    #[serde(default)]
    pub stages: Vec<StageTime>,
    /// What its expectations found.
    #[serde(default)]
    pub expectations: Vec<ExpectationCount>,
    /// What is to be told of a refresh that succeeded.
    #[serde(default)]
    pub warning: Option<RefreshWarning>,
    /// What has become of the columns of sources that it reads.
    #[serde(default)]
    pub source_changes: Vec<String>,
}

/// What is to be told of a refresh that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshWarning {
    /// What its result lacks.
    pub message: String,
    /// What can be done about it.
    pub hint: String,
}

/// How long a stage of a refresh took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTime {
    /// Its name.
    pub stage: String,
    /// In microseconds.
    pub microseconds: u64,
}

impl RefreshRecord {
    /// A full refresh that begins now.
    pub fn start(object: QualifiedName, oid: Oid, reason: impl Into<String>) -> Self {
        Self {
            id: 0,
            object,
            oid,
            started_at: time::now(),
            finished_at: None,
            status: RefreshStatus::Running,
            mode: "full".to_owned(),
            reason: reason.into(),
            mode_reason: None,
            changed_keys: None,
            drifted_rows: None,
            spilled_bytes: None,
            rows_read: None,
            rows_written: 0,
            rows_rejected: 0,
            rows_without_key: 0,
            rows_overtaken: 0,
            rows_dropped: 0,
            bytes_written: 0,
            version: None,
            duration_ms: None,
            sqlstate: None,
            error: None,
            pairs: None,
            stages: Vec::new(),
            expectations: Vec::new(),
            warning: None,
            source_changes: Vec::new(),
        }
    }

    /// Counts rows that have no key.
    pub fn reject_without_key(&mut self, rows: u64) {
        self.rows_rejected += rows;
        self.rows_without_key += rows;
    }

    /// Tells these warnings too.
    pub fn warn(&mut self, warnings: Vec<crate::error::Error>) {
        for warning in warnings {
            let hint = warning.hint().unwrap_or_default();
            match &mut self.warning {
                Some(told) => told.message = format!("{}; {}", told.message, warning.message()),
                None => {
                    self.warning = Some(RefreshWarning {
                        message: warning.message().to_owned(),
                        hint: hint.to_owned(),
                    });
                }
            }
        }
    }

    /// Ends it now, with the time it took.
    pub fn finish(&mut self, status: RefreshStatus) {
        let now = time::now();
        self.status = status;
        self.finished_at = Some(now);
        // The clock may have been set back meanwhile.
        let elapsed = (now - self.started_at).num_milliseconds();
        self.duration_ms = Some(elapsed.try_into().unwrap_or_default());
    }

    /// Ends it now with an error.
    pub fn fail(&mut self, error: &crate::error::Error) {
        self.finish(RefreshStatus::Failed);
        self.sqlstate = Some(error.sqlstate().to_string());
        self.error = Some(error.message().to_owned());
    }
}
