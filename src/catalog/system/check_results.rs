//! `tributary.check_results`.

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, bigint, text, timestamptz};
use super::{SystemSources, SystemView, may_read};
use crate::error::Result;

/// What each run of each check found.
#[derive(Debug)]
pub struct CheckResults;

static COLUMNS: [Column; 11] = [
    Column::new(
        "id",
        ColumnType::Bigint,
        "The result's number; it grows with time.",
    ),
    Column::new("schema", ColumnType::Text, "The check's schema."),
    Column::new("name", ColumnType::Text, "The check's name."),
    Column::new("checked_at", ColumnType::Timestamptz, "When the check ran."),
    Column::new(
        "status",
        ColumnType::Text,
        "`passed`: it returned no row; `failed`: it returned rows; `warned`: it did, and its \
         severity is `warn`; `error`: its query met an error.",
    ),
    Column::new(
        "failing_rows",
        ColumnType::Bigint,
        "How many rows it returned.",
    )
    .nullable(),
    Column::new(
        "sample",
        ColumnType::Text,
        "The first of these rows, as a JSON array of objects.",
    )
    .nullable(),
    Column::new(
        "rows_rejected",
        ColumnType::Bigint,
        "How many rows of external tables it left out, as they could not be read (`on_error = \
         'quarantine'`).",
    ),
    Column::new(
        "duration_ms",
        ColumnType::Bigint,
        "How long it took, in milliseconds.",
    ),
    Column::new(
        "sqlstate",
        ColumnType::Text,
        "The SQLSTATE of the error that its query met.",
    )
    .nullable(),
    Column::new("error", ColumnType::Text, "The error that its query met.").nullable(),
];

impl SystemView for CheckResults {
    fn name(&self) -> &'static str {
        "check_results"
    }

    fn description(&self) -> &'static str {
        "What each run of each check found, the latest first, shown to the check's owner and to \
         superusers, for it has rows. The setting `journal_retention` \
         says how many are kept."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let snapshot = sources.snapshot();
        let rights = sources.rights(&snapshot);
        let mut all = sources.journal().check_results(usize::MAX)?;
        all.retain(|result| may_read(&snapshot, &rights, result.oid));
        let results = || all.iter();
        Ok(vec![
            bigint(results().map(|result| Some(result.id))),
            text(results().map(|result| Some(&result.check.schema))),
            text(results().map(|result| Some(&result.check.name))),
            timestamptz(results().map(|result| Some(result.checked_at))),
            text(results().map(|result| Some(result.status.as_str()))),
            bigint(results().map(|result| result.failing_rows)),
            text(results().map(|result| {
                let has_rows = !result.sample.is_empty();
                has_rows.then(|| serde_json::Value::from(result.sample.clone()).to_string())
            })),
            bigint(results().map(|result| Some(result.rows_rejected))),
            bigint(results().map(|result| Some(result.duration_ms))),
            text(results().map(|result| result.sqlstate.as_ref())),
            text(results().map(|result| result.error.as_ref())),
        ])
    }
}
