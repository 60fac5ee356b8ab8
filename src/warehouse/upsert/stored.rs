//! Holds new rows against those that a version of a table has, and against its tombstones.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Atomic};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::catalog::Session;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt as _;
use parking_lot::Mutex;

use super::beside::ByHand;
use super::order::Order;
use super::unique::Chunk;
use crate::error::Result;
use crate::warehouse::key_index::version_prefixes;
use crate::warehouse::key_indexes::{Covered, KeyRow};
use crate::warehouse::places::Places;
use crate::warehouse::scan::TableScan;

/// A version of a table, and where its keys stand.
pub(super) struct Stored {
    pub scan: TableScan,
    pub session: Arc<dyn Session>,
    pub order: Arc<Order>,
    pub covered: Arc<Covered>,
    /// Which files hold tombstones, by their numbers.
    pub tombstones: Vec<bool>,
    /// The rows that the same commit deletes or changes by hand, of which tombstones stay.
    pub deleted: Arc<Mutex<Places>>,
    /// The keys of rows that the same commit makes by hand, where it makes some.
    pub by_hand: Option<Arc<ByHand>>,
    /// The rows that others take the place of.
    pub gone: Arc<Mutex<Places>>,
    /// Counts the new rows that are not the latest of their keys.
    pub stale: Arc<AtomicU64>,
    /// Counts the rows of the table that are written anew, since their intervals are others, or since a
    /// deletion leaves less of them.
    pub anew: Arc<AtomicU64>,
}

impl Stored {
    /// The rows of a chunk that are later than what the table has of their keys, or what is merged of
    /// both. What they take the place of is added to what is gone.
    pub async fn latest(&self, chunk: Chunk) -> Result<RecordBatch> {
        if let Some(by_hand) = &self.by_hand {
            by_hand.refuse(&chunk)?;
        }
        if let Some(merge) = &self.order.merge {
            return self.merged(merge, chunk).await;
        }
        if self.order.history.is_some() {
            return self.with_history(chunk).await;
        }
        let Chunk { rows, hashes } = chunk;
        let known = self.known(hashes).await?;
        let mut is_stale = vec![false; rows.num_rows()];
        let equal = self.compare_beginnings(&rows, &known, &mut is_stale)?;
        if !equal.is_empty() {
            self.compare(&rows, equal, &mut is_stale).await?;
        }
        {
            let mut gone = self.gone.lock();
            for row in known.iter().filter(|row| !is_stale[row.key]) {
                if !self.is_tombstone(row) {
                    gone.insert(row.file, i64::from(row.place));
                }
            }
        }
        let stale = is_stale.iter().filter(|stale| **stale).count();
        if stale == 0 {
            return Ok(rows);
        }
        self.stale.fetch_add(stale as u64, Atomic::Relaxed);
        let later: BooleanArray = is_stale.iter().map(|stale| Some(!stale)).collect();
        Ok(filter_record_batch(&rows, &later)?)
    }

    /// Whether a row tells no more than that its key was deleted, with its version.
    pub(super) fn is_tombstone(&self, row: &KeyRow) -> bool {
        self.tells_of_deletion(row.file, i64::from(row.place))
    }

    fn tells_of_deletion(&self, file: u32, place: i64) -> bool {
        let is_tombstone = self.tombstones.get(file as usize) == Some(&true);
        is_tombstone || self.by_hand.is_some() && self.deleted.lock().contains(file, place)
    }

    /// What the table has of keys: rows that do not go by hand, and tombstones.
    pub(super) async fn known(&self, hashes: Vec<u128>) -> Result<Vec<KeyRow>> {
        let mut known = self.covered.find_with_tombstones(hashes).await?;
        if self.by_hand.is_some() {
            let gone = self.gone.lock();
            known.retain(|row| {
                self.is_tombstone(row) || !gone.contains(row.file, i64::from(row.place))
            });
        }
        Ok(known)
    }

    /// Compares versions as far as the index knows them; answers which rows of the table must be
    /// looked at.
    fn compare_beginnings<'a>(
        &self,
        rows: &RecordBatch,
        known: &'a [KeyRow],
        is_stale: &mut [bool],
    ) -> Result<Vec<&'a KeyRow>> {
        if self.order.is_of_arrival() {
            return Ok(Vec::new());
        }
        let versions = version_prefixes(rows.num_rows(), &self.order.versions(rows))?;
        let mut equal = Vec::new();
        for row in known {
            match versions[row.key].cmp(&row.version) {
                Ordering::Greater => {}
                Ordering::Equal => equal.push(row),
                Ordering::Less => is_stale[row.key] = true,
            }
        }
        // Who is stale already needs no second look.
        equal.retain(|row| !is_stale[row.key]);
        Ok(equal)
    }

    /// Compares new rows with rows of the table.
    async fn compare(
        &self,
        rows: &RecordBatch,
        known: Vec<&KeyRow>,
        is_stale: &mut [bool],
    ) -> Result<()> {
        let mut places = Places::default();
        let mut keys: HashMap<(u32, u32), usize> = HashMap::with_capacity(known.len());
        for row in known {
            places.insert(row.file, i64::from(row.place));
            keys.insert((row.file, row.place), row.key);
        }
        let session = self.session.as_ref();
        let plan = self.scan.known_rows(session, places).await?;
        let mut stored = execute_stream(plan, session.task_ctx())?;
        while let Some(stored) = stored.next().await.transpose()? {
            let width = stored.num_columns();
            let files = stored.column(width - 2).as_primitive::<UInt32Type>();
            let places = stored.column(width - 1).as_primitive::<Int64Type>();
            let comparison = self.order.comparison(&stored, rows)?;
            for (at, (file, place)) in files.values().iter().zip(places.values()).enumerate() {
                let number = u32::try_from(*place).unwrap_or(u32::MAX);
                if let Some(key) = keys.get(&(*file, number)) {
                    // What is there already need not be written again. Of one version a deletion counts
                    // as later, and of a deletion nothing but its version is known.
                    let order = match self.tells_of_deletion(*file, *place) {
                        true => comparison.of_versions(at, *key),
                        false => comparison.of(at, *key),
                    };
                    is_stale[*key] |= order.is_ge();
                }
            }
        }
        Ok(())
    }
}
