//! The option that has rows of a table, or of a materialized view, divided among files by some columns.

use arrow::datatypes::Schema;

use super::define::Choice;
use super::keyed;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::sql::{Options, Statement};
use crate::warehouse::check_partitions;

/// The option.
pub const OPTION: Choice = Choice {
    name: "partition_by",
    values: &[],
    description: "The columns that all rows of a file share the values of, such as 'country, day': queries of some values read their files alone, and other engines find them in folders such as country=DE/day=2026-01-31. Each write makes files for each of the values that its rows have, so name columns of few values. Not for what has a unique_key.",
};

/// The columns that an object is partitioned by.
///
/// # Errors
/// 42602 for what is no list of names.
pub fn of(object: &Object) -> Result<Vec<String>> {
    match &object.definition {
        Statement::CreateTable(create) => create.options.names(OPTION.name),
        Statement::CreateMaterializedView(create) => create.options.names(OPTION.name),
        _ => Ok(Vec::new()),
    }
}

/// Checks the option against the columns of an object.
///
/// # Errors
/// 42602 for what is no list of names; 0A000 beside a unique key; 42703, 42701, 42804 and 42P16 for columns
/// that it cannot be partitioned by.
pub fn check(options: &Options, columns: &Schema) -> Result<()> {
    let names = options.names(OPTION.name)?;
    if names.is_empty() {
        return Ok(());
    }
    if keyed::declared(options)?.is_some() {
        return Err(
            Error::unsupported("option \"partition_by\" beside \"unique_key\"")
                .with_hint("Leave it out: rows of a key are found through its index."),
        );
    }
    check_partitions(columns, &names)
}

/// That a change of a column leaves the files of a table where they are.
///
/// # Errors
/// 0A000 for a column that the table is partitioned by.
pub fn keep(object: &Object, column: &str) -> Result<()> {
    if of(object)?.iter().all(|name| name != column) {
        return Ok(());
    }
    Err(Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!(
            "cannot alter column \"{column}\" of {}, which is partitioned by it",
            object.described()
        ),
    )
    .with_hint("Replace the table: CREATE OR REPLACE TABLE ... WITH (partition_by = ...) AS."))
}
