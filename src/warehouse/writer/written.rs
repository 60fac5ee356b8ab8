//! The files of one write, until a commit makes them part of a version.

use std::collections::BTreeSet;
use std::sync::Arc;

use deltalake_core::kernel::DeletionVectorDescriptor;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use crate::error::Result;
use crate::warehouse::deletion_vector;
use crate::warehouse::partition::PartitionValues;
use crate::warehouse::place::Place;

/// A data file that no version has yet.
#[derive(Clone, Debug)]
pub(in crate::warehouse) struct NewFile {
    pub name: String,
    pub rows: u64,
    pub bytes: u64,
    /// As the log has them.
    pub stats: String,
    /// The rows that are gone from the start.
    pub gone: Option<NewVector>,
    /// When the rows came into the table, in milliseconds of the epoch, where that is not now.
    pub since: Option<i64>,
    /// What its rows share, of a table that is partitioned.
    pub partition: PartitionValues,
}

impl NewFile {
    /// How many rows are not gone from the start, as tombstones are.
    pub fn living(&self) -> u64 {
        self.rows - self.gone.as_ref().map_or(0, |gone| gone.rows.len())
    }
}

/// A deletion vector that no version has yet.
#[derive(Clone, Debug)]
pub(in crate::warehouse) struct NewVector {
    pub descriptor: DeletionVectorDescriptor,
    pub rows: Arc<RoaringBitmap>,
}

/// The files of one write. They are deleted when this is dropped, unless they are kept.
#[derive(Debug)]
pub(in crate::warehouse) struct Written {
    pub files: Vec<NewFile>,
    pub(super) uncommitted: Uncommitted,
}

impl Written {
    /// No files yet.
    pub fn none(place: &Place) -> Self {
        Self {
            files: Vec::new(),
            uncommitted: Uncommitted::at(place),
        }
    }

    /// The rows that are not gone from the start.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(NewFile::living).sum()
    }

    /// Takes in the files of another write, which share the fate of these from now on.
    pub fn take_in(&mut self, mut other: Self) {
        self.files.append(&mut other.files);
        let paths = std::mem::take(&mut *other.uncommitted.paths.lock());
        self.uncommitted.paths.lock().extend(paths);
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Writes deletion vectors, which share the fate of the files.
    pub async fn write_vectors(
        &self,
        place: &Place,
        rows: Vec<Arc<RoaringBitmap>>,
    ) -> Result<Vec<NewVector>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let id = uuid::Uuid::new_v4();
        let path = place.file(&deletion_vector::file_name(id));
        self.uncommitted.paths.lock().push(path);
        let descriptors = deletion_vector::write(place, id, &rows).await?;
        let vectors = descriptors.into_iter().zip(rows);
        Ok(vectors
            .map(|(descriptor, rows)| NewVector { descriptor, rows })
            .collect())
    }

    /// Takes rows out of the files, given by file.
    pub async fn lose(&mut self, place: &Place, rows: Vec<RoaringBitmap>) -> Result<()> {
        let lost: Vec<(usize, Arc<RoaringBitmap>)> = rows
            .into_iter()
            .enumerate()
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(file, rows)| (file, Arc::new(rows)))
            .collect();
        let (files, rows): (Vec<usize>, Vec<_>) = lost.into_iter().unzip();
        let vectors = self.write_vectors(place, rows).await?;
        for (file, vector) in files.into_iter().zip(vectors) {
            if let Some(file) = self.files.get_mut(file) {
                file.gone = Some(vector);
            }
        }
        Ok(())
    }

    /// Leaves the files where they are.
    pub fn keep(self) {
        self.uncommitted.paths.lock().clear();
    }

    /// Leaves the files of these names where they are, and no others.
    pub fn keep_only(&self, names: &BTreeSet<String>) {
        let names = names.iter().map(|name| name.rsplit('/').next());
        let names: BTreeSet<&str> = names.flatten().collect();
        let is_kept = |path: &Path| path.filename().is_some_and(|name| names.contains(name));
        self.uncommitted.paths.lock().retain(|path| !is_kept(path));
    }
}

/// Paths that were begun, to be deleted when nothing comes of them.
#[derive(Debug)]
pub(super) struct Uncommitted {
    store: Arc<dyn ObjectStore>,
    pub(super) paths: Arc<Mutex<Vec<Path>>>,
}

impl Uncommitted {
    /// None yet.
    pub(super) fn at(place: &Place) -> Self {
        Self {
            store: Arc::clone(&place.store),
            paths: Arc::default(),
        }
    }
}

impl Drop for Uncommitted {
    fn drop(&mut self) {
        let paths = std::mem::take(&mut *self.paths.lock());
        if paths.is_empty() {
            return;
        }
        // Without a runtime the process ends, and they are orphans for the next one to remove.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let store = Arc::clone(&self.store);
            runtime.spawn(async move {
                for path in paths {
                    if let Err(error) = store.delete(&path).await {
                        tracing::debug!(%path, %error, "an abandoned data file stays behind");
                    }
                }
            });
        }
    }
}
