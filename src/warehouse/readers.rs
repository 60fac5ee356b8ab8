//! Who reads which version of a table, so that the files of what is read stay.
//!
//! A version stays as it is for as long as somebody reads it: also when the table is dropped, or a
//! vacuum deletes what other versions had.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::error::Result;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The readers of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Readers(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// How many read each version.
    of_versions: Mutex<BTreeMap<u64, usize>>,
    /// Told when the last of a version is gone.
    fewer: Notify,
}

/// Reads a version of a table until it is dropped.
#[derive(Debug)]
pub struct Reader {
    readers: Readers,
    version: u64,
}

impl Readers {
    /// One more reader of a version.
    pub fn begin(&self, version: u64) -> Reader {
        *self.0.of_versions.lock().entry(version).or_default() += 1;
        Reader {
            readers: self.clone(),
            version,
        }
    }

    /// The oldest version that is read.
    pub fn oldest(&self) -> Option<u64> {
        self.0.of_versions.lock().keys().next().copied()
    }

    /// Waits until nobody reads the table.
    pub async fn none(&self) {
        loop {
            let fewer = self.0.fewer.notified();
            if self.oldest().is_none() {
                return;
            }
            fewer.await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Counts { of_versions, fewer } = self.readers.0.as_ref();
        let mut of_versions = of_versions.lock();
        if let Some(count) = of_versions.get_mut(&self.version) {
            *count -= 1;
            if *count == 0 {
                of_versions.remove(&self.version);
                fewer.notify_waiters();
            }
        }
    }
}

/// Opens files for a reader of their table, which there is for as long as the scan goes on.
#[derive(Debug)]
pub(super) struct Held {
    files: Arc<dyn ParquetFileReaderFactory>,
    _reader: Reader,
}

impl Held {
    /// Opens files for this reader.
    pub fn new(files: Arc<dyn ParquetFileReaderFactory>, reader: Reader) -> Self {
        Self {
            files,
            _reader: reader,
        }
    }
}

impl ParquetFileReaderFactory for Held {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        self.files
            .create_reader(partition_index, file, metadata_size_hint, metrics)
    }
}
