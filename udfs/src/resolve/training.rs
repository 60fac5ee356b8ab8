//! Learns a model from records.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::choice::{self, LikelyMatch};
use super::clean::FeatureKind;
use super::compare::{Comparer, Pattern, Scratch};
use super::comparison::{Comparison, MOST};
use super::feature::Feature;
use super::hashing::mix;
use super::key_part::NO_KEY;
use super::mixture::{Counted, Expected, Mixture, probability};
use super::model::{FORMAT, Model};
use super::options::{Link, ResolveOptions};
use super::records::Records;
use super::rule::Rule;
use super::threads;
use super::word_weights::{WordCounts, WordWeights};

/// Up to so many pairs, all are compared: no blocks are needed, and none is missed.
pub(super) const ALL_PAIRS: u64 = 1_500_000;
/// How many records the pairs to learn from have one of.
const QUERIES: usize = 20_000;
/// How many records they are looked for among.
const POOL: usize = 250_000;
/// How many random pairs are compared.
const RANDOM_PAIRS: usize = 400_000;
/// Blocks of more records are left out when learning.
const LARGEST_BLOCK: usize = 60;
/// How many likely matches rules are chosen for.
const MATCHES: usize = 6000;
/// How many pairs are compared by one task.
const CHUNK: usize = 8192;

/// The pairs to learn from, which stand for all pairs of the queries with all of the pool.
struct Pairs {
    candidates: Vec<(u32, u32)>,
    random: Vec<(u32, u32)>,
    /// How many pairs each random one stands for.
    random_weight: f64,
    /// With how many records a query could be paired, on average.
    others_a_query: f64,
}

/// Learns a model from records.
pub(super) fn train(records: &Records, options: &ResolveOptions) -> Model {
    let words: Vec<WordCounts> = records.features().iter().map(WordCounts::of).collect();
    let comparisons = comparisons(records, options);
    let weights = words_of(&comparisons, &words);
    let comparer = Comparer::new(records, records, &comparisons, weights);
    let all = records.len() as u64 * (records.len() as u64).saturating_sub(1) / 2;
    let exhaustive = all <= ALL_PAIRS.min(options.pair_budget.unwrap_or(u64::MAX));
    let workers = options.workers();
    let seed = options.seed;
    let (pairs, candidates) = if exhaustive {
        (every_pair(records, options), Vec::new())
    } else {
        let sample = choice::sample(records, choice::SIZES_FROM, mix(seed, 1));
        let candidates = choice::candidates(
            records,
            &comparisons,
            &words,
            &sample,
            LARGEST_BLOCK * 4,
            workers,
        );
        let small = records.len() <= QUERIES;
        let rules = choice::to_learn_from(
            &candidates,
            records,
            if small { 12.0 } else { 5.0 },
            if small { 40 } else { 28 },
        );
        (blocked_pairs(records, options, &words, &rules), candidates)
    };
    let compare = |pairs: &[(u32, u32)]| -> Vec<Pattern> {
        threads::map(
            workers,
            pairs.len().div_ceil(CHUNK),
            Scratch::default,
            |scratch, task| {
                let chunk = &pairs[task * CHUNK..pairs.len().min((task + 1) * CHUNK)];
                let pattern = |pair: &(u32, u32)| comparer.pattern(pair.0, pair.1, scratch);
                chunk.iter().map(pattern).collect::<Vec<_>>()
            },
        )
        .concat()
    };
    let t = std::time::Instant::now();
    let patterns = compare(&pairs.candidates);
    let random = compare(&pairs.random);
    let sample = count(&patterns, &random, pairs.random_weight);
    let expected = expected(records, &comparisons, &sample);
    eprintln!("compared {:?}", t.elapsed());
    let mixture = Mixture::fit(&sample, &expected, 0.5, pairs.others_a_query);
    eprintln!(
        "{} candidates {} random {} patterns: fit until {:?}",
        pairs.candidates.len(),
        pairs.random.len(),
        sample.len(),
        t.elapsed()
    );
    let mut rules = Vec::new();
    if !exhaustive {
        let matches: Vec<LikelyMatch> = pairs
            .candidates
            .iter()
            .zip(&patterns)
            .map(|((left, right), pattern)| LikelyMatch {
                left: *left,
                right: *right,
                probability: probability(mixture.log_odds(*pattern)),
            })
            .filter(|pair| pair.probability > 0.2)
            .take(MATCHES)
            .collect();
        let budget = options
            .pair_budget
            .unwrap_or_else(|| (records.len() as u64 * 12).max(3_000_000))
            as f64;
        // A pair is met by both of its records.
        let budget = 2.0 * budget / records.len() as f64;
        rules = choice::choose(&candidates, &matches, records, &words, budget);
    }
    eprintln!("chosen {:?}", t.elapsed());
    Model {
        format: FORMAT,
        options: options.clone(),
        columns: records.columns().to_vec(),
        comparisons,
        words,
        mixture,
        rules,
    }
}

/// One comparison for each feature; of too many, those that tell most.
fn comparisons(records: &Records, options: &ResolveOptions) -> Vec<Comparison> {
    let mut places: Vec<(f64, usize)> = records
        .features()
        .iter()
        .enumerate()
        .map(|(place, feature)| {
            let total = records.len().max(1) as f64;
            let shares = feature.counts[1..]
                .iter()
                .map(|count| f64::from(*count) / total);
            let entropy = shares
                .filter(|share| *share > 0.0)
                .map(|share| -share * share.ln());
            (entropy.sum(), place)
        })
        .collect();
    places.sort_by(|left, right| right.0.total_cmp(&left.0));
    places.truncate(MOST);
    let mut places: Vec<usize> = places.into_iter().map(|(_, place)| place).collect();
    places.sort_unstable();
    let comparison = |place: usize| {
        let feature = &records.features()[place];
        let column = &records.columns()[feature.column];
        let several = super::clean::features(column.kind).len() > 1;
        Comparison::new(
            place,
            feature,
            &column.name,
            several,
            options.term_frequency,
        )
    };
    places.into_iter().map(comparison).collect()
}

/// The weights of the words of each comparison.
pub(super) fn words_of<'a>(
    comparisons: &[Comparison],
    words: &'a [WordCounts],
) -> Vec<WordWeights<'a>> {
    comparisons
        .iter()
        .map(|comparison| WordWeights::new(&words[comparison.feature]))
        .collect()
}

/// Whether two records may be one entity.
#[inline]
pub(super) fn may_match(
    records: &Records,
    options: &ResolveOptions,
    left: u32,
    right: u32,
) -> bool {
    options.link == Link::LinkAndDedupe && !options.one_to_one
        || records.source_code(left) != records.source_code(right)
}

fn every_pair(records: &Records, options: &ResolveOptions) -> Pairs {
    let mut candidates = Vec::new();
    for left in 1..records.len() as u32 {
        let pairs = (0..left).map(|right| (left, right));
        candidates.extend(pairs.filter(|(left, right)| may_match(records, options, *left, *right)));
    }
    let queries = records.len().max(1) as f64;
    Pairs {
        others_a_query: 2.0 * candidates.len() as f64 / queries,
        candidates,
        random: Vec::new(),
        random_weight: 0.0,
    }
}

/// Pairs of queries with records of the pool that share a block, and random ones.
fn blocked_pairs(
    records: &Records,
    options: &ResolveOptions,
    words: &[WordCounts],
    rules: &[Rule],
) -> Pairs {
    let pool = choice::sample(records, POOL, mix(options.seed, 2));
    let queries = &pool[..pool.len().min(QUERIES)];
    let found = threads::map(
        options.workers(),
        rules.len(),
        || (),
        |(), at| partners(records, words, &rules[at], queries, &pool),
    );
    let mut candidates = found.concat();
    candidates.retain(|(left, right)| may_match(records, options, *left, *right));
    candidates.sort_unstable();
    candidates.dedup();
    // The number of records of the pool that a query may be paired with.
    let mut of_sources = vec![0_usize; records.sources() + 1];
    for record in &pool {
        of_sources[records.source_code(*record) as usize] += 1;
    }
    let split = options.link == Link::LinkOnly || options.one_to_one;
    let all: f64 = queries
        .iter()
        .map(|query| match split {
            true => pool.len() - of_sources[records.source_code(*query) as usize],
            false => pool.len() - 1,
        } as f64)
        .sum();
    let mut random = Vec::with_capacity(RANDOM_PAIRS);
    for number in 0..RANDOM_PAIRS {
        let hash = mix(number as u64, options.seed);
        let left = queries[(hash % queries.len() as u64) as usize];
        let right = pool[((hash >> 32) * pool.len() as u64 >> 32) as usize];
        let pair = (left, right);
        if left != right
            && may_match(records, options, left, right)
            && candidates.binary_search(&pair).is_err()
        {
            random.push(pair);
        }
    }
    Pairs {
        random_weight: (all - candidates.len() as f64).max(0.0) / random.len().max(1) as f64,
        others_a_query: all / queries.len().max(1) as f64,
        candidates,
        random,
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

fn count(candidates: &[Pattern], random: &[Pattern], weight: f64) -> Vec<Counted> {
    let mut counts: BTreeMap<Pattern, (f64, f64)> = BTreeMap::new();
    let mut table: HashMap<Pattern, (u32, u32)> = HashMap::new();
    for pattern in candidates {
        table.entry(*pattern).or_default().0 += 1;
    }
    for pattern in random {
        table.entry(*pattern).or_default().1 += 1;
    }
    for (pattern, (candidates, random)) in table {
        counts.insert(pattern, (f64::from(candidates), f64::from(random)));
    }
    counts
        .into_iter()
        .map(|(pattern, (candidates, random))| Counted {
            pattern,
            pairs: candidates + random * weight,
            candidates,
        })
        .collect()
}

/// What is expected before anything is known: three quarters of the matches are equal, and other
/// pairs are as all pairs are.
fn expected(records: &Records, comparisons: &[Comparison], sample: &[Counted]) -> Expected {
    let mut expected = Expected {
        matches: Vec::new(),
        others: Vec::new(),
        related: None,
        differing_matches: Vec::new(),
        own: Vec::new(),
    };
    for (at, comparison) in comparisons.iter().enumerate() {
        let feature = &records.features()[comparison.feature];
        let first = usize::from(comparison.first_exact());
        let mut matches = vec![0.0; comparison.levels];
        for (code, level) in comparison.exact_levels(feature).iter().enumerate().skip(1) {
            matches[usize::from(*level)] += f64::from(feature.counts[code]);
        }
        let mass: f64 = matches.iter().sum();
        for share in &mut matches[first..] {
            *share = 0.75 * *share / mass.max(1.0) + 0.001;
        }
        let between = first - 2;
        for (nearness, share) in matches[2..first].iter_mut().enumerate() {
            *share = 0.15 * 2.0 * (nearness + 1) as f64 / (between * (between + 1)) as f64;
        }
        matches[1] = 0.1;
        let mut others = vec![0.0; comparison.levels];
        for counted in sample {
            others[usize::from(counted.pattern.level(at))] += counted.pairs;
        }
        others[0] = 0.0;
        for shares in [&mut matches, &mut others] {
            let sum: f64 = shares.iter().sum();
            shares
                .iter_mut()
                .skip(1)
                .for_each(|share| *share = *share / sum.max(1.0) + 1e-12);
        }
        let sum: f64 = matches.iter().sum();
        matches.iter_mut().for_each(|share| *share /= sum);
        expected.matches.push(matches);
        expected.others.push(others);
    }
    let is = |comparison: &Comparison, kinds: &[FeatureKind]| kinds.contains(&comparison.kind);
    let own = |comparison: &Comparison| {
        let feature = &records.features()[comparison.feature];
        is(comparison, &OWN) || is(comparison, &[FeatureKind::Identifier]) && is_unique(feature)
    };
    if comparisons.iter().any(own) && comparisons.iter().any(|of| is(of, &SHARED)) {
        let related = comparisons.iter().enumerate().map(|(at, comparison)| {
            let (matches, others) = (&expected.matches[at], &expected.others[at]);
            match own(comparison) {
                // Fathers name sons after themselves.
                true => matches
                    .iter()
                    .zip(others)
                    .map(|(m, u)| 0.03 * m + 0.97 * u)
                    .collect(),
                false => matches.clone(),
            }
        });
        expected.related = Some(related.collect());
    }
    for comparison in comparisons {
        let own = own(comparison);
        expected.differing_matches.push(if own { 0.4 } else { 0.6 });
        expected.own.push(own);
    }
    expected
}

/// Whether hardly any two records have the same value, but for those of one entity.
fn is_unique(feature: &Feature) -> bool {
    let values = feature.counts[1..]
        .iter()
        .filter(|count| **count > 0)
        .count();
    let present: u64 = feature.counts[1..]
        .iter()
        .map(|count| u64::from(*count))
        .sum();
    values as u64 * 4 > present
}

/// What people who live together do not share.
const OWN: [FeatureKind; 2] = [FeatureKind::Given, FeatureKind::Date];
/// What they do.
const SHARED: [FeatureKind; 4] = [
    FeatureKind::Family,
    FeatureKind::Email,
    FeatureKind::Phone,
    FeatureKind::Street,
];
