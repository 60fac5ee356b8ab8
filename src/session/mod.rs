//! One connection's session: its settings, its DataFusion state, and the statements it executes.

pub mod outcome;
pub mod plan;
pub mod plan_size;
pub(crate) mod prepare;
mod row_limits;
mod server;
mod shown_query;

pub use outcome::{CopyAborted, CopyIn, Outcome, TransactionStatus};
pub use prepare::Prepared;
pub use server::Server;

use std::sync::Arc;

use chrono::Utc;
use datafusion::scalar::ScalarValue;
use parking_lot::Mutex;
use tributary_udfs::SettingsOfSession;

use crate::catalog::Snapshot;
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::execute;
use crate::instance::{Instance, Reading, SessionEntry, StatementContext};
use crate::models::replacement;
use crate::sql::Statement;

/// The most warnings that wait for the client; later ones are dropped.
const MAX_NOTICES: usize = 100;

/// Who connects, and how.
#[derive(Clone, Debug)]
pub struct Client {
    /// The number of the session, which a cancel request names.
    pub process: i32,
    /// The user's name.
    pub user: String,
    /// Where the client is.
    pub address: Option<String>,
}

/// A connection's session.
pub struct Session {
    /// What all sessions share.
    pub instance: Arc<Instance>,
    /// Who is connected.
    pub client: Client,
    notices: Arc<Notices>,
    inner: Arc<Mutex<Inner>>,
}

/// Warnings that wait for the client.
#[derive(Default)]
pub struct Notices(Mutex<Vec<Error>>);

impl Notices {
    /// Leaves a warning.
    pub fn push(&self, notice: Error) {
        let mut notices = self.0.lock();
        if notices.len() < MAX_NOTICES {
            notices.push(notice);
        }
    }
}

struct Inner {
    settings: SessionSettings,
    /// What `RESET` goes back to: the configuration and what the client asked for at its start.
    initial: SessionSettings,
    transaction: TransactionStatus,
    changed: Vec<(String, String)>,
}

/// The settings that clients are told of when they change, as in Postgres.
const REPORTED: [&str; 6] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "IntervalStyle",
    "standard_conforming_strings",
    "TimeZone",
];

impl Session {
    /// Begins a session; `startup` are the settings that the client asks for as it connects.
    ///
    /// # Errors
    /// 42704 and 22023 for a setting or value that does not exist.
    pub fn begin(
        instance: Arc<Instance>,
        client: Client,
        startup: &[(String, String)],
    ) -> Result<Arc<Self>> {
        let mut settings = instance.configuration.session.clone();
        for (name, value) in startup {
            settings.set(name, value)?;
        }
        instance.sessions.insert(
            client.process,
            SessionEntry {
                user_name: client.user.clone(),
                application_name: settings.application_name.clone(),
                client_address: client.address.clone(),
                connected_at: Utc::now(),
                state: "idle",
                query: String::new(),
                query_started_at: None,
            },
        );
        Ok(Arc::new(Self {
            instance,
            client,
            notices: Arc::default(),
            inner: Arc::new(Mutex::new(Inner {
                initial: settings.clone(),
                settings,
                transaction: TransactionStatus::Idle,
                changed: Vec::new(),
            })),
        }))
    }

    /// Parses a query string into its statements.
    ///
    /// # Errors
    /// 42601 with the position where the text stops being SQL.
    pub fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        let shown = shown_query::shown_query(sql);
        self.instance.sessions.update(self.client.process, |entry| {
            entry.query = shown;
            entry.state = "active";
            entry.query_started_at = Some(Utc::now());
        });
        crate::sql::parse(sql)
    }

    /// Plans a statement as far as its parameters and columns; `types` are those the client declared.
    ///
    /// # Errors
    /// What planning says, and 42P18 for a parameter whose type nothing tells.
    pub async fn prepare(
        &self,
        statement: Statement,
        types: &[Option<arrow::datatypes::DataType>],
    ) -> Result<Arc<Prepared>> {
        self.refuse_in_failed_transaction(&statement)?;
        self.settle_replacements().await;
        prepare::prepare(self, statement, types).await.map(Arc::new)
    }

    /// Ends the replacements that are committed and not finished, so that a statement is described
    /// and run by one definition. What cannot be ended is told when it is read.
    async fn settle_replacements(&self) {
        let (catalog, warehouse) = (&self.instance.catalog, &self.instance.warehouse);
        for (oid, _) in catalog.snapshot().all_prepared() {
            if let Err(error) = replacement::settle(catalog, warehouse, oid).await {
                tracing::debug!("a replacement stays in doubt: {error}");
            }
        }
    }

    /// Runs a statement. The future and the stream stop within moments of being dropped.
    ///
    /// # Errors
    /// Whatever the statement meets; in a failed transaction, 25P02.
    pub async fn execute(
        &self,
        prepared: &Prepared,
        parameters: Vec<ScalarValue>,
    ) -> Result<Outcome> {
        self.refuse_in_failed_transaction(&prepared.statement)?;
        self.refuse_writes_in_transaction(&prepared.statement)?;
        self.instance
            .sessions
            .update(self.client.process, |entry| entry.state = "active");
        execute::statement(self, prepared, parameters).await
    }

    fn refuse_in_failed_transaction(&self, statement: &Statement) -> Result<()> {
        let ends = matches!(statement, Statement::Commit | Statement::Rollback);
        if self.transaction_status() == TransactionStatus::Failed && !ends {
            return Err(Error::new(
                SqlState::IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            ));
        }
        Ok(())
    }

    /// A ROLLBACK could not take a write back, so a block refuses it rather than promise that.
    fn refuse_writes_in_transaction(&self, statement: &Statement) -> Result<()> {
        if self.transaction_status() == TransactionStatus::InTransaction
            && let Some(command) = statement.write_command()
        {
            return Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, format!("{command} cannot run inside a transaction block"))
                .with_hint("Each statement that writes is a transaction of its own; run it outside BEGIN and COMMIT."));
        }
        Ok(())
    }

    /// Tells that the last statement, or the streaming of its rows, ended in an error.
    pub fn fail(&self) {
        let mut inner = self.inner.lock();
        if inner.transaction == TransactionStatus::InTransaction {
            inner.transaction = TransactionStatus::Failed;
        }
    }

    /// The state that ReadyForQuery reports; the session is idle from here on.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.inner.lock().transaction
    }

    /// Moves to another transaction status.
    pub fn set_transaction_status(&self, status: TransactionStatus) {
        self.inner.lock().transaction = status;
    }

    /// Tells `tributary.sessions` that nothing runs.
    pub fn rest(&self) {
        let state = match self.transaction_status() {
            TransactionStatus::Idle => "idle",
            TransactionStatus::InTransaction => "idle in transaction",
            TransactionStatus::Failed => "idle in transaction (aborted)",
        };
        self.instance
            .sessions
            .update(self.client.process, |entry| entry.state = state);
    }

    /// Leaves a warning for the client.
    pub fn notice(&self, notice: Error) {
        self.notices.push(notice);
    }

    /// Where what runs leaves warnings once its statement was answered.
    pub fn notices(&self) -> Arc<Notices> {
        Arc::clone(&self.notices)
    }

    /// Takes the warnings that wait for the client.
    pub fn take_notices(&self) -> Vec<Error> {
        std::mem::take(&mut *self.notices.0.lock())
    }

    /// Takes the settings that changed since the last call and that clients are told of
    /// (ParameterStatus).
    pub fn take_parameter_changes(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.inner.lock().changed)
    }

    /// A setting's value as text.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.inner.lock().settings.get(name)
    }

    /// The settings as they are now.
    pub fn settings(&self) -> SessionSettings {
        self.inner.lock().settings.clone()
    }

    /// Gives a setting a value, or with `None` the one the session began with.
    ///
    /// # Errors
    /// 42704 and 22023 for a setting or value that does not exist.
    pub fn set(&self, name: &str, value: Option<&str>) -> Result<()> {
        let mut inner = self.inner.lock();
        let before = inner.settings.get(name);
        let value = match value {
            Some(value) => value.to_owned(),
            None => inner.initial.get(name).unwrap_or_default(),
        };
        inner.settings.set(name, &value)?;
        let after = inner.settings.get(name);
        if before != after
            && let Some(reported) = REPORTED
                .iter()
                .find(|reported| reported.eq_ignore_ascii_case(name))
        {
            inner
                .changed
                .push(((*reported).to_owned(), after.unwrap_or_default()));
        }
        if name.eq_ignore_ascii_case("application_name") {
            let application_name = inner.settings.application_name.clone();
            self.instance.sessions.update(self.client.process, |entry| {
                entry.application_name = application_name
            });
        }
        Ok(())
    }

    /// Gives every setting the value that the session began with.
    ///
    /// # Errors
    /// None that the session's start has not met.
    pub fn reset_all(&self) -> Result<()> {
        SessionSettings::ALL
            .iter()
            .try_for_each(|setting| self.set(setting.name, None))
    }

    /// What a statement that begins now sees.
    pub fn statement(&self) -> StatementContext {
        self.statement_of(self.instance.catalog.snapshot())
    }

    /// What a statement sees that has begun with this snapshot of the catalog.
    pub fn statement_of(&self, snapshot: Arc<Snapshot>) -> StatementContext {
        let context = self.instance.statement_of(
            &self.client.user,
            snapshot,
            &self.settings(),
            Reading::Rows,
        );
        let inner = Arc::clone(&self.inner);
        context.changing(SettingsOfSession::new(move |name, value| {
            Ok(inner.lock().settings.set(name, value)?)
        }))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.instance.sessions.remove(self.client.process);
    }
}
