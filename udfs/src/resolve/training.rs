//! Learns a model from records.

use datafusion::error::Result;
use hashbrown::HashMap;

use super::chance;
use super::choice::{self, LikelyMatch};
use super::compare::{Comparer, Pattern};
use super::compared_features::compared_features;
use super::comparison::Comparison;
use super::copies;
use super::expected::expected;
use super::feature_kind::{FeatureKind, features};
use super::fits;
use super::hashing::mix;
use super::identities;
use super::labels;
use super::learning_pairs::{LearningPairs, QUERIES};
use super::levels::Scratch;
use super::mixture::{Counted, Mixture, probability};
use super::model::{FORMAT, Model};
use super::one_to_one;
use super::options::{EVEN, Link, ResolveOptions};
use super::records::Records;
use super::taught::{Known, Taught};
use super::threads;
use super::word_weights::{WordCounts, WordWeights};

/// Up to so many pairs, all are compared: no blocks are needed, and none is missed.
const ALL_PAIRS: u64 = 1_500_000;
/// The probability from which on pairs are likely matches.
const LIKELY: f64 = 0.2;
/// How many likely matches rules are chosen for.
const MATCHES: usize = 6000;
/// Blocks of more records are not reckoned with when rules are chosen.
const LARGEST_BLOCK: usize = 240;
/// A pair that matches and shares only what very many share is hardly ever among those to learn
/// from, and would count for thousands when it is. Weights of matches are trimmed to this: F. J.
/// Potter, "A study of procedures to identify and trim extreme sampling weights", Proceedings of the
/// Survey Research Methods Section of the American Statistical Association (1990), 225-230.
const TRIMMED: f64 = 20.0;
/// The same where a source has each entity once, so that it is the best candidates of records that tell
/// the odds, and for the pairs that rules are chosen for.
const TRIMMED_MORE: f64 = 10.0;
/// How many pairs are compared by one task.
const CHUNK: usize = 8192;
/// How many pairs may be compared for each record, and how many at least, where nothing is said.
const PAIRS_A_RECORD: u64 = 6;
const LEAST_BUDGET: u64 = 3_000_000;

/// Learns a model from records.
pub(super) fn train(records: &Records, options: &ResolveOptions, taught: &Taught) -> Result<Model> {
    let words: Vec<WordCounts> = records.features().iter().map(WordCounts::of).collect();
    let mut comparisons = comparisons(records, options)?;
    let weights = words_of(&comparisons, &words);
    let first_weights = weights.first().copied();
    let comparer = Comparer::new(records, records, &comparisons, weights);
    let mut known = Known::new(&taught.parameters, &comparisons)?;
    let exhaustive = is_small(records, options);
    let workers = options.workers();
    let (mut candidates, mut strata) = (Vec::new(), Vec::new());
    if !exhaustive {
        candidates = choice::candidates(records, &comparisons, &words, options, LARGEST_BLOCK)?;
        let small = records.len() <= QUERIES;
        strata = choice::to_learn_from(
            &candidates,
            records,
            if small { 12.0 } else { 5.0 },
            if small { 40 } else { 28 },
        );
    }
    let learning_pairs = |options: &ResolveOptions| match exhaustive {
        true => Ok(LearningPairs::all(records, options)),
        false => LearningPairs::of_blocks(records, options, &words, &strata),
    };
    let pairs = learning_pairs(options)?;
    let compare = |pairs: &[(u32, u32)]| -> Result<Vec<Pattern>> {
        let patterns = threads::map(
            workers,
            pairs.len().div_ceil(CHUNK),
            Scratch::default,
            |scratch, task| {
                let chunk = &pairs[task * CHUNK..pairs.len().min((task + 1) * CHUNK)];
                let mut patterns = Vec::new();
                comparer.patterns(chunk, scratch, &mut patterns)?;
                Ok(patterns)
            },
        )?;
        Ok(patterns.concat())
    };
    // The pairs, their weights, and a pattern of each.
    let memory = records.reservation.new_empty();
    let bytes = size_of::<(u32, u32)>() + size_of::<f64>() + size_of::<Pattern>();
    memory.try_resize(pairs.pairs.len() * bytes)?;
    let patterns = compare(&pairs.pairs)?;
    let mut options = options.clone();
    if options.link == Link::LinkOnly && options.one_to_one.is_none() {
        options.one_to_one = Some(one_to_one::are_without_repeats(records));
    }
    let one_to_one = options.is_one_to_one();
    let trimmed = match one_to_one {
        true => TRIMMED_MORE,
        false => TRIMMED,
    };
    let mut sample = count(&patterns, &pairs, trimmed);
    let is_untaught = exhaustive && copies::are_all(&sample, &comparisons);
    let mut pairs_a_record = pairs.others_a_query;
    if exhaustive && !is_untaught {
        pairs_a_record *= copies::temper(&mut sample, &comparisons, &pairs, &patterns);
    }
    if let ([only], Some(weights)) = (&comparisons[..], first_weights) {
        chance::learn(&mut known, records, only, weights, &sample, &options)?;
    }
    let expected = expected(records, &comparisons, &sample, known, one_to_one);
    // Records of a source that has each entity once do not match. What sources count for themselves they have
    // once each, and have in common by chance.
    let counts = [
        FeatureKind::Identifier,
        FeatureKind::Number,
        FeatureKind::Levels,
    ];
    let are_counts = |comparison: &Comparison| counts.contains(&comparison.kind);
    let apart = || {
        if !one_to_one || comparisons.iter().any(are_counts) {
            return Ok(None);
        }
        let within = ResolveOptions {
            link: Link::Dedupe,
            ..options.clone()
        };
        let pairs = learning_pairs(&within)?;
        let memory = records.reservation.new_empty();
        memory.try_resize(pairs.pairs.len() * bytes)?;
        Ok(Some(count(&compare(&pairs.pairs)?, &pairs, trimmed)))
    };
    let mut mixture = match is_untaught {
        true => copies::untaught(&comparisons, &expected, pairs_a_record),
        false => {
            let mut fitted = fits::fit(&sample, &apart, &expected, 0.5, pairs_a_record, workers)?;
            fitted.bound_unseen(&expected);
            fitted
        }
    };
    let labelled: Vec<(u32, u32)> = taught.labels.iter().map(|of| (of.left, of.right)).collect();
    let labelled = compare(&labelled)?.into_iter();
    let labels = labelled.zip(taught.labels.iter().map(|label| label.is_match));
    labels::learn(&mut mixture, &labels.collect::<Vec<_>>(), &expected.known);
    identities::keep_apart(&mut mixture, records, &comparisons, &expected);
    let is_estimated = taught.labels.is_empty() && !taught.tells_prior();
    if options.is_one_to_one() && is_estimated {
        mixture.prior += one_to_one::gain(&mixture, records, &pairs, &patterns, trimmed);
        mixture.round();
    }
    rarities(
        &mut comparisons,
        records,
        &sample,
        &mixture,
        &expected.known,
    );
    let options = &options;
    let keys = keys(records);
    let compares_all = exhaustive && keys.is_empty();
    let mut rules = Vec::new();
    if !compares_all {
        let likely = threads::map(
            workers,
            pairs.candidates.div_ceil(CHUNK),
            || (),
            |(), task| {
                let chunk = task * CHUNK..pairs.candidates.min((task + 1) * CHUNK);
                let all = chunk.map(|at| {
                    let probability = probability(mixture.log_odds(patterns[at]));
                    let (left, right) = pairs.pairs[at];
                    LikelyMatch {
                        left,
                        right,
                        probability,
                        matches: probability * pairs.weights[at].min(TRIMMED_MORE),
                    }
                });
                let likely = all.filter(|pair| pair.probability > LIKELY);
                Ok(likely.collect::<Vec<_>>())
            },
        )?;
        let mut matches = likely.concat();
        let matching = matches.iter().map(|pair| pair.matches).sum::<f64>();
        let matching = matching / pairs.queries.max(1) as f64;
        // Which ones, and in which order, does not depend on the order of the records.
        matches.sort_by_cached_key(|pair| {
            mix(
                records.hash(pair.left),
                records.hash(pair.right).rotate_left(1),
            )
        });
        matches.truncate(MATCHES);
        let budget = options
            .pair_budget
            .unwrap_or_else(|| (records.len() as u64 * PAIRS_A_RECORD).max(LEAST_BUDGET))
            as f64;
        // A pair is met by both of its records.
        let budget = 2.0 * budget / records.len() as f64;
        rules = match keys[..] {
            [] => choice::choose(&candidates, (&matches, matching), records, &words, budget),
            _ => choice::given(&keys, &candidates, &matches, records, &words),
        };
    }
    Ok(Model {
        format: FORMAT,
        options: options.clone(),
        found_threshold: Some(EVEN),
        columns: records.columns().to_vec(),
        repeats: records.repeats.clone(),
        comparisons,
        words,
        mixture,
        rules,
        compares_all,
        is_untaught,
    })
}

/// Tells apart the values of each level of equal values, but for those that the parameters are known of.
fn rarities(
    comparisons: &mut [Comparison],
    records: &Records,
    sample: &[Counted],
    mixture: &Mixture,
    known: &Known,
) {
    let chances: Vec<f64> = sample
        .iter()
        .map(|counted| counted.pairs * (1.0 - mixture.shares(counted.pattern).told()))
        .collect();
    for (at, comparison) in comparisons.iter_mut().enumerate() {
        let mut sums = vec![(0.0, 0.0); comparison.levels];
        for (counted, by_chance) in sample.iter().zip(&chances) {
            let sum = &mut sums[usize::from(counted.pattern.level(at))];
            *sum = (sum.0 + by_chance, sum.1 + counted.pairs);
        }
        let by_chance = sums.iter().enumerate().map(|(level, (by_chance, all))| {
            match known.is_held(at, level as u8) {
                true => 0.0,
                false => by_chance / f64::max(*all, f64::MIN_POSITIVE),
            }
        });
        let feature = &records.features()[comparison.feature];
        comparison.tell_rarities(feature, &by_chance.collect::<Vec<f64>>());
    }
}

/// Whether there are so few records that all pairs are compared to learn from them.
pub(super) fn is_small(records: &Records, options: &ResolveOptions) -> bool {
    is_few(records.present(), options)
}

/// Whether so few records are few enough for that.
pub(super) fn is_few(records: usize, options: &ResolveOptions) -> bool {
    let records = records as u64;
    records.saturating_mul(records.saturating_sub(1)) / 2 <= most_pairs_of_all(options)
}

/// Up to how many pairs all are compared.
pub(super) fn most_pairs_of_all(options: &ResolveOptions) -> u64 {
    ALL_PAIRS.min(options.pair_budget.unwrap_or(u64::MAX))
}

/// The features that definitions give as keys of blocks.
fn keys(records: &Records) -> Vec<usize> {
    let features = records.features().iter().enumerate();
    let keys = features.filter(|(_, feature)| feature.kind == FeatureKind::Key);
    keys.map(|(place, _)| place).collect()
}

/// One comparison for each feature that is compared.
pub(super) fn comparisons(records: &Records, options: &ResolveOptions) -> Result<Vec<Comparison>> {
    let places = compared_features(records, options);
    let comparison = |place: usize| {
        let feature = &records.features()[place];
        let column = &records.columns()[feature.column];
        let mut own = options.own_levels.iter().enumerate();
        if let Some((at, own)) = own.find(|(_, own)| own.column == column.name) {
            return Comparison::own(place, at, own);
        }
        let several = features(column.kind).len() > 1;
        Comparison::new(
            place,
            feature,
            &column.name,
            several,
            options.term_frequency,
        )
    };
    threads::map(
        options.workers(),
        places.len(),
        || (),
        |(), at| Ok(comparison(places[at])),
    )
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
    let is_one_source = || records.source_code(left) == records.source_code(right);
    match options.link {
        Link::LinkAndDedupe if !options.is_one_to_one() => true,
        Link::LinkAndDedupe | Link::LinkOnly => !is_one_source(),
        Link::Dedupe => is_one_source(),
    }
}

fn count(patterns: &[Pattern], pairs: &LearningPairs, most_weight: f64) -> Vec<Counted> {
    let mut table: HashMap<Pattern, Counted> = HashMap::new();
    for (at, (pattern, weight)) in patterns.iter().zip(&pairs.weights).enumerate() {
        let counted = table.entry(*pattern).or_insert(Counted {
            pattern: *pattern,
            pairs: 0.0,
            trimmed: 0.0,
            candidates: 0.0,
            squares: 0.0,
        });
        counted.pairs += weight;
        counted.trimmed += weight.min(most_weight);
        counted.candidates += f64::from(u8::from(at < pairs.candidates));
        counted.squares += weight * weight;
    }
    let mut counted: Vec<Counted> = table.into_values().collect();
    counted.sort_unstable_by_key(|counted| counted.pattern);
    counted
}
