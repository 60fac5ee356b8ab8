//! What is expected of the classes of pairs before anything is learned.

use super::comparison::Comparison;
use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::mixture::{Counted, Expected};
use super::records::Records;
use super::taught::Known;

/// What is expected before anything is known: three quarters of the matches are equal, and other
/// pairs are as all pairs are.
pub(super) fn expected(
    records: &Records,
    comparisons: &[Comparison],
    sample: &[Counted],
    known: Known,
) -> Expected {
    let mut expected = Expected {
        matches: Vec::new(),
        others: Vec::new(),
        related: None,
        differing_matches: Vec::new(),
        own: Vec::new(),
        known,
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
