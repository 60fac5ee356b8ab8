//! Records that share a block with some of them: the queries that pairs to learn from have one of.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::hashing::mix;
use super::key_part::NO_KEY;
use super::key_tables::RuleKeys;
use super::records::Records;
use super::threads;
use crate::interrupt::listen;

/// Of how many records of a block a record is compared to some.
const KEPT: usize = 64;
/// How many records all rules look at, one rule after the other, while they are at hand.
const CHUNK: usize = 4096;
/// How many rules look at them so; what is found for each of these is in memory at the same time.
const RULES: usize = 4;
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
            let all: Vec<u32> = (0..records.len() as u32).collect();
            let listener = listen();
            for chunk in all.chunks(CHUNK) {
                listener.check()?;
                for (at, blocks) in &mut blocks {
                    blocks.take(records, &searched[*at].keys, chunk);
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
}

/// A block of the queries.
#[derive(Default)]
struct Block {
    key: u64,
    queries: Vec<usize>,
    size: usize,
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
        let mut numbers: HashMap<u64, u32> = HashMap::new();
        let mut blocks: Vec<Block> = Vec::new();
        let keys = searched.of_queries.chunks_exact(searched.keys.slots());
        for (query, keys) in keys.enumerate() {
            for key in keys.iter().filter(|key| **key != NO_KEY) {
                let number = *numbers.entry(*key).or_insert(blocks.len() as u32) as usize;
                if number == blocks.len() {
                    blocks.push(Block {
                        key: *key,
                        ..Block::default()
                    });
                }
                blocks[number].queries.push(query);
            }
        }
        let words = (blocks.len() * BITS_A_KEY / 64).next_power_of_two();
        let mut filter = vec![0; words];
        for key in numbers.keys() {
            let (word, bit) = place(*key, words);
            filter[word] |= bit;
        }
        Self {
            filter,
            numbers,
            blocks,
        }
    }

    fn take(&mut self, records: &Records, keys: &RuleKeys<'_>, chunk: &[u32]) {
        for record in chunk {
            for key in &keys.of(*record)[..keys.slots()] {
                let (word, bit) = place(*key, self.filter.len());
                if *key == NO_KEY || self.filter[word] & bit == 0 {
                    continue;
                }
                if let Some(number) = self.numbers.get(key) {
                    let block = &mut self.blocks[*number as usize];
                    block.size += 1;
                    let hash = mix(records.hash(*record), *key);
                    block.members.push((hash, *record));
                    if block.members.len() == 2 * KEPT {
                        block.thin();
                    }
                }
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
            for query in block.queries {
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
                let weight = others as f64 / (found.len() - before).max(1) as f64;
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
