//! The mixture of matching and other pairs, fitted by expectation maximisation.
//!
//! I. P. Fellegi and A. B. Sunter, "A theory for record linkage", JASA 64 (1969); W. E. Winkler,
//! "Using the EM algorithm for weight computation in the Fellegi-Sunter model" (1988). Their
//! comparisons are independent within each class, which those of pairs that do not match are not,
//! and which makes probabilities overconfident. Here these are a tree of dependences (who lives in
//! a town has a postcode of it): M. Meila and M. I. Jordan, "Learning with mixtures of trees", JMLR
//! 1 (2000), after C. K. Chow and C. N. Liu (1968). And they are of two classes: people who live
//! together share a name, an address and often a telephone, all at once, which no single
//! distribution says of all pairs. Matches stay independent: with a tree of their own they take in
//! people of one household, as the pairs that share everything but what is one's own. Only how rare
//! what they agree on is goes together (`bands.rs`).
//!
//! Where none of this is known, or is not all there is, pairs that are alike in whatever way are a class
//! that is learned, with dependences of its own (`fits.rs`).
//!
//! The sample stands for all pairs of records, those of blocks with a weight of one and random
//! ones with that of all the others, so that what the blocks select does not bias the estimates.

use serde::{Deserialize, Serialize};

use super::compare::Pattern;
use super::comparison::MISSING_LEVEL;
use super::expected::Expected;
use super::fit::EXPECTED_PAIRS;
use super::gaps::Gaps;
use super::tree::{Tree, Weighted};

/// How many of two records that a third one links are not related at all, for each that match.
const UNRELATED: f64 = 0.1;

/// A pattern and the pairs that have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) pattern: Pattern,
    /// How many pairs of all it stands for.
    pub(super) pairs: f64,
    /// The same with trimmed weights, for what is learned of the few pairs that match.
    pub(super) trimmed: f64,
    /// How many of them were found in blocks.
    pub(super) candidates: f64,
    /// The sum of the squares of how many each of those that were taken stands for.
    pub(super) squares: f64,
}

/// The parameters of the mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mixture {
    /// The natural logarithm of the odds that two records taken at random match.
    pub(super) prior: f64,
    pub(super) matches: Tree,
    pub(super) others: Tree,
    /// Pairs that are related and do not match, where there may be some.
    pub(super) related: Option<Related>,
    /// What it says that values are missing, where it says anything.
    #[serde(default)]
    pub(super) gaps: Gaps,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Related {
    /// The logarithm of their share of the pairs that do not match.
    pub(super) share: f64,
    pub(super) tree: Tree,
    /// The levels of comparisons of which one is not missing where two records are related.
    pub(super) told_by: u64,
}

/// How much of a pattern's pairs is of each class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shares {
    pub(super) matches: f64,
    pub(super) related: f64,
}

impl Shares {
    /// What is not of the others.
    #[inline]
    pub(super) fn told(&self) -> f64 {
        (self.matches + self.related).min(1.0)
    }
}

impl Mixture {
    /// The natural logarithm of the odds of a match.
    #[inline]
    pub(super) fn log_odds(&self, pattern: Pattern) -> f64 {
        self.prior_of(pattern) + self.matches.log_probability(pattern) - self.log_other(pattern)
    }

    /// The same before any value is compared: by what there is to be compared.
    #[inline]
    pub(super) fn prior_of(&self, pattern: Pattern) -> f64 {
        self.prior + self.gaps.log(pattern)
    }

    /// The related pairs, where a pattern tells any from matches.
    #[inline]
    fn related_by(&self, pattern: Pattern) -> Option<&Related> {
        let related = self.related.as_ref();
        related.filter(|related| pattern.0 & related.told_by != 0)
    }

    /// The evidence against a match of two records that are known to be related somehow: 0 where
    /// there is none.
    pub(super) fn conflict(&self, pattern: Pattern) -> f64 {
        let related = self.related_by(pattern).map_or(0.0, |related| {
            (related.share - self.prior + related.tree.log_probability(pattern)).exp()
        });
        let others = UNRELATED * self.others.log_probability(pattern).exp();
        (self.matches.log_probability(pattern) - (others + related).ln()).min(0.0)
    }

    /// By how much the log-odds of a match rise where pairs that are not related have a pattern that much
    /// less often, as a logarithm. Related pairs share values as matches do.
    pub(super) fn gain(&self, pattern: Pattern, rarity: f64) -> f64 {
        let Some(related) = self.related_by(pattern) else {
            return rarity;
        };
        let others = self.others.log_probability(pattern);
        let related = related.share + related.tree.log_probability(pattern);
        log_sum(others, related) - log_sum(others - rarity, related)
    }

    /// The logarithm of the probability of a pattern among pairs that do not match.
    #[inline]
    pub(super) fn log_other(&self, pattern: Pattern) -> f64 {
        let others = self.others.log_probability(pattern);
        match self.related_by(pattern) {
            None => others,
            Some(related) => log_sum(
                others,
                related.share + related.tree.log_probability(pattern),
            ),
        }
    }

    /// How many of related pairs share what is compared, as far as `before` of them do and so many are
    /// expected to: the others agree on it as pairs that are not related.
    pub(super) fn sharing(
        &self,
        related: &[Weighted],
        at: usize,
        before: f64,
        expected: f64,
    ) -> f64 {
        let (mut all, mut sharing) = (EXPECTED_PAIRS, EXPECTED_PAIRS * expected);
        for Weighted { pattern, weight } in related {
            let level = pattern.level(at);
            if level != MISSING_LEVEL {
                let share = before * self.matches.share(at, level);
                let not = (1.0 - before) * self.others.share(at, level);
                all += weight;
                sharing += weight * share / (share + not).max(f64::MIN_POSITIVE);
            }
        }
        sharing / all
    }

    /// The logarithm of the probability of a pattern among all pairs, given what is missing.
    #[inline]
    pub(super) fn log_probability(&self, pattern: Pattern) -> f64 {
        let prior = self.prior_of(pattern);
        let matches = prior + self.matches.log_probability(pattern);
        log_sum(matches, self.log_other(pattern)) - prior.exp().ln_1p()
    }

    pub(super) fn shares(&self, pattern: Pattern) -> Shares {
        let others = self.others.log_probability(pattern);
        let related = self
            .related_by(pattern)
            .map(|related| related.share + related.tree.log_probability(pattern));
        let other = related.map_or(others, |related| log_sum(others, related));
        let matches = self.prior_of(pattern) + self.matches.log_probability(pattern) - other;
        let matches = probability(matches);
        Shares {
            matches,
            related: related.map_or(0.0, |related| (related - other).exp() * (1.0 - matches)),
        }
    }

    /// Bounds what levels say that no pair was seen to have; see [`Tree::bound_unseen`].
    pub(super) fn bound_unseen(&mut self, expected: &Expected) {
        self.others.bound_unseen(&self.matches, expected);
        self.others.round();
    }

    pub(super) fn round(&mut self) {
        self.prior = round(self.prior);
        self.matches.round();
        self.others.round();
        if let Some(related) = &mut self.related {
            related.share = round(related.share);
            related.tree.round();
        }
    }
}

/// A logarithm to six decimals. With so few digits it is the same when it was written as text and
/// read again, whatever the reader: what was scored before and after are the same then.
pub(super) fn round(log: f64) -> f64 {
    (log * 1e6).round() / 1e6
}

/// The logarithm of the sum of two numbers, of their logarithms.
#[inline]
fn log_sum(one: f64, other: f64) -> f64 {
    let (greater, less) = if one > other {
        (one, other)
    } else {
        (other, one)
    };
    greater + (less - greater).exp().ln_1p()
}

/// The probability of log-odds.
#[inline]
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
