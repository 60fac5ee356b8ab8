//! `INSERT INTO name [(columns)] query | VALUES ... | DEFAULT VALUES`.

use datafusion::sql::sqlparser::ast::Query;

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: ObjectName,
    /// The columns given; empty for all, in order.
    pub columns: Vec<String>,
    /// The rows.
    pub source: Box<Query>,
}
