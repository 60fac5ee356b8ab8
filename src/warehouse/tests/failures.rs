//! Writes that fail leave the table as it was.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

use super::*;
use crate::error::{Error, SqlState};

/// A store whose disk is full of some kind of file.
#[derive(Debug)]
struct FullDisk {
    inner: InMemory,
    full: AtomicBool,
    of: &'static str,
}

impl fmt::Display for FullDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("full disk")
    }
}

impl FullDisk {
    fn check(&self, path: &Path) -> object_store::Result<()> {
        if self.full.load(Ordering::SeqCst) && path.as_ref().ends_with(self.of) {
            return Err(object_store::Error::Generic {
                store: "full disk",
                source: Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull)),
            });
        }
        Ok(())
    }
}

#[async_trait]
impl ObjectStore for FullDisk {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.check(path)?;
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.check(path)?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_changes_nothing() {
    for of in [".parquet", ".json"] {
        let store = Arc::new(FullDisk {
            inner: InMemory::new(),
            full: AtomicBool::new(false),
            of,
        });
        let root = Url::parse("memory:///ware/house").unwrap();
        let settings = WarehouseSettings::default();
        let warehouse = Warehouse::open(&root, Arc::clone(&store) as _, settings).unwrap();
        let id = TableId::new(1, "s", "t");
        let replace = |rows| warehouse.replace(&id, stream(vec![rows]), CommitInfo::new("REFRESH"));
        replace(ids([1, 2])).await.unwrap();
        store.full.store(true, Ordering::SeqCst);
        let error = replace(ids([3])).await.unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::DISK_FULL, "{of}: {error}");
        let provider = warehouse.scan(&id, At::Latest).await.unwrap();
        assert_eq!(collect(provider).await, ids([1, 2]));
        store.full.store(false, Ordering::SeqCst);
        assert_eq!(replace(ids([3])).await.unwrap().version, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_fail_leave_the_old_version_and_no_file() {
    let fixture = Fixture::with(WarehouseSettings {
        file_bytes: 1,
        ..WarehouseSettings::default()
    });
    fixture.replace(ids([1])).await;
    let before = fixture.data_files();
    let rows = futures::stream::iter([
        Ok(ids([2])),
        Ok(ids([3])),
        Err(DataFusionError::from(Error::new(
            SqlState::DIVISION_BY_ZERO,
            "division by zero",
        ))),
        Ok(ids([4])),
    ]);
    let rows = Box::pin(RecordBatchStreamAdapter::new(ids([]).schema(), rows));
    let error = fixture
        .warehouse
        .replace(&fixture.id, rows, CommitInfo::new("REFRESH"))
        .await;
    assert_eq!(error.unwrap_err().sqlstate(), SqlState::DIVISION_BY_ZERO);
    assert_eq!(fixture.rows(At::Latest).await, ids([1]));
    // Files are deleted behind the caller's back: what is not yet gone is known to be an orphan.
    fixture.reopened().remove_orphans(&fixture.id).await.ok();
    assert_eq!(fixture.data_files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_dropped_never_happened() {
    let fixture = Arc::new(Fixture::with(WarehouseSettings {
        file_bytes: 1,
        ..WarehouseSettings::default()
    }));
    fixture.replace(ids([1])).await;
    let before = fixture.data_files();
    let (reached, mut wait) = tokio::sync::mpsc::channel::<()>(1);
    let rows = futures::stream::iter((2..10).map(|id| Ok(ids([id])))).chain(futures::stream::once(
        async move {
            reached.send(()).await.unwrap();
            futures::future::pending().await
        },
    ));
    let rows = Box::pin(RecordBatchStreamAdapter::new(ids([]).schema(), rows));
    let writer = Arc::clone(&fixture);
    let writing = tokio::spawn(async move {
        writer
            .warehouse
            .replace(&writer.id, rows, CommitInfo::new("REFRESH"))
            .await
    });
    wait.recv().await.unwrap();
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    assert_eq!(fixture.rows(At::Latest).await, ids([1]));
    assert_eq!(fixture.append(ids([2])).await.version, 1);
    assert_eq!(fixture.rows(At::Latest).await, ids([1, 2]));
    assert!(fixture.data_files().is_superset(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn little_memory_makes_small_row_groups() {
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(64 << 10));
    let fixture = Fixture::with(WarehouseSettings {
        memory_pool: Arc::clone(&pool),
        ..WarehouseSettings::default()
    });
    let rows = stream(
        (0..20)
            .map(|part| ids(part * 8192..(part + 1) * 8192))
            .collect(),
    );
    let commit = fixture
        .warehouse
        .replace(&fixture.id, rows, CommitInfo::new("REFRESH"))
        .await
        .unwrap();
    assert_eq!((commit.rows, commit.files), (20 * 8192, 1));
    assert_eq!(pool.reserved(), 0);
    assert_eq!(fixture.rows(At::Latest).await, ids(0..20 * 8192));
}
