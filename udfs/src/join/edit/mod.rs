//! Texts within a number of edits of each other.
//!
//! What is found how is decided for each number of characters of the longer text ([`plan`]): by
//! what is left after deletions ([`deletions`]) where there are few ways to delete, by unchanged
//! segments ([`segments`]) for long texts, by a scan where few texts fit. All hashes of some texts
//! are looked up at once in a compact [`table`], so that memory is read in order; what is found is
//! sorted, and each pair is compared once.
//!
//! Many people share a first name or a surname, and with it segments. Measured over a million
//! distinct full names within two edits, one unchanged segment (of three) has its text's letters
//! compared with those of thousands of others, three at a time (of five) with those of hundreds,
//! and so take less time in spite of four times as many hashes; deletions have the fewest
//! candidates of all, and take twice as long and eight times the memory. Of short texts, such as
//! surnames, it is the other way round.

mod candidates;
mod costs;
mod deletions;
mod distances;
mod hash;
mod hashed;
mod letters;
mod lookup;
mod plan;
mod probing;
mod profile;
mod search;
mod segments;
mod table;
#[cfg(test)]
mod tests;
mod verifier;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};

use super::cancellation::Cancellation;
use super::index::{Build, Index, Scratch, Search};
use super::pairs::Pairs;
use super::predicate::{Metric, Predicate};
use super::texts::Texts;
use super::threads::in_threads;
use distances::Distances;
use hashed::{Buffers, LeftOver, Masked, Segmented};
use letters::Letters;
use plan::{Key, MOST_ENTRIES, Plan, Planner, Strategy};
use profile::Profiles;
use search::Searcher;
use table::Table;

/// Finds texts within a number of edits.
#[derive(Debug)]
pub(crate) struct EditIndex {
    texts: Arc<Texts>,
    metric: Metric,
    distances: Distances,
    profiles: Profiles,
    strategies: BTreeMap<u32, Strategy>,
    tables: BTreeMap<Key, Table>,
    /// The letters of each text.
    letters: Vec<Letters>,
}

impl EditIndex {
    /// Whether a predicate bounds a number of edits.
    pub(crate) fn serves(predicate: Predicate) -> bool {
        Distances::new(predicate).is_some()
    }

    /// An upper bound of the bytes of memory that building takes.
    pub(crate) fn build_size(build: &Build) -> usize {
        let profiles = Profiles::new(&build.texts);
        let Some(planner) = planner(build, &profiles) else {
            return 0;
        };
        let plan = planner.plan();
        let mut building: Vec<u64> = plan
            .tables
            .values()
            .map(|count| Table::building_size(*count))
            .collect();
        building.sort_unstable_by(|a, b| b.cmp(a));
        let at_a_time: u64 = building.iter().take(build.threads).sum();
        let letters = build.texts.len() * size_of::<Letters>();
        let profiles = Profiles::most_size(&build.texts);
        (plan.size() + at_a_time) as usize + letters + profiles + size_of::<Self>()
    }

    /// The index over the texts.
    pub(crate) fn new(build: &Build) -> Result<Self> {
        Self::planned(build, |_| {})
    }

    /// The index as the planner plans it after some change.
    fn planned(build: &Build, change: impl FnOnce(&mut Planner<'_>)) -> Result<Self> {
        let profiles = Profiles::new(&build.texts);
        let mut planner = planner(build, &profiles).ok_or_else(|| {
            DataFusionError::Internal("the predicate bounds no number of edits".to_string())
        })?;
        change(&mut planner);
        let Plan { strategies, tables } = planner.plan();
        Ok(Self {
            letters: build
                .texts
                .ids()
                .map(|id| Letters::of(build.texts.get(id)))
                .collect(),
            texts: Arc::clone(&build.texts),
            metric: build.predicate.metric,
            distances: planner.distances,
            strategies,
            tables: build_tables(&planner, tables, build.threads, &build.cancellation)?,
            profiles,
        })
    }

    fn planner(&self) -> Planner<'_> {
        Planner {
            texts: &self.texts,
            metric: self.metric,
            distances: self.distances,
            profiles: &self.profiles,
            forced: None,
            most_entries: 0,
        }
    }
}

fn planner<'a>(build: &'a Build, profiles: &'a Profiles) -> Option<Planner<'a>> {
    Some(Planner {
        texts: &build.texts,
        metric: build.predicate.metric,
        distances: Distances::new(build.predicate)?,
        profiles,
        forced: None,
        most_entries: MOST_ENTRIES,
    })
}

/// Builds all tables on some threads, the largest first.
fn build_tables(
    planner: &Planner<'_>,
    tables: BTreeMap<Key, u64>,
    threads: usize,
    cancellation: &Cancellation,
) -> Result<BTreeMap<Key, Table>> {
    let mut tasks: Vec<(Key, u64)> = tables.into_iter().collect();
    tasks.sort_by_key(|(_, entries)| Reverse(*entries));
    let built = in_threads(tasks, threads, |(key, entries)| {
        let mut buffers = Buffers::default();
        let table = build_table(planner, key, entries, &mut buffers, cancellation)?;
        Ok((key, table))
    })?;
    Ok(built.into_iter().collect())
}

fn build_table(
    planner: &Planner<'_>,
    key: Key,
    entries: u64,
    buffers: &mut Buffers,
    cancellation: &Cancellation,
) -> Result<Table> {
    let texts = planner.texts;
    match key {
        Key::Deletions { longer } => {
            let edits = planner.distances.most(longer).unwrap_or(0);
            let left = planner.distances.shortest(longer).unwrap_or(longer);
            let ids = texts.with_lengths(left..=longer);
            if planner.metric == Metric::Hamming {
                let mut hashes = Masked {
                    texts,
                    buffers,
                    masks: edits,
                };
                return Table::new(ids, entries, &mut hashes, cancellation);
            }
            let mut hashes = LeftOver {
                texts,
                buffers,
                left,
            };
            Table::new(ids, entries, &mut hashes, cancellation)
        }
        Key::Segments {
            length,
            edits,
            together,
        } => {
            let cut = planner.cut(length, edits, together);
            let places = cut.map(|cut| cut.own(together)).unwrap_or_default();
            let mut hashes = Segmented {
                texts,
                buffers,
                places: &places,
            };
            let ids = texts.with_lengths(length..=length);
            Table::new(ids, entries, &mut hashes, cancellation)
        }
    }
}

impl Index for EditIndex {
    fn scratch(&self) -> Scratch {
        Box::new(search::Buffered::new(self.metric))
    }

    fn search(&self, search: &Search<'_>, scratch: &mut Scratch, pairs: &mut Pairs) -> Result<u32> {
        let buffered = scratch
            .downcast_mut()
            .ok_or_else(|| DataFusionError::Internal("the scratch of another index".to_string()))?;
        Searcher::new(self, search).search(buffered, pairs)
    }

    fn size(&self) -> usize {
        let tables: usize = self.tables.values().map(Table::size).sum();
        let letters = self.letters.capacity() * size_of::<Letters>();
        tables + letters + self.profiles.size() + size_of::<Self>()
    }

    fn scratch_size(&self, scratch: &Scratch) -> usize {
        scratch.downcast_ref().map_or(0, search::Buffered::size)
    }

    fn strategy(&self) -> &'static str {
        let mut deletions = false;
        let mut segments = false;
        for strategy in self.strategies.values() {
            match strategy {
                Strategy::Scan => {}
                Strategy::Deletions => deletions = true,
                Strategy::Segments { .. } => segments = true,
            }
        }
        match (deletions, segments) {
            (true, true) => "deletions and segments",
            (true, false) => "deletions",
            (false, true) => "segments",
            (false, false) => "scan by length and letters",
        }
    }
}
