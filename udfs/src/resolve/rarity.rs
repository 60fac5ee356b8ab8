//! How much more, or less, it says to agree on a value than on others of its level.
//!
//! A level of equal values is that of a band of frequencies, and what is learned of it holds of the band
//! as a whole. Within it, of matches as many agree on a value as records have it, and of other pairs the
//! square of that: the more frequent it is, the less it says, in proportion (W. E. Winkler,
//! "Frequency-based matching in the Fellegi-Sunter model of record linkage", 1989). Frequencies tell that
//! only as far as it is by chance that records agree: where it is those of one entity that do, a value is
//! frequent because that entity has many records.

/// The values of a band are told apart by steps of so much, as the logarithm of odds.
const STEP: f64 = 0.3;
/// How many steps there are up and down: as many as four bits have, above those of the level.
const LEAST: i8 = -8;
const MOST: i8 = 7;
/// How far agreement on frequent values lowers the log-odds of a pair at most.
pub(super) const MOST_OF_A_PAIR: f64 = 2.0;
/// Values are told apart down to one in so many, and those that are rarer are taken for as frequent.
const RAREST: f64 = 32_768.0;

/// What two equal values of a comparison are told by: their level, and how rare they are within it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Equality(u8);

impl Equality {
    pub(super) fn new(level: u8, step: i8) -> Self {
        Self(((step - LEAST) as u8) << 4 | level)
    }

    #[inline]
    pub(super) fn level(self) -> u8 {
        self.0 & 15
    }

    /// By how much less likely it is, as a logarithm, that other pairs agree on such a value than on one of
    /// its level.
    #[inline]
    pub(super) fn rarity(self) -> f64 {
        f64::from((self.0 >> 4) as i8 + LEAST) * STEP
    }
}

/// How frequent the values of a band are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    /// How many records a value has that two of them agree on by chance, on average.
    mean: f64,
    /// The share of the pairs that agree on a value of it by chance.
    by_chance: f64,
    /// As how many records a value counts at least.
    least: f64,
}

impl Band {
    /// The band of values that so many records have each, of `present` that have any.
    pub(super) fn of(counts: impl Iterator<Item = u32>, present: u64, by_chance: f64) -> Self {
        let least = (present as f64 / RAREST).max(2.0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for count in counts.filter(|count| *count > 1) {
            let count = f64::from(count).max(least);
            sum += count;
            squares += count * count;
        }
        Self {
            mean: if sum > 0.0 { squares / sum } else { least },
            by_chance,
            least,
        }
    }

    /// The step of a value that so many records have.
    pub(super) fn step(&self, count: u32) -> i8 {
        let count = f64::from(count).max(self.least);
        let log = self.by_chance * (self.mean / count).ln();
        (log / STEP)
            .round()
            .clamp(f64::from(LEAST), f64::from(MOST)) as i8
    }

    /// That of values of which nothing is kept, the rarest of all.
    pub(super) fn step_of_rest(&self) -> i8 {
        self.step(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_a_step_are_one_number() {
        for level in 0..16 {
            for step in LEAST..=MOST {
                let equality = Equality::new(level, step);
                assert_eq!(equality.level(), level);
                assert!((equality.rarity() - f64::from(step) * STEP).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn frequent_values_say_less_as_far_as_it_is_chance_that_records_agree() {
        let counts = [2, 4, 8, 16, 40];
        let band = |by_chance: f64| Band::of(counts.into_iter(), 500, by_chance);
        let steps = |band: Band| counts.map(|count| band.step(count));
        // The mean is 28: half as frequent a value says twice as much.
        assert_eq!(steps(band(1.0)), [7, 6, 4, 2, -1]);
        assert_eq!(steps(band(0.0)), [0; 5]);
        assert!(
            steps(band(0.5))
                .iter()
                .zip(steps(band(1.0)))
                .all(|(half, whole)| half.abs() <= whole.abs())
        );
        // What nothing is known of is as the rarest are.
        assert_eq!(band(1.0).step_of_rest(), 7);
        // Among pairs that agree by chance, what is told adds up to what is known of the band.
        let band = band(1.0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for of in counts {
            let rarity = Equality::new(0, band.step(of)).rarity();
            sum += f64::from(of * of) * rarity.exp();
            squares += f64::from(of * of);
        }
        assert!((sum / squares - 1.0).abs() < 0.2, "{}", sum / squares);
    }
}
