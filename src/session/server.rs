//! The server, as the wire knows it.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use chrono::Utc;
use datafusion::scalar::ScalarValue;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{
    Client, OpenPortal, Outcome, Prepared, PreparedStatements, Session, TransactionStatus,
    composites, domains, own_types,
};
use crate::catalog::pg_catalog;
use crate::catalog::privilege::NOBODY;
use crate::error::{Error, Result, SqlState};
use crate::execute::kept::KnownQueries;
use crate::execute::tables_in_use;
use crate::instance::{Instance, Notification, OWNER};
use crate::sql::Statement;
use crate::sql::time_travel::parse_timestamp;
use crate::wire::types::parameter_type;
use crate::wire::{self, Backend, BackendSession};

/// Makes a session for each client.
pub struct Server {
    instance: Arc<Instance>,
    /// Not of the instance, which its plans know.
    known: Arc<KnownQueries>,
}

impl Server {
    /// The server of an instance.
    pub fn new(instance: Arc<Instance>) -> Self {
        Self {
            instance,
            known: Arc::default(),
        }
    }
}

impl Server {
    /// That there is such a role, and that it may log in.
    fn check_role(&self, user: &str) -> Result<()> {
        let snapshot = self.instance.catalog.snapshot();
        let found = snapshot.roles().find(|(role, _)| role.name.name == user);
        let Some((_, options)) = found else {
            let first = &self.instance.configuration.server.user;
            if user == OWNER || user == first {
                return Ok(());
            }
            let message = format!("role \"{user}\" does not exist");
            let hint = format!("Connect as \"{first}\", or make the role with CREATE ROLE.");
            return Err(Error::new(SqlState::INVALID_AUTHORIZATION, message).with_hint(hint));
        };
        if options.login != Some(true) {
            let message = format!("role \"{user}\" is not permitted to log in");
            return Err(Error::new(SqlState::INVALID_AUTHORIZATION, message));
        }
        Ok(())
    }

    /// That a role has no more sessions than it may, the one that has just begun among them: so two
    /// that begin at once cannot both be the last one.
    fn check_connection_limit(&self, user: &str) -> Result<()> {
        let snapshot = self.instance.catalog.snapshot();
        let role = snapshot.roles().find(|(role, _)| role.name.name == user);
        let Some((_, options)) = role.filter(|(_, options)| options.superuser != Some(true)) else {
            return Ok(());
        };
        // Any number where it is below 0.
        let limit = options.connection_limit.unwrap_or(-1);
        if usize::try_from(limit).is_ok_and(|limit| self.instance.sessions.of(user) > limit) {
            let message = format!("too many connections for role \"{user}\"");
            return Err(Error::new(SqlState::TOO_MANY_CONNECTIONS, message));
        }
        Ok(())
    }
}

impl Backend for Server {
    type Session = Session;

    fn verifier(&self, user: &str) -> Option<String> {
        let snapshot = self.instance.catalog.snapshot();
        let (_, options) = snapshot.roles().find(|(role, _)| role.name.name == user)?;
        let until = options.valid_until.as_deref().and_then(parse_timestamp);
        match until.is_none_or(|until| until > Utc::now()) {
            true => options.password.clone()?,
            false => None,
        }
    }

    fn is_member(&self, user: &str, group: &str) -> bool {
        let snapshot = self.instance.catalog.snapshot();
        let first = &self.instance.configuration.server.user;
        let (user, group) = (
            snapshot.role_of(user, first),
            snapshot.role_of(group, first),
        );
        let are_roles = user != NOBODY && group != NOBODY;
        are_roles && snapshot.inherited(user, false).contains(&group)
    }

    fn is_superuser(&self, user: &str) -> bool {
        let snapshot = self.instance.catalog.snapshot();
        snapshot.is_superuser(snapshot.role_of(user, &self.instance.configuration.server.user))
    }

    fn connect(&self, client: &wire::Client) -> Result<Arc<Session>> {
        self.check_role(&client.user)?;
        let known = Client {
            process: client.process_id,
            user: client.user.clone(),
            address: Some(client.address.to_string()),
        };
        let session = Session::begin(
            Arc::clone(&self.instance),
            known,
            &client.settings,
            Arc::clone(&self.known),
        )?;
        self.instance.sessions.update(client.process_id, |entry| {
            entry.canceller = client.canceller.clone();
            entry.encryption.clone_from(&client.encryption);
        });
        self.check_connection_limit(&client.user)?;
        Ok(session)
    }
}

impl BackendSession for Session {
    fn begin_statement(&self) {
        self.begin_statement();
    }

    fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        self.parse(sql)
    }

    fn parameter_type(&self, oid: u32) -> Result<Option<DataType>> {
        parameter_type(oid).or_else(|error| {
            let writes = self.state.lock().writes();
            let within = self.within_writes(writes)?;
            let instance = &within.as_ref().unwrap_or(self).instance;
            let snapshot = instance.catalog.snapshot();
            let of_rows = || {
                let (relation, is_array) = pg_catalog::relation_of_rows(&snapshot, oid.into())?;
                Some((Arc::clone(relation), is_array))
            };
            match own_types::with_oid(&snapshot, oid).or_else(of_rows) {
                // Its values come as those of the type that it is over.
                Some((of, is_array)) if domains::definition(&of).is_some() => {
                    Ok(domains::parameter_type(&of, is_array))
                }
                Some((of, is_array)) => {
                    let data_type = composites::data_type(&of).unwrap_or(DataType::Utf8);
                    Ok(Some(match is_array {
                        true => DataType::new_list(data_type, true),
                        false => data_type,
                    }))
                }
                None => Err(error),
            }
        })
    }

    fn prepare<'a>(
        &'a self,
        statement: Statement,
        types: &'a [Option<DataType>],
    ) -> BoxFuture<'a, Result<Arc<Prepared>>> {
        self.prepare(statement, types).boxed()
    }

    fn prepare_to_run(&self, statement: Statement) -> BoxFuture<'_, Result<Arc<Prepared>>> {
        self.prepare_to_run(statement).boxed()
    }

    fn execute<'a>(
        &'a self,
        prepared: &'a Prepared,
        parameters: Vec<ScalarValue>,
    ) -> BoxFuture<'a, Result<Outcome>> {
        self.execute(prepared, parameters).boxed()
    }

    fn is_brief(&self, prepared: &Prepared) -> bool {
        prepared.is_brief()
    }

    fn statements(&self) -> &PreparedStatements {
        &self.statements
    }

    fn cursor(&self, name: &str) -> Option<(SchemaRef, bool)> {
        let cursor = self.cursors.get(name).ok()?;
        Some((Arc::clone(&cursor.schema), cursor.is_binary))
    }

    fn suspended(&self, prepared: &Prepared) -> Option<OpenPortal> {
        let Statement::Query(query) = &prepared.statement else {
            return None;
        };
        let writes = self.state.lock().writes();
        let within = self.within_writes(writes).ok()?;
        let session = within.as_ref().unwrap_or(self);
        let reads = tables_in_use::read_by(session, query).ok()?;
        (!reads.is_empty()).then(|| self.cursors.open_portal(reads))
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        async {
            self.instance.warehouse.finish_commits().await;
            let writes = self.state.lock().writes();
            if let Some(writes) = writes {
                writes.instance.warehouse.finish_commits().await;
            }
        }
        .boxed()
    }

    fn begin_implicit(&self) {
        self.begin_implicit();
    }

    fn end_implicit(&self, commits: bool) -> BoxFuture<'_, Result<()>> {
        self.end_implicit(commits).boxed()
    }

    fn fail(&self) -> BoxFuture<'_, ()> {
        self.fail().boxed()
    }

    fn transaction_status(&self) -> TransactionStatus {
        self.transaction_status()
    }

    fn rest(&self) {
        self.rest();
    }

    fn end_statements(&self) -> BoxFuture<'_, Result<()>> {
        self.end_statements().boxed()
    }

    fn complete(&self) -> Result<()> {
        self.complete()
    }

    fn notified(&self) -> BoxFuture<'_, ()> {
        self.notifying.mailbox().filled().boxed()
    }

    fn take_notifications(&self) -> Vec<Arc<Notification>> {
        self.notifying.mailbox().take()
    }

    fn take_notices(&self) -> Vec<Error> {
        self.take_notices()
    }

    fn take_parameter_changes(&self) -> Vec<(String, String)> {
        self.take_parameter_changes()
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.setting(name)
    }

    fn settings_number(&self) -> u64 {
        self.settings_number()
    }
}
