//! `CREATE [OR REPLACE] EXTERNAL TABLE [IF NOT EXISTS] name [(columns)] STORED AS format
//! LOCATION 'url' [OPTIONS (key 'value', ...)]`.

use datafusion::sql::sqlparser::ast::ColumnDef;

use super::Options;
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateExternalTable {
    /// The table.
    pub name: ObjectName,
    /// Declared columns; empty where the schema is inferred.
    pub columns: Vec<ColumnDef>,
    /// The format or system, in upper case: `CSV`, `JSON`, `PARQUET`, `ARROW`, `AVRO`.
    pub format: String,
    /// A path, folder, glob or URL.
    pub location: String,
    /// What the source is told.
    pub options: Options,
    /// Whether an existing table is fine.
    pub if_not_exists: bool,
    /// Whether an existing table is replaced.
    pub or_replace: bool,
}
