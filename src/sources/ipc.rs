//! Arrow IPC: files and streams.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use datafusion::execution::TaskContext;
use futures::stream::BoxStream;
use object_store::ObjectStore;

use super::head;
use super::input::Rows;
use super::local::{self, BatchReader};
use super::location::SourceFile;
use super::scan::ScanSource;
use crate::error::Result;

/// What an IPC file begins with; a stream does not.
const MAGIC: &[u8; 6] = b"ARROW1";

/// The columns of a file.
pub(super) async fn schema_of(
    file: &SourceFile,
    store: &Arc<dyn ObjectStore>,
) -> Result<SchemaRef> {
    head::schema_of(file, store, |bytes| {
        Ok(StreamReader::try_new(stream_within(bytes), None)?.schema())
    })
    .await
}

/// A file is a stream after a magic word, which zeros fill up to a multiple of 8 or of 64.
fn stream_within(bytes: &[u8]) -> &[u8] {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return bytes;
    };
    let zeros = rest.iter().take_while(|byte| **byte == 0).count();
    let start = (MAGIC.len() + zeros) / 8 * 8;
    bytes.get(start..).unwrap_or_default()
}

pub(super) async fn open(
    source: &ScanSource,
    file: &SourceFile,
    context: &Arc<TaskContext>,
) -> Result<BoxStream<'static, Result<Rows>>> {
    local::read(source, file, context, |mut file: File| {
        let mut start = [0; 6];
        let is_file = file.read_exact(&mut start).is_ok() && start == *MAGIC;
        file.seek(SeekFrom::Start(0))?;
        Ok(if is_file {
            Ipc::File(FileReader::try_new(BufReader::new(file), None)?)
        } else {
            Ipc::Stream(StreamReader::try_new(BufReader::new(file), None)?)
        })
    })
    .await
}

enum Ipc {
    File(FileReader<BufReader<File>>),
    Stream(StreamReader<BufReader<File>>),
}

impl Iterator for Ipc {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::File(reader) => reader.next(),
            Self::Stream(reader) => reader.next(),
        }
    }
}

impl BatchReader for Ipc {
    fn schema(&self) -> SchemaRef {
        match self {
            Self::File(reader) => reader.schema(),
            Self::Stream(reader) => reader.schema(),
        }
    }
}
