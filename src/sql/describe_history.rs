//! `DESCRIBE HISTORY name`, as in Databricks.

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeHistory {
    /// The table or materialized view.
    pub name: ObjectName,
}
