//! Lists the end of a log on this machine by the numbers of its entries.
//!
//! Who reads what is new in a log lists its folder from a version on. A local file system can only
//! list all of it, which would make each commit dearer than the one before. The entries are numbered
//! without gaps, so those from a version on are found by looking for one after the other.

use std::fmt;
use std::fs::Metadata;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

use super::table::LAST_CHECKPOINT;

/// The digits of a version in the names of a log's files.
const DIGITS: usize = 20;

/// A store that has one table's log in a folder on this machine.
#[derive(Debug)]
pub(super) struct LogTail {
    pub base: Arc<dyn ObjectStore>,
    pub log: Path,
    pub folder: PathBuf,
}

impl LogTail {
    /// The entries that come after a file of the log, and the checkpoints beside them; `None` where
    /// the first is not there, or the last checkpoint is of a form that this server does not write.
    fn after(&self, offset: &Path) -> Option<Vec<ObjectMeta>> {
        let digits = offset.filename()?.get(..DIGITS)?;
        let first: u64 = digits.parse().ok()?;
        let last_checkpoint = self.last_checkpoint().filter(|version| *version >= first);
        if let Some(version) = last_checkpoint {
            self.file(checkpoint(version))?;
        }
        let mut found = Vec::new();
        for version in first.. {
            let entry = self.file(format!("{version:020}.json"));
            if entry.is_none() {
                break;
            }
            if last_checkpoint >= Some(version) {
                found.extend(self.file(checkpoint(version)));
            }
            found.extend(entry);
        }
        (!found.is_empty()).then(|| {
            found.retain(|file| file.location > *offset);
            found
        })
    }

    fn last_checkpoint(&self) -> Option<u64> {
        let told = std::fs::read(self.folder.join(LAST_CHECKPOINT)).ok()?;
        let told: serde_json::Value = serde_json::from_slice(&told).ok()?;
        told["version"].as_u64()
    }

    fn file(&self, name: String) -> Option<ObjectMeta> {
        let metadata: Metadata = std::fs::metadata(self.folder.join(&name)).ok()?;
        Some(ObjectMeta {
            location: self.log.clone().join(name),
            last_modified: metadata.modified().ok()?.into(),
            size: metadata.len(),
            e_tag: None,
            version: None,
        })
    }
}

fn checkpoint(version: u64) -> String {
    format!("{version:020}.checkpoint.parquet")
}

impl fmt::Display for LogTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.base.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for LogTail {
    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        match prefix.filter(|prefix| **prefix == self.log) {
            Some(_) if let Some(found) = self.after(offset) => {
                stream::iter(found.into_iter().map(Ok)).boxed()
            }
            // Another engine has cleaned up the log.
            _ => self.base.list_with_offset(prefix, offset),
        }
    }

    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.base.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.base.put_multipart_opts(location, options).await
    }

    async fn get_opts(
        &self,
        location: &Path,
        options: GetOptions,
    ) -> object_store::Result<GetResult> {
        self.base.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.base.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.base.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.base.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.base.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use object_store::local::LocalFileSystem;

    use super::*;

    #[tokio::test]
    async fn the_tail_is_what_listing_the_folder_gives() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("t/_delta_log");
        std::fs::create_dir_all(&log).unwrap();
        let base = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
        let tail = LogTail {
            base: Arc::clone(&base) as _,
            log: Path::from("t/_delta_log"),
            folder: log.clone(),
        };
        for version in 3..14 {
            std::fs::write(log.join(format!("{version:020}.json")), "{}").unwrap();
        }
        std::fs::write(log.join(LAST_CHECKPOINT), "{\"version\": 9}").unwrap();
        std::fs::write(log.join(format!("{:020}.checkpoint.parquet", 9)), "x").unwrap();
        check(&tail, base.as_ref()).await;
        // Another engine's last checkpoint lies in several files.
        std::fs::write(log.join(LAST_CHECKPOINT), "{\"version\": 11}").unwrap();
        let part = format!("{:020}.checkpoint.0000000001.0000000001.parquet", 11);
        std::fs::write(log.join(part), "x").unwrap();
        check(&tail, base.as_ref()).await;
    }

    async fn check(tail: &LogTail, base: &dyn ObjectStore) {
        for first in [0, 3, 4, 9, 11] {
            for name in [format!("{first:020}"), format!("{first:020}.json")] {
                let offset = tail.log.clone().join(name);
                let listed = |store: &dyn ObjectStore| {
                    let listed = store.list_with_offset(Some(&tail.log), &offset);
                    listed.map_ok(|file| (file.location, file.size))
                };
                let mut found: Vec<_> = listed(tail).try_collect().await.unwrap();
                found.retain(|(path, _)| path.filename() != Some(LAST_CHECKPOINT));
                let mut expected: Vec<_> = listed(base).try_collect().await.unwrap();
                // It is read by its name.
                expected.retain(|(path, _)| path.filename() != Some(LAST_CHECKPOINT));
                found.sort();
                expected.sort();
                assert_eq!(found, expected, "after {offset}");
            }
        }
    }
}
