//! Whether probabilities are what they say.

use super::clusters::Clusters;
use super::pair::Pair;

/// How many bins there are.
const BINS: usize = 20;

/// The pairs of a range of probabilities, as `entity_calibration` shows them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationBin {
    /// The least probability of the bin; it ends where the next begins.
    pub from: f64,
    /// How many pairs it has.
    pub pairs: u64,
    /// Their mean probability.
    pub expected: f64,
    /// The share of them that the entities, or people, hold to be one.
    pub observed: f64,
}

/// Holds the probabilities of pairs against entities: those that were found, whose every pair
/// was weighed together with all others of its records, or the true ones.
pub fn calibration(pairs: &[Pair], entity_of: &[u32]) -> Vec<CalibrationBin> {
    let is_one = |pair: &Pair| entity_of[pair.left as usize] == entity_of[pair.right as usize];
    bins(pairs.iter().map(|pair| (pair.probability(), is_one(pair))))
}

/// Holds the probabilities of pairs against what people say of each: whether it is one entity.
pub fn calibration_of_labels(pairs: &[(Pair, bool)]) -> Vec<CalibrationBin> {
    let labelled = pairs.iter();
    bins(labelled.map(|(pair, is_match)| (pair.probability(), *is_match)))
}

fn bins(pairs: impl Iterator<Item = (f64, bool)>) -> Vec<CalibrationBin> {
    let mut bins = [(0_u64, 0.0, 0_u64); BINS];
    for (probability, is_one) in pairs {
        let bin = &mut bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += 1;
        bin.1 += probability;
        bin.2 += u64::from(is_one);
    }
    let described = bins.iter().enumerate().filter(|(_, bin)| bin.0 > 0);
    described
        .map(|(at, (pairs, sum, one))| CalibrationBin {
            from: at as f64 / BINS as f64,
            pairs: *pairs,
            expected: sum / *pairs as f64,
            observed: *one as f64 / *pairs as f64,
        })
        .collect()
}

/// The pairs that people should be asked about: those that the model is least sure of, and those
/// first on which it and the entities differ.
pub fn label_suggestions(pairs: &[Pair], clusters: &Clusters, most: usize) -> Vec<Pair> {
    let surprise = |pair: &Pair| {
        let one = clusters.entity_of[pair.left as usize] == clusters.entity_of[pair.right as usize];
        let doubt = 0.5 - (pair.probability() - 0.5).abs();
        doubt + f64::from(u8::from(one != (pair.log_odds > 0.0)))
    };
    let mut chosen: Vec<Pair> = pairs.to_vec();
    chosen.sort_by(|left, right| {
        let places = |pair: &Pair| (pair.left, pair.right);
        surprise(right)
            .total_cmp(&surprise(left))
            .then(places(left).cmp(&places(right)))
    });
    chosen.truncate(most);
    chosen
}
