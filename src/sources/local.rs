//! Formats whose readers want a file that they can seek in and read from a thread that may block.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::execution::TaskContext;
use datafusion::execution::spill_file::SpillFile;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

use super::conforming::Conforming;
use super::content::{self, Content};
use super::input::{self, Rows};
use super::location::SourceFile;
use super::parquet::damaged;
use super::scan::ScanSource;
use crate::error::{Error, Result};

/// Reads a file's batches, blocking.
pub(super) trait BatchReader:
    Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static
{
    /// The columns of the file.
    fn schema(&self) -> SchemaRef;
}

/// Reads a file; one that is not local is first copied into the temporary folder of the runtime,
/// whose limit it counts against.
pub(super) async fn read<R: BatchReader>(
    source: &ScanSource,
    file: &SourceFile,
    context: &TaskContext,
    open: impl FnOnce(File) -> Result<R, ArrowError> + Send + 'static,
) -> Result<BoxStream<'static, Result<Rows>>> {
    let name = file.name.clone();
    let (local, copy) = fetch(source, file, context).await?;
    let opened = tokio::task::spawn_blocking(move || open(local).map_err(Error::from));
    let reader = joined(opened.await).map_err(|error| damaged(error, &name))?;
    let conforming = Conforming::new(source.origins(file, &reader.schema())?);
    let failed = {
        let table = Arc::clone(&source.name);
        move |error| damaged(error, &name).within(&table)
    };
    let batches = stream::try_unfold((reader, copy), |(mut reader, copy)| async move {
        let next = tokio::task::spawn_blocking(move || {
            let batch = reader.next().transpose()?;
            Ok::<_, Error>((batch, reader))
        });
        let (batch, reader) = joined(next.await)?;
        Ok::<_, Error>(batch.map(|batch| (batch, (reader, copy))))
    });
    let mut count = 0;
    let conformed = batches.map(move |batch| {
        let batch = batch?;
        let first = count + 1;
        count += batch.num_rows() as i64;
        conforming.conform(&batch, Int64Array::from_iter_values(first..=count))
    });
    let conformed = conformed.map_err(failed).boxed();
    Ok(input::set_aside(
        conformed,
        file.name.clone(),
        source.rejections(file),
    ))
}

fn joined<T>(outcome: Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    outcome.map_err(|error| Error::internal(format!("a reader thread failed: {error}")))?
}

/// The file opened, and the copy that must live as long.
async fn fetch(
    source: &ScanSource,
    file: &SourceFile,
    context: &TaskContext,
) -> Result<(File, Option<Arc<dyn SpillFile>>)> {
    let failed = |error: Error| error.within(&file.name);
    let mut bytes = match content::open(&source.store, file).await.map_err(failed)? {
        Content::Local(file) => return Ok((file, None)),
        Content::Remote(bytes) => bytes,
    };
    let copy = context
        .runtime_env()
        .disk_manager
        .create_tmp_file("reading a file of an external table")?;
    let mut writer = copy.open_writer()?;
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(failed)?;
        let written = tokio::task::spawn_blocking(move || {
            writer.write_all(&chunk)?;
            Ok::<_, Error>(writer)
        });
        writer = joined(written.await)?;
    }
    writer.finish()?;
    let path = copy
        .path()
        .ok_or_else(|| Error::unsupported("a temporary folder that is not local"))?;
    Ok((File::open(path)?, Some(Arc::clone(&copy))))
}
