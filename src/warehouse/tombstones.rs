//! Tombstones: what a keyed table knows of keys that are deleted.
//!
//! The row that told of a deletion is kept for a while, since an older row of its key may yet
//! arrive, which must not bring the key back. It lies in a data file of its own kind, all rows of
//! which are gone from the start: in its deletion vector. So no reader of the table sees it, in
//! whatever engine, while it is part of the table's versions like any row, comes and goes in the
//! commit of the deletion, and is found by the key index. The names of these files tell them from
//! others, whose rows that are gone mean nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, is_not_null, not, prep_null_mask_filter};
use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use datafusion::catalog::Session;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt as _, stream};
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use tokio::sync::mpsc;

use super::compaction::{CompactionExtent, FILES_OF_A_SIZE, size_class};
use super::keyed::{Keyed, Merge};
use super::place::Place;
use super::scan::TableScan;
use super::schema::TableSchema;
use super::settings::WarehouseSettings;
use super::snapshot::{DataFile, Snapshot};
use super::upsert;
use super::writer::{self, Written};
use crate::error::{Error, Result};

/// What the names of files of tombstones begin with.
pub(super) const PREFIX: &str = "tombstones";

/// Batches that wait to be written.
const QUEUE: usize = 2;

/// The files of tombstones that a stream of rows has given, once it has ended.
#[derive(Default)]
pub(super) struct Found(Arc<Mutex<Option<Written>>>);

impl Found {
    /// Puts them beside the files of the rows.
    pub fn join(self, rows: &mut Written) {
        if let Some(tombstones) = self.0.lock().take() {
            rows.take_in(tombstones);
        }
    }
}

/// Takes the rows that tell that their keys are deleted out of a stream, and writes them as
/// tombstones; where only the order of arrival tells which row is later, nothing needs to be known
/// of them.
pub(super) fn divide(
    rows: SendableRecordBatchStream,
    place: &Place,
    schema: &Arc<TableSchema>,
    settings: &WarehouseSettings,
) -> Result<(SendableRecordBatchStream, Found)> {
    let found = Found::default();
    let Some(keyed) = &schema.keyed else {
        return Ok((rows, found));
    };
    let columns = keyed.columns(&schema.declared)?;
    let Some(column) = columns.deleted else {
        return Ok((rows, found));
    };
    let own = rows.schema();
    let state = Dividing {
        rows,
        column,
        tombstones: (!columns.versions.is_empty()).then(|| Writer {
            place: place.clone(),
            schema: Arc::clone(schema),
            settings: settings.clone(),
            writing: None,
        }),
        found: Arc::clone(&found.0),
    };
    let living = stream::try_unfold(state, |mut state| async move {
        let living = state.next().await.map_err(DataFusionError::from)?;
        Ok(living.map(|living| (living, state)))
    });
    Ok((Box::pin(RecordBatchStreamAdapter::new(own, living)), found))
}

struct Dividing {
    rows: SendableRecordBatchStream,
    /// The column that tells of deletions.
    column: usize,
    tombstones: Option<Writer>,
    found: Arc<Mutex<Option<Written>>>,
}

impl Dividing {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let Some(batch) = self.rows.next().await.transpose()? else {
            if let Some(tombstones) = self.tombstones.take() {
                let written = tombstones.finish().await?;
                *self.found.lock() = written;
            }
            return Ok(None);
        };
        let deleted = deleted(&batch, self.column)?;
        if deleted.true_count() == 0 {
            return Ok(Some(batch));
        }
        if let Some(tombstones) = &mut self.tombstones {
            tombstones
                .push(filter_record_batch(&batch, &deleted)?)
                .await?;
        }
        Ok(Some(filter_record_batch(&batch, &not(&deleted)?)?))
    }
}

/// Which rows tell that their keys are deleted, by this column: none is NULL.
pub(super) fn deleted(batch: &RecordBatch, column: usize) -> Result<BooleanArray> {
    let column = batch.column(column);
    Ok(match column.data_type() {
        DataType::Boolean if column.null_count() > 0 => prep_null_mask_filter(column.as_boolean()),
        DataType::Boolean => column.as_boolean().clone(),
        _ => is_not_null(column)?,
    })
}

/// Writes tombstones in a task of its own.
struct Writer {
    place: Place,
    schema: Arc<TableSchema>,
    settings: WarehouseSettings,
    writing: Option<Writing>,
}

struct Writing {
    rows: mpsc::Sender<RecordBatch>,
    written: SpawnedTask<Result<Written>>,
}

impl Writer {
    async fn push(&mut self, rows: RecordBatch) -> Result<()> {
        let writing = match &self.writing {
            Some(writing) => writing,
            None => {
                let begun = self.begin();
                self.writing.insert(begun)
            }
        };
        if writing.rows.send(rows).await.is_ok() {
            return Ok(());
        }
        // It takes no more since it has failed.
        match self.writing.take() {
            Some(writing) => writing.end().await.map(drop),
            None => Ok(()),
        }
    }

    fn begin(&self) -> Writing {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let rows = stream::unfold(
            receiver,
            |mut receiver: mpsc::Receiver<RecordBatch>| async move {
                let rows = receiver.recv().await?;
                Some((Ok(rows), receiver))
            },
        );
        let declared = Arc::clone(&self.schema.declared);
        let rows = Box::pin(RecordBatchStreamAdapter::new(declared, rows));
        let (place, settings) = (self.place.clone(), self.settings.clone());
        let schema = Arc::clone(&self.schema);
        Writing {
            rows: sender,
            written: SpawnedTask::spawn(
                async move { write(&place, &schema, rows, &settings).await },
            ),
        }
    }

    async fn finish(self) -> Result<Option<Written>> {
        match self.writing {
            Some(writing) => writing.end().await.map(Some),
            None => Ok(None),
        }
    }
}

impl Writing {
    async fn end(self) -> Result<Written> {
        drop(self.rows);
        let written = self.written.join().await;
        written
            .map_err(|error| Error::internal(format!("writing tombstones was cut off: {error}")))?
    }
}

/// Writes rows to files of tombstones.
pub(super) async fn write(
    place: &Place,
    schema: &Arc<TableSchema>,
    rows: SendableRecordBatchStream,
    settings: &WarehouseSettings,
) -> Result<Written> {
    let mut written = writer::write_named(PREFIX, place, schema, rows, settings).await?;
    let all = written.files.iter().map(|file| {
        let mut all = RoaringBitmap::new();
        all.insert_range(..u32::try_from(file.rows).unwrap_or(u32::MAX));
        all
    });
    let all = all.collect();
    written.lose(place, all).await?;
    Ok(written)
}

/// What is to be done about the files of tombstones of a version.
pub(super) struct DueTombstones {
    /// Files that are older than the retention.
    pub expired: Vec<Arc<DataFile>>,
    /// Files with their numbers that become one.
    pub merged: Vec<Vec<(u32, Arc<DataFile>)>>,
}

impl DueTombstones {
    pub fn is_empty(&self) -> bool {
        self.expired.is_empty() && self.merged.is_empty()
    }
}

/// Tombstones of so many parts of the retention are in files apart, so that none is kept for much
/// longer than it has to be.
const AGES: u64 = 8;

/// What is to be done about the files of tombstones of a version at a time.
pub(super) fn due(
    snapshot: &Snapshot,
    extent: CompactionExtent,
    now: DateTime<Utc>,
) -> DueTombstones {
    let keyed = snapshot.schema.keyed.as_ref();
    let retention = keyed.map_or(0, |keyed| keyed.tombstone_retention_seconds);
    let mut due = DueTombstones {
        expired: Vec::new(),
        merged: Vec::new(),
    };
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for (number, file) in (0..).zip(&snapshot.files) {
        if !file.is_tombstones() {
            continue;
        }
        let age = u64::try_from((now - file.modified).num_seconds()).unwrap_or_default();
        if age >= retention {
            due.expired.push(Arc::clone(file));
            continue;
        }
        let size = match extent {
            CompactionExtent::Full => 0,
            CompactionExtent::Due => size_class(file),
        };
        let since = u64::try_from(file.modified.timestamp()).unwrap_or_default();
        let group = (since / (retention / AGES).max(1), size);
        groups
            .entry(group)
            .or_default()
            .push((number, Arc::clone(file)));
    }
    let least = match extent {
        CompactionExtent::Full => 2,
        CompactionExtent::Due => FILES_OF_A_SIZE,
    };
    due.merged = groups
        .into_values()
        .filter(|files| files.len() >= least)
        .collect();
    due
}

/// Copies tombstones into one file, or few, as old as the youngest of them. Of those of a key the latest
/// stays, but in a history, where each ends another interval.
pub(super) async fn merge(
    scan: TableScan,
    session: &dyn Session,
    files: &[(u32, Arc<DataFile>)],
    place: &Place,
    snapshot: &Snapshot,
    settings: &WarehouseSettings,
) -> Result<Written> {
    let declared = &snapshot.schema.declared;
    let own: Vec<usize> = (0..declared.fields().len()).collect();
    let plan = scan.all_rows_of(session, files, &own).await?;
    let rows = execute_stream(plan, session.task_ctx())?;
    let rows = rows.map(move |batch| Ok(batch?.project(&own)?));
    let mut rows: SendableRecordBatchStream =
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(declared), rows));
    if let Some(keyed) = snapshot.schema.keyed.as_ref()
        && !keyed.has_history()
    {
        // Of a deletion nothing is kept that could be merged by column.
        let keyed = Some(Keyed {
            merge: Merge::Row,
            ..keyed.clone()
        });
        let whole = Arc::new(TableSchema {
            keyed,
            ..snapshot.schema.as_ref().clone()
        });
        let (context, most) = (session.task_ctx(), settings.upsert_rows);
        (rows, _) = upsert::latest(rows, &whole, context, most, upsert::Arrival::Tells)?;
    }
    let mut written = write(place, &snapshot.schema, rows, settings).await?;
    let times = files
        .iter()
        .map(|(_, file)| file.modified.timestamp_millis());
    let since = times.max();
    for file in &mut written.files {
        file.since = since;
    }
    Ok(written)
}
