//! `tributary.sources`.

use std::sync::Arc;

use arrow::array::ArrayRef;

use super::column::{Column, ColumnType, text, timestamptz};
use super::{SystemSources, SystemView};
use crate::catalog::Object;
use crate::error::Result;
use crate::sql::Statement;
use crate::sql::create_external_table::CreateExternalTable;

/// The external tables.
#[derive(Debug)]
pub struct Sources;

static COLUMNS: [Column; 8] = [
    Column::new("schema", ColumnType::Text, "The external table's schema."),
    Column::new("name", ColumnType::Text, "The external table's name."),
    Column::new(
        "format",
        ColumnType::Text,
        "The format or system: `CSV`, `JSON`, `PARQUET`, `ARROW`, `AVRO`.",
    ),
    Column::new(
        "location",
        ColumnType::Text,
        "Where its rows live; a password in a URL is not shown.",
    ),
    Column::new(
        "on_error",
        ColumnType::Text,
        "What becomes of a row that cannot be read: `fail` or `quarantine`.",
    ),
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
];

impl SystemView for Sources {
    fn name(&self) -> &'static str {
        "sources"
    }

    fn description(&self) -> &'static str {
        "The external tables: rows that live elsewhere."
    }

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn arrays(&self, sources: &dyn SystemSources) -> Result<Vec<ArrayRef>> {
        let snapshot = sources.snapshot();
        let all: Vec<(&Arc<Object>, &CreateExternalTable)> = snapshot
            .objects()
            .filter_map(|object| match &object.definition {
                Statement::CreateExternalTable(create) => Some((object, create)),
                _ => None,
            })
            .collect();
        let objects = || all.iter().map(|(object, _)| object);
        let statements = || all.iter().map(|(_, create)| create);
        Ok(vec![
            text(objects().map(|object| Some(&object.name.schema))),
            text(objects().map(|object| Some(&object.name.name))),
            text(statements().map(|create| Some(&create.format))),
            text(statements().map(|create| Some(without_password(&create.location)))),
            text(statements().map(|create| Some(create.options.get("on_error").unwrap_or("fail")))),
            text(objects().map(|object| object.comment.as_ref())),
            text(objects().map(|object| object.project_file.as_ref())),
            timestamptz(objects().map(|object| Some(object.created_at))),
        ])
    }
}

/// The location, with a password in it hidden.
fn without_password(location: &str) -> String {
    match url::Url::parse(location) {
        Ok(mut url) if url.password().is_some() => match url.set_password(Some("***")) {
            Ok(()) => url.to_string(),
            Err(()) => format!("{}://", url.scheme()),
        },
        _ => location.to_owned(),
    }
}
