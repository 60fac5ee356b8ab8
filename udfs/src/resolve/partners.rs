//! Records that share a block with some of them: the queries that pairs to learn from have one of.

use std::ops::Range;

use datafusion::error::Result;
use hashbrown::HashMap;

use super::hashing::mix;
use super::key_part::NO_KEY;
use super::key_tables::{KeyColumns, KeyTables, RuleKeys};
use super::records::Records;
use super::threads;
use crate::interrupt::listen;

/// Of how many records of a block a record is compared to some.
const KEPT: usize = 64;
/// How many records all rules look at, one rule after the other, while they are at hand.
const CHUNK: usize = 1024;
/// How many rules look at them so; what is found for each of these is in memory at the same time.
const RULES: usize = 7;
/// How many bits a filter has for each key.
const BITS_A_KEY: usize = 16;

/// A record that shares a block with a query.
pub(super) struct Partner {
    /// The place of the query.
    pub(super) query: usize,
    pub(super) record: u32,
    pub(super) key: u64,
    /// How many such records it stands for.
    pub(super) weight: f64,
}

/// A rule, and what its keys are.
pub(super) struct Searched<'a> {
    pub(super) keys: RuleKeys<'a>,
    /// The keys of the queries, one after the other.
    pub(super) of_queries: Vec<u64>,
    /// How many records of a block a query is compared to at most.
    pub(super) most: usize,
}

/// For each rule, records that share a key of it with queries. The records are read once for several
/// rules, and not once for each.
pub(super) fn partners(
    records: &Records,
    tables: &KeyTables<'_>,
    queries: &[u32],
    searched: &[Searched<'_>],
    workers: usize,
) -> Result<Vec<Vec<Partner>>> {
    let groups = searched.len().div_ceil(RULES);
    let found = threads::map(
        workers,
        groups,
        || (),
        |(), group| {
            let of_group = (group..searched.len()).step_by(groups);
            let mut blocks: Vec<(usize, QueryBlocks)> = of_group
                .map(|at| (at, QueryBlocks::new(&searched[at])))
                .collect();
            let rules = blocks.iter().map(|(at, _)| &searched[*at].keys);
            let mut columns = KeyColumns::of(rules);
            let all = records.len() as u32;
            let listener = listen();
            for start in (0..all).step_by(CHUNK) {
                listener.check()?;
                columns.look_up(tables, start..all.min(start.saturating_add(CHUNK as u32)));
                for (at, blocks) in &mut blocks {
                    let keys = &searched[*at].keys;
                    keys.each(&columns, |record, key| blocks.take(records, record, key));
                }
            }
            let found = blocks
                .into_iter()
                .map(|(at, blocks)| (at, blocks.finish(records, queries, searched[at].most)));
            Ok(found.collect::<Vec<_>>())
        },
    )?;
    let mut found: Vec<(usize, Vec<Partner>)> = found.into_iter().flatten().collect();
    found.sort_unstable_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, partners)| partners).collect())
}

/// The blocks of a rule that have queries.
struct QueryBlocks {
    /// A bit for the hash of each key: hardly any other key finds all bits set.
    filter: Vec<u64>,
    numbers: HashMap<u64, u32>,
    blocks: Vec<Block>,
    /// The places of the queries, by their blocks.
    queries: Vec<u32>,
}

/// A block of the queries.
struct Block {
    key: u64,
    /// Where its queries begin and end.
    queries: Range<u32>,
    size: u32,
    /// Some of its records, by a hash.
    members: Vec<(u64, u32)>,
}

impl Block {
    /// Keeps the members of the lowest hashes: which ones does not depend on their order.
    fn thin(&mut self) {
        if self.members.len() > KEPT {
            self.members.select_nth_unstable(KEPT);
            self.members.truncate(KEPT);
        }
    }
}

impl QueryBlocks {
    fn new(searched: &Searched<'_>) -> Self {
        let slots = searched.keys.slots();
        let keys = searched.of_queries.iter().enumerate();
        let mut keys: Vec<(u64, u32)> = keys
            .filter(|(_, key)| **key != NO_KEY)
            .map(|(at, key)| (*key, (at / slots) as u32))
            .collect();
        keys.sort_unstable();
        let mut blocks: Vec<Block> = Vec::new();
        for (at, (key, _)) in (0..).zip(&keys) {
            match blocks.last_mut() {
                Some(block) if block.key == *key => block.queries.end = at + 1,
                _ => blocks.push(Block {
                    key: *key,
                    queries: at..at + 1,
                    size: 0,
                    members: Vec::new(),
                }),
            }
        }
        let words = (blocks.len() * BITS_A_KEY / 64).next_power_of_two();
        let mut filter = vec![0; words];
        for block in &blocks {
            let (word, bit) = place(block.key, words);
            filter[word] |= bit;
        }
        Self {
            filter,
            numbers: (0..)
                .zip(&blocks)
                .map(|(at, block)| (block.key, at))
                .collect(),
            blocks,
            queries: keys.into_iter().map(|(_, query)| query).collect(),
        }
    }

    #[inline]
    fn take(&mut self, records: &Records, record: u32, key: u64) {
        let (word, bit) = place(key, self.filter.len());
        if self.filter[word] & bit == 0 {
            return;
        }
        if let Some(number) = self.numbers.get(&key) {
            let block = &mut self.blocks[*number as usize];
            block.size += 1;
            block.members.push((mix(records.hash(record), key), record));
            if block.members.len() == 2 * KEPT {
                block.thin();
            }
        }
    }

    /// The records of each query: `most` of each of its blocks.
    fn finish(self, records: &Records, queries: &[u32], most: usize) -> Vec<Partner> {
        let mut found = Vec::new();
        for mut block in self.blocks {
            block.thin();
            block.members.sort_unstable();
            let members = &block.members;
            let queries_of_block = block.queries.start as usize..block.queries.end as usize;
            for query in &self.queries[queries_of_block] {
                let query = *query as usize;
                let others = block.size - 1;
                let start = mix(records.hash(queries[query]), 3) as usize % members.len().max(1);
                let before = found.len();
                let from_there = members[start..].iter().chain(&members[..start]);
                let taken = from_there
                    .filter(|(_, record)| *record != queries[query])
                    .take(most);
                found.extend(taken.map(|(_, record)| Partner {
                    query,
                    record: *record,
                    key: block.key,
                    weight: 1.0,
                }));
                let weight = f64::from(others) / (found.len() - before).max(1) as f64;
                found[before..]
                    .iter_mut()
                    .for_each(|partner| partner.weight = weight);
            }
        }
        found
    }
}

/// Where the bit of a key is, among so many words, a power of two.
#[inline]
fn place(key: u64, words: usize) -> (usize, u64) {
    ((key >> 6) as usize & (words - 1), 1 << (key & 63))
}
