//! What the protocol needs of the server behind it.
//!
//! Futures are boxed by the methods themselves: in those of `async_trait`, which have bounds on lifetimes,
//! the compiler keeps nothing of what it finds out about `Send`, and takes minutes for it.

use std::net::SocketAddr;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::scalar::ScalarValue;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::types::parameter_type;
use crate::error::{Error, Result};
use crate::instance::{Canceller, Notification, SessionEncryption};
use crate::session::{OpenPortal, Outcome, Prepared, PreparedStatements, TransactionStatus};
use crate::sql::Statement;

/// Who connects, and what they asked for in their startup message.
#[derive(Clone, Debug)]
pub struct Client {
    /// The role.
    pub user: String,
    /// The database.
    pub database: String,
    /// Settings given at connect: `application_name`, `TimeZone`, and those of `options=-c name=value`.
    pub settings: Vec<(String, String)>,
    /// Where the client is.
    pub address: SocketAddr,
    /// The number by which cancel requests and `pg_backend_pid()` know the connection.
    pub process_id: i32,
    /// Stops what the connection runs.
    pub canceller: Canceller,
    /// What encrypts the connection, if anything does.
    pub encryption: Option<Arc<SessionEncryption>>,
}

/// The server: it makes a session for each client.
pub trait Backend: Send + Sync + 'static {
    /// A connection's session.
    type Session: BackendSession;

    /// The one database there is; any other is refused with 3D000.
    fn database(&self) -> &str {
        "tributary"
    }

    /// The verifier of a role's password, as PostgreSQL writes it; none for a role that has none, or
    /// that is not the server's to know.
    fn verifier(&self, _user: &str) -> Option<String> {
        None
    }

    /// Whether a role is a member of another one, through others too. One that does not exist is none.
    fn is_member(&self, _user: &str, _group: &str) -> bool {
        false
    }

    /// Whether a role may have one of the connections that are kept for superusers.
    fn is_superuser(&self, _user: &str) -> bool {
        true
    }

    /// Opens a session for an authenticated client.
    ///
    /// # Errors
    /// Ends the connection; a setting that cannot be taken is 22023.
    fn connect(&self, client: &Client) -> Result<Arc<Self::Session>>;
}

/// A connection's session, as [`crate::session::Session`] has it.
pub trait BackendSession: Send + Sync + 'static {
    /// Tells that the client asks for something: a message begins that is parsed, bound or run.
    fn begin_statement(&self) {}

    /// Parses a query string into its statements.
    ///
    /// # Errors
    /// 42601 with the position where the text stops being SQL.
    fn parse(&self, sql: &str) -> Result<Vec<Statement>>;

    /// The Arrow type for a parameter that the client declared by the number of its type; none where
    /// it leaves the type open.
    ///
    /// # Errors
    /// 42704 for a number that is no type's.
    fn parameter_type(&self, oid: u32) -> Result<Option<DataType>> {
        parameter_type(oid)
    }

    /// Plans a statement as far as its parameters and columns; `types` are those the client
    /// declared.
    ///
    /// # Errors
    /// What planning says, and 42P18 for a parameter whose type nothing tells.
    fn prepare<'a>(
        &'a self,
        statement: Statement,
        types: &'a [Option<DataType>],
    ) -> BoxFuture<'a, Result<Arc<Prepared>>>;

    /// [`Self::prepare`] of a statement without parameters that is run at once, and then once alone. What
    /// takes longer than a moment waits once before.
    ///
    /// # Errors
    /// Those of [`Self::prepare`].
    fn prepare_to_run(&self, statement: Statement) -> BoxFuture<'_, Result<Arc<Prepared>>> {
        async move {
            tokio::task::yield_now().await;
            self.prepare(statement, &[]).await
        }
        .boxed()
    }

    /// Runs a statement. The future and the stream stop within moments of being dropped.
    ///
    /// # Errors
    /// Whatever the statement meets; in a failed transaction, 25P02.
    fn execute<'a>(
        &'a self,
        prepared: &'a Prepared,
        parameters: Vec<ScalarValue>,
    ) -> BoxFuture<'a, Result<Outcome>>;

    /// Whether to run a statement takes but a moment up to where it waits for something, so that nothing
    /// has to watch it until then.
    fn is_brief(&self, _prepared: &Prepared) -> bool {
        false
    }

    /// What is prepared under a name, by Parse or by a statement.
    fn statements(&self) -> &PreparedStatements;

    /// The columns of a cursor that a statement has declared, and whether it gives them in binary: to
    /// the protocol it is a portal.
    fn cursor(&self, _name: &str) -> Option<(SchemaRef, bool)> {
        None
    }

    /// Tells that a portal gives the rows of a statement in pieces, and has some left. What it reads is
    /// in use until what this answers is dropped.
    fn suspended(&self, _prepared: &Prepared) -> Option<OpenPortal> {
        None
    }

    /// Tells that the last statement, or the streaming of its rows, ended in an error.
    fn fail(&self) -> BoxFuture<'_, ()>;

    /// Waits for what a statement that was stopped had begun and cannot take back, so that the client
    /// never sees its effects only after it was told.
    fn settle(&self) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }

    /// Begins the transaction of a message of several statements, unless a block has begun.
    fn begin_implicit(&self) {}

    /// Ends the transaction of a message of several statements, unless it has become a block.
    ///
    /// # Errors
    /// Those of a commit, which then has not happened.
    fn end_implicit(&self, _commits: bool) -> BoxFuture<'_, Result<()>> {
        async { Ok(()) }.boxed()
    }

    /// Tells that nothing runs until the client's next message.
    fn rest(&self) {}

    /// Does what follows statements that were transactions of their own, before the client may go on.
    ///
    /// # Errors
    /// What that meets.
    fn end_statements(&self) -> BoxFuture<'_, Result<()>> {
        async { Ok(()) }.boxed()
    }

    /// Tells that all that the client has asked for is done: what waits for the end of a transaction
    /// happens, unless a block goes on.
    ///
    /// # Errors
    /// What the end of the transaction meets.
    fn complete(&self) -> Result<()> {
        Ok(())
    }

    /// Waits until there are notifications. Dropping the future loses none.
    fn notified(&self) -> BoxFuture<'_, ()> {
        futures::future::pending().boxed()
    }

    /// Takes the notifications that wait for the client.
    fn take_notifications(&self) -> Vec<Arc<Notification>> {
        Vec::new()
    }

    /// The state that ReadyForQuery reports.
    fn transaction_status(&self) -> TransactionStatus;

    /// Takes the warnings that wait for the client.
    fn take_notices(&self) -> Vec<Error>;

    /// Takes the settings that changed since the last call and that clients are told of.
    fn take_parameter_changes(&self) -> Vec<(String, String)>;

    /// A setting's value as text.
    fn setting(&self, name: &str) -> Option<String>;

    /// A number that is another one once a setting has changed.
    fn settings_number(&self) -> u64;
}
