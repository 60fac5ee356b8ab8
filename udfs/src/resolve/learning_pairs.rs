//! The pairs that a model is learned from.
//!
//! They stand for all pairs of some records, the queries, with all records, so that what is seen
//! among them is as frequent as it is in the table: the more records there are, the more of them
//! agree by chance, and that has to be counted and not extrapolated from a part of the table. Pairs
//! are sampled by strata, from those that a selective rule brings together to those that share
//! nothing, and weigh as much as their stratum has pairs for each that was taken (D. G. Horvitz and
//! D. J. Thompson, "A generalization of sampling without replacement from a finite universe", JASA
//! 47, 1952). What blocks select would bias estimates otherwise: J. S. Murray, "Probabilistic record
//! linkage and deduplication after indexing, blocking, and filtering", Journal of Privacy and
//! Confidentiality 7 (2016).

use datafusion::error::Result;

use super::choice;
use super::hashing::mix;
use super::key_part::NO_KEY;
use super::key_tables::KeyTables;
use super::options::{Link, ResolveOptions};
use super::partners::{Partner, Searched, partners};
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
/// How many random pairs are compared.
const RANDOM_PAIRS: usize = 96_000;
/// How many pairs are looked at by one rule after the other.
const CHUNK: usize = 4_000;

/// The records that random pairs are made with: a sample, for which ones have which numbers depends
/// on the order in which they were read.
const POOL: usize = 250_000;
/// To how many of a block it is at most: of few records, of many, and of those who share what is
/// common.
const MOST_OF_FEW: usize = 60;
const MOST_OF_MANY: usize = 6;
const MOST_OF_COMMON: usize = 3;

/// The pairs to learn from, which stand for all pairs of the queries with all records.
#[derive(Default)]
pub(super) struct LearningPairs {
    pub(super) pairs: Vec<(u32, u32)>,
    /// How many pairs each of them stands for.
    pub(super) weights: Vec<f64>,
    /// How many of them, the first ones, share a block.
    pub(super) candidates: usize,
    /// How many records are queries.
    pub(super) queries: usize,
    /// With how many records a query could be paired, on average.
    pub(super) others_a_query: f64,
}

/// A rule that pairs to learn from are found by.
pub(super) struct Stratum {
    pub(super) rule: Rule,
    /// How many other records one meets, on average.
    pub(super) others_a_record: f64,
    /// Whether what its records agree on is too common for a rule that matches are found by.
    pub(super) is_common: bool,
}

impl LearningPairs {
    /// All pairs.
    pub(super) fn all(records: &Records, options: &ResolveOptions) -> Self {
        let mut pairs = Vec::new();
        for left in 1..records.len() as u32 {
            let of_left = (0..left).map(|right| (left, right));
            pairs
                .extend(of_left.filter(|(left, right)| may_match(records, options, *left, *right)));
        }
        Self {
            others_a_query: 2.0 * pairs.len() as f64 / records.len().max(1) as f64,
            weights: vec![1.0; pairs.len()],
            candidates: pairs.len(),
            queries: records.len(),
            pairs,
        }
    }

    /// Pairs of queries with records that share a block, and random ones. The strata are in order:
    /// a pair is of the first that has it.
    pub(super) fn of_blocks(
        records: &Records,
        options: &ResolveOptions,
        words: &[WordCounts],
        strata: &[Stratum],
    ) -> Result<Self> {
        let few = records.len() <= QUERIES;
        let most = |stratum: &Stratum| match (few, stratum.is_common) {
            (true, false) => MOST_OF_FEW,
            (false, false) => MOST_OF_MANY,
            (true, true) => MOST_OF_MANY,
            (false, true) => MOST_OF_COMMON,
        };
        let a_query: f64 = strata
            .iter()
            .map(|stratum| stratum.others_a_record.min(most(stratum) as f64))
            .sum();
        let number = (CANDIDATES / a_query.max(1.0)) as usize;
        let queries = choice::sample(
            records,
            number.clamp(LEAST_QUERIES, QUERIES),
            mix(options.seed, 2),
        );
        let workers = options.workers();
        let rules = || strata.iter().map(|stratum| &stratum.rule);
        let mut tables = KeyTables::of(rules(), records, words, workers)?;
        tables.restrict(&queries, workers)?;
        let searched: Vec<Searched<'_>> = strata
            .iter()
            .map(|stratum| {
                let keys = tables.of_rule(&stratum.rule);
                let of_query = |query: &u32| keys.of(*query).into_iter().take(keys.slots());
                Searched {
                    of_queries: queries.iter().flat_map(of_query).collect(),
                    keys,
                    most: most(stratum),
                }
            })
            .collect();
        let found = partners(records, &tables, &queries, &searched, workers)?;
        let first = threads::map(
            workers,
            found.len(),
            || (),
            |(), at| {
                let mut first: Vec<&Partner> = Vec::new();
                for chunk in found[at].chunks(CHUNK) {
                    let is_own = |partner: &&Partner| {
                        let (query, record) = (partner.query, partner.record);
                        may_match(records, options, queries[query], record)
                            && shared_key(&searched[at], query, record) == Some(partner.key)
                    };
                    let mut own: Vec<&Partner> = chunk.iter().filter(is_own).collect();
                    // One rule after the other: its keys are at hand then.
                    for earlier in &searched[..at] {
                        own.retain(|partner| {
                            shared_key(earlier, partner.query, partner.record).is_none()
                        });
                    }
                    first.extend(own);
                }
                Ok(first)
            },
        )?;
        let mut pairs = Self::default();
        for partner in first.into_iter().flatten() {
            pairs.pairs.push((queries[partner.query], partner.record));
            pairs.weights.push(partner.weight);
        }
        pairs.candidates = pairs.pairs.len();
        // The number of records that a query may be paired with.
        let mut of_sources = vec![0_usize; records.sources() + 1];
        for record in 0..records.len() as u32 {
            of_sources[records.source_code(record) as usize] += 1;
        }
        let all: f64 = queries
            .iter()
            .map(|query| {
                let of_source = of_sources[records.source_code(*query) as usize];
                let others = match options.link {
                    Link::LinkAndDedupe if !options.is_one_to_one() => records.len() - 1,
                    Link::LinkAndDedupe | Link::LinkOnly => records.len() - of_source,
                    Link::Dedupe => of_source - 1,
                };
                others as f64
            })
            .sum();
        let pool = choice::sample(records, POOL, mix(options.seed, 4));
        let random = threads::map(
            workers,
            RANDOM_PAIRS / CHUNK,
            || (),
            |(), task| {
                let numbers = task * CHUNK..(task + 1) * CHUNK;
                let pair = |number: usize| {
                    let hash = mix(number as u64, options.seed);
                    let query = (hash % queries.len() as u64) as usize;
                    let place = (((hash >> 32) * pool.len() as u64) >> 32) as usize;
                    (query, pool[place])
                };
                let may_match = |(query, record): &(usize, u32)| {
                    queries[*query] != *record
                        && may_match(records, options, queries[*query], *record)
                };
                let mut apart: Vec<(usize, u32)> = numbers.map(pair).filter(may_match).collect();
                for searched in &searched {
                    apart.retain(|(query, record)| shared_key(searched, *query, *record).is_none());
                }
                Ok(apart
                    .into_iter()
                    .map(|(query, record)| (queries[query], record))
                    .collect::<Vec<_>>())
            },
        )?;
        pairs.pairs.extend(random.into_iter().flatten());
        let weight = queries.len() as f64 * records.len() as f64 / RANDOM_PAIRS as f64;
        pairs.weights.resize(pairs.pairs.len(), weight);
        pairs.queries = queries.len();
        pairs.others_a_query = all / queries.len().max(1) as f64;
        Ok(pairs)
    }
}

/// The first key of a query that a record has too.
fn shared_key(searched: &Searched<'_>, query: usize, record: u32) -> Option<u64> {
    let slots = searched.keys.slots();
    let of_query = &searched.of_queries[query * slots..][..slots];
    if of_query.iter().all(|key| *key == NO_KEY) {
        return None;
    }
    let of_record = &searched.keys.of(record)[..slots];
    let shared = |key: &&u64| **key != NO_KEY && of_record.contains(key);
    of_query.iter().find(shared).copied()
}
