//! What a statement answers.

use bytes::Bytes;
use datafusion::execution::SendableRecordBatchStream;
use futures::future::BoxFuture;

use crate::error::Result;
use crate::sql::copy::CopyFormat;

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
        /// In which texts are written, where the statement says so.
        encoding: Option<&'static str>,
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
    /// Whether it is to send them in binary.
    pub is_binary: bool,
    /// In which it sends texts, where the statement says so.
    pub encoding: Option<&'static str>,
    /// Where the client's bytes go; a [`CopyAborted`] rolls back.
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
