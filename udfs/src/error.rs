//! What a function says when it cannot answer.

use std::fmt;

use datafusion::error::DataFusionError;

/// An error of a function, with the SQLSTATE that PostgreSQL gives to its like.
///
/// It travels in [`DataFusionError::External`], so that a server can take it out again.
#[derive(Clone, Debug)]
pub struct FunctionError {
    /// Five characters, as in Appendix A of the PostgreSQL manual.
    pub sqlstate: &'static str,
    /// What was wrong: lower case start, no trailing dot, the function named.
    pub message: String,
    /// What to do, as a whole sentence.
    pub hint: Option<String>,
}

impl FunctionError {
    /// An argument outside the function's domain (22023).
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self {
            sqlstate: "22023",
            message: message.into(),
            hint: None,
        }
    }

    /// An answer that its type cannot hold (22003).
    pub fn out_of_range(message: impl Into<String>) -> Self {
        Self {
            sqlstate: "22003",
            message: message.into(),
            hint: None,
        }
    }

    /// Text that its type cannot be read from (22P02).
    pub fn invalid_text(data_type: &str) -> Self {
        Self {
            sqlstate: "22P02",
            message: format!("invalid input syntax for type {data_type}"),
            hint: None,
        }
    }

    /// Arguments whose number or types no form of the function takes (42883).
    pub fn no_such_form(message: impl Into<String>) -> Self {
        Self {
            sqlstate: "42883",
            message: message.into(),
            hint: None,
        }
    }

    /// What SQL would allow and the function does not do (0A000).
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self {
            sqlstate: "0A000",
            message: message.into(),
            hint: None,
        }
    }

    /// A window that the function cannot work over (42P20).
    pub fn unfit_window(message: impl Into<String>) -> Self {
        Self {
            sqlstate: "42P20",
            message: message.into(),
            hint: None,
        }
    }

    /// A frame of a window that begins after a row, or ends before it, by less than nothing (22013).
    pub fn invalid_frame() -> Self {
        Self {
            sqlstate: "22013",
            message: "invalid preceding or following size in window function".to_owned(),
            hint: None,
        }
    }

    /// More work than a function takes on (54000).
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self {
            sqlstate: "54000",
            message: message.into(),
            hint: None,
        }
    }

    /// An answer that nobody waits for any more (57014).
    pub fn canceled() -> Self {
        Self {
            sqlstate: "57014",
            message: "canceling statement due to an interrupt".to_string(),
            hint: None,
        }
    }

    /// Adds what to do, as a whole sentence.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FunctionError {}

impl From<FunctionError> for DataFusionError {
    fn from(error: FunctionError) -> Self {
        Self::External(Box::new(error))
    }
}

/// An error with what PostgreSQL tells beside its message.
///
/// It travels in [`DataFusionError::External`], as [`FunctionError`] does.
#[derive(Clone, Debug)]
pub struct DetailedError {
    /// What was wrong.
    pub error: FunctionError,
    /// What of it, as a whole sentence.
    pub detail: String,
    /// Where in what was read.
    pub context: Option<String>,
}

impl fmt::Display for DetailedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for DetailedError {}

impl From<DetailedError> for DataFusionError {
    fn from(error: DetailedError) -> Self {
        Self::External(Box::new(error))
    }
}
