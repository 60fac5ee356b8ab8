//! Sets of character n-grams, a pair a lane: every n-gram is held against every other.

use super::super::ngrams::Coefficient;

use crate::lanes::{Group, LANES, Lanes, Texts, vectors};

/// How many distinct n-grams the texts of each pair have, and how many both.
#[derive(Clone, Copy, Debug)]
struct Counts {
    shorter: Lanes<u8>,
    longer: Lanes<u8>,
    common: Lanes<u8>,
}

vectors! {
    /// How alike the texts of each pair are as sets of n-grams of n characters; every text has as
    /// many, or none at all.
    pub(crate) fn similarities(group: &Group, n: usize, coefficient: Coefficient) -> Lanes<f64> {
        let counts = match n {
            1 => counts(group, 1),
            2 => counts(group, 2),
            _ => counts(group, n),
        };
        Lanes::of(|lane| {
            let [shorter, longer, common] = [counts.shorter, counts.longer, counts.common]
                .map(|counts| f64::from(counts.0[lane]));
            coefficient.of_sizes(shorter, longer, common)
        })
    }
}

#[inline(always)]
fn counts(group: &Group, n: usize) -> Counts {
    let (shorter, longer) = (group.first.positions(), group.second.positions());
    let mut counts = Counts {
        shorter: Lanes::splat(0),
        longer: Lanes::splat(0),
        common: Lanes::splat(0),
    };
    for (place, grams) in shorter.windows(n).enumerate() {
        let before = any_equal(grams, &shorter[..place + n - 1], n);
        let inside = inside(&group.first, place + n);
        let shared = any_equal(grams, longer, n);
        for lane in 0..LANES {
            let new = inside.0[lane] & !before.0[lane];
            counts.shorter.0[lane] += new & 1;
            counts.common.0[lane] += new & shared.0[lane] & 1;
        }
    }
    for (place, grams) in longer.windows(n).enumerate() {
        let before = any_equal(grams, &longer[..place + n - 1], n);
        let inside = inside(&group.second, place + n);
        for lane in 0..LANES {
            counts.longer.0[lane] += inside.0[lane] & !before.0[lane] & 1;
        }
    }
    counts
}

/// Whether any n-gram of a text is this one: all bits set if so.
#[inline(always)]
fn any_equal(gram: &[Lanes<u8>], text: &[Lanes<u8>], n: usize) -> Lanes<u8> {
    let mut any = Lanes::splat(0);
    for other in text.windows(n) {
        let mut equal = Lanes::splat(0xFF_u8);
        for (character, other) in gram.iter().zip(other) {
            for lane in 0..LANES {
                equal.0[lane] &= all_if(character.0[lane] == other.0[lane]);
            }
        }
        for lane in 0..LANES {
            any.0[lane] |= equal.0[lane];
        }
    }
    any
}

/// Which texts have as many characters: all bits set if so.
#[inline(always)]
fn inside(texts: &Texts, length: usize) -> Lanes<u8> {
    Lanes::of(|lane| all_if(usize::from(texts.lengths.0[lane]) >= length))
}

#[inline(always)]
fn all_if(so: bool) -> u8 {
    if so { 0xFF } else { 0 }
}
