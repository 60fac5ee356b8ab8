//! Jaro similarity, a pair a lane: the bits are those of the kernel for one pair.

use super::word::{Matches, Word};
use crate::lanes::{Group, LANES, LONGEST, Lanes, vectors};

vectors! {
    /// The Jaro similarities of the pairs of a group.
    pub(crate) fn jaro(group: &Group) -> Lanes<f64> {
        match group.first.longest() {
            0..=8 => similarities::<u8>(group),
            9..=16 => similarities::<u16>(group),
            17..=32 => similarities::<u32>(group),
            _ => similarities::<u64>(group),
        }
    }

    /// How many characters, of so many first ones, the texts of each pair begin with alike.
    pub(crate) fn common_prefixes(group: &Group, most: usize) -> Lanes<u8> {
        let mut alike = Lanes::splat(1);
        let mut prefixes = Lanes::splat(0);
        let positions = group.first.positions().iter().zip(group.second.positions());
        for (shorter, longer) in positions.take(most) {
            for lane in 0..LANES {
                alike.0[lane] &= u8::from(shorter.0[lane] == longer.0[lane]);
                prefixes.0[lane] += alike.0[lane];
            }
        }
        prefixes
    }
}

#[inline(always)]
fn similarities<W: Word>(group: &Group) -> Lanes<f64> {
    let (pattern, text) = (&group.first, &group.second);
    let reach = Lanes::of(|lane| (text.lengths.0[lane] / 2).saturating_sub(1));
    let mut window = Lanes::of(|lane| W::below(reach.0[lane] + 1));
    let mut taken = Lanes::splat(W::NONE);
    // Where the character of each column stands, if it was matched; otherwise none.
    let mut matched = [Lanes::splat(W::NONE); LONGEST];
    let mut found = Matches::NONE;
    for (column, characters) in text.positions().iter().enumerate() {
        found.find(pattern.eights(), characters, 0, usize::MAX);
        let matched = &mut matched[column];
        let column = column as u8;
        for lane in 0..LANES {
            let here: W = found.word(lane);
            let free = here & window.0[lane] & !taken.0[lane];
            taken.0[lane] = taken.0[lane] | free.lowest();
            matched.0[lane] = here.only_if(free != W::NONE);
            let first = W::FIRST.only_if(reach.0[lane] > column);
            window.0[lane] = window.0[lane].next() | first;
        }
    }
    let mut left = taken;
    let mut misplaced = Lanes::splat(0_u8);
    for here in &matched[..text.longest()] {
        for lane in 0..LANES {
            let some = here.0[lane] != W::NONE;
            let first = left.0[lane].lowest().only_if(some);
            misplaced.0[lane] += u8::from(some & (here.0[lane] & first == W::NONE));
            left.0[lane] = left.0[lane] ^ first;
        }
    }
    Lanes::of(|lane| {
        from_counts(
            pattern.lengths.0[lane],
            text.lengths.0[lane],
            taken.0[lane].count(),
            misplaced.0[lane],
        )
    })
}

/// As [`super::super::jaro::from_counts`], without a branch.
#[inline(always)]
fn from_counts(shorter: u8, longer: u8, matches: u8, misplaced: u8) -> f64 {
    let in_order = f64::from(matches - misplaced / 2);
    let similar = f64::from(matches);
    let similarity =
        (similar / f64::from(shorter) + similar / f64::from(longer) + in_order / similar) / 3.0;
    let none = if longer == 0 { 1.0 } else { 0.0 };
    if matches == 0 { none } else { similarity }
}
