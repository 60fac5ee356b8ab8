//! What the catalog keeps of an object.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};

use crate::sql::{QualifiedName, Statement};

/// An object's number: unique, persisted, never used again.
pub type Oid = u32;

/// The kinds of objects in a schema.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A source: `CREATE EXTERNAL TABLE`.
    ExternalTable,
    /// A table of the warehouse: `CREATE TABLE`.
    Table,
    /// `CREATE VIEW`.
    View,
    /// `CREATE MATERIALIZED VIEW`.
    MaterializedView,
    /// `CREATE CHECK`.
    Check,
}

/// An object of a schema. Relations (all but checks) share one name space; checks have another.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its number.
    pub oid: Oid,
    /// Its name.
    pub name: QualifiedName,
    /// Its kind, which is also that of `definition`.
    pub kind: Kind,
    /// The `CREATE` statement, with names in full; persisted as its displayed text.
    pub definition: Statement,
    /// Its columns; empty for a check.
    pub schema: SchemaRef,
    /// The objects that its definition reads.
    pub depends_on: BTreeSet<Oid>,
    /// `COMMENT ON` the object.
    pub comment: Option<String>,
    /// `COMMENT ON COLUMN`, by column.
    pub column_comments: BTreeMap<String, String>,
    /// The file of the project folder that it comes from, relative to the folder; `None` where
    /// it was created by hand.
    pub project_file: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}
