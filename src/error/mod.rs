//! The one error of the server: what was wrong, where, and what to do, with its SQLSTATE.
//!
//! Messages follow PostgreSQL's style guide: lower case start, no trailing dot; the `detail` and
//! `hint` are whole sentences.

mod cast;
mod clause_message;
mod engine;
mod nearest;
mod operand_message;
mod plan_message;
mod sqlstate;
mod storage;

use std::fmt;

pub use nearest::nearest;
pub use plan_message::{full_name, missing_type};
pub use sqlstate::SqlState;

/// The classes of SQLSTATE that make a notice a warning: warnings, those of transaction state, and those of
/// databases that are not there.
const WARNING_CLASSES: [&str; 3] = ["01", "25", "3D"];

/// The result of everything that can fail for a reason a user should read.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error as a user meets it.
#[derive(Clone, Debug)]
pub struct Error(Box<Fields>);

#[derive(Clone, Debug)]
struct Fields {
    sqlstate: SqlState,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    /// What was going on, as PostgreSQL tells of COPY: where in the data.
    context: Option<String>,
    /// Position in the statement's text, in characters from 1.
    position: Option<usize>,
    column: Option<ColumnPlace>,
    constraint: Option<ConstraintPlace>,
    domain: Option<DomainPlace>,
}

/// The column that an error is of, which clients read by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnPlace {
    /// Of the relation.
    pub schema: String,
    /// The relation's own name.
    pub relation: String,
    /// The column's name.
    pub column: String,
}

/// The constraint that rows violate, which clients read by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConstraintPlace {
    /// Of the relation.
    pub schema: String,
    /// The relation's own name.
    pub relation: String,
    /// The constraint's name.
    pub constraint: String,
}

/// The domain that a value is none of, which clients read by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DomainPlace {
    /// Of the domain.
    pub schema: String,
    /// The domain's own name.
    pub domain: String,
    /// The constraint that the value violates, where it is not NULL.
    pub constraint: Option<String>,
}

impl Error {
    /// An error of this SQLSTATE; `message` starts in lower case and ends without a dot.
    pub fn new(sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self(Box::new(Fields {
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            context: None,
            position: None,
            column: None,
            constraint: None,
            domain: None,
        }))
    }

    /// A bug: something that no input should be able to cause.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(SqlState::INTERNAL_ERROR, message).with_hint(
            "This is a bug of Tributary. Please report it, with the statement that shows it.",
        )
    }

    /// Something Postgres or the design has and this server does not.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("{what} is not supported"),
        )
    }

    /// Says the same in other words.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Adds what more is known, as whole sentences.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds what to do about it, as whole sentences.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds what was going on: `COPY t, line 3, column x: "abc"`.
    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        self.0.context = Some(context.into());
        self
    }

    /// Adds the column that the error is of.
    pub fn with_column(mut self, column: ColumnPlace) -> Self {
        self.0.column = Some(column);
        self
    }

    /// Adds the constraint that is violated.
    pub fn with_constraint(mut self, constraint: ConstraintPlace) -> Self {
        self.0.constraint = Some(constraint);
        self
    }

    /// Adds the domain that a value is none of.
    pub fn with_domain(mut self, domain: DomainPlace) -> Self {
        self.0.domain = Some(domain);
        self
    }

    /// NULL in a column that has none (23502).
    pub fn null_in_column(column: ColumnPlace) -> Self {
        let message = format!(
            "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
            column.column, column.relation
        );
        Self::new(SqlState::NOT_NULL_VIOLATION, message).with_column(column)
    }

    /// Adds the place in the statement's text, in characters from 1.
    pub fn with_position(mut self, position: usize) -> Self {
        self.0.position = Some(position);
        self
    }

    /// Puts `context: ` before the message, to name the object or file at fault.
    pub fn within(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// The SQLSTATE.
    pub fn sqlstate(&self) -> SqlState {
        self.0.sqlstate
    }

    /// Whether this is a warning rather than a note, where it is told beside an answer.
    pub fn is_warning(&self) -> bool {
        let mut classes = WARNING_CLASSES.iter();
        classes.any(|class| self.0.sqlstate.0.starts_with(class))
    }

    /// What was wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What more is known.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// What to do.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// What was going on.
    pub fn context(&self) -> Option<&str> {
        self.0.context.as_deref()
    }

    /// The column that the error is of.
    pub fn column(&self) -> Option<&ColumnPlace> {
        self.0.column.as_ref()
    }

    /// The constraint that is violated.
    pub fn constraint(&self) -> Option<&ConstraintPlace> {
        self.0.constraint.as_ref()
    }

    /// The domain that a value is none of.
    pub fn domain(&self) -> Option<&DomainPlace> {
        self.0.domain.as_ref()
    }

    /// The place in the statement's text, in characters from 1.
    pub fn position(&self) -> Option<usize> {
        self.0.position
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

/// Other crates begin their messages with a capital; Postgres does not.
fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_owned(),
    }
}
