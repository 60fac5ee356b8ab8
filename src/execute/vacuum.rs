//! `VACUUM`.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models::table_id;
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
    let objects = match &vacuum.name {
        Some(name) => vec![super::describe_history::stored(session, name)?],
        None => {
            let snapshot = session.instance.catalog.snapshot();
            let objects = snapshot.objects().filter(|object| object.is_stored());
            objects.cloned().collect()
        }
    };
    let mut found = Vec::new();
    for object in objects {
        let files = of(session, &object, vacuum).await?;
        if vacuum.verbose {
            session.notice(told(&object, &files, vacuum.dry_run));
        }
        found.extend(files);
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

async fn of(session: &Session, object: &Object, vacuum: &Vacuum) -> Result<Vec<DeadFile>> {
    // A table that is restored meanwhile would want its old files back.
    let _guard = session.instance.refresh_locks.lock(object.oid).await?;
    let table = table_id(object);
    let is_known = session
        .instance
        .catalog
        .snapshot()
        .object(object.oid)
        .is_some();
    // It was dropped meanwhile, or has not been filled yet.
    if !is_known || !session.instance.warehouse.exists(&table).await? {
        return Ok(Vec::new());
    }
    let warehouse = &session.instance.warehouse;
    warehouse
        .vacuum(&table, vacuum.retention(), vacuum.dry_run)
        .await
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
