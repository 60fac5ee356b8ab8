//! `CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name (columns) | [(columns)] AS query`.

use datafusion::sql::sqlparser::ast::{ColumnDef, Query};

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// The table.
    pub name: ObjectName,
    /// Declared columns; for `AS query`, empty or names alone are in `column_names`.
    pub columns: Vec<ColumnDef>,
    /// Names for the query's columns, for `AS query`.
    pub column_names: Vec<String>,
    /// What fills the table.
    pub query: Option<Box<Query>>,
    /// Whether an existing table is fine.
    pub if_not_exists: bool,
    /// Whether an existing table is replaced.
    pub or_replace: bool,
}
