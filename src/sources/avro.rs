//! Avro object container files.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_avro::reader::{Reader, ReaderBuilder, read_header_info};
use datafusion::execution::TaskContext;
use futures::stream::BoxStream;
use object_store::ObjectStore;

use super::head;
use super::input::Rows;
use super::local::{self, BatchReader};
use super::location::SourceFile;
use super::scan::ScanSource;
use crate::error::Result;

/// The columns of a file.
pub(super) async fn schema_of(
    file: &SourceFile,
    store: &Arc<dyn ObjectStore>,
) -> Result<SchemaRef> {
    head::schema_of(file, store, |bytes| {
        Ok(ReaderBuilder::new().build(bytes)?.schema())
    })
    .await
}

pub(super) async fn open(
    source: &ScanSource,
    file: &SourceFile,
    batch_size: usize,
    context: &Arc<TaskContext>,
) -> Result<BoxStream<'static, Result<Rows>>> {
    local::read(source, file, context, move |mut file: File| {
        // The reader takes a file that was cut short for one that ends there.
        check_complete(&mut BufReader::new(&mut file))?;
        file.seek(SeekFrom::Start(0))?;
        let builder = ReaderBuilder::new().with_batch_size(batch_size);
        Ok(Avro(builder.build(BufReader::new(file))?))
    })
    .await
}

/// That a file is a header and whole blocks: for each its count of rows, its length, its bytes and
/// the mark that the header announced (Avro 1.12, "Object Container Files").
fn check_complete(file: &mut BufReader<&mut File>) -> Result<(), ArrowError> {
    let broken = || ArrowError::AvroError("the file ends within a block".to_owned());
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let header = read_header_info(&mut *file)?;
    file.seek(SeekFrom::Start(header.header_len()))?;
    while file.stream_position()? < length {
        let _rows = read_long(file)?;
        let size = read_long(file)?;
        let end = u64::try_from(size)
            .ok()
            .and_then(|size| file.stream_position().ok()?.checked_add(size))
            .filter(|end| *end <= length)
            .ok_or_else(broken)?;
        file.seek_relative(size)?;
        let mut mark = [0; 16];
        file.read_exact(&mut mark).map_err(|_| broken())?;
        if mark != header.sync() {
            return Err(ArrowError::AvroError(format!(
                "the block that ends at byte {end} is damaged"
            )));
        }
    }
    Ok(())
}

/// A number in zigzag code, seven bits a byte.
fn read_long(file: &mut impl Read) -> Result<i64, ArrowError> {
    let mut code: u64 = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        let [byte] = byte;
        code |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((code >> 1).cast_signed() ^ -(code & 1).cast_signed());
        }
    }
    Err(ArrowError::AvroError("a number is too long".to_owned()))
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
