//! How many characters have to match, and in how different an order they may be.

use crate::similarity::kernel::jaro::from_counts;
use crate::similarity::raise;

/// From where on two texts are similar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) winkler: bool,
    pub(crate) at_least: f64,
}

impl Threshold {
    /// Whether a Jaro similarity is enough for texts that begin with so many equal characters.
    #[inline]
    pub(crate) fn admits(self, similarity: f64, prefix: usize) -> bool {
        let similarity = if self.winkler {
            raise(similarity, prefix)
        } else {
            similarity
        };
        similarity >= self.at_least
    }

    /// How many characters match at least, if texts of two lengths are similar.
    ///
    /// Every operation of the formula is monotonic, and so is its floating-point result: a number
    /// of matches that is not enough in the best order is not in any other, nor is a lower one.
    pub(crate) fn matches(self, prefix: usize, left: usize, right: usize) -> Option<usize> {
        let most = left.min(right);
        if most == 0 {
            let similarity = if left == right { 1.0 } else { 0.0 };
            return self.admits(similarity, prefix).then_some(0);
        }
        let enough = |matches| self.admits(from_counts(left, right, matches, 0), prefix);
        if !enough(most) {
            return None;
        }
        let (mut low, mut high) = (0, most);
        while low < high {
            let middle = low.midpoint(high);
            if enough(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    /// How many of the matches may stand in another order; `None` if there are too few.
    pub(crate) fn misplaced(
        self,
        prefix: usize,
        left: usize,
        right: usize,
        matches: usize,
    ) -> Option<usize> {
        (0..=matches)
            .take_while(|misplaced| {
                self.admits(from_counts(left, right, matches, *misplaced), prefix)
            })
            .last()
    }
}

#[cfg(test)]
mod tests {
    use super::Threshold;
    use crate::similarity::kernel::jaro::from_counts;

    #[test]
    fn limits_agree_with_the_formula_for_every_count() {
        for at_least in [0.0, 0.3, 0.7, 0.8, 0.92, 0.9555555555555556, 1.0] {
            for (left, right) in [(1, 1), (3, 5), (9, 9), (14, 12), (64, 40)] {
                for prefix in 0..=3.min(left) {
                    let threshold = Threshold {
                        winkler: true,
                        at_least,
                    };
                    let required = threshold.matches(prefix, left, right);
                    for matches in 0..=left.min(right) {
                        let most = threshold.misplaced(prefix, left, right, matches);
                        for misplaced in 0..=matches {
                            let similarity = from_counts(left, right, matches, misplaced);
                            let admits = threshold.admits(similarity, prefix);
                            assert_eq!(admits, most.is_some_and(|most| misplaced <= most));
                            assert!(!admits || required.is_some_and(|least| matches >= least));
                        }
                    }
                }
            }
        }
    }
}
