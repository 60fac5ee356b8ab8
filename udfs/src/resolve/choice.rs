//! Chooses blocking rules: those that bring most matching pairs together for the fewest pairs.

use std::collections::BTreeMap;

use datafusion::error::Result;

use super::comparison::Comparison;
use super::feature_kind::FeatureKind;
use super::hashing::mix;
use super::key_part::{NO_KEY, Part, RARE_WORDS};
use super::learning_pairs::Stratum;
use super::options::ResolveOptions;
use super::records::Records;
use super::rule::{KeyPart, Rule, join_keys, part_keys};
use super::telling::{all_the_same, telling};
use super::threads;
use super::word_weights::WordCounts;

/// How many records the sizes of blocks are estimated from at least.
const LEAST_SAMPLE: usize = 8_000;
/// How many of them are to be of a block that is as large as one may be. With fewer, a block of two
/// would seem to be too large, and any rule to cost nothing but what it leaves out.
const OF_A_LARGEST_BLOCK: usize = 5;

/// How many records the sizes of blocks are estimated from, where they have `limit` at most.
pub(super) fn sample_size(records: usize, limit: usize) -> usize {
    let needed = records.div_ceil(limit) * OF_A_LARGEST_BLOCK;
    needed.max(LEAST_SAMPLE)
}

/// A rule that could be taken, and what it would cost.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) parts: Vec<KeyPart>,
    /// How many other records one is compared to, on average.
    pub(super) others_a_record: f64,
    /// The share of records with a key that are in no block that is too large.
    pub(super) live: f64,
    /// The share of records that have a key.
    pub(super) present: f64,
    /// How many other records one shares a key with, on average, however large the blocks.
    pub(super) all_others: f64,
}

/// Every part of every feature, and every two of different features, with their costs. Blocks of
/// more records than `limit` cost nothing, and bring nobody together.
pub(super) fn candidates(
    records: &Records,
    comparisons: &[Comparison],
    words: &[WordCounts],
    options: &ResolveOptions,
    limit: usize,
) -> Result<Vec<Candidate>> {
    let workers = options.workers();
    let sample = sample(
        records,
        sample_size(records.len(), limit),
        mix(options.seed, 1),
    );
    let mut parts: Vec<KeyPart> = Vec::new();
    for Comparison { feature, kind, .. } in comparisons {
        let feature = *feature;
        let all = Part::of(*kind);
        parts.extend(all.iter().map(|part| KeyPart {
            feature,
            part: *part,
        }));
    }
    let keys: Vec<Vec<[u64; RARE_WORDS]>> = threads::map(
        workers,
        parts.len(),
        || (),
        |(), at| {
            let of_part = |record: &u32| part_keys(parts[at], records, words, records.row(*record));
            Ok(sample.iter().map(of_part).collect())
        },
    )?;
    let mut combinations: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        combinations.push((at, None));
        for (other_at, other) in parts.iter().enumerate().skip(at + 1) {
            let several = part.part.is_several() && other.part.is_several();
            if part.feature != other.feature && !several {
                combinations.push((at, Some(other_at)));
            }
        }
    }
    let scale = (records.len().max(2) - 1) as f64 / (sample.len().max(2) - 1) as f64;
    let costs = threads::map(workers, combinations.len(), Vec::new, |all, at| {
        let (one, other) = combinations[at];
        all.clear();
        let mut present = 0;
        for (record, of_one) in keys[one].iter().enumerate() {
            let joined = match other {
                None => *of_one,
                Some(other) => join_keys(of_one, &keys[other][record], parts[other].part),
            };
            let before = all.len();
            // Half of a key tells those of a sample apart, and is sorted in half the time.
            let some = joined.iter().filter(|key| **key != NO_KEY);
            all.extend(some.map(|key| (key >> 32) as u32));
            present += usize::from(all.len() > before);
        }
        all.sort_unstable();
        let (mut others, mut all_others) = (0.0, 0.0);
        let mut live = 0;
        for block in all.chunk_by(|left, right| left == right) {
            let size = (block.len() - 1) as f64 * scale;
            all_others += block.len() as f64 * size;
            if size <= limit as f64 {
                others += block.len() as f64 * size;
                live += block.len();
            }
        }
        let records = sample.len().max(1) as f64;
        Ok((
            others / records,
            live as f64 / all.len().max(1) as f64,
            present as f64 / records,
            all_others / records,
        ))
    })?;
    Ok(combinations
        .iter()
        .zip(costs)
        .map(
            |((one, other), (others_a_record, live, present, all_others))| Candidate {
                parts: [Some(*one), *other]
                    .into_iter()
                    .flatten()
                    .map(|at| parts[at])
                    .collect(),
                others_a_record,
                live,
                present,
                all_others,
            },
        )
        .collect())
}

/// Rules to find pairs to learn from, the most selective first: of each feature and of each two of
/// them the one that brings most records together without being too costly, and that of their whole
/// values, if it is another one.
pub(super) fn to_learn_from(
    candidates: &[Candidate],
    records: &Records,
    most_others: f64,
    most_rules: usize,
) -> Vec<Stratum> {
    let category = |part: &KeyPart| {
        let kind = records.features()[part.feature].kind;
        matches!(kind, FeatureKind::Category | FeatureKind::Number)
    };
    let mut best: BTreeMap<Vec<usize>, &Candidate> = BTreeMap::new();
    let mut common: Vec<&Candidate> = Vec::new();
    for candidate in candidates {
        let whole = candidate.parts.iter().all(|part| part.part == Part::Whole);
        if candidate.present < 0.02 || candidate.parts.iter().all(category) {
            continue;
        }
        if candidate.others_a_record > most_others || candidate.live < 0.3 {
            if whole {
                common.push(candidate);
            }
            continue;
        }
        let features: Vec<usize> = candidate.parts.iter().map(|part| part.feature).collect();
        let entry = best.entry(features).or_insert(candidate);
        if candidate.others_a_record > entry.others_a_record {
            *entry = candidate;
        }
    }
    let mut chosen: Vec<&Candidate> = best.into_values().collect();
    chosen.sort_by(|left, right| {
        let worth = |candidate: &Candidate| {
            let single = if candidate.parts.len() == 1 { 2.0 } else { 1.0 };
            single * candidate.present * candidate.live
        };
        worth(right)
            .total_cmp(&worth(left))
            .then_with(|| left.parts.cmp(&right.parts))
    });
    chosen.truncate(most_rules);
    let selective = chosen.iter().map(|candidate| (*candidate, false));
    let common = common.into_iter().map(|candidate| (candidate, true));
    let mut chosen: Vec<(&Candidate, bool)> = selective.chain(common).collect();
    chosen.sort_by(|(left, _), (right, _)| {
        let by_cost = left.all_others.total_cmp(&right.all_others);
        by_cost.then_with(|| left.parts.cmp(&right.parts))
    });
    let stratum = |(candidate, is_common): &(&Candidate, bool)| Stratum {
        rule: Rule::new(&candidate.parts),
        others_a_record: candidate.all_others,
        is_common: *is_common,
    };
    chosen.iter().map(stratum).collect()
}

/// A pair that likely matches.
#[derive(Clone, Copy, Debug)]
pub(super) struct LikelyMatch {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) probability: f64,
    /// How many matching pairs it stands for.
    pub(super) matches: f64,
}

/// The rules of the model: one after the other that which brings together most of the likely
/// matches that no other does, for what it costs, as long as pairs may be compared; and then what
/// records are told by that no match agrees on yet. One has `matching` others that match it.
pub(super) fn choose(
    candidates: &[Candidate],
    (matches, matching): (&[LikelyMatch], f64),
    records: &Records,
    words: &[WordCounts],
    budget: f64,
) -> Vec<Rule> {
    let mut parts: Vec<KeyPart> = candidates
        .iter()
        .flat_map(|rule| rule.parts.clone())
        .collect();
    parts.sort_unstable();
    parts.dedup();
    let agreements = agreements(&parts, matches, records, words);
    let place = |part: &KeyPart| parts.binary_search(part).unwrap_or_default();
    let masks: Vec<u128> = candidates
        .iter()
        .map(|rule| {
            rule.parts
                .iter()
                .fold(0, |mask, part| mask | 1 << place(part))
        })
        .collect();
    let total: f64 = matches.iter().map(|pair| pair.matches).sum();
    let mut open: Vec<f64> = matches.iter().map(|pair| pair.matches).collect();
    let mut spent = 0.0;
    let mut taken: Vec<u128> = Vec::new();
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < MOST_RULES {
        let mut best: Option<(f64, f64, usize)> = None;
        for (at, rule) in candidates.iter().enumerate() {
            let mask = masks[at];
            if rule.live < 0.2 || spent + rule.others_a_record > budget || taken.contains(&mask) {
                continue;
            }
            let agreeing = open
                .iter()
                .zip(&agreements)
                .filter(|(_, bits)| **bits & mask == mask);
            let gain = rule.live * agreeing.map(|(open, _)| open).sum::<f64>();
            let worth = gain / (rule.others_a_record + 0.05 * budget);
            let least = LEAST_GAIN.max(LEAST_GAIN_OF_ALL * rule.others_a_record / budget);
            if best.is_none_or(|(best, ..)| worth > best) && gain > least * total {
                best = Some((worth, gain, at));
            }
        }
        let Some((_, _, at)) = best else { break };
        let rule = &candidates[at];
        for (open, bits) in open.iter_mut().zip(&agreements) {
            if *bits & masks[at] == masks[at] {
                *open *= 1.0 - rule.live;
            }
        }
        spent += rule.others_a_record;
        taken.push(masks[at]);
        chosen.push(at);
    }
    let matching = |at: usize| {
        let all = matches.iter().zip(&agreements);
        let agreeing = all.filter(|(_, bits)| **bits & masks[at] == masks[at]);
        let agreeing: f64 = agreeing.map(|(pair, _)| pair.matches).sum();
        matching * agreeing / total.max(f64::MIN_POSITIVE)
    };
    let kind = |feature: usize| records.features()[feature].kind;
    let more = telling(candidates, &chosen, kind, matching, budget);
    chosen.extend(more);
    let same = all_the_same(candidates, &chosen, budget);
    let rules = chosen.iter().map(|at| candidates[*at].parts.as_slice());
    let rules = rules.chain(same.as_deref()).map(|of_rule| {
        let mut rule = Rule::new(of_rule);
        rule.finer = finer(&rule, candidates, &parts, &agreements, matches);
        rule
    });
    rules.collect()
}

/// The rules that a definition gives: a block for each value of such a feature. Those that are too
/// large are split as those of any rule are.
pub(super) fn given(
    features: &[usize],
    candidates: &[Candidate],
    matches: &[LikelyMatch],
    records: &Records,
    words: &[WordCounts],
) -> Vec<Rule> {
    let singles = candidates.iter().filter(|rule| rule.parts.len() == 1);
    let mut parts: Vec<KeyPart> = singles.flat_map(|rule| rule.parts.clone()).collect();
    parts.sort_unstable();
    let agreements = agreements(&parts, matches, records, words);
    let rule = |feature: &usize| {
        let part = Part::Whole;
        let mut rule = Rule::new(&[KeyPart {
            feature: *feature,
            part,
        }]);
        rule.finer = finer(&rule, candidates, &parts, &agreements, matches);
        rule
    };
    features.iter().map(rule).collect()
}

/// How many rules are chosen by matches at most.
const MOST_RULES: usize = 16;
/// The least share of the matches that a rule must add.
const LEAST_GAIN: f64 = 0.0005;
/// The same of a rule that takes all pairs that may be compared; of others their part of it.
const LEAST_GAIN_OF_ALL: f64 = 0.01;

/// For each pair, a bit for each part that its records agree on.
fn agreements(
    parts: &[KeyPart],
    matches: &[LikelyMatch],
    records: &Records,
    words: &[WordCounts],
) -> Vec<u128> {
    let agrees = |pair: &LikelyMatch, part: KeyPart| {
        let left = part_keys(part, records, words, records.row(pair.left));
        let right = part_keys(part, records, words, records.row(pair.right));
        left.iter().any(|key| *key != NO_KEY && right.contains(key))
    };
    matches
        .iter()
        .map(|pair| {
            parts
                .iter()
                .take(128)
                .enumerate()
                .fold(0, |bits, (at, part)| {
                    bits | u128::from(agrees(pair, *part)) << at
                })
        })
        .collect()
}

/// The part that tells the records of a large block apart: one of another feature that is
/// selective, and that matches agree on.
fn finer(
    rule: &Rule,
    candidates: &[Candidate],
    parts: &[KeyPart],
    agreements: &[u128],
    matches: &[LikelyMatch],
) -> Option<KeyPart> {
    let of_rule = |part: &KeyPart| rule.parts.iter().any(|other| other.feature == part.feature);
    let agreed = |part: KeyPart| {
        let bit = 1_u128 << parts.binary_search(&part).unwrap_or_default();
        let agreeing = matches
            .iter()
            .zip(agreements)
            .filter(|(_, bits)| **bits & bit != 0);
        agreeing.map(|(pair, _)| pair.matches).sum::<f64>()
    };
    let singles = candidates
        .iter()
        .filter(|candidate| candidate.parts.len() == 1);
    singles
        .filter(|candidate| candidate.live > 0.3)
        .map(|candidate| candidate.parts[0])
        .filter(|part| !of_rule(part) && !part.part.is_several())
        .map(|part| (agreed(part), part))
        .max_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(&left.1)))
        .map(|(_, part)| part)
}

/// The records of the lowest hashes: a sample that does not depend on the order of the records.
pub(super) fn sample(records: &Records, size: usize, seed: u64) -> Vec<u32> {
    sample_of(records, 0..records.len() as u32, size, seed)
}

/// The same, of some records.
pub(super) fn sample_of(
    records: &Records,
    some: impl Iterator<Item = u32>,
    size: usize,
    seed: u64,
) -> Vec<u32> {
    let mut all: Vec<(u64, u32)> = some
        .map(|record| (mix(records.hash(record), seed), record))
        .collect();
    if size < all.len() {
        all.select_nth_unstable(size);
        all.truncate(size);
    }
    all.sort_unstable();
    all.into_iter().map(|(_, record)| record).collect()
}
