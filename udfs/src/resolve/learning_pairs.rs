//! The pairs that a model is learned from.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::choice;
use super::hashing::mix;
use super::key_part::NO_KEY;
use super::options::{Link, ResolveOptions};
use super::records::Records;
use super::rule::Rule;
use super::threads;
use super::training::may_match;
use super::word_weights::WordCounts;

/// How many records the pairs to learn from have one of.
pub(super) const QUERIES: usize = 20_000;
/// How many pairs are to be found in blocks, and how many records are taken even so.
const CANDIDATES: f64 = 400_000.0;
const LEAST_QUERIES: usize = 5_000;
/// How many records they are looked for among.
const POOL: usize = 250_000;
/// How many random pairs are compared.
const RANDOM_PAIRS: usize = 400_000;
/// Blocks of more records are left out when learning.
pub(super) const LARGEST_BLOCK: usize = 60;

/// The pairs to learn from, which stand for all pairs of the queries with all of the pool.
pub(super) struct LearningPairs {
    pub(super) candidates: Vec<(u32, u32)>,
    pub(super) random: Vec<(u32, u32)>,
    /// How many pairs each random one stands for.
    pub(super) random_weight: f64,
    /// With how many records a query could be paired, on average.
    pub(super) others_a_query: f64,
}

impl LearningPairs {
    /// All pairs.
    pub(super) fn all(records: &Records, options: &ResolveOptions) -> Self {
        let mut candidates = Vec::new();
        for left in 1..records.len() as u32 {
            let pairs = (0..left).map(|right| (left, right));
            candidates
                .extend(pairs.filter(|(left, right)| may_match(records, options, *left, *right)));
        }
        let queries = records.len().max(1) as f64;
        Self {
            others_a_query: 2.0 * candidates.len() as f64 / queries,
            candidates,
            random: Vec::new(),
            random_weight: 0.0,
        }
    }

    /// Pairs of queries with records of the pool that share a block, and random ones.
    pub(super) fn of_blocks(
        records: &Records,
        options: &ResolveOptions,
        words: &[WordCounts],
        rules: &[Rule],
        others_a_record: f64,
    ) -> Result<Self> {
        let pool = choice::sample(records, POOL, mix(options.seed, 2));
        let others_in_pool = others_a_record * pool.len() as f64 / records.len().max(1) as f64;
        let most = (CANDIDATES / others_in_pool.max(1.0)) as usize;
        let queries = &pool[..pool.len().min(most.clamp(LEAST_QUERIES, QUERIES))];
        let found = threads::map(
            options.workers(),
            rules.len(),
            || (),
            |(), at| Ok(partners(records, words, &rules[at], queries, &pool)),
        )?;
        let mut candidates = found.concat();
        candidates.retain(|(left, right)| may_match(records, options, *left, *right));
        candidates.sort_unstable();
        candidates.dedup();
        // The number of records of the pool that a query may be paired with.
        let mut of_sources = vec![0_usize; records.sources() + 1];
        for record in &pool {
            of_sources[records.source_code(*record) as usize] += 1;
        }
        let all: f64 = queries
            .iter()
            .map(|query| {
                let of_source = of_sources[records.source_code(*query) as usize];
                let others = match options.link {
                    Link::LinkAndDedupe if !options.one_to_one => pool.len() - 1,
                    Link::LinkAndDedupe | Link::LinkOnly => pool.len() - of_source,
                    Link::Dedupe => of_source - 1,
                };
                others as f64
            })
            .sum();
        let mut random = Vec::with_capacity(RANDOM_PAIRS);
        for number in 0..RANDOM_PAIRS {
            let hash = mix(number as u64, options.seed);
            let left = queries[(hash % queries.len() as u64) as usize];
            let right = pool[(((hash >> 32) * pool.len() as u64) >> 32) as usize];
            let pair = (left, right);
            if left != right
                && may_match(records, options, left, right)
                && candidates.binary_search(&pair).is_err()
            {
                random.push(pair);
            }
        }
        Ok(Self {
            random_weight: (all - candidates.len() as f64).max(0.0) / random.len().max(1) as f64,
            others_a_query: all / queries.len().max(1) as f64,
            candidates,
            random,
        })
    }
}

/// The pairs of queries with records of the pool that share a key of a rule.
fn partners(
    records: &Records,
    words: &[WordCounts],
    rule: &Rule,
    queries: &[u32],
    pool: &[u32],
) -> Vec<(u32, u32)> {
    let slots = rule.slots();
    let mut numbers: HashMap<u64, u32> = HashMap::new();
    let mut blocks: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
    for query in queries {
        for key in &rule.keys(records, words, *query)[..slots] {
            if *key != NO_KEY {
                let number = *numbers.entry(*key).or_insert(blocks.len() as u32) as usize;
                if number == blocks.len() {
                    blocks.push((Vec::new(), Vec::new()));
                }
                blocks[number].0.push(*query);
            }
        }
    }
    for record in pool {
        for key in &rule.keys(records, words, *record)[..slots] {
            if *key != NO_KEY
                && let Some(number) = numbers.get(key)
            {
                let members = &mut blocks[*number as usize].1;
                if members.len() <= LARGEST_BLOCK {
                    members.push(*record);
                }
            }
        }
    }
    let mut pairs = Vec::new();
    for (queries, members) in blocks {
        if members.len() <= LARGEST_BLOCK {
            for query in queries {
                let others = members.iter().filter(|record| **record != query);
                pairs.extend(others.map(|record| (query, *record)));
            }
        }
    }
    pairs
}
