//! Merges new rows with those that a version of a table has, and with its tombstones, column by column.

use std::collections::HashMap;
use std::sync::atomic::Ordering as Atomic;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, interleave_record_batch, take_record_batch};
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::execute_stream;
use futures::StreamExt as _;

use super::columns::{ColumnMerge, Groups, Source};
use super::stored::Stored;
use super::unique::{Chunk, size_of_batch};
use crate::error::Result;
use crate::warehouse::key_index::version_prefixes;
use crate::warehouse::key_indexes::KeyRow;
use crate::warehouse::places::Places;

/// The number of the new rows among what is merged.
pub(super) const NEW: usize = 0;

/// The number of those that the table has.
pub(super) const OLD: usize = 1;

/// The number of what was merged, beside the new rows.
const MERGED: usize = 1;

/// What is new of a key, by the numbers of rows.
#[derive(Default)]
struct NewKey {
    deletion: Option<usize>,
    living: Option<usize>,
}

/// What the table has of a key.
#[derive(Clone, Copy, Default)]
struct OldKey<'a> {
    /// The row that is not gone.
    row: Option<&'a KeyRow>,
    /// Its number among those that were read; none where something later takes all of its place.
    read: Option<usize>,
    /// The latest of the tombstones that were read: of the others each is earlier than all that is
    /// new.
    tombstone: Option<usize>,
}

impl Stored {
    /// What the rows of a chunk and those of the table come to: rows that are new, or others than the
    /// table has, and deletions that it did not know of. What they take the place of is added to what
    /// is gone.
    pub(super) async fn merged(&self, merge: &ColumnMerge, chunk: Chunk) -> Result<RecordBatch> {
        let Chunk { rows, hashes } = chunk;
        let (keys, hashes) = new_keys(merge, &rows, hashes)?;
        let new = merge.source(rows)?;
        let known = self.known(hashes).await?;
        let wanted = self.wanted(merge, &new, &keys, &known)?;
        let (old, memory) = self.read(&known, &wanted).await?;
        let read: HashMap<usize, usize> = wanted.into_iter().zip(0..).collect();
        let sources = [new, merge.source(old)?];
        let mut old_keys = vec![OldKey::default(); keys.len()];
        for (number, row) in known.iter().enumerate() {
            let Some(old) = old_keys.get_mut(row.key) else {
                continue;
            };
            let read = read.get(&number).copied();
            if !self.is_tombstone(row) {
                (old.row, old.read) = (Some(row), read);
            } else if let Some(read) = read {
                let is_later = |known| merge.is_later(&sources, (OLD, read), (OLD, known));
                if old.tombstone.is_none_or(is_later) {
                    old.tombstone = Some(read);
                }
            }
        }
        let mut groups = Groups::default();
        for (new, old) in keys.iter().zip(&old_keys) {
            let living = new.living.map(|row| (NEW, row));
            let rows = old.read.map(|row| (OLD, row)).into_iter().chain(living);
            let deletions = [
                old.tombstone.map(|row| (OLD, row)),
                new.deletion.map(|row| (NEW, row)),
            ];
            let deletion = deletions.into_iter().flatten().reduce(|known, new| {
                match merge.is_later(&sources, new, known) {
                    true => new,
                    false => known,
                }
            });
            groups.push(rows, deletion);
        }
        let merged = merge.merge(&sources, &groups)?;
        drop(memory);
        let [new, _] = &sources;
        let mut living = merged.keys.iter().enumerate().peekable();
        let mut kept = Vec::with_capacity(keys.len());
        let (mut stale, mut anew) = (0, 0);
        let mut gone = self.gone.lock();
        for (number, (key, old)) in keys.iter().zip(&old_keys).enumerate() {
            let before = kept.len();
            if let Some(row) = key.deletion
                && old
                    .tombstone
                    .is_none_or(|known| merge.is_later(&sources, (NEW, row), (OLD, known)))
            {
                kept.push((NEW, row));
            }
            let row = living.next_if(|(_, key)| **key == number);
            let row = row.map(|(row, _)| row);
            let stays = old.read.is_some()
                && row.is_some_and(|row| merged.differs.get(row) == Some(&false));
            if !stays {
                kept.extend(row.map(|row| (MERGED, row)));
                // A row that was made by hand may be older than what is known to be gone.
                if let Some(row) = old.row
                    && kept.len() > before
                {
                    gone.insert(row.file, i64::from(row.place));
                }
            }
            let new = [key.deletion, key.living].into_iter().flatten().count();
            anew += (kept.len() - before).saturating_sub(new) as u64;
            if kept.len() == before {
                stale += 1;
            }
        }
        drop(gone);
        self.stale.fetch_add(stale, Atomic::Relaxed);
        self.anew.fetch_add(anew, Atomic::Relaxed);
        Ok(interleave_record_batch(&[&new.rows, &merged.rows], &kept)?)
    }

    /// The numbers of the rows of the table that must be looked at, in order.
    fn wanted(
        &self,
        merge: &ColumnMerge,
        new: &Source,
        keys: &[NewKey],
        known: &[KeyRow],
    ) -> Result<Vec<usize>> {
        let by_arrival = self.order.is_of_arrival();
        let versions = version_prefixes(new.rows.num_rows(), &self.order.versions(&new.rows))?;
        let whole = merge.are_whole(new);
        let is_wanted = |row: &KeyRow| {
            let Some(key) = keys.get(row.key) else {
                return false;
            };
            let is_whole = |living: &usize| whole.get(*living) == Some(&true);
            let version = |row: usize| versions.get(row).copied().unwrap_or_default();
            if self.is_tombstone(row) {
                // A value that was merged may be of any version.
                let living = key.living.map(|living| match is_whole(&living) {
                    true => version(living),
                    false => 0,
                });
                let least = living.into_iter().chain(key.deletion.map(version)).min();
                return !by_arrival && least.is_some_and(|least| row.version >= least);
            }
            let overtakes = |new: usize| by_arrival || version(new) > row.version;
            let living = key.living.filter(is_whole);
            !living.into_iter().chain(key.deletion).any(overtakes)
        };
        let numbers = known.iter().enumerate();
        let wanted = numbers.filter(|(_, row)| is_wanted(row));
        Ok(wanted.map(|(number, _)| number).collect())
    }

    /// The rows of these numbers, in this order, and the memory that they take.
    pub(super) async fn read(
        &self,
        known: &[KeyRow],
        wanted: &[usize],
    ) -> Result<(RecordBatch, MemoryReservation)> {
        let pool = &self.session.runtime_env().memory_pool;
        let memory = MemoryConsumer::new("rows to merge").register(pool);
        let mut places = Places::default();
        let mut numbers: HashMap<(u32, u32), usize> = HashMap::with_capacity(wanted.len());
        for (number, row) in wanted.iter().filter_map(|at| known.get(*at)).enumerate() {
            places.insert(row.file, i64::from(row.place));
            numbers.insert((row.file, row.place), number);
        }
        let session = self.session.as_ref();
        let plan = self.scan.known_rows(session, places).await?;
        let mut stored = execute_stream(plan, session.task_ctx())?;
        let width = stored.schema().fields().len() - 2;
        let own: Vec<usize> = (0..width).collect();
        let (mut batches, mut found) = (Vec::new(), Vec::with_capacity(wanted.len()));
        while let Some(batch) = stored.next().await.transpose()? {
            let files = batch.column(width).as_primitive::<UInt32Type>();
            let places = batch.column(width + 1).as_primitive::<Int64Type>();
            let mut rows = Vec::new();
            for (row, (file, place)) in (0..).zip(files.values().iter().zip(places.values())) {
                let place = u32::try_from(*place).unwrap_or(u32::MAX);
                if let Some(number) = numbers.get(&(*file, place)) {
                    found.push((*number, found.len()));
                    rows.push(row);
                }
            }
            let rows = take_record_batch(&batch.project(&own)?, &UInt32Array::from(rows))?;
            memory.try_grow(size_of_batch(&rows)?)?;
            batches.push(rows);
        }
        let schema = std::sync::Arc::new(stored.schema().project(&own)?);
        let rows = concat_batches(&schema, &batches)?;
        drop(batches);
        found.sort_unstable();
        let order: UInt32Array = found
            .into_iter()
            .map(|(_, row)| u32::try_from(row).ok())
            .collect();
        Ok((take_record_batch(&rows, &order)?, memory))
    }
}

/// What is new of each key, and the hashes of the keys.
fn new_keys(
    merge: &ColumnMerge,
    rows: &RecordBatch,
    hashes: Vec<u128>,
) -> Result<(Vec<NewKey>, Vec<u128>)> {
    let deleted = merge.deleted(rows)?;
    let mut keys: Vec<NewKey> = Vec::with_capacity(hashes.len());
    for (row, hash) in hashes.iter().enumerate() {
        if row == 0 || hashes.get(row - 1) != Some(hash) {
            keys.push(NewKey::default());
        }
        let Some(key) = keys.last_mut() else {
            continue;
        };
        match deleted.as_ref().is_some_and(|it| it.value(row)) {
            true => key.deletion = Some(row),
            false => key.living = Some(row),
        }
    }
    let mut hashes = hashes;
    hashes.dedup();
    Ok((keys, hashes))
}
