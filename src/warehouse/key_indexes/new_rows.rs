//! Tells an index the rows of a new file as they are written, so that nobody has to read them again.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use parking_lot::Mutex;
use tributary_udfs::postgres::comparable;

use super::{IndexedKey, KeyIndexes};
use crate::error::{Error, Result};
use crate::warehouse::key_index::{KeyIndex, version_prefixes};
use crate::warehouse::keyed::KeyedColumns;
use crate::warehouse::place::blocking;
use crate::warehouse::scan::TableScan;
use crate::warehouse::table_id::TableId;
use crate::warehouse::writer::NewFile;

/// More rows than these are read from their file, in the background.
const MOST_ROWS: usize = 1 << 16;

/// The rows that are being written.
pub(in crate::warehouse) struct NewRows {
    index: Arc<KeyIndex>,
    columns: KeyedColumns,
    /// None where they are too many.
    rows: Mutex<Option<Hashed>>,
}

/// What an index keeps of rows, in their order.
#[derive(Default)]
struct Hashed {
    keys: Vec<u128>,
    versions: Vec<u64>,
}

impl KeyIndexes {
    /// What tells the indexes by these keys, as far as they are there, of rows that are added to a version.
    pub async fn told(&self, scan: &TableScan, keys: &[IndexedKey]) -> Vec<Arc<NewRows>> {
        let schema = &scan.snapshot().schema.declared;
        let places = |names: &[String]| -> Option<Vec<usize>> {
            let places = names.iter().map(|name| schema.index_of(name).ok());
            places.collect()
        };
        let mut told = Vec::new();
        for key in keys {
            let index = self.paying(scan, key).filter(|index| index.exists());
            let columns = (places(&key.columns), places(&key.versions));
            let (Some(index), (Some(key), Some(versions))) = (index, columns) else {
                continue;
            };
            let columns = KeyedColumns {
                key,
                versions,
                deleted: None,
            };
            // That one cannot be opened is told by who looks into it.
            if let Ok(index) = index.open().await {
                told.push(Arc::new(NewRows::new(index, columns)));
            }
        }
        told
    }
}

impl NewRows {
    pub(super) fn new(index: &Arc<KeyIndex>, columns: KeyedColumns) -> Self {
        Self {
            index: Arc::clone(index),
            columns,
            rows: Mutex::new(Some(Hashed::default())),
        }
    }

    /// Takes in the rows that are written next.
    ///
    /// # Errors
    /// Columns of other types.
    pub fn push(&self, batch: &RecordBatch) -> Result<()> {
        let mut rows = self.rows.lock();
        let Some(hashed) = rows.as_mut() else {
            return Ok(());
        };
        if hashed.keys.len() + batch.num_rows() > MOST_ROWS {
            *rows = None;
            return Ok(());
        }
        let column = |index: &usize| batch.column(*index);
        let key = self.columns.key.iter().map(column);
        let key: Vec<ArrayRef> = key.map(comparable).collect::<Result<_, _>>()?;
        let versions = self.columns.versions.iter().map(column);
        let versions: Vec<ArrayRef> = versions.map(Arc::clone).collect();
        hashed.keys.extend(self.index.hash_keys(&key)?);
        hashed
            .versions
            .extend(version_prefixes(batch.num_rows(), &versions)?);
        Ok(())
    }

    /// Adds them to the index of a table, after their commit. Where that fails, who needs them reads them.
    pub async fn add_to(&self, table: &TableId, files: &[NewFile]) {
        if let Err(error) = self.add(files).await {
            tracing::debug!(%table, %error, "a key index was not told of new rows");
        }
    }

    /// Adds them, where one of these files has them all. Others are left to who needs them.
    ///
    /// # Errors
    /// 53200 without memory; what the disk says.
    async fn add(&self, files: &[NewFile]) -> Result<()> {
        let Some(Hashed { keys, versions }) = self.rows.lock().take() else {
            return Ok(());
        };
        // A file with rows that are gone has tombstones.
        let mut files = files.iter().filter(|file| file.gone.is_none());
        let (Some(file), None) = (files.next(), files.next()) else {
            return Ok(());
        };
        if file.rows != keys.len() as u64 {
            return Err(Error::internal("a file has other rows than were written"));
        }
        let (index, name) = (Arc::clone(&self.index), file.name.clone());
        blocking(move || {
            let mut build = index.build();
            let number = build.file(&name)?;
            build.push(number, 0, &keys, &versions)?;
            build.finish()
        })
        .await?
    }
}
