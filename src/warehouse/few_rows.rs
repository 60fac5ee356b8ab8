//! Reads a few rows, whose places are known, as the query is planned: to plan how they are read would
//! be more work than to read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{concat, concat_batches, take};
use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::project_schema;
use datafusion::error::Result;
use datafusion::physical_plan::collect;

use super::places::Places;
use super::row_cache::{PIECE_ROWS, PieceId, RowCache};
use super::scan::TableScan;
use super::snapshot::DataFile;
use crate::error::Error;

/// More rows than these are read by an operator.
const FEW_ROWS: u64 = 64;

/// Some rows of a file.
struct FileRows {
    number: u32,
    file: Arc<DataFile>,
    path: Arc<str>,
    /// The places, by the piece they are in.
    pieces: BTreeMap<u32, Vec<u32>>,
}

/// The rows at these places that are not gone; none where they are too many, or a file does not tell
/// how many rows it has.
pub(super) async fn read(
    scan: &TableScan,
    cache: &RowCache,
    state: &dyn Session,
    places: &Places,
    projection: Option<&Vec<usize>>,
) -> Result<Option<RecordBatch>> {
    if places.len() > FEW_ROWS {
        return Ok(None);
    }
    let Some(files) = by_file(scan, places).await? else {
        return Ok(None);
    };
    let shown = project_schema(&scan.shown(), projection)?;
    let stored = scan.table_schema().declared.fields().len();
    let columns: Vec<usize> = match projection {
        Some(projection) => projection.clone(),
        None => (0..scan.shown().fields().len()).collect(),
    };
    let mut batches = Vec::new();
    for rows in &files {
        for (piece, offsets) in &rows.pieces {
            let of_file: Vec<usize> = columns.iter().copied().filter(|c| *c < stored).collect();
            let mut values = rows
                .values(scan, cache, state, *piece, &of_file)
                .await?
                .into_iter();
            let arrays = columns.iter().map(|column| -> Result<ArrayRef> {
                match column.checked_sub(stored) {
                    None => {
                        let missing = || Error::internal("a column is missing");
                        at(&values.next().ok_or_else(missing)?, offsets)
                    }
                    Some(0) => {
                        let numbers = vec![rows.number; offsets.len()];
                        Ok(Arc::new(UInt32Array::from(numbers)))
                    }
                    Some(_) => Ok(Arc::new(in_file(*piece, offsets))),
                }
            });
            let arrays = arrays.collect::<Result<Vec<_>>>()?;
            batches.push(batch(&shown, arrays, offsets.len())?);
        }
    }
    Ok(Some(match batches.as_slice() {
        [batch] => batch.clone(),
        batches => concat_batches(&shown, batches)?,
    }))
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?;
    Ok(batch)
}

/// The values of a piece at these places in it.
fn at(values: &ArrayRef, offsets: &[u32]) -> Result<ArrayRef> {
    if let [offset] = offsets {
        return Ok(values.slice(*offset as usize, 1));
    }
    Ok(take(values, &UInt32Array::from(offsets.to_vec()), None)?)
}

/// The places in the file of those in a piece.
fn in_file(piece: u32, offsets: &[u32]) -> Int64Array {
    let first = i64::from(piece) * i64::from(PIECE_ROWS);
    let places = offsets.iter().map(|offset| first + i64::from(*offset));
    Int64Array::from_iter_values(places)
}

async fn by_file(scan: &TableScan, places: &Places) -> Result<Option<Vec<FileRows>>> {
    let mut files = Vec::new();
    for (number, rows) in places.files() {
        let Some(file) = scan.snapshot().files.get(number as usize) else {
            return Err(Error::internal("an index knows a file that is not there").into());
        };
        if file.bounds.rows.is_none() {
            return Ok(None);
        }
        let gone = match &file.gone {
            Some(gone) => Some(gone.rows(scan.place()).await?),
            None => None,
        };
        let mut pieces: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in rows {
            if gone.is_none_or(|gone| !gone.contains(row)) {
                let offsets = pieces.entry(row / PIECE_ROWS).or_default();
                offsets.push(row % PIECE_ROWS);
            }
        }
        if !pieces.is_empty() {
            files.push(FileRows {
                number,
                file: Arc::clone(file),
                path: Arc::clone(file.location(scan.place())),
                pieces,
            });
        }
    }
    Ok(Some(files))
}

impl FileRows {
    /// The values of these columns in a piece, gone rows' too.
    async fn values(
        &self,
        scan: &TableScan,
        cache: &RowCache,
        state: &dyn Session,
        piece: u32,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let id = |column: &usize| PieceId {
            file: Arc::clone(&self.path),
            piece,
            column: field(scan, *column),
        };
        let mut values: Vec<Option<ArrayRef>> = columns
            .iter()
            .map(|column| cache.get(&id(column)))
            .collect();
        let missing: Vec<usize> = (0..columns.len())
            .filter(|index| values[*index].is_none())
            .collect();
        if !missing.is_empty() {
            let columns_missing: Vec<usize> = missing.iter().map(|index| columns[*index]).collect();
            let read = self.read(scan, state, piece, &columns_missing).await?;
            for (index, read) in missing.into_iter().zip(read) {
                cache.put(id(&columns[index]), &read);
                values[index] = Some(read);
            }
        }
        Ok(values.into_iter().flatten().collect())
    }

    /// Reads these columns of a piece from the file.
    async fn read(
        &self,
        scan: &TableScan,
        state: &dyn Session,
        piece: u32,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let rows = self.file.bounds.rows.unwrap_or_default();
        let first = u64::from(piece) * u64::from(PIECE_ROWS);
        let end = (first + u64::from(PIECE_ROWS)).min(rows);
        let mut places = Places::default();
        for row in first..end {
            places.insert(self.number, i64::try_from(row).unwrap_or(i64::MAX));
        }
        let plan = scan.columns_at(state, places, columns).await?;
        let batches = collect(plan, state.task_ctx()).await?;
        let read: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if read as u64 != end - first {
            let message = format!("{} has {read} of {} rows", self.path, end - first);
            return Err(Error::internal(message).into());
        }
        let mut values = (0..columns.len())
            .map(|column| {
                let arrays = batches.iter().map(|batch| batch.column(column).as_ref());
                Ok(concat(&arrays.collect::<Vec<_>>())?)
            })
            .collect::<Result<Vec<_>>>()?;
        // They have room for a whole batch, and are nobody else's now.
        drop(batches);
        for values in &mut values {
            values.shrink_to_fit();
        }
        Ok(values)
    }
}

fn field(scan: &TableScan, column: usize) -> FieldRef {
    Arc::clone(&scan.table_schema().scanned.fields()[column])
}
