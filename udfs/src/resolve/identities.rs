//! Identifiers of people that keep records apart.
//!
//! Expectation maximisation takes people who have name, birthday and town in common for one, whatever else
//! differs, and learns of them that identifiers of one person differ. Where hardly any value is of two people
//! and matches have it in common but for these, without slips of the pen, two values are two people.

use super::comparison::{Comparison, DIFFERENT};
use super::expected::{Expected, is_unique};
use super::feature_kind::FeatureKind;
use super::mixture::Mixture;
use super::records::Records;

/// How many of the matches that have an identifier each have it in common, at least.
const IN_COMMON: f64 = 0.8;
/// How many have some that are alike, at most: elsewhere some are mistyped, and some of these so that they
/// are not alike.
const ALIKE: f64 = 0.01;
/// How many have two. A name, a birthday and a postcode in common do not outweigh it, nor do they where a record
/// without an identifier, which is like both, joins two that have one.
const WITH_TWO: f64 = 1e-20;

/// Has identifiers that differ keep people apart, where these have one each.
pub(super) fn keep_apart(
    mixture: &mut Mixture,
    records: &Records,
    comparisons: &[Comparison],
    expected: &Expected,
) {
    let is = |comparison: &Comparison, kind: FeatureKind| comparison.kind == kind;
    if !comparisons.iter().any(|of| is(of, FeatureKind::Given)) {
        return;
    }
    for (at, comparison) in comparisons.iter().enumerate() {
        let is_open = is(comparison, FeatureKind::Identifier)
            && is_unique(&records.features()[comparison.feature])
            && !expected.known.is_held(at, DIFFERENT);
        let levels = DIFFERENT + 1..comparison.first_exact();
        let alike: f64 = levels.map(|level| mixture.matches.share(at, level)).sum();
        let differing = mixture.matches.share(at, DIFFERENT);
        if is_open && alike < ALIKE && 1.0 - differing - alike > IN_COMMON {
            mixture.matches.differ_by(at, WITH_TWO);
        }
    }
    mixture.round();
}
