//! `tributary.checks`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, bigint, text, timestamptz};
use super::{SystemSources, SystemView};
use crate::catalog::journal::CheckResult;
use crate::catalog::{Kind, Object, Oid};
use crate::error::Result;
use crate::sql::Statement;

/// The checks, with what each found last.
#[derive(Debug)]
pub struct Checks;

static COLUMNS: [Column; 10] = [
    Column::new("schema", ColumnType::Text, "The check's schema."),
    Column::new("name", ColumnType::Text, "The check's name."),
    Column::new(
        "severity",
        ColumnType::Text,
        "How a failure counts: `error` or `warn`.",
    ),
    Column::new(
        "status",
        ColumnType::Text,
        "How its last run ended, as in `tributary.check_results`; NULL where it never ran.",
    )
    .nullable(),
    Column::new("checked_at", ColumnType::Timestamptz, "When it ran last.").nullable(),
    Column::new(
        "failing_rows",
        ColumnType::Bigint,
        "How many rows its last run returned.",
    )
    .nullable(),
    Column::new("comment", ColumnType::Text, "Its comment.").nullable(),
    Column::new(
        "project_file",
        ColumnType::Text,
        "The file of the project folder that it comes from.",
    )
    .nullable(),
    Column::new(
        "created_at",
        ColumnType::Timestamptz,
        "When it was created.",
    ),
    Column::new(
        "definition",
        ColumnType::Text,
        "The statement that creates it.",
    ),
];

impl SystemView for Checks {
    fn name(&self) -> &'static str {
        "checks"
    }

    fn description(&self) -> &'static str {
        "The checks, with what each found last. Those that fail: \
         `SELECT * FROM tributary.checks WHERE status <> 'passed'`."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let snapshot = sources.snapshot();
        let results = sources.journal().check_results(usize::MAX)?;
        let mut last: BTreeMap<Oid, &CheckResult> = BTreeMap::new();
        for result in &results {
            last.entry(result.oid).or_insert(result);
        }
        let last = |check: &Object| last.get(&check.oid).copied();
        let all: Vec<&Arc<Object>> = snapshot
            .objects()
            .filter(|object| object.kind == Kind::Check)
            .collect();
        let checks = || all.iter();
        Ok(vec![
            text(checks().map(|check| Some(&check.name.schema))),
            text(checks().map(|check| Some(&check.name.name))),
            text(checks().map(|check| Some(severity(check)))),
            text(checks().map(|check| Some(last(check)?.status.as_str()))),
            timestamptz(checks().map(|check| Some(last(check)?.checked_at))),
            bigint(checks().map(|check| last(check)?.failing_rows)),
            text(checks().map(|check| check.comment.as_ref())),
            text(checks().map(|check| check.project_file.as_ref())),
            timestamptz(checks().map(|check| Some(check.created_at))),
            text(checks().map(|check| Some(check.definition.to_string()))),
        ])
    }
}

fn severity(check: &Object) -> &str {
    match &check.definition {
        Statement::CreateCheck(create) => create.options.get("severity").unwrap_or("error"),
        _ => "error",
    }
}
