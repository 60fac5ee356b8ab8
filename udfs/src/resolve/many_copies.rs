//! Copies of one record that are too many for a block.
//!
//! Whatever they have in common more records share than are compared with each other, so that no rule brings
//! them together. But each of them is compared to the first one, and what that says holds of any two.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::hashing::mix;
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

/// The links of such copies, which are none of the pairs that blocks bring together.
///
/// # Errors
/// Where the work is interrupted.
pub(super) fn links(resolver: &Resolver) -> Result<Vec<Pair>> {
    let (records, model) = (&resolver.records, &resolver.model);
    let mut pairs = Vec::new();
    for mut copies in copies(resolver)? {
        copies.sort_unstable_by(|left, right| records.key(*left).cmp(records.key(*right)));
        let is_of_large = |record: &u32| {
            let mut rules = model.rules.iter();
            rules.any(|rule| rule.is_of_large(records, &model.words, *record))
        };
        // What has no key of any rule is not to be compared.
        if copies.first().is_some_and(is_of_large) {
            pairs.extend(with_first(resolver, &copies));
        }
    }
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut links = resolver.weigh(&pairs)?;
    links.retain(|pair| f64::from(pair.log_odds) >= least_log_odds());
    Ok(links)
}

/// Each of some records with the first one that it may be linked to: that of its source, or of another one.
fn with_first(resolver: &Resolver, copies: &[u32]) -> Vec<(u32, u32)> {
    let (records, options) = (&resolver.records, &resolver.model.options);
    let mut firsts: Vec<u32> = Vec::new();
    for record in copies {
        let source = records.source_code(*record);
        if !firsts.iter().any(|it| records.source_code(*it) == source) {
            firsts.push(*record);
        }
    }
    let others = copies.iter().skip(1);
    let linked = others.filter_map(|record| {
        let mut firsts = firsts.iter().filter(|first| *first != record);
        let first = firsts.find(|first| may_match(records, options, *record, **first))?;
        Some((*record, *first))
    });
    linked.collect()
}

/// The records that have the same values throughout as more others than a block has at most; none where no
/// block is too large.
fn copies(resolver: &Resolver) -> Result<Vec<Vec<u32>>> {
    let (records, model) = (&resolver.records, &resolver.model);
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
    let mut groups: HashMap<u64, Vec<u32>> = HashMap::new();
    for record in 0..records.len() as u32 {
        let hash = hash(records, record);
        if counts[place(hash)] as usize > most && !records.is_removed(record) {
            groups.entry(hash).or_default().push(record);
        }
    }
    let groups = groups.into_values();
    Ok(groups.filter(|group| group.len() > most).collect())
}

/// A hash of all that a record has.
fn hash(records: &Records, record: u32) -> u64 {
    let row = records.row(record).iter();
    row.fold(0, |hash, cell| mix(hash, u64::from(cell.code)))
}
