//! Random numbers that follow from what `setseed` was given: those that PostgreSQL gives (`pg_prng.c`), by
//! xoroshiro128** (Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators, 2021).

use parking_lot::Mutex;

/// The bits of a number behind the point.
const DIGITS: u32 = 52;

/// The random numbers of a session; any at all, as long as it has no seed.
#[derive(Debug, Default)]
pub struct RandomNumbers(Mutex<Option<Generator>>);

impl RandomNumbers {
    /// Has the numbers follow from a seed between -1 and 1.
    pub fn begin_with(&self, seed: f64) {
        *self.0.lock() = Some(Generator::of(seed));
    }

    /// Gives the next numbers, from 0 up to, but without, 1; whether there is a seed.
    pub fn fill(&self, numbers: &mut [f64]) -> bool {
        let mut generator = self.0.lock();
        let Some(generator) = generator.as_mut() else {
            return false;
        };
        numbers.fill_with(|| generator.next());
        true
    }
}

#[derive(Debug)]
struct Generator([u64; 2]);

impl Generator {
    /// `pg_prng_fseed`
    fn of(seed: f64) -> Self {
        let largest = ((1_u64 << DIGITS) - 1) as f64;
        let mut state = ((largest * seed) as i64).cast_unsigned();
        Self([mixed(&mut state), mixed(&mut state)])
    }

    /// `pg_prng_double`
    fn next(&mut self) -> f64 {
        let [first, second] = self.0;
        let both = first ^ second;
        let bits = first.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        self.0 = [
            first.rotate_left(24) ^ both ^ (both << 16),
            both.rotate_left(37),
        ];
        (bits >> (64 - DIGITS)) as f64 / (1_u64 << DIGITS) as f64
    }
}

/// `splitmix64`
fn mixed(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_postgresql() {
        let random = RandomNumbers::default();
        let mut numbers = [0.0; 3];
        assert!(!random.fill(&mut numbers));
        // SELECT setseed(0.5), random(), random(), random()
        random.begin_with(0.5);
        assert!(random.fill(&mut numbers));
        let expected = [0.9851677175347999, 0.825301858027981, 0.12974610012450416];
        assert_eq!(numbers, expected);
        for (seed, expected) in [(-1.0, 0.725656831544149), (0.0, 0.8702553105818676)] {
            let mut numbers = [0.0];
            random.begin_with(seed);
            assert!(random.fill(&mut numbers));
            assert_eq!(numbers, [expected]);
        }
    }
}
