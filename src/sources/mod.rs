//! Sources: `CREATE EXTERNAL TABLE` over files in any object store.
//!
//! A source knows no warehouse and no wire: it gives DataFusion a table, and sets aside the rows
//! that cannot be read. One file a format: `csv`, `json`, `parquet`, `ipc` (Arrow), `avro`;
//! `location` finds the files, `scan` reads them. A file's columns are found by `matching`, and where
//! they have other types than the table's, `conforming` and `conversion` say what each value is; which
//! columns a table has is told by `columns` when it is created, and by `learning` as its files change.
//!
//! Every table has two columns that `*` does not show: `_file`, the file's name as the location
//! gives it, and `_row`, the line where the record begins (CSV, JSON) or the row's ordinal in its
//! file (Parquet, Arrow, Avro), both from 1. [`crate::sql::hidden_columns`] tells how a query gets them.

mod avro;
mod columns;
mod compression;
mod conforming;
mod content;
mod conversion;
mod csv;
mod format;
mod head;
mod hidden;
mod infer;
mod input;
mod ipc;
mod json;
mod learning;
mod local;
mod location;
mod matching;
pub mod options;
mod parquet;
mod provider;
mod reference;
mod rejected;
mod remarks;
mod scan;
#[cfg(test)]
mod tests;
mod types;
mod widening;

use std::path::Path;

use ::arrow::datatypes::SchemaRef;
use datafusion::execution::context::SessionState;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::sql::sqlparser::ast::ColumnDef;

pub use format::FileFormat;
pub use hidden::{is_hidden, with_hidden_columns};
pub use input::Numbering;
pub use learning::{Known, Learned};
pub use provider::FileTable;
pub use reference::reference;
pub use rejected::{RECORD_LIMIT, RejectedRow, RejectedRows};
pub use tributary_udfs::type_name;
pub use widening::{is_same, plain, widens};

use crate::error::Result;
use crate::sql::create_external_table::CreateExternalTable;

/// Checks a definition and tells its columns: those declared, or else those that its files have.
/// Relative locations are below `base`.
///
/// # Errors
/// 22023 for an option, format or location that cannot be; 58P01 where columns must be inferred
/// and no file is there, or where a single path is missing; what reading the sample meets.
pub async fn infer_schema(
    definition: &CreateExternalTable,
    base: &Path,
    state: &SessionState,
) -> Result<SchemaRef> {
    provider::infer_schema(definition, base, state).await
}

/// The columns that a statement declares; timestamps count microseconds, as in Postgres.
///
/// # Errors
/// 42704 for a type that does not exist; 42701 for a name given twice.
pub fn declared_schema(columns: &[ColumnDef]) -> Result<SchemaRef> {
    types::declared_schema(columns)
}

/// Whether a definition leaves columns to its files, so that there is something to [`learn`].
///
/// # Errors
/// Those of the definition.
pub fn learns(definition: &CreateExternalTable, base: &Path, runtime: &RuntimeEnv) -> Result<bool> {
    provider::learns(definition, base, runtime).map_err(|error| error.within(&definition.name))
}

/// Which columns a table should have by its files, where its definition leaves that to them; none where
/// it does not, or where there are no files. `known` is what files told before, and `current` the columns
/// that the table has. Files that are new, or others than before, are looked at, and no others.
///
/// # Errors
/// Those of the definition; what listing the files meets.
pub async fn learn(
    definition: &CreateExternalTable,
    current: &SchemaRef,
    known: Option<Known>,
    base: &Path,
    runtime: &RuntimeEnv,
) -> Result<Option<Learned>> {
    provider::learn(definition, current, known, base, runtime)
        .await
        .map_err(|error| error.within(&definition.name))
}

/// The table of a definition, with the columns that [`infer_schema`] told when it was created.
/// Its files are listed once, when it is first scanned: each statement opens it anew.
///
/// # Errors
/// Those of the definition; files are not looked at.
pub fn provider(
    definition: &CreateExternalTable,
    schema: SchemaRef,
    base: &Path,
    runtime: &RuntimeEnv,
) -> Result<FileTable> {
    FileTable::open(definition, schema, base, runtime)
        .map_err(|error| error.within(&definition.name))
}

/// A hash of the files' names, sizes, times and tags: it changes when the source does.
///
/// # Errors
/// What listing the files meets.
pub async fn fingerprint(
    definition: &CreateExternalTable,
    base: &Path,
    runtime: &RuntimeEnv,
) -> Result<String> {
    provider::fingerprint(definition, base, runtime)
        .await
        .map_err(|error| error.within(&definition.name))
}
