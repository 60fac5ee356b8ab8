//! Changing rows of a table: some of a version go, others come, in one commit.
//!
//! Files never change. The rows that go are marked in deletion vectors, and the new rows go to files
//! beside the old ones. Files that are small, or lose most of their rows, are written anew without
//! them.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt as _, TryStreamExt as _};
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use super::changed::Changed;
use super::column_versions::with_column_versions;
use super::key_indexes::{Covered, IndexedKey, KeyIndexes, NewRows};
use super::keyed::Keyed;
use super::place::Place;
use super::places::Places;
use super::scan::TableScan;
use super::settings::WarehouseSettings;
use super::snapshot::{DataFile, Snapshot};
use super::table::{Change, Marked, Table, has_deletion_vectors};
use super::writer::Written;
use super::{Commit, CommitInfo, Participant, tombstones, writer};
use crate::error::{Error, Result};

/// A change of a table that has begun: it sees one version, and is made to it.
pub struct Modification {
    pub(super) table: Arc<Table>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) settings: WarehouseSettings,
    pub(super) indexes: Arc<KeyIndexes>,
    pub(super) keys: Vec<IndexedKey>,
    pub(super) changed: Arc<Changed>,
    pub(super) deleted: Arc<Mutex<Places>>,
    pub(super) keeps_files: bool,
}

impl Modification {
    /// The version's rows, for queries.
    ///
    /// # Errors
    /// An address of the warehouse that is none.
    pub fn scan(&self) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(self.keyed_scan()?))
    }

    /// The version's rows with two more columns, [`super::FILE_COLUMN`] and
    /// [`super::PLACE_COLUMN`], by which [`Self::commit`] knows them again.
    ///
    /// # Errors
    /// Those of [`Self::scan`].
    pub fn rows(&self) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(self.keyed_scan()?.with_places()))
    }

    /// [`Self::rows`] as data files have them: behind the table's columns stand those that hold the versions
    /// of single values, where these are kept.
    ///
    /// # Errors
    /// Those of [`Self::scan`].
    pub fn rows_of_files(&self) -> Result<Arc<dyn TableProvider>> {
        let scan = self.keyed_scan()?.with_column_versions()?;
        Ok(Arc::new(scan.with_places()))
    }

    /// Those of [`Self::rows`] that stand at these places.
    ///
    /// # Errors
    /// Those of [`Self::scan`].
    pub fn rows_at(&self, places: Places) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(self.table_scan()?.with_places().only(places)))
    }

    /// The version's rows by a key, through an index that is brought up to it; none where the
    /// table is so small that none pays, or has not these columns.
    ///
    /// # Errors
    /// What reading files that are not covered says; 53200 without memory; what the disk says.
    pub async fn covered(
        &self,
        session: &dyn Session,
        key: &IndexedKey,
    ) -> Result<Option<Covered>> {
        let scan = self.table_scan()?;
        let index = self.indexes.paying(&scan, key);
        match index {
            Some(index) => Ok(Some(index.cover(session, &scan).await?)),
            None => Ok(None),
        }
    }

    /// The change, whose rows are found by these keys through indexes, where there are some.
    #[must_use]
    pub fn by_keys(mut self, keys: Vec<IndexedKey>) -> Self {
        self.keys = keys;
        self
    }

    /// The change, which marks the rows that go in files that it would write anew otherwise, so that
    /// rows of the version before [are found](Self::moves_from) by who changes the table once more.
    #[must_use]
    pub fn keeping_files(mut self) -> Self {
        self.keeps_files = true;
        self
    }

    /// Which of the rows that go are deleted or changed by hand, to be filled until the new rows have
    /// ended, where the table remembers of keys which version of them is past.
    pub fn remembered(&self) -> Option<Arc<Mutex<Places>>> {
        let keyed = self.snapshot.schema.keyed.as_ref();
        let remembers = keyed.is_some_and(Keyed::remembers);
        remembers.then(|| Arc::clone(&self.deleted))
    }

    fn keyed_scan(&self) -> Result<TableScan> {
        let scan = self.table_scan()?;
        Ok(scan.by_keys(&self.indexes, &self.keys, &self.changed))
    }

    /// The version's rows by a key, through an index that is brought up to it, however small the table
    /// is.
    pub(super) async fn covered_anyhow(
        &self,
        session: &dyn Session,
        key: &IndexedKey,
    ) -> Result<Covered> {
        let scan = self.table_scan()?;
        let id = &self.table.id;
        let Some(index) = self.indexes.get(id, &self.snapshot.schema, key) else {
            return Err(Error::internal(format!(
                "table {id} cannot have a key index"
            )));
        };
        let covered = index.cover(session, &scan).await?;
        if !covered.is_complete() {
            return Err(Error::internal(format!(
                "the key index of table {id} lags behind"
            )));
        }
        Ok(covered)
    }

    pub(super) fn table_scan(&self) -> Result<TableScan> {
        let (table, snapshot) = (&self.table, Arc::clone(&self.snapshot));
        TableScan::new(table.id.clone(), table.place.clone(), snapshot)
    }

    /// Takes the rows of `gone` out of the table and puts `rows` into it, in one commit. `gone` is
    /// looked at when `rows` have ended, so that who gives them can fill it meanwhile. Without a
    /// row that goes or comes there is no commit. Of a keyed table's new rows those that tell that
    /// their keys are deleted become tombstones.
    ///
    /// # Errors
    /// 40001 where another commit has changed the files that rows go from, or the columns; what
    /// the rows, the store or the participant say.
    pub async fn commit(
        self,
        session: Arc<dyn Session>,
        rows: SendableRecordBatchStream,
        gone: Arc<Mutex<Places>>,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Option<Commit>> {
        self.commit_telling(session, rows, gone, info, participant, None)
            .await
    }

    /// [`Self::commit`], which tells an index of the new rows.
    pub(super) async fn commit_telling(
        self,
        session: Arc<dyn Session>,
        rows: SendableRecordBatchStream,
        gone: Arc<Mutex<Places>>,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
        new_rows: Option<Arc<NewRows>>,
    ) -> Result<Option<Commit>> {
        let schema = Arc::clone(&self.snapshot.schema);
        let files = schema.with_column_versions()?;
        let rows = with_column_versions(rows, &files);
        let (rows, tombstones) =
            tombstones::divide(rows, &self.table.place, &files, &self.settings)?;
        let losses = Arc::new(Mutex::new(Losses::default()));
        // Others will name the version of such a commit by its number.
        let is_part = info.is_part;
        let kept = futures::stream::once({
            let (gone, losses) = (Arc::clone(&gone), Arc::clone(&losses));
            let (place, snapshot) = (self.table.place.clone(), Arc::clone(&self.snapshot));
            let scan = self.table_scan()?.with_column_versions()?;
            let (settings, session) = (self.settings.clone(), Arc::clone(&session));
            let keeps_files = self.keeps_files;
            async move {
                let gone = gone.lock().clone();
                let is_worn = |bytes: u64, lost: u64, rows: u64| {
                    !keeps_files && (bytes < settings.deletion_vector_bytes || lost > rows / 2)
                };
                let found = match !is_part && pays_as_patch(&gone, &snapshot, &place, &settings) {
                    true => Losses::of_patch(&gone, &snapshot, &place).await?,
                    false => Losses::of(&gone, &snapshot, &place, is_worn).await?,
                };
                let rows = kept_rows(session.as_ref(), &scan, &found.rewritten, gone).await?;
                *losses.lock() = found;
                Ok::<_, DataFusionError>(rows)
            }
        });
        let told = new_rows.clone();
        let all = rows.chain(kept.try_flatten()).map(move |batch| {
            let batch = batch?;
            if let Some(told) = &told {
                told.push(&batch)?;
            }
            Ok::<_, DataFusionError>(batch)
        });
        let all = RecordBatchStreamAdapter::new(Arc::clone(&files.declared), all);
        let place = &self.table.place;
        let mut written = writer::write(place, &files, Box::pin(all), &self.settings).await?;
        tombstones.join(&mut written);
        let deleted = std::mem::take(&mut *self.deleted.lock());
        if let Some(remembered) = self.remember(session.as_ref(), deleted).await? {
            written.take_in(remembered);
        }
        let losses = std::mem::take(&mut *losses.lock());
        if losses.is_empty() && written.files.is_empty() {
            return Ok(None);
        }
        let rewritten = losses.rewritten.into_iter().map(|(_, file)| file);
        let removed = losses.emptied.into_iter().chain(rewritten).collect();
        let change = match losses.is_patch {
            true => Change::Patch {
                schema,
                removed,
                lost: losses.marked,
            },
            false => Change::Modify {
                schema,
                removed,
                marked: mark(losses.marked, place, &written).await?,
            },
        };
        let parts = written.files.clone();
        let commit = self
            .table
            .commit(change, info, Some(written), participant, &self.settings)
            .await?;
        if let Some(new_rows) = new_rows {
            new_rows.add_to(&self.table.id, &parts).await;
        }
        Ok(Some(commit))
    }

    /// Takes all rows out of the table.
    ///
    /// # Errors
    /// Those of [`Self::commit`].
    pub async fn clear(
        self,
        info: CommitInfo,
        participant: Option<Arc<dyn Participant>>,
    ) -> Result<Option<Commit>> {
        let removed = self.snapshot.files.clone();
        if removed.is_empty() {
            return Ok(None);
        }
        let schema = Arc::clone(&self.snapshot.schema);
        let change = Change::Modify {
            schema,
            removed,
            marked: Vec::new(),
        };
        self.table
            .commit(change, info, None, participant, &self.settings)
            .await
            .map(Some)
    }
}

/// What becomes of the files that rows go from.
#[derive(Default)]
struct Losses {
    /// Files that lose all rows.
    emptied: Vec<Arc<DataFile>>,
    /// Files of which too little stays, with their numbers.
    rewritten: Vec<(u32, Arc<DataFile>)>,
    /// Files that stay, and all rows of them that are gone; in a patch those that go with it.
    marked: Vec<(Arc<DataFile>, Arc<RoaringBitmap>)>,
    is_patch: bool,
}

/// So many rows at most go with a patch: its entry names each.
const MOST_ROWS_OF_PATCH: u64 = 100_000;

/// Whether less is written where a change tells which rows go than where it tells of all that are gone.
fn pays_as_patch(
    gone: &Places,
    snapshot: &Snapshot,
    place: &Place,
    settings: &WarehouseSettings,
) -> bool {
    if settings.fold_lag.is_zero() || place.staging.is_some() || !has_deletion_vectors(snapshot) {
        return false;
    }
    let (mut rows, mut bytes) = (0, 0);
    for (number, places) in gone.files() {
        rows += places.len();
        if let Some(file) = snapshot.files.get(number as usize)
            && let Some(before) = &file.gone
        {
            // Of 2^16 rows a bitmap names each that is gone in two bytes, or has a bit for all.
            let dense = file.bounds.rows.unwrap_or(u64::MAX) / 8;
            bytes += (before.len() * 2).min(dense);
        }
    }
    rows <= MOST_ROWS_OF_PATCH && (snapshot.patched.is_some() || bytes >= settings.patch_bytes)
}

impl Losses {
    /// `is_worn` tells of the bytes of a file, of its rows that are gone and of all of them whether it is
    /// better written anew.
    async fn of(
        gone: &Places,
        snapshot: &Snapshot,
        place: &Place,
        is_worn: impl Fn(u64, u64, u64) -> bool,
    ) -> Result<Self> {
        let mut losses = Self::default();
        for (number, rows) in gone.files() {
            let Some(file) = snapshot.files.get(number as usize) else {
                return Err(Error::internal(format!("there is no file {number}")));
            };
            let mut all = rows.clone();
            if let Some(before) = &file.gone {
                all |= before.rows(place).await?.as_ref();
            }
            let file = Arc::clone(file);
            match file.bounds.rows {
                Some(rows) if all.len() >= rows => losses.emptied.push(file),
                Some(rows) if !is_worn(file.bytes, all.len(), rows) => {
                    losses.marked.push((file, Arc::new(all)));
                }
                _ => losses.rewritten.push((number, file)),
            }
        }
        Ok(losses)
    }

    /// What goes with a patch: files that stay are not written anew, however small they are, until they
    /// are compacted.
    async fn of_patch(gone: &Places, snapshot: &Snapshot, place: &Place) -> Result<Self> {
        let mut losses = Self {
            is_patch: true,
            ..Self::default()
        };
        for (number, rows) in gone.files() {
            let Some(file) = snapshot.files.get(number as usize) else {
                return Err(Error::internal(format!("there is no file {number}")));
            };
            let mut rows = rows.clone();
            let mut all = rows.len();
            if let Some(before) = &file.gone {
                rows -= before.rows(place).await?.as_ref();
                all = rows.len() + before.len();
            }
            let file = Arc::clone(file);
            match file.bounds.rows {
                Some(total) if all >= total => losses.emptied.push(file),
                Some(_) => losses.marked.push((file, Arc::new(rows))),
                None => losses.rewritten.push((number, file)),
            }
        }
        Ok(losses)
    }

    fn is_empty(&self) -> bool {
        self.emptied.is_empty() && self.rewritten.is_empty() && self.marked.is_empty()
    }
}

/// Writes the deletion vectors of files beside the new files.
async fn mark(
    losses: Vec<(Arc<DataFile>, Arc<RoaringBitmap>)>,
    place: &Place,
    written: &Written,
) -> Result<Vec<Marked>> {
    let (files, rows): (Vec<_>, Vec<_>) = losses.into_iter().unzip();
    let vectors = written.write_vectors(place, rows).await?;
    let all = files.into_iter().zip(vectors);
    let marked = all.map(|(file, gone)| Marked { file, gone });
    Ok(marked.collect())
}

/// The rows that stay of files that are written anew.
async fn kept_rows(
    session: &dyn Session,
    scan: &TableScan,
    files: &[(u32, Arc<DataFile>)],
    gone: Places,
) -> QueryResult<SendableRecordBatchStream> {
    let plan = scan.with_places_of(session, files).await?;
    let columns: Vec<usize> = (0..scan.schema().fields().len()).collect();
    let rows = execute_stream(plan, session.task_ctx())?;
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let kept = kept(&batch, &gone);
        Ok(filter_record_batch(&batch.project(&columns)?, &kept)?)
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(scan.schema(), rows)))
}

/// Which rows of a batch that ends in the columns of places are not gone.
fn kept(batch: &RecordBatch, gone: &Places) -> BooleanArray {
    let width = batch.num_columns();
    let files = batch.column(width - 2).as_primitive::<UInt32Type>();
    let places = batch.column(width - 1).as_primitive::<Int64Type>();
    let rows = files.values().iter().zip(places.values());
    BooleanArray::from_iter(rows.map(|(file, place)| Some(!gone.contains(*file, *place))))
}
