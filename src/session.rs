//! One connection's session: its settings, its DataFusion context, and the statements it executes.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::scalar::ScalarValue;
use futures::future::BoxFuture;

use crate::error::{Error, Result};
use crate::sql::Statement;
use crate::sql::copy::CopyFormat;

/// A connection's session.
pub struct Session {}

/// A statement ready to run: planned as far as it can be without its parameters.
pub struct Prepared {
    /// What will run.
    pub statement: Statement,
    /// The types of `$1`, `$2`, ..., inferred where the client declared none.
    pub parameter_types: Vec<DataType>,
    /// The columns of the answer; `None` where the statement returns no rows.
    pub schema: Option<SchemaRef>,
}

/// What a statement answers.
pub enum Outcome {
    /// Rows, then a tag that counts them: `SELECT 3`, `EXPLAIN`, `SHOW`.
    Rows {
        /// The first word of the tag; `SELECT`, `FETCH` and the like append the count of rows.
        tag: &'static str,
        /// The rows.
        stream: SendableRecordBatchStream,
    },
    /// Done, with the whole command tag: `CREATE TABLE`, `INSERT 0 5`.
    Done(String),
    /// `COPY ... TO STDOUT`: rows to be written in this format; the tag is `COPY count`.
    CopyOut {
        /// How the rows are written.
        format: CopyFormat,
        /// The rows.
        stream: SendableRecordBatchStream,
    },
    /// `COPY ... FROM STDIN`: the client's bytes are wanted.
    CopyIn(CopyIn),
}

/// Takes the bytes of `COPY ... FROM STDIN`.
pub struct CopyIn {
    /// How many columns the client is told to send.
    pub columns: usize,
    /// Where the client's bytes go. Dropping it without [`CopyEnd::Done`] rolls back.
    pub input: tokio::sync::mpsc::Sender<Result<Bytes, CopyAborted>>,
    /// Ends, after `input` was closed by a dropped sender, with the tag `COPY count`, or with the error.
    pub done: BoxFuture<'static, Result<String>>,
}

/// The client sent CopyFail, or went away: nothing of what it sent may stay.
#[derive(Clone, Debug)]
pub struct CopyAborted(pub String);

/// The state that ReadyForQuery reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Outside a transaction block.
    Idle,
    /// In a transaction block.
    InTransaction,
    /// In a transaction block that has failed.
    Failed,
}

impl Session {
    /// Parses a query string into its statements.
    ///
    /// # Errors
    /// 42601 with the position where the text stops being SQL.
    pub fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        let _ = sql;
        Err(Error::unsupported("parse"))
    }

    /// Plans a statement as far as its parameters and columns; `types` are those the client declared.
    ///
    /// # Errors
    /// What planning says, and 42P18 for a parameter whose type nothing tells.
    pub async fn prepare(
        &self,
        statement: Statement,
        types: &[Option<DataType>],
    ) -> Result<Arc<Prepared>> {
        let _ = (statement, types);
        Err(Error::unsupported("prepare"))
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
        let _ = (prepared, parameters);
        Err(Error::unsupported("execute"))
    }

    /// Tells that the last statement, or the streaming of its rows, ended in an error.
    pub fn fail(&self) {}

    /// The state that ReadyForQuery reports.
    pub fn transaction_status(&self) -> TransactionStatus {
        TransactionStatus::Idle
    }

    /// Takes the warnings that wait for the client.
    pub fn take_notices(&self) -> Vec<Error> {
        Vec::new()
    }

    /// Takes the settings that changed since the last call and that clients are told of
    /// (ParameterStatus).
    pub fn take_parameter_changes(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// A setting's value as text.
    pub fn setting(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
}
