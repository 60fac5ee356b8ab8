//! Sources that have each entity once.

use hashbrown::HashMap;

use super::compare::Pattern;
use super::hashing::mix;
use super::learning_pairs::LearningPairs;
use super::mixture::{Mixture, probability};
use super::options::{Link, ResolveOptions};
use super::records::Records;
use super::taught::{Label, Taught};

/// For one in so many records that say all that another one of their source says, sources are held to
/// have entities more than once: fewer are slips.
const TOLERATED: usize = 25;
/// Records that have fewer values are equal by chance.
const LEAST_VALUES: usize = 2;
/// The greatest share of the records of a source that are held to have a match in the other one.
const MOST_MATCHED: f64 = 0.9;
/// How often that share is estimated at most, and the change at which it is held to stand.
const ROUNDS: usize = 100;
const SETTLED: f64 = 1e-4;

/// Whether it is still to be found out whether sources have each entity once: nothing is said of it, they
/// do not repeat themselves in the same words, and nobody has labelled two records of one as a match.
pub(super) fn is_open(records: &Records, options: &ResolveOptions, taught: &Taught) -> bool {
    let is_repeat = |label: &Label| {
        label.is_match && records.source_code(label.left) == records.source_code(label.right)
    };
    options.link == Link::LinkAndDedupe
        && options.one_to_one.is_none()
        && records.sources() > 1
        && !taught.labels.iter().any(is_repeat)
        && are_without_repeats(records)
}

/// Whether hardly any record of a source says what another one of it says already. Where sources repeat
/// an entity they mostly do so in the same words, now and then at least; and variants of a thing, which
/// are alike but for a word, do not look like repeats.
pub(super) fn are_without_repeats(records: &Records) -> bool {
    let mut said: Vec<u64> = (0..records.len() as u32)
        .filter_map(|record| {
            let row = records.row(record);
            let values = row.iter().filter(|cell| !cell.is_missing()).count();
            let of_source = mix(u64::from(records.source_code(record)), 5);
            let cells = row.iter();
            let all = cells.fold(of_source, |hash, cell| mix(hash, u64::from(cell.code)));
            (values >= LEAST_VALUES).then_some(all)
        })
        .collect();
    let all = said.len();
    said.sort_unstable();
    said.dedup();
    (all - said.len()) * TOLERATED <= all
}

/// By how much more likely, as the logarithm of odds, a pair is to match because each of its records
/// has one match at most.
///
/// A record either matches one of the other source's, each as likely as the others beforehand, or
/// none: where a share p of the records have a match among n, the odds of a pair are p / n to 1 - p, and
/// not to nearly 1, as they are where pairs are taken one by one (M. Sadinle, "Bayesian estimation of
/// bipartite matchings for record linkage", JASA 112, 2017). p is estimated so, for the records of the
/// smaller of two sources, by expectation maximisation.
pub(super) fn gain(
    mixture: &Mixture,
    records: &Records,
    pairs: &LearningPairs,
    patterns: &[Pattern],
    most_weight: f64,
) -> f64 {
    let mut of_sources = vec![0_usize; records.sources() + 1];
    for record in 0..records.len() as u32 {
        of_sources[records.source_code(record) as usize] += 1;
    }
    let [_, first, second] = of_sources[..] else {
        return 0.0;
    };
    let smaller = if first <= second { 1 } else { 2 };
    let is_all = pairs.candidates == pairs.pairs.len();
    let mut odds: HashMap<u32, f64> = HashMap::new();
    for (at, ((left, right), pattern)) in pairs.pairs.iter().zip(patterns).enumerate() {
        // Where not all pairs are there, those of the record on the left are.
        let record = match records.source_code(*left) == smaller {
            true => *left,
            false if is_all => *right,
            false => continue,
        };
        let of_record = odds.entry(record).or_default();
        if at < pairs.candidates {
            let weight = pairs.weights[at].min(most_weight);
            *of_record += weight * mixture.log_odds(*pattern).exp();
        }
    }
    // In one order, so that sums are the same however the table is.
    let mut odds: Vec<f64> = odds.into_values().collect();
    odds.sort_unstable_by(f64::total_cmp);
    let matched = |gain: f64| {
        let matched = odds.iter().map(|odds| probability(odds.ln() + gain));
        (matched.sum::<f64>() / odds.len().max(1) as f64).min(MOST_MATCHED)
    };
    let mut share = matched(0.0);
    for _ in 0..ROUNDS {
        let next = matched(-(1.0 - share).ln());
        let change = (next - share).abs();
        share = next;
        if change < SETTLED {
            break;
        }
    }
    -(1.0 - share).ln()
}
