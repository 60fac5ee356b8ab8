//! Records that say the same throughout, where these are all there are, or most.
//!
//! What pairs that match have in common is learned from those that do not, which nearly all pairs are taken to
//! be. Of a record and its copies alone nothing is learned: then pairs are judged by what is known of kinds of
//! values beforehand, as how rarely two people have one telephone. And where a few records stand among many
//! copies of one, its pairs are most of all pairs, though they say no more than that each copy is one.

use std::collections::{BTreeSet, HashSet};

use super::compare::Pattern;
use super::comparison::{Comparison, DIFFERENT, MISSING_LEVEL};
use super::dictionary::MISSING;
use super::expected::Expected;
use super::feature::Feature;
use super::feature_kind::{FeatureKind, features};
use super::gaps::Gaps;
use super::hashing::mix;
use super::kind::ColumnKind;
use super::learning_pairs::LearningPairs;
use super::mixture::{Counted, Mixture};
use super::tree::Tree;

/// The share of the pairs that are of copies, from which on there are too few others to learn from.
const MOST: f64 = 0.5;
/// How many matches a record is held to have where nothing tells how many there are: few, so that two things
/// are not held to be one for a first name.
const MATCHES_A_RECORD: f64 = 0.05;

/// How often two things have a value of this kind in common, where nothing is known of the values. None for
/// what any two may have in common.
fn by_chance(kind: FeatureKind) -> Option<f64> {
    match kind {
        FeatureKind::Email | FeatureKind::Uuid => Some(0.001),
        FeatureKind::Phone => Some(0.01),
        FeatureKind::Given
        | FeatureKind::Family
        | FeatureKind::Date
        | FeatureKind::Street
        | FeatureKind::Identifier
        | FeatureKind::Url
        | FeatureKind::Ip
        | FeatureKind::Text => Some(0.05),
        FeatureKind::Postcode
        | FeatureKind::Place
        | FeatureKind::Number
        | FeatureKind::Category
        | FeatureKind::Codes
        | FeatureKind::Levels
        | FeatureKind::Key => None,
    }
}

/// Whether it says something that records have a value of this kind in common, though all of them do.
pub(super) fn tells(kind: ColumnKind) -> bool {
    let mut kinds = features(kind).iter();
    kinds.any(|kind| by_chance(*kind).is_some())
}

/// Whether those values of a record that are there tell more than one thing: columns that hardly any two have in
/// common by chance.
pub(super) fn tell_several(features: &[Feature], is_there: impl Fn(usize) -> bool) -> bool {
    let features = features.iter().enumerate();
    let telling = features.filter(|(at, of)| is_there(*at) && by_chance(of.kind).is_some());
    let mut columns = telling.map(|(_, feature)| feature.column);
    let first = columns.next();
    columns.any(|column| Some(column) != first)
}

/// Of the records that have one of some `values`, by the numbers of these in each feature, those that say the
/// same throughout as one before them, and more than one thing: what many of these have in common is that of
/// one record, and stands for something.
pub(super) fn repeating(
    features: &[Feature],
    codes: &[Vec<u32>],
    values: &[Vec<u32>],
) -> Vec<usize> {
    let marks = features.iter().zip(values).map(|(feature, values)| {
        let mut marks = match values.is_empty() {
            true => Vec::new(),
            false => vec![false; feature.dictionary().len()],
        };
        values.iter().for_each(|code| marks[*code as usize] = true);
        marks
    });
    let marks: Vec<Vec<bool>> = marks.collect();
    let is_asked = |row: usize| {
        let mut marks = marks.iter().zip(codes);
        marks.any(|(marks, codes)| marks.get(codes[row] as usize) == Some(&true))
    };
    let mut seen = HashSet::new();
    let repeats = |row: &usize| {
        let values = codes.iter().map(|codes| codes[*row]);
        let all = values.fold(0, |all, code| mix(all, u64::from(code)));
        tell_several(features, |at| codes[at][*row] != MISSING) && !seen.insert(all)
    };
    let rows = codes.first().map_or(0, Vec::len);
    (0..rows)
        .filter(|row| is_asked(*row))
        .filter(repeats)
        .collect()
}

/// Whether a comparison finds values equal; none where one is missing.
fn is_equal(comparison: &Comparison, level: u8) -> Option<bool> {
    (level != MISSING_LEVEL).then(|| level >= comparison.first_exact())
}

/// Whether no two records differ in anything that is compared.
pub(super) fn are_all(sample: &[Counted], comparisons: &[Comparison]) -> bool {
    let is_of_copies = |counted: &Counted| {
        let mut levels = comparisons.iter().enumerate();
        levels.all(|(at, of)| is_equal(of, counted.pattern.level(at)) != Some(false))
    };
    !comparisons.is_empty() && sample.iter().all(is_of_copies)
}

/// The mixture of pairs that differ in nothing: nothing is learned of them.
pub(super) fn untaught(
    comparisons: &[Comparison],
    expected: &Expected,
    pairs_a_record: f64,
) -> Mixture {
    let of_kinds = comparisons.iter().zip(&expected.matches);
    let others: Vec<Vec<f64>> = of_kinds
        .map(|(comparison, matches)| match by_chance(comparison.kind) {
            Some(chance) => others(matches, usize::from(comparison.first_exact()), chance),
            None => matches.clone(),
        })
        .collect();
    let mut mixture = Mixture {
        prior: (MATCHES_A_RECORD / pairs_a_record.max(1.0)).ln(),
        matches: Tree::independent(&expected.matches),
        others: Tree::independent(&others),
        related: None,
        gaps: Gaps::default(),
    };
    expected.known.hold(&mut mixture);
    mixture.round();
    mixture
}

/// The levels of pairs that do not match, of which as many as this have equal values, and as many similar ones.
fn others(matches: &[f64], first_exact: usize, chance: f64) -> Vec<f64> {
    let different = usize::from(DIFFERENT);
    let mut others = matches.to_vec();
    let mut left = 1.0;
    for levels in [first_exact..matches.len(), different + 1..first_exact] {
        let sum: f64 = matches[levels.clone()].iter().sum();
        if sum > 0.0 {
            left -= chance;
            for share in &mut others[levels] {
                *share *= chance / sum;
            }
        }
    }
    others[different] = left;
    others
}

/// Has pairs of copies count for as many as there are copies, where they are most of all pairs: of `k` records
/// that say the same there are `k (k - 1) / 2`, and all of them follow from `k - 1`. What the copies have in
/// common is to be rarer by chance than one of all pairs. Answers the share of the pairs that is left.
pub(super) fn temper(
    sample: &mut [Counted],
    comparisons: &[Comparison],
    pairs: &LearningPairs,
    patterns: &[Pattern],
) -> f64 {
    let total: f64 = sample.iter().map(|counted| counted.pairs).sum();
    let is_of_copies = |pattern: Pattern| {
        let mut evidence = 0.0;
        for (at, comparison) in comparisons.iter().enumerate() {
            match is_equal(comparison, pattern.level(at)) {
                Some(true) => evidence -= by_chance(comparison.kind).map_or(0.0, f64::ln),
                Some(false) => return false,
                None => {}
            }
        }
        evidence > total.ln()
    };
    let copied: f64 = sample
        .iter()
        .filter(|counted| is_of_copies(counted.pattern))
        .map(|counted| counted.pairs)
        .sum();
    if copied <= MOST * total {
        return 1.0;
    }
    let of_copies = patterns.iter().zip(&pairs.pairs);
    let copies: BTreeSet<u32> = of_copies
        .filter(|(pattern, _)| is_of_copies(**pattern))
        .map(|(_, (later, _))| *later)
        .collect();
    let share = copies.len() as f64 / copied;
    for counted in sample.iter_mut() {
        if is_of_copies(counted.pattern) {
            counted.pairs *= share;
            counted.trimmed *= share;
            counted.candidates *= share;
            counted.squares *= share;
        }
    }
    1.0 - copied * (1.0 - share) / total
}
