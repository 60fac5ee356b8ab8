//! `CREATE [OR REPLACE] MATERIALIZED VIEW [IF NOT EXISTS] name
//! [([column, ...] [, CONSTRAINT c EXPECT (condition) [ON VIOLATION DROP ROW | FAIL UPDATE]] ...)]
//! [COMMENT 'text'] [WITH (option = 'value', ...)] AS query [WITH [NO] DATA]`.

use datafusion::sql::sqlparser::ast::{Expr, Query};

use super::Options;
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateMaterializedView {
    /// The materialized view.
    pub name: ObjectName,
    /// Names for the query's columns; empty where they keep their own.
    pub columns: Vec<String>,
    /// What each row must satisfy.
    pub expectations: Vec<Expectation>,
    /// How it is kept.
    pub options: Options,
    /// What it holds.
    pub query: Box<Query>,
    /// Whether it is filled at once; `run` and `REFRESH` fill it otherwise.
    pub with_data: bool,
    /// Whether an existing one is fine.
    pub if_not_exists: bool,
    /// Whether an existing one is replaced.
    pub or_replace: bool,
}

/// `CONSTRAINT name EXPECT (condition) [ON VIOLATION ...]`, as in Databricks.
///
/// As with CHECK, a row violates the expectation where the condition is false; NULL passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The constraint.
    pub name: String,
    /// What each row must satisfy, over the output columns.
    pub condition: Expr,
    /// What becomes of a row that does not.
    pub on_violation: OnViolation,
}

/// What becomes of a row that violates an expectation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnViolation {
    /// The row stays; the violation is counted.
    #[default]
    Keep,
    /// The row goes to `tributary.rejected_rows`.
    DropRow,
    /// The refresh fails.
    FailUpdate,
}
