//! Decisions of people as a version keeps them, so that the next one tells which of them are no more.
//!
//! They are kept by what records are called: their places are others when all records are read again.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tributary_udfs::resolve::Records;

use super::finding::Decided;

/// The source of a record, which is empty where there is none, and its identifier.
type Name = (String, String);

/// What people have decided of pairs of records that were there.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Decisions {
    must: Vec<(Name, Name)>,
    cannot: Vec<(Name, Name)>,
}

/// The records of decisions that were taken back.
#[derive(Debug, Default)]
pub struct TakenBack {
    /// Those that were said to be one entity.
    pub must: HashSet<u32>,
    /// Those that were said to be two.
    pub cannot: HashSet<u32>,
}

impl Decisions {
    /// Decisions by what their records are called.
    pub fn of(decided: &Decided, records: &Records) -> Self {
        let name = |record: u32| {
            let (source, id) = (records.source(record), records.id(record));
            (source.to_owned(), id.to_owned())
        };
        let named = |pairs: &[(u32, u32)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(left, right)| (name(*left), name(*right)))
                .collect()
        };
        Self {
            must: named(&decided.must),
            cannot: named(&decided.cannot),
        }
    }

    /// Which of them are not among those of now. One of a record that is gone was not taken back: it holds
    /// again when the record comes again.
    pub fn taken_back(&self, decided: &Decided, records: &Records) -> TakenBack {
        TakenBack {
            must: missing(&self.must, &decided.must, records),
            cannot: missing(&self.cannot, &decided.cannot, records),
        }
    }
}

/// The records of pairs of before that are not among those of now.
fn missing(before: &[(Name, Name)], now: &[(u32, u32)], records: &Records) -> HashSet<u32> {
    let in_order = |left: u32, right: u32| (left.min(right), left.max(right));
    let now: HashSet<(u32, u32)> = now
        .iter()
        .map(|(left, right)| in_order(*left, *right))
        .collect();
    let place = |(source, id): &Name| records.find(source, id);
    let pairs = before
        .iter()
        .filter_map(|(left, right)| Some((place(left)?, place(right)?)));
    pairs
        .filter(|(left, right)| !now.contains(&in_order(*left, *right)))
        .flat_map(|(left, right)| [left, right])
        .collect()
}
