//! The records of a model's query, held against those of a version: what has changed.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::execution::SendableRecordBatchStream;
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
}

impl Changed {
    /// Reads them. Those that others take in are held in memory.
    ///
    /// # Errors
    /// 23505 for an identifier that two records have; 53200 where memory does not suffice.
    pub(super) async fn read(
        index: &Index,
        mut rows: SendableRecordBatchStream,
        names: &[String],
    ) -> Result<Self> {
        let mut held = Held::new(index, names);
        let mut changed = Self {
            batches: Vec::new(),
            hashes: Vec::new(),
            gone: Vec::new(),
            read: 0,
        };
        while let Some(batch) = rows.try_next().await? {
            changed.read += batch.num_rows() as u64;
            let (states, hashes) = held.hold(&batch)?;
            let is_other: Vec<bool> = states.iter().map(|state| *state != State::Same).collect();
            let others = is_other
                .iter()
                .zip(hashes)
                .filter(|(is_other, _)| **is_other);
            let known = changed.hashes.len();
            changed.hashes.extend(others.map(|(_, hash)| hash));
            if changed.hashes.len() > known {
                let others = filter_record_batch(&batch, &BooleanArray::from(is_other))?;
                index.resolver.hold(others.get_array_memory_size())?;
                changed.batches.push(others);
            }
        }
        changed.gone = held.gone();
        Ok(changed)
    }
}

/// What a record is to the version before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
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
    seen: Vec<bool>,
    /// Where the next one likely is.
    next: u32,
}

impl<'a> Held<'a> {
    /// Against the records of a version, which columns of these names name.
    pub(super) fn new(index: &'a Index, names: &'a [String]) -> Self {
        Self {
            index,
            names,
            seen: vec![false; index.resolver.records().len()],
            next: 0,
        }
    }

    /// What each record of a batch is, and its hash.
    ///
    /// # Errors
    /// 23505 for an identifier that two records have.
    pub(super) fn hold(&mut self, batch: &RecordBatch) -> Result<(Vec<State>, Vec<u64>)> {
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
                if std::mem::replace(&mut self.seen[place as usize], true) {
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
    pub(super) fn gone(self) -> Vec<u32> {
        let records = self.index.resolver.records();
        let unseen = (0..).zip(self.seen).filter(|(_, seen)| !seen);
        let unseen = unseen.map(|(record, _)| record);
        unseen
            .filter(|record| !records.is_removed(*record))
            .collect()
    }
}
