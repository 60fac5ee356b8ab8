//! Copies of one record that are too many for a block.
//!
//! Whatever they have in common more records share than are compared with each other, so that no rule brings
//! them together. But each of them is compared to the first one, and what that says holds of any two.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::copies::tell_several;
use super::hashing::mix;
use super::model::Model;
use super::pair::{Pair, least_log_odds};
use super::records::Records;
use super::resolver::{Resolver, most_of_a_block};
use super::training::may_match;
use crate::interrupt::listen;

/// Every how many records an interrupt is listened for.
const LISTENING: u32 = 1 << 14;
/// How many records there are for each number of records of like hashes, about, and how many of these numbers
/// at least.
const RECORDS_A_NUMBER: usize = 16;
const LEAST_NUMBERS: usize = 1 << 10;

/// The records that have the same values throughout as more others than a block has at most: each such set,
/// by their names. There are none where no block is too large.
///
/// # Errors
/// Where the work is interrupted.
pub(super) fn copies(records: &Records, model: &Model) -> Result<Vec<Vec<u32>>> {
    if model.rules.iter().all(|rule| rule.oversized.is_empty()) {
        return Ok(Vec::new());
    }
    let most = most_of_a_block(records, &model.options);
    let numbers = (records.len() / RECORDS_A_NUMBER).max(LEAST_NUMBERS);
    let numbers = numbers.next_power_of_two();
    let place = |hash: u64| hash as usize & (numbers - 1);
    let mut counts = vec![0_u32; numbers];
    let listener = listen();
    for record in 0..records.len() as u32 {
        if record % LISTENING == 0 {
            listener.check()?;
        }
        counts[place(hash(records, record))] += 1;
    }
    // Most are told apart by that, and need not be gathered.
    let mut sets: HashMap<u64, Vec<u32>> = HashMap::new();
    for record in 0..records.len() as u32 {
        let hash = hash(records, record);
        if counts[place(hash)] as usize > most && !records.is_removed(record) {
            sets.entry(hash).or_default().push(record);
        }
    }
    // What has no key of any rule is not to be compared, and what any two may have in common makes no copies.
    let tells = |record: &u32| {
        let row = records.row(*record);
        is_of_large(model, records, *record)
            && tell_several(records.features(), |at| !row[at].is_missing())
    };
    let sets = sets.into_values().filter(|set| set.len() > most);
    let sets = sets.filter(|set| set.first().is_some_and(tells));
    let mut sets: Vec<Vec<u32>> = sets.collect();
    for set in &mut sets {
        set.sort_unstable_by(|left, right| records.key(*left).cmp(records.key(*right)));
    }
    Ok(sets)
}

/// Whether a record has what too many share for a block.
fn is_of_large(model: &Model, records: &Records, record: u32) -> bool {
    let mut rules = model.rules.iter();
    rules.any(|rule| rule.is_of_large(records, &model.words, record))
}

impl Resolver {
    /// The links of copies that are too many for a block, which are none of the pairs that blocks bring
    /// together.
    ///
    /// # Errors
    /// What comparing by levels of their own meets.
    pub(super) fn links_of_copies(&self) -> Result<Vec<Pair>> {
        if self.copies.is_empty() {
            return Ok(Vec::new());
        }
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for set in &self.copies {
            let firsts = self.firsts(set);
            // Each with the first one that it may be linked to: that of its source, or of another one.
            let linked = set.iter().skip(1).filter_map(|record| {
                let mut firsts = firsts.iter().filter(|first| *first != record);
                let options = &self.model.options;
                let first =
                    firsts.find(|first| may_match(&self.records, options, *record, **first))?;
                Some((*record, *first))
            });
            pairs.extend(linked);
        }
        let mut links = self.weigh(&pairs)?;
        links.retain(|pair| f64::from(pair.log_odds) >= least_log_odds());
        Ok(links)
    }

    /// Whether a record is to be compared to the firsts of such copies: it has what too many share.
    pub(super) fn meets_copies(&self, records: &Records, record: u32) -> bool {
        !self.copies.is_empty() && is_of_large(&self.model, records, record)
    }

    /// The first of each set of such copies, of each source.
    pub(super) fn firsts_of_copies(&self) -> impl Iterator<Item = u32> {
        self.copies.iter().flat_map(|set| self.firsts(set))
    }

    /// The first one of each source.
    fn firsts(&self, set: &[u32]) -> Vec<u32> {
        let source = |record: &u32| self.records.source_code(*record);
        let mut firsts: Vec<u32> = Vec::new();
        for record in set {
            if !firsts.iter().any(|first| source(first) == source(record)) {
                firsts.push(*record);
            }
        }
        firsts
    }
}

/// A hash of all that a record has.
fn hash(records: &Records, record: u32) -> u64 {
    let row = records.row(record).iter();
    row.fold(0, |hash, cell| mix(hash, u64::from(cell.code)))
}
