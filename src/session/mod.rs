//! One connection's session: its settings, its DataFusion state, and the statements it executes.

mod array_leaves;
mod assigned_parameters;
pub mod assigned_times;
mod authorization;
mod called_parameters;
pub mod composites;
mod cursors;
pub mod declared;
pub mod domains;
pub mod enums;
mod grouped_by_keys;
pub mod inner_orders;
mod lateral_unnest;
mod multisets;
pub mod named_alone;
mod notifying;
mod only_row;
pub mod open_literals;
pub mod outcome;
pub mod own_types;
mod parameter_fields;
mod placed_parameters;
mod places;
pub mod plan;
pub mod plan_size;
mod populated_rows;
pub(crate) mod prepare;
mod prepared_statements;
pub mod privileges;
mod random_numbers;
pub mod recorded_width;
mod recursive_types;
mod row_fields;
pub mod row_functions;
mod row_limits;
pub mod rows_once;
mod sequence_values;
mod server;
mod settings;
mod shown_query;
mod state;
pub mod subqueries;
mod ties;
mod told_parameters;
mod transaction;
pub mod user_functions;
mod values_after_sort;
mod waits_in_sorts;

pub use cursors::{Cursor, Cursors, OpenPortal, Position, Run, rows_on};
pub use notifying::{MAX_CHANNEL_BYTES, Notifying};
pub use outcome::{CopyAborted, CopyIn, Outcome, TransactionStatus};
pub use prepare::{Prepared, Use};
pub use prepared_statements::{MAX_PREPARED_STATEMENTS, PreparedStatement, PreparedStatements};
pub use privileges::{check as check_privileges, denied, kind_word, not_owner};
pub use random_numbers::RandomNumbers;
pub use sequence_values::SequenceValues;
pub use server::Server;
pub use state::only_in_block;
pub(crate) use transaction::can_be_rolled_back;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use datafusion::scalar::ScalarValue;
use parking_lot::Mutex;

use crate::catalog::{Snapshot, is_temporary_schema, temporary_schema};
use crate::error::{Error, Result, SqlState};
use crate::execute;
use crate::execute::kept::{Environments, KnownQueries, LastPlace};
use crate::execute::with_changes::Moment;
use crate::instance::{
    Asker, Beginnings, Canceller, Instance, Pinned, Reading, SessionEntry, Set, StatementContext,
    with_lock_timeout,
};
use crate::models::constraints::KeyChanges;
use crate::models::replacement;
use crate::models::run::remove_tables;
use crate::sql::Statement;
use state::State;

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
    /// What is prepared under a name.
    pub statements: Arc<PreparedStatements>,
    /// What is declared and not closed.
    pub cursors: Arc<Cursors>,
    /// What sequences have given to it.
    pub sequences: Arc<SequenceValues>,
    /// Its random numbers.
    pub random: Arc<RandomNumbers>,
    /// What it says on channels, and hears.
    pub notifying: Arc<Notifying>,
    /// Where its kept plans run.
    pub environments: Environments,
    /// The queries that sessions have sent again and again.
    pub known: Arc<KnownQueries>,
    /// Where its own are among them.
    pub place: LastPlace,
    /// What is noted of the changes that its statements make, for foreign keys.
    changes: Option<Arc<KeyChanges>>,
    /// What its statements see, where they are parts of one.
    moment: Option<Arc<Moment>>,
    notices: Arc<Notices>,
    state: Arc<Mutex<State>>,
    /// The text that was parsed last.
    text: Mutex<Arc<str>>,
    _registration: Arc<Registration>,
}

/// A session among those that are connected, until this is dropped.
struct Registration {
    instance: Arc<Instance>,
    process: i32,
    statements: Arc<PreparedStatements>,
    cursors: Arc<Cursors>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Kept plans know the session's prepared statements, which know them; so it is with its cursors
        // and their plans.
        self.statements.clear();
        self.cursors.close_all();
        self.instance.sessions.remove(self.process);
        let instance = Arc::clone(&self.instance);
        let schema = temporary_schema(self.process);
        // Without a runtime the process ends, and the next start drops them.
        if instance.catalog.snapshot().schema(&schema).is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = drop_temporary(&instance, &schema).await {
                    tracing::warn!("temporary tables stay until the next start: {error}");
                }
            });
        }
    }
}

/// Drops a schema of temporary tables, and what stands on these.
///
/// # Errors
/// Those of the disk.
async fn drop_temporary(instance: &Arc<Instance>, schema: &str) -> Result<()> {
    if instance.catalog.snapshot().schema(schema).is_none() {
        return Ok(());
    }
    let dropped = instance
        .catalog
        .write(|transaction| transaction.drop_schema(schema, true))?;
    remove_tables(instance, &dropped).await;
    Ok(())
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

impl Session {
    /// Begins a session; `startup` are the settings that the client asks for as it connects, and
    /// `known` the queries that are known to the server.
    ///
    /// # Errors
    /// 42704 and 22023 for a setting or value that does not exist.
    pub fn begin(
        instance: Arc<Instance>,
        client: Client,
        startup: &[(String, String)],
        known: Arc<KnownQueries>,
    ) -> Result<Arc<Self>> {
        let mut settings = instance.configuration.session.clone();
        let notices: Arc<Notices> = Arc::default();
        let snapshot = instance.catalog.snapshot();
        let role = snapshot
            .roles()
            .find(|(role, _)| role.name.name == client.user);
        for (name, value) in role.iter().flat_map(|(_, options)| &options.settings) {
            // What could be set once keeps nobody out.
            if let Err(error) = settings.set(name, value) {
                notices.push(error);
            }
        }
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
                transaction_started_at: None,
                backend_type: "client backend",
                canceller: Canceller::default(),
                encryption: None,
            },
        );
        let cursors: Arc<Cursors> = Arc::default();
        let notifying = Notifying::new(&instance, client.process, &cursors);
        let statements: Arc<PreparedStatements> = Arc::default();
        let registration = Registration {
            instance: Arc::clone(&instance),
            process: client.process,
            statements: Arc::clone(&statements),
            cursors: Arc::clone(&cursors),
        };
        Ok(Arc::new(Self {
            _registration: Arc::new(registration),
            instance,
            client,
            statements,
            cursors,
            sequences: Arc::default(),
            random: Arc::default(),
            notifying: Arc::new(notifying),
            environments: Environments::default(),
            known,
            place: LastPlace::default(),
            changes: None,
            moment: None,
            notices,
            state: Arc::new(Mutex::new(State::new(settings)?)),
            text: Mutex::new(Arc::from("")),
        }))
    }

    /// Frees what the session has locked by `pg_advisory_lock`.
    pub fn free_advisory_locks(&self) {
        let locks = self.instance.sessions.advisory_locks();
        locks.free_session(self.client.process);
    }

    /// Tells that the client asks for something, as which a statement begins.
    pub fn begin_statement(&self) {
        let began = {
            let mut state = self.state.lock();
            state.begin_statement();
            state.began()
        };
        self.instance.sessions.update(self.client.process, |entry| {
            entry.query_started_at = Some(began.statement);
            entry.transaction_started_at = Some(began.transaction);
        });
    }

    /// When what is done now began, and its transaction.
    pub fn began(&self) -> Beginnings {
        self.state.lock().began()
    }

    /// Parses a query string into its statements.
    ///
    /// # Errors
    /// 42601 with the position where the text stops being SQL.
    pub fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        let shown = shown_query::shown_query(sql);
        let began = self.began();
        self.instance.sessions.update(self.client.process, |entry| {
            entry.query = shown;
            entry.state = "active";
            entry.query_started_at = Some(began.statement);
            entry.transaction_started_at = Some(began.transaction);
        });
        *self.text.lock() = Arc::from(sql);
        self.known.parse(sql)
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
        self.plan(statement, types, Use::Later).await
    }

    /// [`Self::prepare`] of a statement without parameters that is run at once: a query keeps its plan
    /// for that run.
    ///
    /// # Errors
    /// Those of [`Self::prepare`].
    pub async fn prepare_to_run(&self, statement: Statement) -> Result<Arc<Prepared>> {
        self.plan(statement, &[], Use::AtOnce).await
    }

    async fn plan(
        &self,
        statement: Statement,
        types: &[Option<arrow::datatypes::DataType>],
        wanted: Use,
    ) -> Result<Arc<Prepared>> {
        self.refuse_in_failed_transaction(&statement)?;
        self.settle_replacements().await;
        self.take_snapshot(&statement).await?;
        let text = Arc::clone(&self.text.lock());
        let within = self.within(&statement, false)?;
        let session = within.as_ref().unwrap_or(self);
        prepare::prepare(session, statement, types, text, wanted)
            .await
            .map(Arc::new)
    }

    /// The session over another instance.
    fn over(&self, instance: &Arc<Instance>) -> Self {
        Self {
            instance: Arc::clone(instance),
            client: self.client.clone(),
            statements: Arc::clone(&self.statements),
            cursors: Arc::clone(&self.cursors),
            sequences: Arc::clone(&self.sequences),
            random: Arc::clone(&self.random),
            notifying: Arc::clone(&self.notifying),
            environments: Environments::default(),
            known: Arc::clone(&self.known),
            place: LastPlace::default(),
            changes: self.changes.clone(),
            moment: self.moment.clone(),
            notices: Arc::clone(&self.notices),
            state: Arc::clone(&self.state),
            text: Mutex::new(Arc::clone(&self.text.lock())),
            _registration: Arc::clone(&self._registration),
        }
    }

    /// The session, for what outlives the call that it was given to.
    pub fn detached(&self) -> Self {
        self.over(&self.instance)
    }

    /// The session, the changes of whose statements are noted.
    pub fn noting(&self, changes: Arc<KeyChanges>) -> Self {
        Self {
            changes: Some(changes),
            ..self.over(&self.instance)
        }
    }

    /// The session, whose statements are parts of one and see what that one does.
    pub fn at(&self, moment: Arc<Moment>) -> Self {
        Self {
            moment: Some(moment),
            ..self.over(&self.instance)
        }
    }

    /// Takes the snapshot of a transaction whose statements all read one, before the first that reads.
    ///
    /// # Errors
    /// What the store says.
    async fn take_snapshot(&self, statement: &Statement) -> Result<()> {
        if reads(statement) && self.state.lock().reads() {
            let pinned = Pinned::latest(&self.instance).await?;
            self.state.lock().pin(Arc::new(pinned));
        }
        Ok(())
    }

    /// Ends the replacements that are committed and not finished, so that a statement is described
    /// and run by one definition. What cannot be ended is told when it is read.
    async fn settle_replacements(&self) {
        let (catalog, warehouse) = (&self.instance.catalog, &self.instance.warehouse);
        if let Err(error) = replacement::publish(catalog, warehouse).await {
            tracing::debug!("a commit is not published in all tables yet: {error}");
        }
        for (oid, _) in catalog.snapshot().all_prepared() {
            if let Err(error) = replacement::settle(catalog, warehouse, oid).await {
                tracing::debug!("a replacement stays in doubt: {error}");
            }
        }
    }

    /// Has other sessions see that a statement of this text runs, which may have been read long ago.
    fn show_running(&self, text: &Arc<str>) {
        let last = std::mem::replace(&mut *self.text.lock(), Arc::clone(text));
        let shown = (!Arc::ptr_eq(&last, text)).then(|| shown_query::shown_query(text));
        self.instance.sessions.update(self.client.process, |entry| {
            if let Some(shown) = shown {
                entry.query = shown;
            }
            entry.state = "active";
        });
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
        self.check_write(prepared)?;
        // It may have been prepared before the transaction began.
        self.take_snapshot(&prepared.statement).await?;
        self.show_running(&prepared.text);
        let writes = prepared.write_command.is_some();
        if writes {
            self.state.lock().note_write();
        }
        let within = self.within(&prepared.statement, writes)?;
        let session = within.as_ref().unwrap_or(self);
        let limit = Duration::from_millis(self.state.lock().settings().lock_timeout.0);
        let work = execute::statement(session, prepared, parameters);
        with_lock_timeout(limit, self.client.process, work).await
    }

    fn refuse_in_failed_transaction(&self, statement: &Statement) -> Result<()> {
        let ends =
            matches!(statement, Statement::Transaction(statement) if statement.ends_failure());
        if self.transaction_status() == TransactionStatus::Failed && !ends {
            return Err(Error::new(
                SqlState::IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            ));
        }
        Ok(())
    }

    /// Whether the transaction only reads.
    fn only_reads(&self) -> bool {
        self.state.lock().settings().transaction_read_only.0
    }

    /// That a statement does not write where it must not: a transaction may be read-only, and what a
    /// ROLLBACK could not take back is refused in a block.
    ///
    /// # Errors
    /// 25006 and 25001.
    pub fn check_write(&self, prepared: &Prepared) -> Result<()> {
        let Some(command) = prepared.write_command else {
            return Ok(());
        };
        if self.only_reads() && !self.changes_temporary(&prepared.statement) {
            let message = format!("cannot execute {command} in a read-only transaction");
            return Err(Error::new(SqlState::READ_ONLY_SQL_TRANSACTION, message));
        }
        let state = self.state.lock();
        if state.is_within() && !can_be_rolled_back(command) {
            let message = format!("{command} cannot run inside a transaction block");
            return Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, message)
                .with_hint("It is a transaction of its own; run it outside of BEGIN and COMMIT."));
        }
        Ok(())
    }

    /// Whether a statement changes nothing but rows of a temporary table, which a transaction that is read-only may.
    fn changes_temporary(&self, statement: &Statement) -> bool {
        let Some(table) = statement.changed_table() else {
            return false;
        };
        let path = self.settings().search_path.0;
        let full = plan::resolve(table, &self.instance.catalog.snapshot(), &path);
        full.is_ok_and(|full| is_temporary_schema(&full.schema))
    }

    /// Tells that nothing runs, `tributary.sessions` too.
    pub fn rest(&self) {
        let transaction = self.state.lock().rest();
        let state = match self.transaction_status() {
            TransactionStatus::Idle => "idle",
            TransactionStatus::InTransaction => "idle in transaction",
            TransactionStatus::Failed => "idle in transaction (aborted)",
        };
        self.instance.sessions.update(self.client.process, |entry| {
            entry.state = state;
            entry.transaction_started_at = transaction;
        });
    }

    /// Leaves a warning for the client.
    pub fn notice(&self, notice: Error) {
        self.notices.push(notice);
    }

    /// Where what runs leaves warnings once its statement was answered.
    pub fn notices(&self) -> Arc<Notices> {
        Arc::clone(&self.notices)
    }

    /// Takes the warnings that wait for the client, but for those that it does not want to hear of.
    pub fn take_notices(&self) -> Vec<Error> {
        let mut notices = std::mem::take(&mut *self.notices.0.lock());
        if !notices.is_empty() {
            let level = self.settings().client_min_messages;
            notices.retain(|notice| level.lets(notice.is_warning()));
        }
        notices
    }

    /// Drops the session's temporary tables.
    ///
    /// # Errors
    /// Those of the disk.
    pub async fn drop_temporary(&self) -> Result<()> {
        drop_temporary(&self.instance, &temporary_schema(self.client.process)).await
    }

    /// What a statement that begins now sees.
    pub fn statement(&self) -> StatementContext {
        let pinned = self.state.lock().pinned();
        let snapshot = match pinned {
            Some(pinned) if !self.instance.catalog.is_staged() => Arc::clone(&pinned.snapshot),
            _ => self.instance.catalog.snapshot(),
        };
        self.statement_of(snapshot)
    }

    /// What a statement sees that has begun with this snapshot of the catalog.
    pub fn statement_of(&self, snapshot: Arc<Snapshot>) -> StatementContext {
        let set: Arc<Set> = Arc::new(self.setter());
        let (settings, pinned, transaction, began) = {
            let state = self.state.lock();
            let settings = state.settings().clone();
            (settings, state.pinned(), state.number(), state.began())
        };
        let asker = Asker {
            user: self.role(),
            role: self.shown_authorization("role"),
            login: self.session_user(),
            process: self.client.process,
            statements: Arc::clone(&self.statements),
            cursors: Arc::clone(&self.cursors),
            sequences: Arc::clone(&self.sequences),
            random: Arc::clone(&self.random),
            pinned,
            transaction,
            began: Some(began),
            set: Some(set),
            notifying: Some(Arc::clone(&self.notifying)),
        };
        let instance = &self.instance;
        let mut context = instance.statement_of(&asker, snapshot, &settings, Reading::Rows);
        if let Some(changes) = &self.changes {
            let config = context.state.config_mut();
            config.set_extension(Arc::clone(changes));
        }
        if let Some(moment) = &self.moment {
            moment.put_into(&context);
            let config = context.state.config_mut();
            config.set_extension(Arc::clone(moment));
        }
        context
    }
}

/// Whether a statement reads relations, as which it takes the snapshot of its transaction.
fn reads(statement: &Statement) -> bool {
    !matches!(
        statement,
        Statement::Transaction(_)
            | Statement::Set(_)
            | Statement::Show(_)
            | Statement::Deallocate(_)
            | Statement::Close(_)
            | Statement::Discard(_)
            | Statement::Listen(_)
            | Statement::Unlisten(_)
            | Statement::Notify(_)
    )
}

#[cfg(test)]
mod tests;
