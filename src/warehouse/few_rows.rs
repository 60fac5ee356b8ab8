//! Reads a few rows, whose places are known, as the query is planned: to plan how they are read would
//! be more work than to read them.

use std::collections::BTreeMap;
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

/// At most so many pieces are read around one of a file that is kept as a whole: to begin to read, with the
/// values of a dictionary, takes longer than to decode a piece, and the others are asked for sooner or later.
const PIECES_AT_ONCE: u64 = 8;

/// Together they take so many bytes at most.
const BYTES_AT_ONCE: u64 = 4 << 20;

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
            let wanted: Vec<usize> = missing.iter().map(|index| columns[*index]).collect();
            let ids: Vec<PieceId> = wanted.iter().map(id).collect();
            let read = self.read(scan, state, &[piece], &wanted).await?;
            keep(cache, &ids, &[piece], &read);
            let own: Vec<ArrayRef> = read.into_iter().flatten().collect();
            let bytes = bytes_of_piece(&own);
            for (index, read) in missing.into_iter().zip(own) {
                values[index] = Some(read);
            }
            // How much the others take is known by now, which a file does not tell of texts.
            let others = match cache.keeps_all_of(self.pieces(), bytes) {
                true => beside(piece, self.pieces(), bytes),
                false => Vec::new(),
            };
            if !others.is_empty() {
                let read = self.read(scan, state, &others, &wanted).await?;
                keep(cache, &ids, &others, &read);
            }
        }
        Ok(values.into_iter().flatten().collect())
    }

    /// How many pieces the file has.
    fn pieces(&self) -> u32 {
        let rows = self.file.bounds.rows.unwrap_or_default();
        u32::try_from(rows.div_ceil(u64::from(PIECE_ROWS))).unwrap_or(u32::MAX)
    }

    /// Reads these columns of pieces, which are in order, from the file: of each column, the values of each
    /// piece.
    async fn read(
        &self,
        scan: &TableScan,
        state: &dyn Session,
        pieces: &[u32],
        columns: &[usize],
    ) -> Result<Vec<Vec<ArrayRef>>> {
        let all = self.file.bounds.rows.unwrap_or_default();
        let row = |piece: u32| (u64::from(piece) * u64::from(PIECE_ROWS)).min(all);
        let place = |row: u64| u32::try_from(row).unwrap_or(u32::MAX);
        let mut places = Places::default();
        let mut wanted = 0;
        // Where each piece ends in what is read.
        let mut ends = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let (first, end) = (row(*piece), row(*piece + 1));
            places.insert_all(self.number, place(first)..place(end));
            wanted += end - first;
            ends.push(wanted);
        }
        let plan = scan.columns_at(state, places, columns).await?;
        let batches = collect(plan, state.task_ctx()).await?;
        let read: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if read as u64 != wanted {
            let message = format!("{} has {read} of {wanted} rows", self.path);
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
        let values = values.into_iter();
        values.map(|values| in_parts(values, &ends)).collect()
    }
}

/// Keeps what was read of pieces, of each column the values of each piece; the columns are those of `ids`.
fn keep(cache: &RowCache, ids: &[PieceId], pieces: &[u32], read: &[Vec<ArrayRef>]) {
    for (id, read) in ids.iter().zip(read) {
        for (piece, values) in pieces.iter().zip(read) {
            let id = PieceId {
                piece: *piece,
                ..id.clone()
            };
            cache.put(id, values);
        }
    }
}

/// The bytes that a whole piece takes in these columns, by those of one, which may be the shorter last.
fn bytes_of_piece(columns: &[ArrayRef]) -> u64 {
    let bytes = columns.iter().map(|values| values.get_array_memory_size());
    let bytes = bytes.sum::<usize>() as u64;
    let rows = columns.first().map_or(0, |values| values.len()) as u64;
    bytes.saturating_mul(u64::from(PIECE_ROWS)) / rows.max(1)
}

/// The pieces, of so many, that are read along with one where each takes so many bytes.
fn beside(piece: u32, pieces: u32, bytes: u64) -> Vec<u32> {
    let at_once = (BYTES_AT_ONCE / bytes.max(1)).clamp(1, PIECES_AT_ONCE);
    let at_once = u32::try_from(at_once).unwrap_or(1);
    let first = piece / at_once * at_once;
    let end = first.saturating_add(at_once).min(pieces);
    (first..end).filter(|other| *other != piece).collect()
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

    #[test]
    fn as_much_is_read_along_as_takes_few_bytes() {
        assert_eq!(beside(9, 100, 1 << 10), [8, 10, 11, 12, 13, 14, 15]);
        assert_eq!(beside(9, 11, 1 << 10), [8, 10]);
        assert_eq!(beside(9, 100, 2 << 20), [8]);
        assert_eq!(beside(9, 100, 3 << 20), [0; 0]);
        assert_eq!(beside(0, 1, 0), [0; 0]);
    }

    #[test]
    fn what_a_piece_takes_is_told_by_the_last_one_too() {
        let texts = |count| -> ArrayRef {
            let text = "x".repeat(1000);
            Arc::new(StringArray::from_iter_values(vec![text; count]))
        };
        assert!(bytes_of_piece(&[texts(2048)]) >= 2_048_000);
        assert!(bytes_of_piece(&[texts(10)]) >= 2_048_000);
        assert!(bytes_of_piece(&[texts(10), texts(10)]) >= 4_096_000);
        assert_eq!(bytes_of_piece(&[]), 0);
    }
}
