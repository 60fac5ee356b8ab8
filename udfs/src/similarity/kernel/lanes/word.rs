//! The positions of one text a lane as the bits of a word, as narrow as the texts allow.

use std::ops::{Add, BitAnd, BitOr, BitXor, Not, Sub};

use wide::{u16x8, u32x8, u64x8};

use super::group::Lanes;

/// As many positions as a 16-bit lane has bits.
pub(super) const NARROW: usize = 16;

/// 16, 32 or 64 positions a lane.
pub(super) trait Word:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    /// No position in any lane.
    const NONE: Self;
    /// The first position in each lane.
    const FIRST: Self;

    /// All positions in the lanes of which all bits are set, none in those that are 0.
    fn of_mask(lanes: u16x8) -> Self;

    /// The positions below each lane's length.
    fn below(lengths: Lanes<u16>) -> Self;

    /// How many positions each lane has.
    fn counts(self) -> Lanes<u16>;

    /// Sixteen positions, so many positions further up.
    fn shifted(lanes: u16x8, up: usize) -> Self;

    /// Where in a part of each lane's pattern, which begins at a position, the lane's character
    /// stands. Positions behind a pattern's end mean nothing.
    #[inline(always)]
    fn matches(part: &[u16x8], begin: usize, characters: u16x8) -> Self {
        let mut matches = Self::NONE;
        for (index, positions) in part.chunks(NARROW).enumerate() {
            let found = narrow(positions, characters);
            matches = matches | Self::shifted(found, begin + index * NARROW);
        }
        matches
    }

    /// All bits in the lanes that have no position.
    fn is_none(self) -> Self;

    /// The positions, so many further down.
    fn down(self, by: usize) -> Self;

    /// The lanes as numbers.
    fn numbers(self) -> Lanes<u16>;

    /// The next position for each.
    #[inline(always)]
    fn next(self) -> Self {
        self + self
    }

    /// The first position of each lane.
    #[inline(always)]
    fn lowest(self) -> Self {
        self & (Self::NONE - self)
    }
}

/// Where the lanes' characters stand among 16 positions or fewer.
#[inline(always)]
fn narrow(pattern: &[u16x8], characters: u16x8) -> u16x8 {
    let mut matches = u16x8::NONE;
    for position in pattern.iter().rev() {
        // Equality is all ones, which is -1.
        matches = matches + matches - position.simd_eq(characters);
    }
    matches
}

impl Word for u16x8 {
    const NONE: Self = Self::splat(0);
    const FIRST: Self = Self::splat(1);

    #[inline(always)]
    fn of_mask(lanes: u16x8) -> Self {
        lanes
    }

    #[inline(always)]
    fn below(lengths: Lanes<u16>) -> Self {
        Self::new(lengths.map(|length| ((1_u32 << length.min(16)) - 1) as u16))
    }

    #[inline(always)]
    fn counts(self) -> Lanes<u16> {
        self.to_array().map(|word| word.count_ones() as u16)
    }

    #[inline(always)]
    fn shifted(lanes: u16x8, up: usize) -> Self {
        lanes.unbounded_shl_scalar(up as u32)
    }

    #[inline(always)]
    fn is_none(self) -> Self {
        self.simd_eq(Self::NONE)
    }

    #[inline(always)]
    fn down(self, by: usize) -> Self {
        self.unbounded_shr_scalar(by as u32)
    }

    #[inline(always)]
    fn numbers(self) -> Lanes<u16> {
        self.to_array()
    }
}

impl Word for u32x8 {
    const NONE: Self = Self::splat(0);
    const FIRST: Self = Self::splat(1);

    #[inline(always)]
    fn of_mask(lanes: u16x8) -> Self {
        let low = Self::from(lanes);
        low | (low << 16_u32)
    }

    #[inline(always)]
    fn below(lengths: Lanes<u16>) -> Self {
        Self::new(lengths.map(|length| ((1_u64 << length.min(32)) - 1) as u32))
    }

    #[inline(always)]
    fn counts(self) -> Lanes<u16> {
        self.to_array().map(|word| word.count_ones() as u16)
    }

    #[inline(always)]
    fn shifted(lanes: u16x8, up: usize) -> Self {
        Self::from(lanes).unbounded_shl_scalar(up as u32)
    }

    #[inline(always)]
    fn is_none(self) -> Self {
        self.simd_eq(Self::NONE)
    }

    #[inline(always)]
    fn down(self, by: usize) -> Self {
        self.unbounded_shr_scalar(by as u32)
    }

    #[inline(always)]
    fn numbers(self) -> Lanes<u16> {
        self.to_array().map(|number| number as u16)
    }
}

impl Word for u64x8 {
    const NONE: Self = Self::splat(0);
    const FIRST: Self = Self::splat(1);

    #[inline(always)]
    fn of_mask(lanes: u16x8) -> Self {
        let low = widened(lanes);
        low | low.unbounded_shl_scalar(16)
            | low.unbounded_shl_scalar(32)
            | low.unbounded_shl_scalar(48)
    }

    #[inline(always)]
    fn below(lengths: Lanes<u16>) -> Self {
        Self::new(lengths.map(|length| ((1_u128 << length.min(64)) - 1) as u64))
    }

    #[inline(always)]
    fn counts(self) -> Lanes<u16> {
        self.to_array().map(|word| word.count_ones() as u16)
    }

    #[inline(always)]
    fn shifted(lanes: u16x8, up: usize) -> Self {
        widened(lanes).unbounded_shl_scalar(up as u32)
    }

    #[inline(always)]
    fn is_none(self) -> Self {
        self.simd_eq(Self::NONE)
    }

    #[inline(always)]
    fn down(self, by: usize) -> Self {
        self.unbounded_shr_scalar(by as u32)
    }

    #[inline(always)]
    fn numbers(self) -> Lanes<u16> {
        self.to_array().map(|number| number as u16)
    }
}

#[inline(always)]
fn widened(lanes: u16x8) -> u64x8 {
    u64x8::new(lanes.to_array().map(u64::from))
}
