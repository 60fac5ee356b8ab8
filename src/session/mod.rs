//! One connection's session: its settings, its DataFusion state, and the statements it executes.

mod assigned_parameters;
mod cursors;
pub mod declared;
pub mod enums;
mod grouped_by_keys;
mod lateral_unnest;
mod multisets;
mod notifying;
mod only_row;
pub mod outcome;
mod placed_parameters;
pub mod plan;
pub mod plan_size;
pub(crate) mod prepare;
mod prepared_statements;
pub mod privileges;
pub mod recorded_width;
pub mod row_functions;
mod row_limits;
pub mod rows_once;
mod sequence_values;
mod server;
mod shown_query;
mod state;
mod subqueries;
pub mod user_functions;
pub mod uuids;
mod values_after_sort;

pub use cursors::{Cursor, Cursors, Position, Run, rows_on};
pub use notifying::{MAX_CHANNEL_BYTES, Notifying};
pub use outcome::{CopyAborted, CopyIn, Outcome, TransactionStatus};
pub use prepare::{Prepared, Use};
pub use prepared_statements::{MAX_PREPARED_STATEMENTS, PreparedStatement, PreparedStatements};
pub use privileges::{check as check_privileges, denied, kind_word, not_owner};
pub use sequence_values::SequenceValues;
pub use server::Server;
pub use state::only_in_block;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use datafusion::scalar::ScalarValue;
use parking_lot::Mutex;

use crate::catalog::privilege::OWNER_OID;
use crate::catalog::{Object, Oid, Reference, Snapshot, temporary_schema};
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::execute;
use crate::execute::kept::{Environments, KnownQueries};
use crate::execute::referential::Check;
use crate::instance::{
    Asker, Canceller, Instance, InstanceTransaction, OWNER, Pinned, Reading, SessionEntry, Set,
    StatementContext, with_lock_timeout,
};
use crate::models::constraints::KeyChanges;
use crate::models::replacement;
use crate::models::run::remove_tables;
use crate::sql::Statement;
use crate::sql::transaction::Mode;
use state::{Authorization, Left, State, TakenBack};

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
    /// What it says on channels, and hears.
    pub notifying: Arc<Notifying>,
    /// Where its kept plans run.
    pub environments: Environments,
    /// The queries that sessions have sent again and again.
    pub known: Arc<KnownQueries>,
    /// What is noted of the changes that its statements make, for foreign keys.
    changes: Option<Arc<KeyChanges>>,
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
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Kept plans know the session's prepared statements, which know them.
        self.statements.clear();
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
                backend_type: "client backend",
                canceller: Canceller::default(),
            },
        );
        let cursors = Arc::default();
        let notifying = Notifying::new(&instance, client.process, &cursors);
        let statements: Arc<PreparedStatements> = Arc::default();
        let registration = Registration {
            instance: Arc::clone(&instance),
            process: client.process,
            statements: Arc::clone(&statements),
        };
        Ok(Arc::new(Self {
            _registration: Arc::new(registration),
            instance,
            client,
            statements,
            cursors,
            sequences: Arc::default(),
            notifying: Arc::new(notifying),
            environments: Environments::default(),
            known,
            changes: None,
            notices,
            state: Arc::new(Mutex::new(State::new(settings)?)),
            text: Mutex::new(Arc::from("")),
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
        *self.text.lock() = Arc::from(sql);
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
        if reads(&statement) && self.state.lock().reads() {
            let pinned = Pinned::latest(&self.instance).await?;
            self.state.lock().pin(Arc::new(pinned));
        }
        let text = Arc::clone(&self.text.lock());
        let within = self.within(&statement, false)?;
        let session = within.as_ref().unwrap_or(self);
        prepare::prepare(session, statement, types, text, wanted)
            .await
            .map(Arc::new)
    }

    /// The session whose instance is what its transaction sees, where that has written, or is about
    /// to.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same objects.
    fn within(&self, statement: &Statement, writes: bool) -> Result<Option<Self>> {
        match (statement, writes) {
            (Statement::Transaction(_), _) => Ok(None),
            (_, true) => self.transaction(),
            (_, false) => {
                let writes = self.state.lock().writes();
                self.within_writes(writes)
            }
        }
    }

    /// [`Self::within`] the transaction, which begins to write; none outside of one.
    fn transaction(&self) -> Result<Option<Self>> {
        let begin = |pinned: Option<&Pinned>| InstanceTransaction::begin(&self.instance, pinned);
        let writes = self.state.lock().begin_writing(begin);
        self.within_writes(writes)
    }

    fn within_writes(&self, writes: Option<Arc<InstanceTransaction>>) -> Result<Option<Self>> {
        let Some(transaction) = writes else {
            return Ok(None);
        };
        if self.state.lock().pinned().is_none() {
            transaction.instance.catalog.follow()?;
        }
        Ok(Some(self.over(&transaction.instance)))
    }

    /// The session over another instance.
    fn over(&self, instance: &Arc<Instance>) -> Self {
        Self {
            instance: Arc::clone(instance),
            client: self.client.clone(),
            statements: Arc::clone(&self.statements),
            cursors: Arc::clone(&self.cursors),
            sequences: Arc::clone(&self.sequences),
            notifying: Arc::clone(&self.notifying),
            environments: Environments::default(),
            known: Arc::clone(&self.known),
            changes: self.changes.clone(),
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

    /// Has a transaction see what others have changed of the catalog, unless it reads by a snapshot.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same objects.
    pub fn follow(&self) -> Result<()> {
        match self.state.lock().pinned() {
            Some(_) => Ok(()),
            None => self.instance.catalog.follow(),
        }
    }

    /// Has a check wait for the end of the transaction, where its foreign key is to.
    pub fn defer(&self, check: &Arc<Check>) -> bool {
        let mut state = self.state.lock();
        state.deferral().is_some_and(|it| it.defer(check))
    }

    /// The checks that do not wait any more, or all where the transaction ends.
    pub fn due_checks(&self, ends: bool) -> Vec<Arc<Check>> {
        let mut state = self.state.lock();
        state.deferral().map_or_else(Vec::new, |it| it.due(ends))
    }

    /// Whether a foreign key of a table waits for the end of the transaction.
    pub fn has_waiting_checks(&self, table: Oid) -> bool {
        let mut state = self.state.lock();
        state.deferral().is_some_and(|it| it.is_waiting(table))
    }

    /// Forgets the checks that do not wait any more, all of which were made. A savepoint brings back
    /// those that waited when it was set.
    pub fn forget_due_checks(&self) {
        if let Some(deferral) = self.state.lock().deferral() {
            deferral.forget_due();
        }
    }

    /// Says when foreign keys are looked at; all of them where none is named.
    pub fn say_deferred(&self, named: &[Reference], deferred: bool) {
        if let Some(deferral) = self.state.lock().deferral() {
            deferral.say(named, deferred);
        }
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
        self.instance
            .sessions
            .update(self.client.process, |entry| entry.state = "active");
        let writes = prepared.write_command.is_some();
        let within = self.within(&prepared.statement, writes)?;
        let session = within.as_ref().unwrap_or(self);
        let limit = Duration::from_millis(self.state.lock().settings().lock_timeout.0);
        with_lock_timeout(limit, execute::statement(session, prepared, parameters)).await
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

    /// That a statement does not write where it must not: a transaction may be read-only, and what a
    /// ROLLBACK could not take back is refused in a block.
    ///
    /// # Errors
    /// 25006 and 25001.
    pub fn check_write(&self, prepared: &Prepared) -> Result<()> {
        let Some(command) = prepared.write_command else {
            return Ok(());
        };
        let state = self.state.lock();
        if state.settings().transaction_read_only.0 {
            let message = format!("cannot execute {command} in a read-only transaction");
            return Err(Error::new(SqlState::READ_ONLY_SQL_TRANSACTION, message));
        }
        if state.is_within() && !can_be_rolled_back(command) {
            let message = format!("{command} cannot run inside a transaction block");
            return Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, message)
                .with_hint("It is a transaction of its own; run it outside of BEGIN and COMMIT."));
        }
        Ok(())
    }

    /// That a table, which the transaction is about to change for the first time, is as its snapshot
    /// has it.
    ///
    /// # Errors
    /// 40001 where another transaction has changed it since.
    pub async fn check_unchanged(&self, object: &Object) -> Result<()> {
        let Some(pinned) = self.state.lock().pinned() else {
            return Ok(());
        };
        let (table, warehouse) = (object.table(), &self.instance.warehouse);
        if let Some(seen) = pinned.version(object.oid)
            && !warehouse.has_staged(&table)
            && warehouse.shared_data_version(&table).await? > seen.unsigned_abs()
        {
            return Err(Error::new(
                SqlState::SERIALIZATION_FAILURE,
                "could not serialize access due to concurrent update",
            )
            .with_hint("Run the transaction again."));
        }
        Ok(())
    }

    /// Tells that the last statement, or the streaming of its rows, ended in an error. What a block has
    /// changed is taken back, so that nobody waits for it until the client says how it ends.
    pub async fn fail(&self) {
        let taken_back = {
            let mut state = self.state.lock();
            let taken_back = state.fail();
            if state.status() == TransactionStatus::Idle {
                self.notifying.roll_back();
            }
            taken_back
        };
        take_back(taken_back).await;
    }

    /// Tells that all that the client has asked for is done, so that what waits for the end of the
    /// transaction happens, unless a block goes on.
    ///
    /// # Errors
    /// 54000 where too much waits for sessions that listen.
    pub fn complete(&self) -> Result<()> {
        match self.transaction_status() {
            TransactionStatus::Idle => self.notifying.commit(),
            TransactionStatus::InTransaction | TransactionStatus::Failed => Ok(()),
        }
    }

    /// The state that ReadyForQuery reports; the session is idle from here on.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.state.lock().status()
    }

    /// Whether a statement of now is one of several of a transaction: in a block, or of a message.
    pub fn is_in_transaction(&self) -> bool {
        self.state.lock().is_within()
    }

    /// Begins a transaction block, or gives the one that has begun these modes.
    ///
    /// # Errors
    /// 25001 for modes that can no longer change.
    pub fn begin_transaction(&self, modes: &[Mode]) -> Result<()> {
        self.state.lock().begin(modes)
    }

    /// Does several things as one transaction, that of the block where there is one.
    ///
    /// # Errors
    /// What they say; then none of them is done. Those of [`Self::end_transaction`].
    pub async fn together<T>(&self, work: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        if self.instance.catalog.is_staged() {
            return work(self).await;
        }
        self.begin_implicit();
        let session = self.transaction()?;
        let session = session.as_ref().unwrap_or(self);
        let done = work(session).await;
        let ended = self.end_implicit(done.is_ok()).await;
        let answer = done?;
        ended.map(|()| answer)
    }

    /// Begins the transaction of a message of several statements, unless a block has begun.
    pub fn begin_implicit(&self) {
        self.state.lock().begin_implicit();
    }

    /// Ends the transaction of a message of several statements, unless it has become a block.
    ///
    /// # Errors
    /// Those of [`Self::end_transaction`].
    pub async fn end_implicit(&self, commits: bool) -> Result<()> {
        if self.state.lock().is_implicit() {
            self.end_transaction(commits).await?;
        }
        Ok(())
    }

    /// Ends the transaction block, if there is one; answers its modes. A commit that fails ends it
    /// too, and nothing is done.
    ///
    /// # Errors
    /// 40001 where another transaction has changed the same; those of the disk.
    pub async fn end_transaction(&self, commits: bool) -> Result<Vec<Mode>> {
        if commits && let Err(error) = self.prove_deferred().await {
            let left = self.leave(false, false)?;
            if let Some(writes) = left.writes {
                writes.roll_back().await;
            }
            return Err(error);
        }
        let writes = match commits {
            true => self.state.lock().take_writes(),
            false => None,
        };
        if let Some(writes) = &writes {
            self.cursors.hold(|| writes.instance.warehouse.hold_files());
        }
        let has_written = writes.is_some();
        let committed = match writes {
            Some(writes) => {
                let cut_off = EndsWhenCutOff(Some(self));
                let committed = writes.commit().await;
                cut_off.disarm();
                committed
            }
            None => Ok(()),
        };
        let left = self.leave(commits && committed.is_ok(), has_written)?;
        if let Some(writes) = left.writes {
            writes.roll_back().await;
        }
        committed.map(|()| left.modes)
    }

    /// Looks at the foreign keys that wait for the end of the transaction.
    async fn prove_deferred(&self) -> Result<()> {
        let writes = self.state.lock().writes();
        match self.within_writes(writes)? {
            Some(session) => Box::pin(execute::referential::prove_deferred(&session)).await,
            None => Ok(()),
        }
    }

    /// Brings the session to where it is after a transaction.
    ///
    /// # Errors
    /// 54000 where too much waits for sessions that listen.
    fn leave(&self, commits: bool, has_written: bool) -> Result<Left> {
        let left = self.state.lock().end(commits)?;
        match commits {
            // What is committed stays so, whoever could not be told.
            true if has_written => {
                if let Err(error) = self.notifying.commit() {
                    self.notice(error);
                }
            }
            true => self.notifying.commit()?,
            false => self.notifying.roll_back(),
        }
        self.cursors.end_transaction(commits);
        self.tell_application_name();
        Ok(left)
    }

    /// Sets a savepoint.
    ///
    /// # Errors
    /// 25P01 outside a transaction block; 54000 for too many.
    pub fn set_savepoint(&self, name: &str) -> Result<()> {
        let cursors = self.cursors.next_number();
        self.state.lock().savepoint(name, cursors)
    }

    /// Forgets a savepoint and those after it.
    ///
    /// # Errors
    /// 25P01 outside a transaction block; 3B001 where there is none of that name.
    pub fn release_savepoint(&self, name: &str) -> Result<()> {
        self.state.lock().release(name)
    }

    /// Goes back to a savepoint: its settings, its cursors, and the transaction has not failed.
    ///
    /// # Errors
    /// Those of [`Self::release_savepoint`].
    pub async fn roll_back_to_savepoint(&self, name: &str) -> Result<()> {
        let (cursors, taken_back) = self.state.lock().roll_back_to(name)?;
        self.cursors.close_since(cursors);
        self.notifying.roll_back_to(cursors);
        self.tell_application_name();
        take_back(taken_back).await;
        Ok(())
    }

    fn tell_application_name(&self) {
        let name = self.state.lock().settings().application_name.clone();
        self.instance.sessions.update(self.client.process, |entry| {
            entry.application_name = name;
        });
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
        self.state.lock().take_changed()
    }

    /// A setting's value as text.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.state.lock().settings().get(name)
    }

    /// The settings as they were set.
    pub fn own_settings(&self) -> SessionSettings {
        self.state.lock().settings().clone()
    }

    /// The settings as they are now, by which names are looked up.
    pub fn settings(&self) -> SessionSettings {
        let mut settings = self.state.lock().settings().clone();
        // As in Postgres, its temporary tables are found first.
        let temporary = temporary_schema(self.client.process);
        if self
            .instance
            .catalog
            .snapshot()
            .schema(&temporary)
            .is_some()
        {
            settings.search_path.0.insert(0, temporary);
        }
        settings
    }

    /// Whether these are its [settings](Self::settings).
    pub fn has_settings(&self, known: &SessionSettings) -> bool {
        let temporary = temporary_schema(self.client.process);
        let snapshot = self.instance.catalog.snapshot();
        match snapshot.schema(&temporary) {
            Some(_) => self.settings() == *known,
            None => self.state.lock().settings() == known,
        }
    }

    /// Whom the session is of.
    pub fn session_user(&self) -> String {
        let session = self.state.lock().authorization().session.clone();
        session.unwrap_or_else(|| self.client.user.clone())
    }

    /// By whose rights the session acts.
    pub fn role(&self) -> String {
        let role = self.state.lock().authorization().role.clone();
        role.unwrap_or_else(|| self.session_user())
    }

    /// The number of the role by whose rights the session acts.
    pub fn role_oid(&self, snapshot: &Snapshot) -> Oid {
        self.role_of(snapshot, &self.role())
    }

    fn role_of(&self, snapshot: &Snapshot, name: &str) -> Oid {
        snapshot.role_of(name, &self.instance.configuration.server.user)
    }

    /// The role that a word means where a role is named.
    pub fn named_role(&self, name: &str) -> String {
        let own = match name {
            "current_user" | "current_role" => self.role(),
            "session_user" => self.session_user(),
            name => return name.to_owned(),
        };
        // By the name of the configuration the first one is known too.
        let first = &self.instance.configuration.server.user;
        match self.instance.catalog.snapshot().role(&own) {
            None if own == *first => OWNER.to_owned(),
            _ => own,
        }
    }

    /// Has the rights of another role count, or with none those that the session began with.
    ///
    /// # Errors
    /// 22023 for a role that does not exist; 42501 for one that is none of who connected.
    pub fn authorize(&self, role: Option<&str>, of_session: bool, local: bool) -> Result<()> {
        let snapshot = self.instance.catalog.snapshot();
        let role = role.map(|role| self.named_role(role));
        if let Some(role) = &role {
            let Some(oid) = self.known_role(&snapshot, role) else {
                let message = format!("role \"{role}\" does not exist");
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
            };
            let own = match of_session {
                true => self.role_of(&snapshot, &self.client.user),
                false => self.role_of(&snapshot, &self.session_user()),
            };
            let may = match of_session {
                true => snapshot.is_superuser(own) || oid == own,
                false => {
                    snapshot.is_superuser(own) || snapshot.inherited(own, false).contains(&oid)
                }
            };
            if !may {
                let message = match of_session {
                    true => "permission denied to set session authorization".to_owned(),
                    false => format!("permission denied to set role \"{role}\""),
                };
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message));
            }
        }
        let change = |authorization: &mut Authorization| {
            if of_session {
                authorization.session.clone_from(&role);
                // As in Postgres, it takes back SET ROLE.
                authorization.role = None;
            } else {
                authorization.role.clone_from(&role);
            }
        };
        self.state.lock().authorize(change, local);
        Ok(())
    }

    /// The number of a role that there is; the name of who connected is that of the first one where it
    /// is no other's.
    fn known_role(&self, snapshot: &Snapshot, name: &str) -> Option<Oid> {
        match snapshot.role(name) {
            Some(role) => Some(role.oid),
            None => {
                let first = &self.instance.configuration.server.user;
                (name == OWNER || name == first).then_some(OWNER_OID)
            }
        }
    }

    /// Drops the session's temporary tables.
    ///
    /// # Errors
    /// Those of the disk.
    pub async fn drop_temporary(&self) -> Result<()> {
        drop_temporary(&self.instance, &temporary_schema(self.client.process)).await
    }

    /// Gives a setting a value, or with `None` the one the session began with; `local` is until the
    /// end of the transaction.
    ///
    /// # Errors
    /// 42704 and 22023 for a setting or value that does not exist; 25001 for a mode of the
    /// transaction that can no longer change.
    pub fn set(&self, name: &str, value: Option<&str>, local: bool) -> Result<()> {
        self.state.lock().set(name, value, local)?;
        self.tell_application_name();
        Ok(())
    }

    /// Gives every setting the value that the session began with.
    ///
    /// # Errors
    /// None that the session's start has not met.
    pub fn reset_all(&self) -> Result<()> {
        // The modes of a transaction are no setting of the session.
        SessionSettings::ALL
            .iter()
            .filter(|setting| !setting.name.starts_with("transaction_"))
            .try_for_each(|setting| self.set(setting.name, None, false))
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
        let state = Arc::clone(&self.state);
        let set: Arc<Set> =
            Arc::new(move |name, value, local| state.lock().set(name, value, local));
        let (settings, pinned, transaction) = {
            let state = self.state.lock();
            (state.settings().clone(), state.pinned(), state.number())
        };
        let asker = Asker {
            user: self.role(),
            login: self.session_user(),
            process: self.client.process,
            statements: Arc::clone(&self.statements),
            cursors: Arc::clone(&self.cursors),
            sequences: Arc::clone(&self.sequences),
            pinned,
            transaction,
            set: Some(set),
            notifying: Some(Arc::clone(&self.notifying)),
        };
        let instance = &self.instance;
        let mut context = instance.statement_of(&asker, snapshot, &settings, Reading::Rows);
        if let Some(changes) = &self.changes {
            let config = context.state.config_mut();
            config.set_extension(Arc::clone(changes));
        }
        context
    }
}

/// Ends a transaction whose commit is cut off, as one that fails: nothing of it is done.
struct EndsWhenCutOff<'a>(Option<&'a Session>);

impl EndsWhenCutOff<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for EndsWhenCutOff<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0
            && let Err(error) = session.leave(false, false)
        {
            session.notice(error);
        }
    }
}

/// Whether a transaction can take back what a command writes. What looks after files, and what is
/// learned, is there as soon as it is done.
pub(crate) fn can_be_rolled_back(command: &str) -> bool {
    const OWN: [&str; 5] = [
        "OPTIMIZE",
        "VACUUM",
        "RESTORE",
        "REFRESH MODEL",
        "CREATE MODEL",
    ];
    !OWN.contains(&command)
}

/// Takes back what a transaction has changed, wholly or since a point.
async fn take_back(changes: Option<TakenBack>) {
    match changes {
        Some((writes, Some(mark))) => writes.roll_back_to(&mark).await,
        Some((writes, None)) => writes.roll_back().await,
        None => {}
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
