//! `tributary.sessions`.

use std::sync::Arc;

use arrow::array::ArrayRef;
use chrono::{DateTime, Utc};

use super::column::{Column, ColumnType, integer, text, timestamptz};
use super::{SystemSources, SystemView};
use crate::error::Result;
use crate::instance::SessionEncryption;

/// The connections.
#[derive(Debug)]
pub struct Sessions;

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its number, as `pg_backend_pid()` and a cancel request have it.
    pub pid: i32,
    /// Who connected.
    pub user: String,
    /// The database that was asked for.
    pub database: String,
    /// The client's `application_name`.
    pub application_name: String,
    /// The client's address and port; `None` for a session of the server's own.
    pub client: Option<String>,
    /// What it does: `active`, `idle`, `idle in transaction` or
    /// `idle in transaction (aborted)`.
    pub state: &'static str,
    /// The statement that runs, or ran last.
    pub query: Option<String>,
    /// When it connected.
    pub connected_at: DateTime<Utc>,
    /// When the statement began.
    pub query_started_at: Option<DateTime<Utc>>,
    /// When the transaction began; `None` between transactions, and where who asks may not see it.
    pub transaction_started_at: Option<DateTime<Utc>>,
    /// What it is to `pg_stat_activity`.
    pub backend_type: &'static str,
    /// What encrypts its connection, if anything does.
    pub encryption: Option<Arc<SessionEncryption>>,
    /// Whether who asks may see what it does.
    pub is_shown: bool,
}

static COLUMNS: [Column; 9] = [
    Column::new(
        "pid",
        ColumnType::Integer,
        "The session's number, as `pg_backend_pid()` has it.",
    ),
    Column::new("user_name", ColumnType::Text, "Who connected."),
    Column::new(
        "database",
        ColumnType::Text,
        "The database that was asked for.",
    ),
    Column::new(
        "application_name",
        ColumnType::Text,
        "What the client calls itself.",
    ),
    Column::new("client", ColumnType::Text, "The client's address and port.").nullable(),
    Column::new(
        "state",
        ColumnType::Text,
        "`active`, `idle`, `idle in transaction` or `idle in transaction (aborted)`.",
    ),
    Column::new(
        "query",
        ColumnType::Text,
        "The statement that runs, or ran last.",
    )
    .nullable(),
    Column::new(
        "connected_at",
        ColumnType::Timestamptz,
        "When it connected.",
    ),
    Column::new(
        "query_started_at",
        ColumnType::Timestamptz,
        "When the statement began.",
    )
    .nullable(),
];

impl SystemView for Sessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn description(&self) -> &'static str {
        "The connections to the server."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let all = sources.sessions();
        let sessions = || all.iter();
        Ok(vec![
            integer(sessions().map(|session| Some(session.pid))),
            text(sessions().map(|session| Some(&session.user))),
            text(sessions().map(|session| Some(&session.database))),
            text(sessions().map(|session| Some(&session.application_name))),
            text(sessions().map(|session| session.client.as_ref())),
            text(sessions().map(|session| Some(session.state))),
            text(sessions().map(|session| session.query.as_ref())),
            timestamptz(sessions().map(|session| Some(session.connected_at))),
            timestamptz(sessions().map(|session| session.query_started_at)),
        ])
    }
}
