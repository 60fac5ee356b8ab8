//! How many edits a predicate allows two texts, by their lengths.

use super::super::predicate::{Bound, Metric, Predicate};

/// The edits that a predicate allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Distances {
    bound: Bound,
    /// Whether both texts must have as many characters.
    same_length: bool,
}

impl Distances {
    /// Those of a predicate, if it bounds a number of edits.
    pub(crate) fn new(predicate: Predicate) -> Option<Self> {
        match (predicate.metric, predicate.bound) {
            (
                Metric::Levenshtein | Metric::Osa | Metric::DamerauLevenshtein | Metric::Hamming,
                Bound::AtMost(_),
            )
            | (Metric::NormalizedLevenshtein, Bound::AtLeast(_)) => Some(Self {
                bound: predicate.bound,
                same_length: predicate.metric == Metric::Hamming,
            }),
            _ => None,
        }
    }

    /// The most edits between two texts of which the longer has so many characters; none where not
    /// even equal texts satisfy the predicate. It is never more than the characters of the longer,
    /// and rises by no more than one with each.
    pub(crate) fn most(&self, longer: u32) -> Option<u32> {
        match self.bound {
            Bound::AtMost(most) => Some(most.min(longer)),
            Bound::AtLeast(least) => most_at_similarity(longer, least),
        }
    }

    /// The fewest characters that the shorter text can have.
    pub(crate) fn shortest(&self, longer: u32) -> Option<u32> {
        let most = self.most(longer)?;
        Some(if self.same_length {
            longer
        } else {
            longer - most
        })
    }
}

/// The most edits that leave a similarity of at least `least`, by the very comparison that the
/// function's value is held to.
fn most_at_similarity(longer: u32, least: f64) -> Option<u32> {
    let enough = |edits: u32| similarity(edits, longer) >= least;
    if !enough(0) {
        return None;
    }
    let (mut low, mut high) = (0, longer);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if enough(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Some(low)
}

/// `normalized_levenshtein` of a number of edits.
fn similarity(edits: u32, longer: u32) -> f64 {
    if longer == 0 {
        return 1.0;
    }
    1.0 - f64::from(edits) / f64::from(longer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(least: f64) -> Distances {
        Distances::new(Predicate {
            metric: Metric::NormalizedLevenshtein,
            bound: Bound::AtLeast(least),
        })
        .unwrap()
    }

    #[test]
    fn a_similarity_bounds_the_edits_by_the_longer_text() {
        let most = |least, longer| normalized(least).most(longer);
        assert_eq!(most(0.8, 0), Some(0));
        assert_eq!(most(0.8, 4), Some(0));
        assert_eq!(most(0.8, 5), Some(1));
        assert_eq!(most(0.8, 10), Some(2));
        assert_eq!(most(0.0, 7), Some(7));
        assert_eq!(most(-3.0, 7), Some(7));
        assert_eq!(most(1.5, 7), None);
        assert_eq!(most(f64::NAN, 7), None);
    }

    #[test]
    fn edits_rise_by_at_most_one_with_each_character() {
        for least in [0.0, 0.1, 1.0 / 3.0, 0.5, 0.7, 0.8, 0.9, 0.99, 1.0] {
            let distances = normalized(least);
            for longer in 0..300 {
                let (most, next) = (distances.most(longer), distances.most(longer + 1));
                assert!(most <= next && next.unwrap() <= most.unwrap() + 1);
            }
        }
    }
}
