//! The trigrams of ASCII text, a text a lane, as numbers to the base 37 (see [`super::ascii`]).

use super::ascii::{BASE, NONE};
use crate::lanes::{Group, LANES, LONGEST, Lanes, Texts, vectors};

/// The trigrams of a text by the position that they end with: there is one behind each character
/// and one behind the text; [`NONE`] where there is none.
pub(super) struct Trigrams {
    ends: [Lanes<u16>; LONGEST + 1],
    count: usize,
}

impl Trigrams {
    #[inline(always)]
    pub(super) fn of(texts: &Texts) -> Self {
        let mut ends = [Lanes::splat(NONE); LONGEST + 1];
        // The number of the two characters before, unless a word has ended, and the last of them.
        let mut last_two = Lanes::splat(0_u16);
        let mut last = Lanes::splat(0_u16);
        for (end, characters) in ends.iter_mut().zip(texts.positions()) {
            for lane in 0..LANES {
                let digit = digit(characters.0[lane]);
                let (before, two) = (last.0[lane], last_two.0[lane]);
                end.0[lane] = two * BASE + digit;
                last_two.0[lane] = if digit == 0 { 0 } else { before * BASE + digit };
                last.0[lane] = digit;
            }
        }
        let count = texts.longest() + 1;
        if let Some(end) = ends.get_mut(count - 1) {
            *end = Lanes::of(|lane| last_two.0[lane] * BASE);
        }
        Self { ends, count }
    }

    #[inline(always)]
    pub(super) fn ends(&self) -> &[Lanes<u16>] {
        &self.ends[..self.count.min(LONGEST + 1)]
    }
}

/// The digit of a character; 0 for what belongs to no word.
#[inline(always)]
fn digit(character: u8) -> u16 {
    let lower = character | 0x20;
    let of_letter = lower.wrapping_sub(b'a');
    let of_digit = character.wrapping_sub(b'0');
    let digit = if of_digit < 10 { of_digit + 1 } else { 0 };
    u16::from(if of_letter < 26 {
        of_letter + 11
    } else {
        digit
    })
}

/// Which lanes have a trigram among others: all bits set if so.
#[inline(always)]
pub(super) fn any_equal(trigram: &Lanes<u16>, others: &[Lanes<u16>]) -> Lanes<u16> {
    let mut any = Lanes::splat(0);
    for other in others {
        for lane in 0..LANES {
            let equal = trigram.0[lane] == other.0[lane];
            any.0[lane] |= if equal { u16::MAX } else { 0 };
        }
    }
    any
}

vectors! {
    /// The similarity of the texts of each pair: common trigrams by all, each counted once.
    pub(super) fn similarities(group: &Group) -> Lanes<f32> {
        let (first, second) = (Trigrams::of(&group.first), Trigrams::of(&group.second));
        let (first, second) = (first.ends(), second.ends());
        let mut common = Lanes::splat(0_u16);
        let mut distinct = (Lanes::splat(0_u16), Lanes::splat(0_u16));
        for (place, trigram) in first.iter().enumerate() {
            let before = any_equal(trigram, &first[..place]);
            let shared = any_equal(trigram, second);
            for lane in 0..LANES {
                let new = u16::from(trigram.0[lane] != NONE) & !before.0[lane];
                distinct.0.0[lane] += new;
                common.0[lane] += new & shared.0[lane];
            }
        }
        for (place, trigram) in second.iter().enumerate() {
            let before = any_equal(trigram, &second[..place]);
            for lane in 0..LANES {
                distinct.1.0[lane] += u16::from(trigram.0[lane] != NONE) & !before.0[lane];
            }
        }
        Lanes::of(|lane| {
            let (first, second) = (distinct.0.0[lane], distinct.1.0[lane]);
            let all = first + second - common.0[lane];
            let similarity = f32::from(common.0[lane]) / f32::from(all);
            if first == 0 || second == 0 { 0.0 } else { similarity }
        })
    }
}
