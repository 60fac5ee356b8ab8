//! `CREATE SCHEMA [IF NOT EXISTS] name`.

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSchema {
    /// The schema.
    pub name: String,
    /// Whether an existing schema is fine.
    pub if_not_exists: bool,
}
