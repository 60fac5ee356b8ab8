//! How many records entities have, and what that says of making two of them one.
//!
//! Where entities are seen to have three records at most, a fourth one hardly ever is of one of them,
//! however alike it is: such links are what comparisons that depend on each other pretend, and each of them
//! joins many pairs. The odds of a match beforehand are those of two records each on its own. If sizes are
//! drawn from a distribution of their own (B. Betancourt, G. Zanella and R. C. Steorts, "Random partition
//! models for microclustering tasks", JASA 117, 2022), those of one more record for an entity go with the
//! share of the entities of as many records that have more.

use super::components::Components;
use super::pair::Pair;
use super::records::Records;

/// The probability from which on links show how many records entities have.
const SURE: f64 = 0.999;
/// The share of what is held to match that sure links show, for their sizes to count in full; where they
/// show less, entities are larger than is seen.
const SHOWN: f64 = 0.2;
/// How many units a probability of 1 has.
const PROBABILITY_UNITS: f64 = (1_u64 << 32) as f64;
/// Up to which size entities are told apart.
const LARGEST: usize = 150;
/// As how many entities counts, of each size, what is known of the size before.
const EXPECTED: f64 = 1.0;
/// By how much sizes lower the log-odds of two entities being one, at most.
const MOST: f64 = 6.0;
/// How many steps there are to one of log-odds, where records are rated.
const STEPS: f64 = 32.0;

/// What the sizes of two entities say against their being one.
#[derive(Clone, Debug, Default)]
pub(super) struct EntitySizes {
    /// For each size, from one record on, by how much the odds of one more are lower than those of a
    /// second one, as a logarithm. A larger one is never likelier to have more.
    lower: Vec<f64>,
}

impl EntitySizes {
    /// The sizes of the entities that sure links make of the records that are there; the answer depends
    /// neither on the order of the pairs nor on records that are not there any more.
    pub(super) fn of(records: &Records, pairs: &[Pair]) -> Self {
        let least = (SURE / (1.0 - SURE)).ln() as f32;
        let mut components = Components::new(records.len());
        // Whole numbers, whose sums are the same in any order.
        let (mut sure, mut all) = (0_u64, 0_u64);
        for pair in pairs {
            let probability = (pair.probability() * PROBABILITY_UNITS) as u64;
            all += probability;
            if pair.log_odds >= least {
                sure += probability;
                components.join(pair.left, pair.right);
            }
        }
        let mut sizes = vec![0_u32; records.len()];
        for root in components.into_roots() {
            sizes[root as usize] += 1;
        }
        let mut numbers = vec![0_u32; LARGEST];
        for size in sizes.into_iter().filter(|size| *size > 0) {
            numbers[(size as usize).min(LARGEST) - 1] += 1;
        }
        // Who is not there is with nobody.
        let absent = records.len() - records.present();
        numbers[0] = numbers[0].saturating_sub(absent as u32);
        let shown = sure as f64 / f64::max(SHOWN * all as f64, f64::MIN_POSITIVE);
        let mut sizes = Self::new(&numbers);
        for lower in &mut sizes.lower {
            *lower *= shown.min(1.0);
        }
        sizes
    }

    /// Of the numbers of entities of one record, of two, and so on; the last one is of all that are larger.
    pub(super) fn new(numbers: &[u32]) -> Self {
        let mut at_least: f64 = numbers.iter().map(|number| f64::from(*number)).sum();
        let mut share = 0.0;
        let mut lower: Vec<f64> = Vec::with_capacity(numbers.len());
        let mut odds_of_second = 0.0;
        for number in &numbers[..numbers.len().saturating_sub(1)] {
            let more = at_least - f64::from(*number);
            share = match lower.last() {
                None if more == 0.0 => return Self { lower },
                None => more / (at_least + EXPECTED),
                Some(_) => (more + EXPECTED * share) / (at_least + EXPECTED),
            };
            let odds = (share / (1.0 - share)).ln();
            let before = match lower.last() {
                None => {
                    // Where most of any size have more, nothing speaks against more, however many have a second.
                    odds_of_second = odds.min(0.0);
                    0.0
                }
                Some(before) => *before,
            };
            lower.push((odds - odds_of_second).clamp(-MOST, 0.0).min(before));
            at_least = more;
        }
        Self { lower }
    }

    /// By how much less likely, as the logarithm of odds, two entities of so many records are to be one
    /// than two single records that are as alike.
    pub(super) fn lower(&self, left: usize, right: usize) -> f64 {
        let largest = left + right - 1;
        let known = self.lower.get(largest - 1).or(self.lower.last());
        known.copied().unwrap_or(0.0)
    }

    /// The same in steps, for what records are rated by. A few records that change move the sizes of all by
    /// next to nothing, and every record that is alone would have another rating for it.
    pub(super) fn lower_in_steps(&self, left: usize, right: usize) -> f64 {
        (self.lower(left, right) * STEPS).round() / STEPS
    }
}

#[cfg(test)]
mod tests {
    use super::{EntitySizes, STEPS};

    #[test]
    fn entities_grow_no_larger_than_they_are_seen_to_be() {
        let sizes = EntitySizes::new(&[900, 80, 40, 0, 0]);
        for (left, right) in [(1, 1), (1, 2)] {
            assert!(sizes.lower(left, right).abs() < 1e-9);
        }
        for (left, right) in [(1, 3), (2, 2), (3, 1), (5, 1), (50, 50)] {
            assert!(sizes.lower(left, right) < -2.0, "{left} and {right}");
        }
        // Nothing is said where most of them have more, and where none is seen to have two.
        for numbers in [
            [100, 50, 60, 50, 70],
            [90, 0, 0, 0, 30],
            [900, 0, 0, 0, 0],
            [0; 5],
        ] {
            let sizes = EntitySizes::new(&numbers);
            assert!(sizes.lower(1, 4).abs() < 1e-9, "{numbers:?}");
        }
        // A few larger ones are enough for more to be possible.
        let few = EntitySizes::new(&[900, 80, 40, 6, 0]);
        assert!(few.lower(3, 1) > sizes.lower(3, 1));
    }

    #[test]
    fn ratings_stay_where_sizes_hardly_change() {
        let before = EntitySizes::new(&[400_000, 80_000, 9_000, 700, 0]);
        let after = EntitySizes::new(&[400_008, 79_990, 9_004, 700, 0]);
        for other in 1..5 {
            let (exact, told) = (before.lower(1, other), before.lower_in_steps(1, other));
            assert!((exact - told).abs() <= 0.5 / STEPS, "{exact} {told}");
            let now = after.lower_in_steps(1, other);
            assert!((told - now).abs() < 1e-12, "{told} {now}");
        }
        assert!((before.lower(1, 2) - after.lower(1, 2)).abs() > 1e-12);
    }
}
