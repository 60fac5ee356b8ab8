//! `DROP SCHEMA | TABLE | EXTERNAL TABLE | VIEW | MATERIALIZED VIEW | CHECK [IF EXISTS] name, ... [CASCADE | RESTRICT]`.

use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Drop {
    /// What kind of object.
    pub kind: DropKind,
    /// The objects; a schema is a name without one.
    pub names: Vec<ObjectName>,
    /// Whether a missing object is fine.
    pub if_exists: bool,
    /// Whether what stands on the objects goes too.
    pub cascade: bool,
}

/// What `DROP` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropKind {
    /// A schema.
    Schema,
    /// A table of the warehouse.
    Table,
    /// A source.
    ExternalTable,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A check.
    Check,
}
