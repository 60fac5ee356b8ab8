//! Lookups of keys in one version of a table.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::ArrayRef;
use roaring::RoaringBitmap;

use super::new_rows::NewRows;
use crate::error::{Error, Result};
use crate::warehouse::key_index::{KeyIndex, KeyIndexReader, KnownFilesMark, Location};
use crate::warehouse::keyed::KeyedColumns;
use crate::warehouse::place::{Place, blocking};
use crate::warehouse::places::Places;
use crate::warehouse::scan::TableScan;
use crate::warehouse::snapshot::{DataFile, Snapshot};

/// So few keys are looked up in place: for each a page or two is read of each run, mostly from
/// memory, which takes less than to have another thread do it.
const FEW_KEYS: usize = 16;

/// A version of a table, and what an index knows of its rows.
pub struct Covered {
    index: Arc<KeyIndex>,
    reader: Arc<KeyIndexReader>,
    snapshot: Arc<Snapshot>,
    place: Arc<Place>,
    files: Arc<KnownFiles>,
}

/// What an index knows of the files of a version.
#[derive(Debug)]
pub(in crate::warehouse) struct KnownFiles {
    /// As long as the index covers the same files.
    mark: KnownFilesMark,
    /// The numbers that files have in the version, by those that they have in the index.
    numbers: HashMap<u32, u32>,
    /// The files of the version whose rows the index does not know.
    uncovered: Vec<u32>,
}

impl KnownFiles {
    fn of(reader: &KeyIndexReader, snapshot: &Snapshot) -> Self {
        let mut numbers = HashMap::with_capacity(snapshot.files.len());
        let mut uncovered = Vec::new();
        for (number, file) in (0..).zip(&snapshot.files) {
            match reader.file_number(&file.path) {
                Some(known) => {
                    numbers.insert(known, number);
                }
                None => uncovered.push(number),
            }
        }
        Self {
            mark: reader.files_mark(),
            numbers,
            uncovered,
        }
    }
}

/// A row of the version that has one of the keys that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Which of the keys.
    pub key: usize,
    /// The beginning of the row's version, as [`version_prefixes`](crate::warehouse::key_index::version_prefixes) has it.
    pub version: u64,
    /// The number of the row's file.
    pub file: u32,
    /// The row's place in its file.
    pub place: u32,
}

impl Covered {
    /// Of the version of a scan; `known` is what was known of its files before, of which what is right
    /// still need not be found out again.
    pub(super) fn new(
        index: &Arc<KeyIndex>,
        scan: &TableScan,
        known: Option<Arc<KnownFiles>>,
    ) -> Self {
        let snapshot = Arc::clone(scan.snapshot());
        let reader = index.reader();
        let known = known.filter(|known| reader.has_files_of(&known.mark));
        let files = known.unwrap_or_else(|| Arc::new(KnownFiles::of(&reader, &snapshot)));
        Self {
            index: Arc::clone(index),
            reader: Arc::new(reader),
            snapshot,
            place: Arc::clone(scan.shared_place()),
            files,
        }
    }

    /// What the index knows of the version's files.
    pub(in crate::warehouse) fn files(&self) -> &Arc<KnownFiles> {
        &self.files
    }

    /// The files of the version whose rows the index does not know.
    pub(in crate::warehouse) fn uncovered(&self) -> &[u32] {
        &self.files.uncovered
    }

    pub(super) fn uncovered_files(&self) -> Vec<(u32, Arc<DataFile>)> {
        let files = self.uncovered().iter().filter_map(|number| {
            let file = self.snapshot.files.get(*number as usize)?;
            Some((*number, Arc::clone(file)))
        });
        files.collect()
    }

    /// What tells the index of rows that are written.
    pub(in crate::warehouse) fn new_rows(&self, columns: KeyedColumns) -> NewRows {
        NewRows::new(&self.index, columns)
    }

    /// Whether all rows of the version are known.
    pub fn is_complete(&self) -> bool {
        self.uncovered().is_empty()
    }

    /// The hash of each row's key, given the columns of the key.
    ///
    /// # Errors
    /// Columns of other types.
    pub fn hash_keys(&self, columns: &[ArrayRef]) -> Result<Vec<u128>> {
        self.index.hash_keys(columns)
    }

    /// The rows of the version that have keys of these hashes, and are in files that are known, in
    /// the order of the keys.
    ///
    /// # Errors
    /// 53200 without memory for what is found; what the disk says.
    pub async fn find(&self, hashes: Vec<u128>) -> Result<Vec<KeyRow>> {
        let found = self.found(hashes, |_| false, usize::MAX).await?;
        Ok(found.unwrap_or_default())
    }

    /// [`Self::find`], and the tombstones with these keys.
    pub(in crate::warehouse) async fn find_with_tombstones(
        &self,
        hashes: Vec<u128>,
    ) -> Result<Vec<KeyRow>> {
        let found = self.found(hashes, DataFile::is_tombstones, usize::MAX);
        Ok(found.await?.unwrap_or_default())
    }

    /// The rows that are not gone, and those that are of files that `whole` says yes to; none where
    /// there are more than `most` before it is known which of them are gone.
    async fn found(
        &self,
        hashes: Vec<u128>,
        whole: impl Fn(&DataFile) -> bool + Send,
        most: usize,
    ) -> Result<Option<Vec<KeyRow>>> {
        let (reader, files) = (Arc::clone(&self.reader), Arc::clone(&self.files));
        let few = hashes.len() <= FEW_KEYS;
        let look = move || {
            let (numbers, count) = (&files.numbers, AtomicUsize::new(0));
            // Those that are too many are counted, and not kept.
            let keep = |location: Location| {
                numbers.contains_key(&location.file) && count.fetch_add(1, Ordering::Relaxed) < most
            };
            let candidates = reader.candidates(&hashes, keep)?;
            if count.into_inner() > most {
                return Ok(None);
            }
            let mut found = Vec::with_capacity(candidates.locations().len());
            for (key, locations) in candidates.iter().enumerate() {
                let rows = locations.iter().filter_map(|location| {
                    Some(KeyRow {
                        key,
                        version: location.version,
                        file: *numbers.get(&location.file)?,
                        place: location.row,
                    })
                });
                found.extend(rows);
            }
            Ok::<_, Error>(Some(found))
        };
        let found = match few {
            true => look()?,
            false => blocking(look).await??,
        };
        let Some(mut found) = found else {
            return Ok(None);
        };
        let mut gone: HashMap<u32, Option<Arc<RoaringBitmap>>> = HashMap::new();
        for row in &found {
            if gone.contains_key(&row.file) {
                continue;
            }
            let file = self.snapshot.files.get(row.file as usize);
            let file = file.filter(|file| !whole(file));
            let rows = match file.and_then(|file| file.gone.as_ref()) {
                Some(gone) => Some(Arc::clone(gone.rows(&self.place).await?)),
                None => None,
            };
            gone.insert(row.file, rows);
        }
        found.retain(|row| {
            let gone = gone.get(&row.file).and_then(Option::as_ref);
            gone.is_none_or(|gone| !gone.contains(row.place))
        });
        Ok(Some(found))
    }

    /// The places of all rows that have one of these keys, and are in files that are known.
    ///
    /// # Errors
    /// Those of [`Self::hash_keys`] and [`Self::find`].
    pub async fn places(&self, columns: &[ArrayRef]) -> Result<Places> {
        let places = self.places_of_few(columns, usize::MAX).await?;
        Ok(places.unwrap_or_default())
    }

    /// [`Self::places`]; none where more than `most` rows of files have these keys, whether or not they are
    /// gone.
    ///
    /// # Errors
    /// Those of [`Self::hash_keys`] and [`Self::find`].
    pub async fn places_of_few(&self, columns: &[ArrayRef], most: usize) -> Result<Option<Places>> {
        let mut hashes = self.hash_keys(columns)?;
        hashes.sort_unstable();
        hashes.dedup();
        let Some(found) = self.found(hashes, |_| false, most).await? else {
            return Ok(None);
        };
        let mut places = Places::default();
        for row in found {
            places.insert(row.file, i64::from(row.place));
        }
        Ok(Some(places))
    }
}
