//! `CREATE [OR REPLACE] CHECK [IF NOT EXISTS] name [WITH (severity = 'error' | 'warn')] AS query`: a query that must return no rows.

use datafusion::sql::sqlparser::ast::Query;

use super::Options;
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateCheck {
    /// The check.
    pub name: ObjectName,
    /// How a failure counts.
    pub options: Options,
    /// The rows that should not be.
    pub query: Box<Query>,
    /// Whether an existing check is fine.
    pub if_not_exists: bool,
    /// Whether an existing check is replaced.
    pub or_replace: bool,
}
