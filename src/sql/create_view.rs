//! `CREATE [OR REPLACE] VIEW [IF NOT EXISTS] name [(columns)] AS query`.

use datafusion::sql::sqlparser::ast::Query;

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// The view.
    pub name: ObjectName,
    /// Names for the query's columns; empty where they keep their own.
    pub columns: Vec<String>,
    /// What the view answers.
    pub query: Box<Query>,
    /// Whether an existing view is fine.
    pub if_not_exists: bool,
    /// Whether an existing view is replaced.
    pub or_replace: bool,
}
