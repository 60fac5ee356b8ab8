//! Hashes of texts, of which those of parts follow by addition.
//!
//! A text is a polynomial modulo 2^64 whose coefficients are random values of its characters (R. M.
//! Karp and M. O. Rabin, "Efficient randomized pattern-matching algorithms", IBM J. Res. Dev. 31,
//! 1987). Two texts of one hash are only candidates, so that collisions cost time and nothing else.

use crate::similarity::kernel::characters::Character;

/// The base: 2^64 by the golden ratio, odd so that it has an inverse.
pub(super) const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// The inverse of the base modulo 2^64.
pub(super) const INVERSE: u64 = inverse(BASE);

/// Newton's iteration: each step doubles the number of right bits, of which odd numbers begin with
/// three as their own inverses modulo 8.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut bits = 3;
    while bits < 64 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
pub(super) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(BASE);
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

const ASCII: [u64; 128] = {
    let mut values = [0; 128];
    let mut code = 0;
    while code < 128 {
        values[code] = mix(code as u64);
        code += 1;
    }
    values
};

/// The random value of a character.
#[inline]
pub(super) fn value<C: Character>(character: C) -> u64 {
    let code = character.code();
    match ASCII.get(code as usize) {
        Some(value) => *value,
        None => mix(u64::from(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_undoes_the_base() {
        assert_eq!(BASE.wrapping_mul(INVERSE), 1);
    }
}
