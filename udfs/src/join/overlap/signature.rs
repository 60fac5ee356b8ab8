//! A few bits for the tokens of a record, to tell most pairs apart without looking at them.
//!
//! E. F. O. Sandes, G. L. M. Teodoro, A. C. M. A. Melo, "Bitmap filter: speeding up exact set
//! similarity joins with bitwise operations", Information Systems 88 (2020).

use multiversion::multiversion;

/// How many bits a signature has.
const BITS: usize = 128;

/// A bit is set where the record has one of the tokens that the bit stands for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Signature([u64; BITS / 64]);

impl Signature {
    #[inline]
    pub(crate) fn set(&mut self, bit: u8) {
        self.0[usize::from(bit) / 64 % 2] |= 1 << (bit % 64);
    }

    /// Half as many bits, of which no more differ between two records.
    #[inline]
    pub(crate) fn folded(self) -> u64 {
        self.0[0] ^ self.0[1]
    }

    /// The least number of tokens that only one of two records has: each bit that differs comes of
    /// at least one such token.
    #[inline]
    pub(crate) fn difference(self, other: Self) -> u32 {
        (self.0[0] ^ other.0[0]).count_ones() + (self.0[1] ^ other.0[1]).count_ones()
    }
}

/// Adds the places of signatures that differ from one by no more than so many bits; the first stands
/// at `first`. Compiled for processors that count bits in one instruction as well.
#[multiversion(targets("x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"))]
pub(crate) fn scan(
    signatures: &[Signature],
    signature: Signature,
    difference: u32,
    first: usize,
    found: &mut Vec<u32>,
) {
    for (number, signatures) in signatures.chunks(64).enumerate() {
        let mut alike = 0_u64;
        for (place, other) in signatures.iter().enumerate() {
            alike |= u64::from(other.difference(signature) <= difference) << place;
        }
        while alike != 0 {
            let place = first + 64 * number + alike.trailing_zeros() as usize;
            found.push(place as u32);
            alike &= alike - 1;
        }
    }
}

/// Which bit stands for each token, given how many records have each, in ascending order: tokens
/// share a bit so that all bits are set about equally often.
pub(crate) fn assign_bits(frequencies: &[u32]) -> Vec<u8> {
    let mut left: u64 = frequencies.iter().map(|n| u64::from(*n)).sum();
    let mut bits = vec![0; frequencies.len()];
    let mut bit = 0;
    let mut taken = 0;
    for (place, frequency) in frequencies.iter().enumerate().rev() {
        bits[place] = bit as u8;
        taken += u64::from(*frequency);
        if bit + 1 < BITS && taken * (BITS - bit) as u64 >= left {
            left -= taken;
            taken = 0;
            bit += 1;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::{Signature, assign_bits, scan};

    #[test]
    fn a_scan_finds_what_differs_little() {
        let signatures: Vec<Signature> = (0..200_u64)
            .map(|n| Signature([n * n, n.rotate_right(n as u32)]))
            .collect();
        for difference in [0, 3, 9, 128] {
            let mut found = Vec::new();
            scan(
                &signatures[10..],
                signatures[50],
                difference,
                10,
                &mut found,
            );
            let expected: Vec<u32> = (10..200)
                .filter(|n| signatures[*n as usize].difference(signatures[50]) <= difference)
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn frequent_tokens_have_a_bit_of_their_own() {
        let mut frequencies = vec![1_u32; 1000];
        frequencies.extend([1000, 2000, 3000]);
        let bits = assign_bits(&frequencies);
        assert_eq!(bits[1000..], [2, 1, 0]);
        assert_eq!(bits[0], 127);
        assert!(bits[..1000].iter().all(|bit| *bit > 2));
    }

    #[test]
    fn a_difference_counts_the_bits_of_either() {
        let (mut left, mut right) = (Signature::default(), Signature::default());
        [0, 63, 64].into_iter().for_each(|bit| left.set(bit));
        [63, 64, 127].into_iter().for_each(|bit| right.set(bit));
        assert_eq!(left.difference(right), 2);
        assert_eq!(left.difference(left), 0);
    }
}
