//! How many pairs agree by chance, where one thing alone is compared.
//!
//! Of a single comparison any share of each level may be matches, and the sample is as likely: nothing else
//! agrees or differs that would tell. What it is made of tells. Decoys of the words of texts are as alike as texts
//! are by chance (`decoys.rs`), and the number and the name of a street are the same independently of each other.
//! Pairs that are alike beyond that are matches.

use datafusion::error::Result;

use super::comparison::{Comparison, MISSING_LEVEL};
use super::decoys;
use super::feature::Feature;
use super::feature_kind::FeatureKind;
use super::mixture::Counted;
use super::options::ResolveOptions;
use super::records::Records;
use super::taught::Known;
use super::word_weights::WordWeights;

/// As how many pairs a level counts at least.
const LEAST_PAIRS: f64 = 0.5;

/// Learns the shares of levels among the pairs that do not match, where they are told by what the only comparison
/// is made of.
pub(super) fn learn(
    known: &mut Known,
    records: &Records,
    comparison: &Comparison,
    weights: WordWeights<'_>,
    sample: &[Counted],
    options: &ResolveOptions,
) -> Result<()> {
    let mut pairs = vec![0.0; comparison.levels];
    for counted in sample {
        pairs[usize::from(counted.pattern.level(0))] += counted.pairs;
    }
    pairs[usize::from(MISSING_LEVEL)] = 0.0;
    let all: f64 = pairs.iter().sum();
    let feature = &records.features()[comparison.feature];
    let told = match comparison.kind {
        FeatureKind::Text => decoys::by_chance(records, comparison, weights, &pairs, options)?,
        FeatureKind::Street => of_streets(&pairs, numbered(feature)),
        _ => Vec::new(),
    };
    let share = |pairs: Option<f64>| pairs.map(|pairs| pairs / all.max(1.0));
    let shares: Vec<Option<f64>> = told.into_iter().map(share).collect();
    known.learn_of_others(0, &shares);
    Ok(())
}

/// The share of the records whose streets have numbers.
fn numbered(feature: &Feature) -> f64 {
    let (mut all, mut numbered) = (0.0, 0.0);
    for (code, count) in (1..).zip(&feature.counts[1..]) {
        let text = feature.dictionary().text(code);
        all += f64::from(*count);
        numbered += f64::from(*count) * f64::from(u8::from(!text.starts_with('|')));
    }
    numbered / f64::max(all, 1.0)
}

/// By chance numbers are the same independently of what streets are called. Where both have none, and where one
/// of two has, the streets say all.
fn of_streets(pairs: &[f64], numbered: f64) -> Vec<Option<f64>> {
    let &[_, different, same_number, alike, same_street, both, ..] = pairs else {
        return Vec::new();
    };
    let have_numbers = numbered * numbered;
    let all = different + same_number + alike + same_street;
    if all * have_numbers < 1.0 {
        return Vec::new();
    }
    let streets = (alike + same_street) / have_numbers;
    let by_chance = streets * (1.0 - have_numbers + same_number / all);
    let mut told = vec![None; 5];
    told.push(Some(by_chance.min(both).max(LEAST_PAIRS)));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_streets_are_the_same_by_chance_independently() {
        let pairs = [0.0, 2e6, 72.0, 5000.0, 45.0, 159.0, 500.0];
        let told = of_streets(&pairs, 1.0);
        assert_eq!(told[5], Some(0.5));
        // Where few have numbers, the streets alone are alike.
        let told = of_streets(&pairs, 0.1);
        assert_eq!(told[5], Some(159.0));
        assert!(of_streets(&pairs, 0.0).is_empty());
    }
}
