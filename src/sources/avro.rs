//! Avro object container files.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_avro::reader::{Reader, ReaderBuilder};
use datafusion::datasource::file_format::avro::AvroFormat;
use datafusion::execution::TaskContext;
use datafusion::execution::context::SessionState;
use futures::stream::BoxStream;
use object_store::ObjectStore;

use super::input::Rows;
use super::local::{self, BatchReader};
use super::location::SourceFile;
use super::parquet::merge_schemas;
use super::scan::ScanSource;
use crate::error::Result;

pub(super) async fn infer_schema(
    files: &[SourceFile],
    store: &Arc<dyn ObjectStore>,
    state: &SessionState,
) -> Result<SchemaRef> {
    merge_schemas(&AvroFormat, files, store, state).await
}

pub(super) async fn open(
    source: &ScanSource,
    file: &SourceFile,
    batch_size: usize,
    context: &Arc<TaskContext>,
) -> Result<BoxStream<'static, Result<Rows>>> {
    local::read(source, file, context, move |file: File| {
        let builder = ReaderBuilder::new().with_batch_size(batch_size);
        Ok(Avro(builder.build(BufReader::new(file))?))
    })
    .await
}

struct Avro(Reader<BufReader<File>>);

impl Iterator for Avro {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl BatchReader for Avro {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}
