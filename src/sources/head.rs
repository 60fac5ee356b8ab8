//! The columns of files that tell them at their beginning: Arrow and Avro.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use futures::TryStreamExt;
use object_store::ObjectStore;

use super::input;
use super::location::SourceFile;
use super::parquet::damaged;
use crate::error::{Error, Result};

/// No more of a file than this is looked at.
const MAX_HEAD: usize = 16 << 20;

/// The columns of a file; `read` takes them from its beginning.
pub(super) async fn schema_of(
    file: &SourceFile,
    store: &Arc<dyn ObjectStore>,
    read: fn(&[u8]) -> Result<SchemaRef, ArrowError>,
) -> Result<SchemaRef> {
    let mut bytes = input::open(store, file, FileCompressionType::UNCOMPRESSED).await?;
    let mut head = Vec::new();
    let mut wanted = 1;
    loop {
        let next = bytes.try_next().await?;
        let is_last = next.is_none() || head.len() >= MAX_HEAD;
        head.extend_from_slice(&next.unwrap_or_default());
        if head.len() < wanted && !is_last {
            continue;
        }
        match read(&head) {
            Ok(schema) => return Ok(schema),
            Err(error) if is_last => return Err(damaged(Error::from(error), &file.name)),
            // Looking again when it has doubled keeps the cost linear.
            Err(_) => wanted = head.len() * 2,
        }
    }
}
