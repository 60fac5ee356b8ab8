//! The longest common subsequence, a pair a lane: the bits are those of the kernel for one pair.

use super::word::{Matches, Word};
use crate::lanes::{Group, LANES, Lanes, vectors};

vectors! {
    /// How many characters the longest common subsequence of each pair has.
    pub(crate) fn common(group: &Group) -> Lanes<u8> {
        match group.first.longest() {
            0..=8 => of_width::<u8>(group),
            9..=16 => of_width::<u16>(group),
            17..=32 => of_width::<u32>(group),
            _ => of_width::<u64>(group),
        }
    }

    /// How much of the longer text of each pair that is, from 0 to 1; two empty texts are equal.
    pub(crate) fn similarities(group: &Group) -> Lanes<f64> {
        let common = common(group);
        Lanes::of(|lane| match group.second.lengths.0[lane] {
            0 => 1.0,
            longer => f64::from(common.0[lane]) / f64::from(longer),
        })
    }
}

#[inline(always)]
fn of_width<W: Word>(group: &Group) -> Lanes<u8> {
    let pattern = &group.first;
    let mut found = Matches::NONE;
    let mut levels = Lanes::splat(!W::NONE);
    // What stands behind the end of a text matches nothing.
    for characters in group.second.positions() {
        found.find(pattern.eights(), characters, 0, usize::MAX);
        for lane in 0..LANES {
            let level = levels.0[lane];
            let matches = level & found.word(lane);
            levels.0[lane] = level.plus(matches) | level.minus(matches);
        }
    }
    Lanes::of(|lane| (!levels.0[lane] & W::below(pattern.lengths.0[lane])).count())
}
