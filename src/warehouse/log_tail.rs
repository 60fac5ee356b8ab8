//! Lists the end of a log, on this machine by the numbers of its entries.
//!
//! Who reads what is new in a log lists its folder from a version on. A local file system can only
//! list all of it, which would make each commit dearer than the one before. The entries are numbered
//! without gaps, so those from a version on are found by looking for one after the other.
//!
//! That would take a log with a gap for one that ends there, and the next commit would fill it. So the
//! folder's names are read once, by who opens the table or reads from further back, and whoever finds
//! a later file there gets the whole list, in which what reads the log sees the gap.

use std::fmt;
use std::fs::Metadata;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

use super::place::version_of_entry;
use super::table::{LAST_CHECKPOINT, empty_entry};

/// The digits of a version in the names of a log's files.
const DIGITS: usize = 20;

/// A store that has one table's log.
#[derive(Debug)]
pub(super) struct LogTail {
    base: Arc<dyn ObjectStore>,
    log: Path,
    /// The log's folder on this machine, where it is one.
    folder: Option<PathBuf>,
    /// From this version on the log was seen to have no gaps.
    whole_from: AtomicU64,
}

impl LogTail {
    pub fn new(base: Arc<dyn ObjectStore>, log: Path, folder: Option<PathBuf>) -> Self {
        let whole_from = AtomicU64::new(u64::MAX);
        Self {
            base,
            log,
            folder,
            whole_from,
        }
    }

    /// The entries that come after a file of the log, and the checkpoints beside them; `None` where
    /// the first is not there, the last checkpoint is of a form that this server does not write, or
    /// there are files beyond the last entry that was found.
    fn after(&self, offset: &Path) -> Option<Vec<ObjectMeta>> {
        let folder = self.folder.as_deref()?;
        let digits = offset.filename()?.get(..DIGITS)?;
        let first: u64 = digits.parse().ok()?;
        let last_checkpoint = last_checkpoint(folder).filter(|version| *version >= first);
        if let Some(version) = last_checkpoint {
            self.file(folder, checkpoint(version))?;
        }
        let mut found = Vec::new();
        let mut next = first;
        while let Some(entry) = self.file(folder, format!("{next:020}.json")) {
            if last_checkpoint >= Some(next) {
                found.extend(self.file(folder, checkpoint(next)));
            }
            found.push(entry);
            next += 1;
        }
        (!found.is_empty() && self.ends(folder, first, next)).then(|| {
            found.retain(|file| file.location > *offset);
            found
        })
    }

    /// Whether a log that was read from one version on ends before another one, which was not there.
    fn ends(&self, folder: &FilePath, first: u64, next: u64) -> bool {
        if first >= self.whole_from.load(Ordering::Acquire) {
            return true;
        }
        let Ok(mut files) = std::fs::read_dir(folder) else {
            return false;
        };
        let is_later = |file: std::io::Result<std::fs::DirEntry>| {
            let name = file.ok()?.file_name();
            let version: u64 = name.to_str()?.get(..DIGITS)?.parse().ok()?;
            (version >= next).then_some(())
        };
        if files.find_map(is_later).is_some() {
            // Somebody may have committed it meanwhile.
            return self.file(folder, format!("{next:020}.json")).is_some();
        }
        self.whole_from.fetch_min(first, Ordering::AcqRel);
        true
    }

    fn file(&self, folder: &FilePath, name: String) -> Option<ObjectMeta> {
        let metadata: Metadata = std::fs::metadata(folder.join(&name)).ok()?;
        Some(ObjectMeta {
            location: self.log.clone().join(name),
            last_modified: metadata.modified().ok()?.into(),
            size: metadata.len(),
            e_tag: None,
            version: None,
        })
    }

    /// Lets no entry pass that is empty: what reads the log would take it for a commit that changes
    /// nothing. Those that a checkpoint stands for are not read.
    fn checked(
        &self,
    ) -> impl Fn(object_store::Result<ObjectMeta>) -> object_store::Result<ObjectMeta> + Send + use<>
    {
        let folder = self.folder.clone();
        move |file| {
            let file = file?;
            let version = file.location.filename().and_then(version_of_entry);
            if file.size > 0 || version.is_none() {
                return Ok(file);
            }
            if folder.as_deref().and_then(last_checkpoint) >= version {
                return Ok(file);
            }
            Err(object_store::Error::Generic {
                store: "log",
                source: Box::new(empty_entry(&file.location)),
            })
        }
    }
}

fn last_checkpoint(folder: &FilePath) -> Option<u64> {
    let told = std::fs::read(folder.join(LAST_CHECKPOINT)).ok()?;
    let told: serde_json::Value = serde_json::from_slice(&told).ok()?;
    told["version"].as_u64()
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
        if prefix.is_none_or(|prefix| *prefix != self.log) {
            return self.base.list_with_offset(prefix, offset);
        }
        match self.after(offset) {
            Some(found) => stream::iter(found).map(Ok).map(self.checked()).boxed(),
            // Another engine has cleaned up the log, or it has a gap.
            None => {
                let listed = self.base.list_with_offset(prefix, offset);
                listed.map(self.checked()).boxed()
            }
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
        let path = Path::from("t/_delta_log");
        let tail = LogTail::new(Arc::clone(&base) as _, path, Some(log.clone()));
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

    #[tokio::test]
    async fn a_gap_is_seen_by_who_reads_from_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("t/_delta_log");
        std::fs::create_dir_all(&log).unwrap();
        let base = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
        let path = Path::from("t/_delta_log");
        let tail = || LogTail::new(Arc::clone(&base) as _, path.clone(), Some(log.clone()));
        for version in (0..14).filter(|version| *version != 4) {
            std::fs::write(log.join(format!("{version:020}.json")), "{}").unwrap();
        }
        let damaged = tail();
        for first in [0, 3, 5, 13] {
            check_from(&damaged, base.as_ref(), &format!("{first:020}")).await;
        }
        // Whoever has seen that there is none looks for entries alone.
        std::fs::write(log.join(format!("{:020}.json", 4)), "{}").unwrap();
        let whole = tail();
        check_from(&whole, base.as_ref(), &format!("{:020}", 2)).await;
        std::fs::remove_file(log.join(format!("{:020}.json", 12))).unwrap();
        let from = |first: u64| path.clone().join(format!("{first:020}"));
        let found = whole.list_with_offset(Some(&path), &from(2)).count().await;
        assert_eq!(found, 10);
        let found = whole.list_with_offset(Some(&path), &from(1)).count().await;
        assert_eq!(found, 12);
    }

    #[tokio::test]
    async fn no_entry_is_empty_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("t/_delta_log");
        std::fs::create_dir_all(&log).unwrap();
        let base = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
        let path = Path::from("t/_delta_log");
        for (version, text) in [(0, "{}"), (1, ""), (2, "{}")] {
            std::fs::write(log.join(format!("{version:020}.json")), text).unwrap();
        }
        let from = path.clone().join(format!("{:020}", 0));
        for folder in [Some(log.clone()), None] {
            let tail = LogTail::new(Arc::clone(&base) as _, path.clone(), folder);
            let listed = tail.list_with_offset(Some(&path), &from);
            let error: crate::error::Error =
                listed.try_collect::<Vec<_>>().await.unwrap_err().into();
            let told = error.to_string();
            assert!(told.contains("00000000000000000001.json"), "{told}");
        }
        std::fs::write(log.join(LAST_CHECKPOINT), "{\"version\": 1}").unwrap();
        std::fs::write(log.join(checkpoint(1)), "x").unwrap();
        let tail = LogTail::new(base, path.clone(), Some(log));
        let listed = tail.list_with_offset(Some(&path), &from);
        assert!(listed.try_collect::<Vec<_>>().await.is_ok());
    }

    async fn check(tail: &LogTail, base: &dyn ObjectStore) {
        for first in [0, 3, 4, 9, 11] {
            for name in [format!("{first:020}"), format!("{first:020}.json")] {
                check_from(tail, base, &name).await;
            }
        }
    }

    async fn check_from(tail: &LogTail, base: &dyn ObjectStore, name: &str) {
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
