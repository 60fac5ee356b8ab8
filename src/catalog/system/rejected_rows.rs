//! `tributary.rejected_rows`: rows that a source or an expectation refused, kept with the reason.
//!
//! It is a table of the warehouse, since it can be long; here stand its name and its columns.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};

use super::column::{Column, ColumnType};

/// The table's name in the schema `tributary`.
pub const REJECTED_ROWS: &str = "rejected_rows";

pub(super) const DESCRIPTION: &str = "Rows that did not get into a table or materialized view: \
    those that a source with `on_error = 'quarantine'` could not read, those without a value in a \
    column of the unique key, and those that an expectation with `ON VIOLATION DROP ROW` dropped. \
    A full refresh tells of all rows that it leaves out; one by the keys that have changed tells \
    anew of those of these keys. Nothing is dropped without a trace here.";

pub(super) static COLUMNS: [Column; 11] = [
    Column::new(
        "rejected_at",
        ColumnType::Timestamptz,
        "When the row was refused.",
    ),
    Column::new(
        "object",
        ColumnType::Text,
        "The table or materialized view that was being filled, as `schema.name`.",
    ),
    Column::new(
        "source",
        ColumnType::Text,
        "The external table that the row came from, as `schema.name`.",
    )
    .nullable(),
    Column::new("file", ColumnType::Text, "The file that the row stands in.").nullable(),
    Column::new(
        "row",
        ColumnType::Bigint,
        "The row's number in the file, from 1.",
    )
    .nullable(),
    Column::new(
        "column_name",
        ColumnType::Text,
        "The column at fault, where there is one.",
    )
    .nullable(),
    Column::new("value", ColumnType::Text, "The value at fault.").nullable(),
    Column::new("reason", ColumnType::Text, "What was wrong."),
    Column::new(
        "sqlstate",
        ColumnType::Text,
        "The SQLSTATE that the row would have failed with.",
    ),
    Column::new(
        "record",
        ColumnType::Text,
        "The row as it stands in the file, at most 8 KiB of it.",
    )
    .nullable(),
    Column::new(
        "refresh_id",
        ColumnType::Bigint,
        "The refresh that met it, in `tributary.refreshes`.",
    )
    .nullable(),
];

/// The columns of `tributary.rejected_rows`.
pub fn rejected_rows_schema() -> SchemaRef {
    let fields: Vec<_> = COLUMNS.iter().map(Column::field).collect();
    Arc::new(Schema::new(fields))
}
