//! How the handling of a message can fail, by what the connection does next.

use crate::error::{Error, SqlState};
use crate::sql::place;

/// Why a message was not carried out.
#[derive(Debug)]
pub(super) enum Failure {
    /// The statement failed; the client is told, and the connection goes on.
    Statement(Error),
    /// The client is told, and the connection ends.
    Fatal(Error),
    /// The client is no longer there.
    Gone,
}

/// What a step of a connection gives.
pub(super) type Step<T> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Statement(error)
    }
}

impl From<datafusion::error::DataFusionError> for Failure {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self::Statement(error.into())
    }
}

impl Failure {
    /// A statement's failure, with the place in its text that it is of, if that is known.
    pub(super) fn located(self, sql: &str) -> Self {
        match self {
            Self::Statement(error) => Self::Statement(place::located(error, sql)),
            other => other,
        }
    }

    /// The client broke the protocol in a way after which its bytes cannot be followed.
    pub(super) fn out_of_step(message: impl Into<String>) -> Self {
        Self::Fatal(Error::new(SqlState::PROTOCOL_VIOLATION, message))
    }
}

/// The client broke the protocol within one message; the next can still be read.
pub(super) fn protocol_violation(message: impl Into<String>) -> Error {
    Error::new(SqlState::PROTOCOL_VIOLATION, message)
}
