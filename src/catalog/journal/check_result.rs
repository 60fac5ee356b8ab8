//! What one run of a check found.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::record::to_json;
use super::super::{Oid, time};
use crate::error::Result;
use crate::sql::QualifiedName;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It returned no row.
    Passed,
    /// It returned rows.
    Failed,
    /// It returned rows, and its severity is `warn`.
    Warned,
    /// Its query met an error.
    Error,
}

impl CheckStatus {
    /// The status as system views show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Warned => "warned",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one run of a check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Its number, given by the journal.
    pub id: u64,
    /// The check, by the name it had.
    pub check: QualifiedName,
    /// The check.
    pub oid: Oid,
    /// When it began.
    #[serde(with = "time")]
    pub checked_at: DateTime<Utc>,
    /// How it ended.
    pub status: CheckStatus,
    /// How many rows it returned; `None` where its query met an error.
    pub failing_rows: Option<u64>,
    /// The first of these rows, each a JSON object by column.
    pub sample: Vec<serde_json::Value>,
    /// How many rows of sources it left out, as they could not be read.
    #[serde(default)]
    pub rows_rejected: u64,
    /// The hash of the definition that ran.
    #[serde(default)]
    pub definition_hash: String,
    /// What it read: each input by name, with a fingerprint of what it held (a table's version, a
    /// source's listing).
    #[serde(default)]
    pub inputs: Vec<(String, String)>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The SQLSTATE of the error that its query met.
    pub sqlstate: Option<String>,
    /// The error that its query met.
    pub error: Option<String>,
}

impl CheckResult {
    /// Leaves as many of the first sample rows as fit into so many bytes.
    pub(super) fn cut_sample(&mut self, limit: usize) -> Result<()> {
        let mut bytes = 0;
        let mut fitting = 0;
        for row in &self.sample {
            bytes += to_json(row)?.len();
            if bytes > limit {
                break;
            }
            fitting += 1;
        }
        self.sample.truncate(fitting);
        Ok(())
    }
}
