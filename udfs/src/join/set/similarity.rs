//! Which sets are compared, and how.

use crate::join::predicate::Metric;
use crate::similarity::kernel::ngrams::{Coefficient, LONGEST, Ngrams};
use crate::trigram::{Overlap, distinct};

/// A similarity of two sets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SetSimilarity {
    /// Of n-grams of characters.
    Ngrams { coefficient: Coefficient, n: usize },
    /// pg_trgm's.
    Trigrams,
}

impl SetSimilarity {
    /// The similarity of a metric, if it is one of sets.
    pub(crate) fn of_metric(metric: Metric) -> Option<Self> {
        let (coefficient, n) = match metric {
            Metric::Jaccard { n } => (Coefficient::Jaccard, n),
            Metric::Dice { n } => (Coefficient::SorensenDice, n),
            Metric::Cosine { n } => (Coefficient::Cosine, n),
            Metric::Overlap { n } => (Coefficient::Overlap, n),
            Metric::Trigram => return Some(Self::Trigrams),
            _ => return None,
        };
        let n = usize::try_from(n).ok()?;
        (1..=LONGEST)
            .contains(&n)
            .then_some(Self::Ngrams { coefficient, n })
    }

    /// How many different n-grams there are at most.
    pub(crate) fn most_distinct(self, ascii: bool) -> usize {
        let (characters, n) = match self {
            Self::Ngrams { n, .. } if ascii => (128_usize, n as u32),
            Self::Ngrams { .. } => return usize::MAX,
            // Letters and digits of ASCII, and the blank; hashes of three bytes otherwise.
            Self::Trigrams if ascii => (37, 3),
            Self::Trigrams => (256, 3),
        };
        // Shorter texts are n-grams of fewer characters.
        characters.saturating_add(1).saturating_pow(n)
    }

    /// The distinct n-grams of a text, as numbers.
    pub(crate) fn grams(self, text: &str, grams: &mut Vec<u128>) {
        grams.clear();
        match self {
            Self::Ngrams { n, .. } => {
                let mut ngrams = Ngrams::default();
                ngrams.set(text, n);
                grams.extend(ngrams.numbers());
            }
            Self::Trigrams => {
                let mut trigrams = Vec::new();
                distinct(text, &mut trigrams);
                grams.extend(trigrams.into_iter().map(u128::from));
            }
        }
    }

    /// The similarity of sets of two sizes that share so many, the very number of the function.
    pub(crate) fn of(self, left: usize, right: usize, common: usize) -> f64 {
        match self {
            Self::Ngrams { coefficient, .. } => coefficient.of(left, right, common),
            Self::Trigrams => {
                let [left, right, both] = [left, right, common].map(|n| n as u32);
                f64::from(Overlap { left, right, both }.similarity())
            }
        }
    }
}
