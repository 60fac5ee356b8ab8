//! The warehouse as its users see it.

mod by_hand;
mod compaction;
mod crash;
mod damaged_logs;
mod failures;
mod history;
mod housekeeping;
mod key_indexes;
mod keyed;
mod keyed_crash;
mod killed;
mod merged_columns;
mod modifications;
mod participants;
mod partitions;
mod patches;
mod queries;
mod round_trip;
mod shutdown;
mod taken_in;
mod versions;
mod z_order;

use std::collections::{BTreeSet, HashSet};
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::compute::concat_batches;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{SessionConfig, SessionContext};
use object_store::local::LocalFileSystem;
use tempfile::TempDir;
use url::Url;

use super::*;

/// A warehouse in a folder that goes away with it.
struct Fixture {
    folder: TempDir,
    warehouse: Warehouse,
    id: TableId,
}

impl Fixture {
    fn new() -> Self {
        Self::with(WarehouseSettings::default())
    }

    fn with(settings: WarehouseSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = open(folder.path(), settings);
        Self {
            folder,
            warehouse,
            id: TableId::new(42, "shop", "customer"),
        }
    }

    fn reopened(&self) -> Warehouse {
        open(self.folder.path(), WarehouseSettings::default())
    }

    fn table_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("shop").join("customer-42")
    }

    /// The names of the data files that lie in the folder.
    fn data_files(&self) -> BTreeSet<String> {
        std::fs::read_dir(self.table_folder())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "_delta_log")
            .collect()
    }

    async fn replace(&self, batch: RecordBatch) -> Commit {
        self.warehouse
            .replace(&self.id, stream(vec![batch]), CommitInfo::new("REFRESH"))
            .await
            .unwrap()
    }

    async fn append(&self, batch: RecordBatch) -> Commit {
        self.warehouse
            .append(&self.id, stream(vec![batch]), CommitInfo::new("INSERT"))
            .await
            .unwrap()
    }

    async fn rows(&self, at: At) -> RecordBatch {
        let provider = self.warehouse.scan(&self.id, at).await.unwrap();
        collect(provider).await
    }
}

fn open(folder: &FilePath, settings: WarehouseSettings) -> Warehouse {
    let root = Url::from_directory_path(folder).unwrap();
    Warehouse::open(&root, Arc::new(LocalFileSystem::new()), settings).unwrap()
}

fn stream(batches: Vec<RecordBatch>) -> SendableRecordBatchStream {
    let schema = batches[0].schema();
    let batches = futures::stream::iter(batches.into_iter().map(Ok));
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

async fn collect(provider: Arc<dyn TableProvider>) -> RecordBatch {
    let schema = provider.schema();
    // One partition reads files in the order of their commits.
    let config = SessionConfig::new().with_target_partitions(1);
    let context = SessionContext::new_with_config(config);
    let batches = context.read_table(provider).unwrap().collect().await;
    concat_batches(&schema, &batches.unwrap()).unwrap()
}

/// One column `id` of these numbers.
fn ids(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    RecordBatch::try_from_iter([("id", ids)]).unwrap()
}
