//! How right entities are, where the truth is known.

use std::collections::BTreeMap;

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The share of what was found that is right.
    pub precision: f64,
    /// The share of what is right that was found.
    pub recall: f64,
}

impl Quality {
    fn new(right: f64, found: f64, all: f64) -> Self {
        let share = |whole: f64| if whole > 0.0 { right / whole } else { 1.0 };
        Self {
            precision: share(found),
            recall: share(all),
        }
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(self) -> f64 {
        let sum = self.precision + self.recall;
        match sum > 0.0 {
            true => 2.0 * self.precision * self.recall / sum,
            false => 0.0,
        }
    }
}

/// How right entities are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Of pairs of records.
    pub pairs: Quality,
    /// Averaged over records: A. Bagga and B. Baldwin, "Algorithms for scoring coreference
    /// chains" (1998).
    pub b_cubed: Quality,
    /// Of whole entities.
    pub clusters: Quality,
}

/// Holds entities against the truth, both by record; records without a truth are left out.
pub fn evaluate(entities: &[u32], truth: &[Option<u64>]) -> Evaluation {
    let mut found: BTreeMap<u32, f64> = BTreeMap::new();
    let mut true_ones: BTreeMap<u64, f64> = BTreeMap::new();
    let mut both: BTreeMap<(u32, u64), f64> = BTreeMap::new();
    for (entity, truth) in entities.iter().zip(truth) {
        if let Some(truth) = truth {
            *found.entry(*entity).or_default() += 1.0;
            *true_ones.entry(*truth).or_default() += 1.0;
            *both.entry((*entity, *truth)).or_default() += 1.0;
        }
    }
    let pairs = |size: &f64| size * (size - 1.0) / 2.0;
    let records: f64 = found.values().sum();
    let mut precision = 0.0;
    let mut recall = 0.0;
    let mut exact = 0.0;
    for ((entity, truth), size) in &both {
        let (of_found, of_truth) = (found[entity], true_ones[truth]);
        precision += size * size / of_found;
        recall += size * size / of_truth;
        exact += f64::from(u8::from(*size == of_found && *size == of_truth));
    }
    Evaluation {
        pairs: Quality::new(
            both.values().map(pairs).sum(),
            found.values().map(pairs).sum(),
            true_ones.values().map(pairs).sum(),
        ),
        b_cubed: Quality {
            precision: if records > 0.0 {
                precision / records
            } else {
                1.0
            },
            recall: if records > 0.0 { recall / records } else { 1.0 },
        },
        clusters: Quality::new(exact, found.len() as f64, true_ones.len() as f64),
    }
}
