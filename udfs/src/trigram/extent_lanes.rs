//! The part of a text that is most like a pattern, a pair a lane: see [`super::extent`], whose way
//! of looking for it this is.
//!
//! Whether an extent has a trigram already, and whether it has it once more further on, is told by
//! where the same trigram stands before and behind in the text.

use super::ascii::{self, NONE};
use super::extent::Bounds;
use super::lanes::{Trigrams, any_equal};
use crate::lanes::{Group, LANES, LONGEST, Lanes, vectors};

vectors! {
    /// The similarity of the first text of each pair and the extent of the second most like it.
    pub(super) fn similarities(group: &Group, bounds: Bounds) -> Lanes<f32> {
        match bounds {
            Bounds::Trigrams => greatest::<false>(group),
            Bounds::Words => greatest::<true>(group),
        }
    }
}

/// A trigram of each text; all bits of a number are set for yes.
#[derive(Clone, Copy)]
struct Place {
    /// Whether there is one.
    is_some: Lanes<u16>,
    /// Whether the pattern has it.
    of_pattern: Lanes<u16>,
    /// Whether an extent may begin or end with it.
    may_begin: Lanes<u16>,
    may_end: Lanes<u16>,
    /// The last place before that has the same trigram, counted from 1; 0 for none.
    before: Lanes<u16>,
    /// The next place behind up to the one at hand that has the same trigram; 0 for none.
    behind: Lanes<u16>,
}

/// An extent up to the trigram at hand.
#[derive(Clone, Copy)]
struct Extent {
    /// The place of its first trigram, counted from 1.
    start: Lanes<u16>,
    /// How many distinct trigrams it has.
    distinct: Lanes<u16>,
    /// How many of them the pattern has.
    common: Lanes<u16>,
}

/// A similarity as a fraction: all numbers are so small that products fit.
#[derive(Clone, Copy)]
struct Fraction {
    above: Lanes<u16>,
    below: Lanes<u16>,
}

#[inline(always)]
fn greatest<const WORDS: bool>(group: &Group) -> Lanes<f32> {
    let (pattern, text) = (Trigrams::of(&group.first), Trigrams::of(&group.second));
    let (pattern, text) = (pattern.ends(), text.ends());
    let pattern_size = distinct(pattern);
    let mut places = [EMPTY_PLACE; LONGEST + 1];
    for (index, trigram) in text.iter().enumerate() {
        places[index] = place::<WORDS>(index, trigram, text, pattern);
    }
    let mut extent = Extent {
        start: Lanes::splat(if WORDS { 1 } else { 0 }),
        distinct: Lanes::splat(0),
        common: Lanes::splat(0),
    };
    let mut greatest = Fraction {
        above: Lanes::splat(0),
        below: Lanes::splat(1),
    };
    for at in 0..text.len() {
        grow(&mut extent, &mut places, at);
        shrink(&mut extent, &mut greatest, &places[..=at], &pattern_size);
    }
    Lanes::of(|lane| f32::from(greatest.above.0[lane]) / f32::from(greatest.below.0[lane]))
}

const EMPTY_PLACE: Place = Place {
    is_some: Lanes::splat(0),
    of_pattern: Lanes::splat(0),
    may_begin: Lanes::splat(0),
    may_end: Lanes::splat(0),
    before: Lanes::splat(0),
    behind: Lanes::splat(0),
};

/// How many distinct trigrams there are.
#[inline(always)]
fn distinct(trigrams: &[Lanes<u16>]) -> Lanes<u16> {
    let mut distinct = Lanes::splat(0);
    for (place, trigram) in trigrams.iter().enumerate() {
        let before = any_equal(trigram, &trigrams[..place]);
        for lane in 0..LANES {
            distinct.0[lane] += u16::from(trigram.0[lane] != NONE) & !before.0[lane];
        }
    }
    distinct
}

#[inline(always)]
fn place<const WORDS: bool>(
    index: usize,
    trigram: &Lanes<u16>,
    text: &[Lanes<u16>],
    pattern: &[Lanes<u16>],
) -> Place {
    let mut place = EMPTY_PLACE;
    for (number, other) in (1..).zip(&text[..index]) {
        for lane in 0..LANES {
            let before = place.before.0[lane];
            let equal = other.0[lane] == trigram.0[lane];
            place.before.0[lane] = if equal { number } else { before };
        }
    }
    let of_pattern = any_equal(trigram, pattern);
    for lane in 0..LANES {
        let number = trigram.0[lane];
        let is_some = all_if(number != NONE);
        let of_pattern = of_pattern.0[lane] & is_some;
        place.is_some.0[lane] = is_some;
        place.of_pattern.0[lane] = of_pattern;
        place.may_begin.0[lane] = if WORDS {
            all_if(ascii::is_first(number)) & is_some
        } else {
            is_some
        };
        place.may_end.0[lane] = if WORDS {
            all_if(ascii::is_last(number)) & is_some
        } else {
            of_pattern
        };
    }
    place
}

/// Takes the trigram at hand into the extent, which begins with the pattern's first one where it
/// may begin anywhere.
#[inline(always)]
fn grow(extent: &mut Extent, places: &mut [Place; LONGEST + 1], at: usize) {
    let (before, rest) = places.split_at_mut(at.min(LONGEST));
    let Some(place) = rest.first() else {
        return;
    };
    let number = at as u16 + 1;
    for (index, other) in (1..).zip(before) {
        for lane in 0..LANES {
            let is_before = all_if(place.before.0[lane] == index) & place.is_some.0[lane];
            other.behind.0[lane] |= is_before & number;
        }
    }
    for lane in 0..LANES {
        let start = extent.start.0[lane];
        let begins = all_if(start == 0) & place.of_pattern.0[lane];
        let start = start | (begins & number);
        extent.start.0[lane] = start;
        let new = place.is_some.0[lane] & all_if((start != 0) & (place.before.0[lane] < start)) & 1;
        extent.distinct.0[lane] += new;
        extent.common.0[lane] += new & place.of_pattern.0[lane];
    }
}

/// Moves the beginning of an extent that may end here to where its similarity is greatest.
#[inline(always)]
fn shrink(extent: &mut Extent, greatest: &mut Fraction, places: &[Place], pattern: &Lanes<u16>) {
    let Some(last) = places.last() else {
        return;
    };
    let similarity = |extent: &Extent, lane: usize| {
        let (common, distinct) = (extent.common.0[lane], extent.distinct.0[lane]);
        (common, pattern.0[lane] + distinct - common)
    };
    let mut best = Fraction {
        above: Lanes::splat(0),
        below: Lanes::splat(1),
    };
    let mut rest = *extent;
    for lane in 0..LANES {
        (best.above.0[lane], best.below.0[lane]) = similarity(extent, lane);
    }
    let old = extent.start;
    for (number, place) in (1..).zip(places) {
        for lane in 0..LANES {
            let inside =
                last.may_end.0[lane] & all_if((old.0[lane] != 0) & (number >= old.0[lane]));
            let (above, below) = similarity(&rest, lane);
            let is_better = above * best.below.0[lane] > best.above.0[lane] * below;
            let takes = (inside & place.may_begin.0[lane] & all_if(is_better)) != 0;
            best.above.0[lane] = if takes { above } else { best.above.0[lane] };
            best.below.0[lane] = if takes { below } else { best.below.0[lane] };
            extent.start.0[lane] = if takes { number } else { extent.start.0[lane] };
            extent.distinct.0[lane] = if takes {
                rest.distinct.0[lane]
            } else {
                extent.distinct.0[lane]
            };
            extent.common.0[lane] = if takes {
                rest.common.0[lane]
            } else {
                extent.common.0[lane]
            };
            // What is there once more behind stays in the extent.
            let leaves = inside & place.is_some.0[lane] & all_if(place.behind.0[lane] == 0) & 1;
            rest.distinct.0[lane] -= leaves;
            rest.common.0[lane] -= leaves & place.of_pattern.0[lane];
        }
    }
    for lane in 0..LANES {
        let is_better = best.above.0[lane] * greatest.below.0[lane]
            > greatest.above.0[lane] * best.below.0[lane];
        let takes = (last.may_end.0[lane] & all_if(is_better)) != 0;
        greatest.above.0[lane] = if takes {
            best.above.0[lane]
        } else {
            greatest.above.0[lane]
        };
        greatest.below.0[lane] = if takes {
            best.below.0[lane]
        } else {
            greatest.below.0[lane]
        };
    }
}

#[inline(always)]
fn all_if(so: bool) -> u16 {
    if so { u16::MAX } else { 0 }
}
