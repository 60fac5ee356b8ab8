//! The positions of one text a lane as the bits of a word, as narrow as the texts allow.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use crate::lanes::{LANES, Lanes};

/// 8, 16, 32 or 64 positions.
pub(super) trait Word:
    Copy
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
    + PartialEq
{
    /// How many bytes it has.
    const BYTES: usize;
    /// No position.
    const NONE: Self;
    /// The first position.
    const FIRST: Self;

    /// The positions that the bytes of a lane say.
    fn of_bytes(bytes: &[Lanes<u8>; 8], lane: usize) -> Self;

    /// The positions below a length.
    fn below(length: u8) -> Self;

    /// How many positions there are.
    fn count(self) -> u8;

    /// The sum as numbers, without what overflows.
    fn plus(self, other: Self) -> Self;

    /// The difference as numbers.
    fn minus(self, other: Self) -> Self;

    /// The next position for each.
    #[inline(always)]
    fn next(self) -> Self {
        self.plus(self)
    }

    /// The first position alone.
    #[inline(always)]
    fn lowest(self) -> Self {
        self & Self::NONE.minus(self)
    }

    /// The positions where that is so, none otherwise.
    #[inline(always)]
    fn only_if(self, so: bool) -> Self {
        if so { self } else { Self::NONE }
    }
}

macro_rules! word {
    ($word:ty) => {
        impl Word for $word {
            const BYTES: usize = size_of::<$word>();
            const NONE: Self = 0;
            const FIRST: Self = 1;

            #[inline(always)]
            fn of_bytes(bytes: &[Lanes<u8>; 8], lane: usize) -> Self {
                let mut word = 0;
                for (number, bytes) in bytes[..Self::BYTES].iter().enumerate() {
                    word |= Self::from(bytes.0[lane]) << (8 * number);
                }
                word
            }

            #[inline(always)]
            fn below(length: u8) -> Self {
                if u32::from(length) < Self::BITS {
                    (1 << length) - 1
                } else {
                    !0
                }
            }

            #[inline(always)]
            fn count(self) -> u8 {
                self.count_ones() as u8
            }

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
        }
    };
}

word!(u8);
word!(u16);
word!(u32);
word!(u64);

/// Where the character of each lane stands in the lane's pattern, eight positions a byte.
pub(super) struct Matches([Lanes<u8>; 8]);

impl Matches {
    pub(super) const NONE: Self = Self([Lanes::splat(0); 8]);

    /// Finds the characters among the positions from one to another; whole bytes are looked at.
    #[inline(always)]
    pub(super) fn find(
        &mut self,
        pattern: &[[Lanes<u8>; 8]],
        characters: &Lanes<u8>,
        begin: usize,
        end: usize,
    ) {
        for (number, (byte, positions)) in self.0.iter_mut().zip(pattern).enumerate() {
            if number * 8 < end && begin < number * 8 + 8 {
                find_eight(positions, characters, byte);
            } else {
                *byte = Lanes::splat(0);
            }
        }
    }

    /// The positions of one lane.
    #[inline(always)]
    pub(super) fn word<W: Word>(&self, lane: usize) -> W {
        W::of_bytes(&self.0, lane)
    }
}

#[inline(always)]
fn find_eight(pattern: &[Lanes<u8>; 8], characters: &Lanes<u8>, found: &mut Lanes<u8>) {
    for lane in 0..LANES {
        let character = characters.0[lane];
        let mut byte = 0;
        for (bit, position) in pattern.iter().enumerate() {
            byte |= u8::from(position.0[lane] == character) << bit;
        }
        found.0[lane] = byte;
    }
}
