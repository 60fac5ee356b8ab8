//! Reads a few rows, whose places are known, as the query is planned: to plan how they are read would
//! be more work than to read them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Int64Array, RecordBatch, UInt32Array, UInt64Array};
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

/// So many pieces are read at once of a file that is kept as a whole: to begin to read, with the values of
/// a dictionary, takes longer than to decode a piece, and the others are asked for sooner or later.
const PIECES_AT_ONCE: u32 = 8;

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
            let pieces = self.read_with(piece, cache.keeps_all_of(self.pieces(), columns.len()));
            let read = self.read(scan, state, &pieces, &columns_missing).await?;
            for (index, read) in missing.into_iter().zip(read) {
                let own = id(&columns[index]);
                for (number, read) in pieces.clone().zip(read) {
                    let id = PieceId {
                        piece: number,
                        ..own.clone()
                    };
                    cache.put(id, &read);
                    if number == piece {
                        values[index] = Some(read);
                    }
                }
            }
        }
        Ok(values.into_iter().flatten().collect())
    }

    /// How many pieces the file has.
    fn pieces(&self) -> u32 {
        let rows = self.file.bounds.rows.unwrap_or_default();
        u32::try_from(rows.div_ceil(u64::from(PIECE_ROWS))).unwrap_or(u32::MAX)
    }

    /// The pieces that are read where this one is, alone or with those beside it.
    fn read_with(&self, piece: u32, with_others: bool) -> Range<u32> {
        if !with_others {
            return piece..piece + 1;
        }
        let first = piece / PIECES_AT_ONCE * PIECES_AT_ONCE;
        first..(first + PIECES_AT_ONCE).min(self.pieces())
    }

    /// Reads these columns of pieces that follow each other from the file: of each column, the values of
    /// each piece.
    async fn read(
        &self,
        scan: &TableScan,
        state: &dyn Session,
        pieces: &Range<u32>,
        columns: &[usize],
    ) -> Result<Vec<Vec<ArrayRef>>> {
        let all = self.file.bounds.rows.unwrap_or_default();
        let row = |piece: u32| (u64::from(piece) * u64::from(PIECE_ROWS)).min(all);
        let (first, end) = (row(pieces.start), row(pieces.end));
        let place = |row: u64| u32::try_from(row).unwrap_or(u32::MAX);
        let mut places = Places::default();
        places.insert_all(self.number, place(first)..place(end));
        let plan = scan.columns_at(state, places, columns).await?;
        let batches = collect(plan, state.task_ctx()).await?;
        let read: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if read as u64 != end - first {
            let message = format!("{} has {read} of {} rows", self.path, end - first);
            return Err(Error::internal(message).into());
        }
        let values = (0..columns.len())
            .map(|column| {
                let arrays = batches.iter().map(|batch| batch.column(column).as_ref());
                Ok(concat(&arrays.collect::<Vec<_>>())?)
            })
            .collect::<Result<Vec<_>>>()?;
        // They have room for a whole batch, and are nobody else's now.
        drop(batches);
        let ends = pieces.clone().map(|piece| row(piece + 1) - first);
        let ends: Vec<u64> = ends.collect();
        let values = values.into_iter();
        values.map(|values| in_parts(values, &ends)).collect()
    }
}

/// Values in parts that end before these places, each without the memory of the others.
fn in_parts(mut values: ArrayRef, ends: &[u64]) -> Result<Vec<ArrayRef>> {
    if ends.len() == 1 {
        values.shrink_to_fit();
        return Ok(vec![values]);
    }
    let mut start = 0;
    let parts = ends.iter().map(|end| {
        let places = UInt64Array::from_iter_values(start..*end);
        start = *end;
        let mut part = take(&values, &places, None)?;
        part.shrink_to_fit();
        Ok(part)
    });
    parts.collect()
}

fn field(scan: &TableScan, column: usize) -> FieldRef {
    Arc::clone(&scan.table_schema().scanned.fields()[column])
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, StringArray};

    use super::*;

    #[test]
    fn parts_have_their_values_and_the_memory_of_these() {
        let texts = (0..5000).map(|number| format!("number {number}"));
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let whole = values.get_array_memory_size();
        let parts = in_parts(Arc::clone(&values), &[2048, 4096, 5000]).unwrap();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [2048, 2048, 904]);
        assert_eq!(parts[1].as_string::<i32>().value(3), "number 2051");
        assert_eq!(parts[2].as_string::<i32>().value(903), "number 4999");
        assert!(parts[2].get_array_memory_size() < whole / 4);
        let alone = in_parts(values, &[5000]).unwrap();
        assert_eq!(alone[0].len(), 5000);
    }
}
