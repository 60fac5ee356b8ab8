//! How good clusters are, held against the truth.

use std::collections::HashMap;

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Of what was said, the share that is true.
    pub precision: f64,
    /// Of what is true, the share that was said.
    pub recall: f64,
}

impl Score {
    fn of(right: f64, said: f64, truth: f64) -> Self {
        // Who says nothing says nothing wrong.
        let share = |of: f64| if of == 0.0 { 1.0 } else { right / of };
        Self {
            precision: share(said),
            recall: share(truth),
        }
    }

    /// The harmonic mean of both.
    pub fn f1(self) -> f64 {
        let sum = self.precision + self.recall;
        if sum == 0.0 {
            0.0
        } else {
            2.0 * self.precision * self.recall / sum
        }
    }
}

/// The scores of one clustering.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// Of pairs of records.
    pub pairwise: Score,
    /// Of records: A. Bagga and B. Baldwin, "Entity-based cross-document coreferencing using the
    /// vector space model", COLING-ACL 1998.
    pub bcubed: Score,
    /// Of whole clusters.
    pub cluster: Score,
}

/// The scores of clusters; records whose true entity is not known are left out.
pub fn scores(clusters: &[u32], truth: &[Option<u32>]) -> Scores {
    let mut said: HashMap<u32, u64> = HashMap::new();
    let mut real: HashMap<u32, u64> = HashMap::new();
    let mut both: HashMap<(u32, u32), u64> = HashMap::new();
    for (cluster, entity) in clusters.iter().zip(truth) {
        let Some(entity) = entity else { continue };
        *said.entry(*cluster).or_default() += 1;
        *real.entry(*entity).or_default() += 1;
        *both.entry((*cluster, *entity)).or_default() += 1;
    }
    let pairs = |counts: &mut dyn Iterator<Item = u64>| -> f64 {
        counts.map(|count| (count * (count - 1) / 2) as f64).sum()
    };
    let records: f64 = said.values().map(|count| *count as f64).sum();
    let mut scores = Scores {
        pairwise: Score::of(
            pairs(&mut both.values().copied()),
            pairs(&mut said.values().copied()),
            pairs(&mut real.values().copied()),
        ),
        ..Scores::default()
    };
    let (mut precision, mut recall, mut whole) = (0.0, 0.0, 0.0);
    for ((cluster, entity), count) in &both {
        let (said, real) = (said[cluster], real[entity]);
        let square = (count * count) as f64;
        precision += square / said as f64;
        recall += square / real as f64;
        whole += f64::from(u8::from(*count == said && *count == real));
    }
    let share = |of: f64| if records == 0.0 { 1.0 } else { of / records };
    scores.bcubed = Score {
        precision: share(precision),
        recall: share(recall),
    };
    scores.cluster = Score::of(whole, said.len() as f64, real.len() as f64);
    scores
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_example() {
        // Bagga and Baldwin's own: {1..5}, {6,7}, {8..12}, where the last two are put together.
        let truth: Vec<Option<u32>> = [0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2].map(Some).to_vec();
        let found = scores(&[0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], &truth);
        assert!((found.bcubed.precision - 0.7619).abs() < 0.001, "{found:?}");
        assert_eq!(found.bcubed.recall, 1.0);
        assert_eq!(found.cluster.precision, 0.5);
        assert!((found.cluster.recall - 1.0 / 3.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn pairwise_scores_are_those_of_all_pairs(
            records in prop::collection::vec((0_u32..5, prop::option::of(0_u32..5)), 0..30),
        ) {
            let clusters: Vec<u32> = records.iter().map(|record| record.0).collect();
            let truth: Vec<Option<u32>> = records.iter().map(|record| record.1).collect();
            let (mut right, mut said, mut real) = (0.0, 0.0, 0.0);
            for (l, r) in (0..records.len()).flat_map(|l| (0..l).map(move |r| (l, r))) {
                if truth[l].is_none() || truth[r].is_none() {
                    continue;
                }
                let (same, one) = (clusters[l] == clusters[r], truth[l] == truth[r]);
                right += f64::from(u8::from(same && one));
                said += f64::from(u8::from(same));
                real += f64::from(u8::from(one));
            }
            prop_assert_eq!(scores(&clusters, &truth).pairwise, Score::of(right, said, real));
        }
    }
}
