//! Randomness that is the same on every machine: integers alone, no floating point, no `usize`.

use rand::Rng;
use rand_pcg::Pcg64;

/// What a stream of randomness is for; each purpose has streams of its own, so that a change to
/// one part of the data leaves the others as they were.
#[derive(Clone, Copy)]
pub enum Purpose {
    /// How the people of a block share homes.
    Household = 1,
    /// Who a person is.
    Person = 2,
    /// What the CRM knows.
    Crm = 3,
    /// What the shop knows.
    Shop = 4,
    /// What the web tracker saw.
    Web = 5,
    /// What the newsletter tool knows.
    Newsletter = 6,
    /// The keys of permutations.
    Identifiers = 7,
}

/// A stream of randomness.
pub struct Random(Pcg64);

impl Random {
    /// The stream of `index` for a purpose.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let start = mix(seed ^ mix(purpose as u64));
        let state = u128::from(mix(start)) << 64 | u128::from(mix(start ^ index));
        Self(Pcg64::new(state, u128::from(mix(index))))
    }

    /// A number below `bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }

    /// True in `permille` of a thousand cases.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of `items`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }

    /// An index below `length`, which must not be 0.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// An index into `weights`, in proportion to them; their sum must not be 0.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let mut rest = self.below(total);
        for (index, &weight) in weights.iter().enumerate() {
            if rest < u64::from(weight) {
                return index;
            }
            rest -= u64::from(weight);
        }
        0
    }

    /// An index below `length` (not 0), of which small ones are much likelier than large ones.
    pub fn skewed(&mut self, length: usize) -> usize {
        let bound = self.below(length as u64) + 1;
        self.below(bound) as usize
    }

    /// `count` decimal digits, the first not 0.
    pub fn digits(&mut self, count: u32) -> u64 {
        let low = 10_u64.pow(count.saturating_sub(1));
        low + self.below(low * 9)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// A permutation of the numbers below a size: unique numbers that tell nothing of their order.
///
/// A Feistel network of four rounds over the next even power of two, walked until it lands below
/// the size (Black, Rogaway: "Ciphers with arbitrary finite domains", 2002).
pub struct Permutation {
    size: u64,
    half: u32,
    keys: [u64; 4],
}

impl Permutation {
    /// The permutation `number` of a seed.
    pub fn new(seed: u64, number: u64, size: u64) -> Self {
        let mut random = Random::new(seed, Purpose::Identifiers, number);
        let bits = u64::BITS - size.max(4).saturating_sub(1).leading_zeros();
        Self {
            size,
            half: bits.div_ceil(2),
            keys: std::array::from_fn(|_| random.below(u64::MAX)),
        }
    }

    /// Where `value`, which must be below the size, goes.
    pub fn apply(&self, value: u64) -> u64 {
        let mut value = self.rounds(value);
        while value >= self.size {
            value = self.rounds(value);
        }
        value
    }

    fn rounds(&self, value: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (value >> self.half, value & mask);
        for key in self.keys {
            (left, right) = (right, left ^ mix(right ^ key) & mask);
        }
        left << self.half | right
    }
}

/// Things chosen in proportion to their weights, by binary search.
pub struct Weighted {
    cumulative: Vec<u64>,
}

impl Weighted {
    /// From the weights, which must not all be 0.
    pub fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let cumulative = weights
            .into_iter()
            .scan(0, |sum, weight| {
                *sum += u64::from(weight);
                Some(*sum)
            })
            .collect();
        Self { cumulative }
    }

    /// The index of one of them.
    pub fn pick(&self, random: &mut Random) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0);
        let chosen = random.below(total);
        self.cumulative.partition_point(|&sum| sum <= chosen)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn permutations_are_one_to_one() {
        for size in [1, 2, 3, 5, 100, 1000, 4096, 5000] {
            let permutation = Permutation::new(7, 1, size);
            let images: HashSet<_> = (0..size).map(|value| permutation.apply(value)).collect();
            assert_eq!(images.len() as u64, size);
            assert!(images.iter().all(|&image| image < size));
        }
    }

    #[test]
    fn weights_are_kept() {
        let weighted = Weighted::new([1, 0, 3]);
        let mut random = Random::new(1, Purpose::Person, 0);
        let mut counts = [0; 3];
        for _ in 0..4000 {
            counts[weighted.pick(&mut random)] += 1;
        }
        assert!((900..1100).contains(&counts[0]), "{counts:?}");
        assert_eq!(counts[1], 0);
    }
}
