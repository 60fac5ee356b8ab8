//! What is expected of the classes of pairs before anything is learned.

use super::comparison::Comparison;
use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::mixture::Counted;
use super::records::Records;
use super::taught::Known;

/// How many matches have equal values; texts are mostly written anew.
const EQUAL: f64 = 0.75;
const EQUAL_TEXTS: f64 = 0.3;
/// How many have values that differ altogether.
const DIFFERING: f64 = 0.1;
/// How many of the related pairs are expected to share what some of them do, as the name of a family that not
/// all of a household have; and what is each one's own: fathers name sons after themselves.
const SHARING: f64 = 0.5;
const OF_OWN: f64 = 0.03;

/// What is known of the classes beforehand: the share of each level of each comparison.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) matches: Vec<Vec<f64>>,
    pub(super) others: Vec<Vec<f64>>,
    pub(super) related: Option<Vec<Vec<f64>>>,
    /// The levels that any pair of the sample has: of the others nothing is known.
    pub(super) seen: Vec<Vec<bool>>,
    /// The greatest share of matches that differ.
    pub(super) differing_matches: Vec<f64>,
    /// The first level of equal values.
    pub(super) first_exact: Vec<usize>,
    /// What is known of things of which there may be many records.
    pub(super) many: Option<Many>,
    /// Whether related pairs differ as any others do.
    pub(super) own: Vec<bool>,
    /// How many of the related pairs are held to share it as matches do, before any is seen, while the rest
    /// differ as any others; none where that is not learned.
    pub(super) sharing: Vec<Option<f64>>,
    /// The same where they may be couples, who are called otherwise and share the number of an account; none
    /// where people have no numbers.
    pub(super) couples: Option<Vec<Option<f64>>>,
    /// The same where they may be twins, who have one day of birth, or be called as a parent is; none where names
    /// and days of birth do not tell them from matches together.
    pub(super) twins: Option<Vec<Option<f64>>>,
    /// Whether sources have each entity once.
    pub(super) one_to_one: bool,
    /// What is not to be estimated.
    pub(super) known: Known,
}

impl Expected {
    /// The shares of levels among pairs that are alike in one half of what is compared, whichever it is.
    pub(super) fn half_alike(&self) -> Vec<Vec<f64>> {
        let comparisons = self.matches.iter().zip(&self.others);
        let half = |(m, u): (&f64, &f64)| f64::midpoint(*m, *u);
        comparisons
            .map(|(matches, others)| matches.iter().zip(others).map(half).collect())
            .collect()
    }
}

/// What is known of things of which there may be many records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Many {
    /// The levels of comparisons, as a pattern has them, of which one is to be there for related pairs to
    /// be told from matches.
    pub(super) told_by: u64,
}

/// What is expected before anything is known: most matches are equal or nearly so, and other pairs are
/// as all pairs are.
pub(super) fn expected(
    records: &Records,
    comparisons: &[Comparison],
    sample: &[Counted],
    known: Known,
    one_to_one: bool,
) -> Expected {
    let mut expected = Expected {
        matches: Vec::new(),
        others: Vec::new(),
        related: None,
        seen: Vec::new(),
        differing_matches: Vec::new(),
        first_exact: Vec::new(),
        many: None,
        own: Vec::new(),
        sharing: Vec::new(),
        couples: None,
        twins: None,
        one_to_one,
        known,
    };
    for (at, comparison) in comparisons.iter().enumerate() {
        let feature = &records.features()[comparison.feature];
        let first = usize::from(comparison.first_exact());
        let equal = match comparison.kind {
            FeatureKind::Text | FeatureKind::Codes => EQUAL_TEXTS,
            _ => EQUAL,
        };
        let mut matches = vec![0.0; comparison.levels];
        for (code, equality) in comparison.equalities(feature).iter().enumerate().skip(1) {
            matches[usize::from(equality.level())] += f64::from(feature.counts[code]);
        }
        let mass: f64 = matches.iter().sum();
        for share in &mut matches[first..] {
            *share = equal * *share / mass.max(1.0) + 0.001;
        }
        let between = first - 2;
        for (nearness, share) in matches[2..first].iter_mut().enumerate() {
            let part = 2.0 * (nearness + 1) as f64 / (between * (between + 1)) as f64;
            *share = (1.0 - DIFFERING - equal) * part;
        }
        let mut others = vec![0.0; comparison.levels];
        for counted in sample {
            others[usize::from(counted.pattern.level(at))] += counted.pairs;
        }
        others[0] = 0.0;
        let seen: Vec<bool> = others.iter().map(|pairs| *pairs > 0.0).collect();
        let all: f64 = others.iter().sum();
        // Where no pair of all differs, no match does, and what is held to would be lost to the rest.
        matches[1] = match seen[1] || all == 0.0 {
            true => DIFFERING,
            false => DIFFERING.min(1.0 / all),
        };
        // Where nothing else is compared, nothing tells which of the equal values are so by chance. Of
        // values that hardly repeat, none are until more is known.
        if comparisons.len() == 1 && is_unique(feature) {
            others[first..].fill(0.0);
        }
        expected.seen.push(seen);
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
        is(comparison, &OWN) || is(comparison, &CODES) && is_unique(feature)
    };
    if comparisons.iter().any(own) && comparisons.iter().any(|of| is(of, &SHARED)) {
        let are_people = comparisons.iter().any(|comparison| is(comparison, &OWN));
        let related = comparisons.iter().enumerate().map(|(at, comparison)| {
            let (matches, others) = (&expected.matches[at], &expected.others[at]);
            // Variants of a thing have numbers that follow each other; people's do not.
            let is_like = !are_people && comparison.kind == FeatureKind::Identifier;
            let below = 1..usize::from(comparison.first_exact());
            let like = 1.0 / below.len() as f64;
            let as_others = |level: usize, u: f64| match (is_like, below.contains(&level)) {
                (false, _) => u,
                (true, true) => like,
                (true, false) => 0.0,
            };
            match own(comparison) {
                true => (0..matches.len())
                    .map(|level| {
                        let others = as_others(level, others[level]);
                        OF_OWN * matches[level] + (1.0 - OF_OWN) * others
                    })
                    .collect(),
                false => matches.clone(),
            }
        });
        expected.related = Some(related.collect());
    }
    let are_people = comparisons.iter().any(|comparison| is(comparison, &OWN));
    if !one_to_one && !are_people {
        let own = comparisons.iter().map(own).enumerate();
        let told_by = own
            .filter(|(_, own)| *own)
            .fold(0, |told_by, (at, _)| told_by | 15 << (4 * at));
        expected.many = Some(Many { told_by });
    }
    let (mut couples, mut are_numbered) = (Vec::new(), false);
    for comparison in comparisons {
        let own = own(comparison);
        let first = usize::from(comparison.first_exact());
        expected.first_exact.push(first);
        expected.differing_matches.push(if own { 0.4 } else { 0.6 });
        expected.own.push(own);
        let sharing = is(comparison, &AT_TIMES).then_some(SHARING);
        expected.sharing.push(sharing);
        let is_number = own && are_people && comparison.kind == FeatureKind::Identifier;
        are_numbered |= is_number;
        couples.push(match comparison.kind {
            FeatureKind::Family => Some(SHARING),
            _ if is_number => Some(OF_OWN),
            _ => sharing,
        });
    }
    expected.couples = are_numbered.then_some(couples);
    let has = |kind: &FeatureKind| comparisons.iter().any(|of| of.kind == *kind);
    // The name of a family alone does not tell who lives together.
    let have_homes = HOMES.iter().any(has);
    if expected.related.is_some() && have_homes && OWN.iter().all(has) {
        let of_own = |comparison: &Comparison| match comparison.kind {
            FeatureKind::Date => Some(SHARING),
            FeatureKind::Given => Some(OF_OWN),
            _ => None,
        };
        expected.twins = Some(comparisons.iter().map(of_own).collect());
    }
    expected
}

/// Whether hardly any two records have the same value, but for those of one entity.
pub(super) fn is_unique(feature: &Feature) -> bool {
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

/// What makes a thing another one than those that are like it, where hardly any two have it in common.
const CODES: [FeatureKind; 3] = [
    FeatureKind::Identifier,
    FeatureKind::Uuid,
    FeatureKind::Codes,
];
/// What people who live together do not share.
const OWN: [FeatureKind; 2] = [FeatureKind::Given, FeatureKind::Date];
/// What tells that they do, beside what they are called.
const HOMES: [FeatureKind; 3] = [FeatureKind::Email, FeatureKind::Phone, FeatureKind::Street];
/// What they share; and what the variants of a product do.
const SHARED: [FeatureKind; 5] = [
    FeatureKind::Family,
    FeatureKind::Email,
    FeatureKind::Phone,
    FeatureKind::Street,
    FeatureKind::Text,
];
/// What some of them do.
const AT_TIMES: [FeatureKind; 4] = [
    FeatureKind::Email,
    FeatureKind::Phone,
    FeatureKind::Url,
    FeatureKind::Ip,
];
