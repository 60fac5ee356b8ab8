//! Changing rows of a table: some of a version go, others come, in one commit.
//!
//! Files never change. Those that rows go from are written anew without them, and the new rows go
//! to files beside them; files that lose no row stay as they are.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as QueryResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt as _, TryStreamExt as _};
use parking_lot::Mutex;

use super::places::Places;
use super::scan::TableScan;
use super::settings::WarehouseSettings;
use super::snapshot::{DataFile, Snapshot};
use super::table::{Change, Table};
use super::{Commit, CommitInfo, Participant, writer};
use crate::error::Result;

/// A change of a table that has begun: it sees one version, and is made to it.
pub struct Modification {
    pub(super) table: Arc<Table>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) settings: WarehouseSettings,
}

impl Modification {
    /// The version's rows, for queries.
    ///
    /// # Errors
    /// An address of the warehouse that is none.
    pub fn scan(&self) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(self.table_scan()?))
    }

    /// The version's rows with two more columns, [`super::FILE_COLUMN`] and
    /// [`super::PLACE_COLUMN`], by which [`Self::commit`] knows them again.
    ///
    /// # Errors
    /// Those of [`Self::scan`].
    pub fn rows(&self) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(self.table_scan()?.with_places()))
    }

    fn table_scan(&self) -> Result<TableScan> {
        let (table, snapshot) = (&self.table, Arc::clone(&self.snapshot));
        TableScan::new(table.id.clone(), table.place.clone(), snapshot)
    }

    /// Takes the rows of `gone` out of the table and puts `rows` into it, in one commit. `gone` is
    /// looked at when `rows` have ended, so that who gives them can fill it meanwhile. Without a
    /// row that goes or comes there is no commit.
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
        let schema = Arc::clone(&self.snapshot.schema);
        let kept = futures::stream::once({
            let gone = Arc::clone(&gone);
            let scan = self.table_scan()?;
            async move {
                let gone = gone.lock().clone();
                kept_rows(session.as_ref(), &scan, gone).await
            }
        });
        let removed = Arc::new(Mutex::new(Vec::new()));
        let kept = kept.map_ok({
            let removed = Arc::clone(&removed);
            move |kept: Kept| {
                *removed.lock() = kept.removed;
                kept.rows
            }
        });
        let all = rows.chain(kept.try_flatten());
        let all = RecordBatchStreamAdapter::new(Arc::clone(&schema.declared), all);
        let written =
            writer::write(&self.table.place, &schema, Box::pin(all), &self.settings).await?;
        let removed = std::mem::take(&mut *removed.lock());
        if removed.is_empty() && written.files.is_empty() {
            return Ok(None);
        }
        let change = Change::Modify { schema, removed };
        self.table
            .commit(change, info, Some(written), participant, &self.settings)
            .await
            .map(Some)
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
        let change = Change::Modify { schema, removed };
        self.table
            .commit(change, info, None, participant, &self.settings)
            .await
            .map(Some)
    }
}

/// What stays of files that rows go from.
struct Kept {
    removed: Vec<Arc<DataFile>>,
    rows: SendableRecordBatchStream,
}

async fn kept_rows(session: &dyn Session, scan: &TableScan, gone: Places) -> QueryResult<Kept> {
    let touched = scan.files_of(gone.files().map(|(file, _)| file));
    let removed = touched.iter().map(|(_, file)| Arc::clone(file)).collect();
    // A file of which every row goes need not be read.
    let counts = gone.files().map(|(_, rows)| rows);
    let read = touched
        .into_iter()
        .zip(counts)
        .filter(|((_, file), gone)| file.bounds.rows != Some(*gone))
        .map(|(file, _)| file)
        .collect();
    let plan = scan.with_places_of(session, read).await?;
    let columns: Vec<usize> = (0..scan.schema().fields().len()).collect();
    let rows = execute_stream(plan, session.task_ctx())?;
    let rows = rows.map(move |batch| {
        let batch = batch?;
        let kept = kept(&batch, &gone);
        Ok(filter_record_batch(&batch.project(&columns)?, &kept)?)
    });
    let rows = RecordBatchStreamAdapter::new(scan.schema(), rows);
    Ok(Kept {
        removed,
        rows: Box::pin(rows),
    })
}

/// Which rows of a batch that ends in the columns of places are not gone.
fn kept(batch: &RecordBatch, gone: &Places) -> BooleanArray {
    let width = batch.num_columns();
    let files = batch.column(width - 2).as_primitive::<UInt32Type>();
    let places = batch.column(width - 1).as_primitive::<Int64Type>();
    let rows = files.values().iter().zip(places.values());
    BooleanArray::from_iter(rows.map(|(file, place)| Some(!gone.contains(*file, *place))))
}
