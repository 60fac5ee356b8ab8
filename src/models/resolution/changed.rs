//! The records of a model's query, held against those of a version: what has changed.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use futures::TryStreamExt;
use tributary_udfs::resolve::repeated;

use super::index::Index;
use super::places::{columns_by_name, name, texts_of};
use super::row_hashes::hashes;
use crate::error::Result;

/// Records as their query gives them now, held against those of before.
pub(super) struct Changed {
    /// Those that are new, or others than they were.
    pub(super) batches: Vec<RecordBatch>,
    pub(super) hashes: Vec<u64>,
    /// The places of those that are gone.
    pub(super) gone: Vec<u32>,
    /// How many were read.
    pub(super) read: u64,
    /// How many of them are new.
    pub(super) new: usize,
    /// The memory of those that others take in.
    memory: MemoryReservation,
}

impl Changed {
    /// Where nothing has.
    pub(super) fn nothing(pool: &Arc<dyn MemoryPool>) -> Self {
        Self {
            batches: Vec::new(),
            hashes: Vec::new(),
            gone: Vec::new(),
            read: 0,
            new: 0,
            memory: MemoryConsumer::new("records that have changed").register(pool),
        }
    }

    /// Whether nothing has.
    pub(super) fn is_nothing(&self) -> bool {
        self.batches.is_empty() && self.gone.is_empty()
    }

    /// Reads all records. Those that others take in are held in memory.
    ///
    /// # Errors
    /// 23505 for an identifier that two records have; 53200 where memory does not suffice.
    pub(super) async fn read(
        held: Held<'_>,
        rows: SendableRecordBatchStream,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Self> {
        Ok(Self::read_some(held, rows, pool).await?.0)
    }

    /// Reads the records that are asked for; none where there are others among them, so that what they
    /// are to those that were not read is not known.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub(super) async fn read_asked(
        held: Held<'_>,
        rows: SendableRecordBatchStream,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<Option<Self>> {
        let (changed, has_others) = Self::read_some(held, rows, pool).await?;
        Ok((!has_others).then_some(changed))
    }

    async fn read_some(
        mut held: Held<'_>,
        mut rows: SendableRecordBatchStream,
        pool: &Arc<dyn MemoryPool>,
    ) -> Result<(Self, bool)> {
        let mut changed = Self::nothing(pool);
        while let Some(batch) = rows.try_next().await? {
            changed.read += batch.num_rows() as u64;
            let (states, hashes) = held.hold(&batch)?;
            changed.new += states.iter().filter(|state| **state == State::New).count();
            let is_other: Vec<bool> = states.iter().map(|state| *state != State::Same).collect();
            let others = is_other
                .iter()
                .zip(hashes)
                .filter(|(is_other, _)| **is_other);
            let known = changed.hashes.len();
            changed.hashes.extend(others.map(|(_, hash)| hash));
            if changed.hashes.len() > known {
                let others = filter_record_batch(&batch, &BooleanArray::from(is_other))?;
                changed.memory.try_grow(others.get_array_memory_size())?;
                changed.batches.push(others);
            }
        }
        let has_others = held.has_others;
        changed.gone = held.gone();
        Ok((changed, has_others))
    }
}

/// What a record is to the version before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// It is what it was.
    Same,
    /// It has other values.
    Other,
    /// It was not there.
    New,
}

/// Holds records against those of a version, as they come.
pub(super) struct Held<'a> {
    index: &'a Index,
    names: &'a [String],
    /// Which records of the version have come, by their places.
    seen: Seen,
    /// Whether some have come that were not asked for.
    has_others: bool,
    /// Where the next one likely is.
    next: u32,
}

/// Which records of a version have come.
enum Seen {
    /// Of all of them, by their places.
    OfAll(Vec<bool>),
    /// Of some that were asked for: those that have not come, and those that have.
    OfSome(HashSet<u32>, HashSet<u32>),
}

impl<'a> Held<'a> {
    /// Against the records of a version, which columns of these names name.
    pub(super) fn new(index: &'a Index, names: &'a [String]) -> Self {
        let seen = Seen::OfAll(vec![false; index.resolver.records().len()]);
        Self::of(index, names, seen)
    }

    /// The same, where only some are asked for.
    pub(super) fn asked(index: &'a Index, names: &'a [String], places: HashSet<u32>) -> Self {
        Self::of(index, names, Seen::OfSome(places, HashSet::new()))
    }

    fn of(index: &'a Index, names: &'a [String], seen: Seen) -> Self {
        Self {
            index,
            names,
            seen,
            has_others: false,
            next: 0,
        }
    }

    /// Notes that a record of the version has come, and tells whether it had before.
    fn see(&mut self, place: u32) -> bool {
        match &mut self.seen {
            Seen::OfAll(seen) => std::mem::replace(&mut seen[place as usize], true),
            Seen::OfSome(open, seen) => {
                let is_removed = self.index.resolver.records().is_removed(place);
                let is_asked = open.remove(&place) || is_removed;
                let is_seen = !seen.insert(place);
                self.has_others |= !is_asked && !is_seen;
                is_seen
            }
        }
    }

    /// What each record of a batch is, and its hash.
    ///
    /// # Errors
    /// 23505 for an identifier that two records have.
    fn hold(&mut self, batch: &RecordBatch) -> Result<(Vec<State>, Vec<u64>)> {
        let records = self.index.resolver.records();
        let texts = texts_of(&columns_by_name(batch, self.names)?)?;
        let hashes = hashes(batch)?;
        let mut states = Vec::with_capacity(hashes.len());
        for (row, hash) in hashes.iter().enumerate() {
            // One without an identifier is refused by who takes in the others.
            let named = name(&texts, row);
            let place = named.and_then(|(source, id)| records.find_at(self.next, source, id));
            if let (Some(place), Some((_, id))) = (place, named) {
                self.next = place + 1;
                if self.see(place) {
                    let column = self.names.first().map_or("", String::as_str);
                    return Err(repeated(column, id).into());
                }
            }
            states.push(match place.filter(|place| !records.is_removed(*place)) {
                None => State::New,
                Some(place) if self.index.hashes.get(place as usize) == Some(hash) => State::Same,
                Some(_) => State::Other,
            });
        }
        Ok((states, hashes))
    }

    /// The places of the records that have not come.
    fn gone(self) -> Vec<u32> {
        let records = self.index.resolver.records();
        let unseen: Vec<u32> = match self.seen {
            Seen::OfAll(seen) => {
                let unseen = (0..).zip(seen).filter(|(_, seen)| !seen);
                unseen.map(|(record, _)| record).collect()
            }
            Seen::OfSome(open, _) => {
                let mut open: Vec<u32> = open.into_iter().collect();
                open.sort_unstable();
                open
            }
        };
        let is_there = |record: &u32| !records.is_removed(*record);
        unseen.into_iter().filter(is_there).collect()
    }
}
