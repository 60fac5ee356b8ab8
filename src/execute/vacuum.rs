//! `VACUUM`.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models;
use crate::session::{Outcome, Session};
use crate::sql::vacuum::Vacuum;
use crate::warehouse::DeadFile;

/// The columns that `VACUUM ... DRY RUN` answers with.
pub static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("path", DataType::Utf8, false),
        Field::new("bytes", DataType::Int64, false),
    ]))
});

/// Deletes files of old versions, or tells which.
///
/// # Errors
/// 42809 for what has no files; what the store says.
pub async fn execute(session: &Session, vacuum: &Vacuum) -> Result<Outcome> {
    let objects = match vacuum.names.as_slice() {
        [] => {
            let snapshot = session.instance.catalog.snapshot();
            let objects = snapshot.objects().filter(|object| object.is_stored());
            objects.cloned().collect()
        }
        names => {
            let objects = names.iter();
            let objects = objects.map(|name| super::describe_history::stored(session, name));
            objects.collect::<Result<Vec<_>>>()?
        }
    };
    let instance = &session.instance;
    let retention = vacuum.retention();
    let retention = retention.unwrap_or_else(|| models::vacuum::retention(instance));
    let mut found = Vec::new();
    for object in objects {
        let vacuumed = models::vacuum::vacuum(instance, &object, retention, vacuum.dry_run).await?;
        if vacuum.verbose {
            session.notice(told(&object, &vacuumed.dead, vacuum.dry_run));
        }
        found.extend(vacuumed.dead);
    }
    if !vacuum.dry_run {
        return Ok(Outcome::Done("VACUUM".to_owned()));
    }
    let paths = found.iter().map(|file| Some(file.path.as_str()));
    let bytes = found.iter().map(|file| i64::try_from(file.bytes).ok());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(paths.collect::<StringArray>()),
        Arc::new(bytes.collect::<Int64Array>()),
    ];
    super::rows(
        "VACUUM",
        RecordBatch::try_new(Arc::clone(&COLUMNS), columns)?,
    )
}

fn told(object: &Object, files: &[DeadFile], dry_run: bool) -> Error {
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let would = if dry_run { "would delete" } else { "deleted" };
    let noun = if files.len() == 1 { "file" } else { "files" };
    let message = format!(
        "{}: {would} {} {noun} of {bytes} bytes",
        object.name,
        files.len()
    );
    Error::new(SqlState::SUCCESSFUL_COMPLETION, message)
}
